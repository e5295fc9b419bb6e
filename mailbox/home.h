/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * home - what all parts of postseal-mailbox share, and the threads that share it.
 *
 * It is made before any thread starts, and only read from then on, but for `used`, and
 * `settings`, which a reload replaces. `store` is for all threads; `fresh`, `keydir` and `outbox`
 * have locks of their own.
 */
#ifndef POSTSEAL_MAILBOX_HOME_H
#define POSTSEAL_MAILBOX_HOME_H

#include "core/names/ipaddr.h"
#include "core/settings/settings.h"
#include "io/crypto/seal_token.h"
#include "mailbox/vault.h"
#include "mailbox/store.h"

struct keydir;
struct outbox;

struct home {
	const struct settings *_Atomic settings;
	struct store *store;
	struct seal_key server; /* of salts */
	struct seal_key token;  /* shared with the milter */
	struct fresh *fresh;
	struct outbox *outbox;
	struct keydir *keydir;
	int64_t started;       /* seconds since 1970 */
	_Atomic uint64_t used; /* octets of all letters, about (quota.h) */
	struct endpoint submit;
	char host[DOMAIN_SIZE + 8]; /* of mailbox_url, as Host: has it */
	char site[256];             /* mailbox_name, or the host */
	char from[SEAL_ADDRESS_SIZE];
};

/* Most octets of a message. */
static inline size_t home_message_max(const struct home *home)
{
	return (size_t)home->settings->mailbox_message_size << 20;
}

/*
 * The intake takes mail from Postfix by LMTP (RFC 2033), in threads of its own: one that
 * accepts, and one for each connection. Each recipient has a reply. What cannot be kept is 451, so
 * that it waits in Postfix's queue.
 */
struct intake;

/* `fd` listens. It ends with intake_stop, which waits for what is being delivered. */
struct intake *intake_start(struct home *home, int fd);
void intake_stop(struct intake *intake);

/*
 * The janitor does what happens by itself: mailboxes end, recipients are warned, senders are told,
 * and what is left over is swept. It has a thread of its own.
 */
struct janitor;

struct janitor *janitor_start(struct home *home);
void janitor_stop(struct janitor *janitor);
/* Everything once, now; how many mailboxes have ended. Any thread. */
size_t janitor_sweep(struct home *home);

/*
 * Deletes a mailbox for good: its records first, together with a note that its key is
 * to be shredded, then the key, then the files. What is interrupted, the next sweep ends.
 */
bool mailbox_end(struct home *home, const struct handle *mailbox);

/*
 * The control socket, by which postseal(1) and postseal-webmail(8) ask and act
 * (postseal-mailbox(8), "Control socket"): a line of JSON in, a line of JSON out. It has
 * a thread of its own, and serves one client at a time.
 */
struct control;

/* `fd` listens, and is closed by control_stop. */
struct control *control_start(struct home *home, int fd);
void control_stop(struct control *control);

#endif
