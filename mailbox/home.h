/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * home - what all parts of postseal-mailbox share. Made before any thread starts, and
 * only read from then on, but for `used`, and `settings`, which a reload replaces; `store` is
 * for all threads, `fresh`, `keydir` and `outbox` have locks of their own.
 */
#ifndef POSTSEAL_MAILBOX_HOME_H
#define POSTSEAL_MAILBOX_HOME_H

#include "core/names/endpoint.h"
#include "core/settings/settings.h"
#include "io/crypto/seal_token.h"
#include "mailbox/fresh.h"
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

#endif
