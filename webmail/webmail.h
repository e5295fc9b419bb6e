/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * webmail - the parts of postseal-webmail(8), in the order in which a request meets them:
 *
 *   server -> answer -> recipients, aliases, sealed
 *
 * All of it runs in the event loop's thread.
 */
#ifndef POSTSEAL_WEBMAIL_WEBMAIL_H
#define POSTSEAL_WEBMAIL_WEBMAIL_H

#include "base/buf.h"
#include "core/secure/alias.h"
#include "core/settings/settings.h"
#include "core/webmail/webmail_request.h"
#include "io/http/http.h"
#include "io/link/link.h"

/*
 * The server listens on a Unix socket, and answers only the users in `webmail_clients`. They say
 * who the webmail's user is (X-Postseal-User), and are believed. So others cannot connect, by
 * the socket's access list (acl(5)), and for each request the kernel is asked first who sent it
 * (SO_PEERCRED), which no client can forge.
 *
 * The four acts of a daemon (daemon/daemon.h). `state` is what server_open returned: NULL,
 * and logged, when it cannot listen or a client is not a user of this machine.
 */
void *server_open(const struct settings *settings);
int server_serve(void *state); /* until SIGTERM or SIGINT */
/* Counts from the next request on. Where a client is not a user, the clients stay. */
void server_reload(void *state, const struct settings *settings);
void server_close(void *state);

/*
 * What each call answers, to a client that is allowed, about a user who is known. Every answer is
 * JSON; one with another status than 200 is {"error": word, "text": sentence}.
 */
struct webmail_answerer;

struct webmail_answerer *answerer_new(const struct settings *settings, struct loop *loop);
void answerer_reload(struct webmail_answerer *answerer, const struct settings *settings);
/* Before the server of HTTP, whose requests may still wait for an answer. */
void answerer_free(struct webmail_answerer *answerer);

/* Answers `request`, whose call and user these are, at once or later. */
void answer(struct webmail_answerer *answerer, const char *user, const struct webmail_request *call,
	    struct http_request *request);

/* Both end the request. Nothing of what was asked is repeated in an error. */
void answer_json(struct http_request *request, struct buf *body); /* 200; empties the body */
void answer_error(struct http_request *request, int status, const char *word, const char *sentence);

/*
 * How mail to each of these addresses travels: what map `status` of postseal-socketmap says, word
 * for word, so that a symbol and what Postfix is told cannot disagree. The prober looks at new
 * domains meanwhile. Where mail is sealed, postseal-mailbox says how a sealed mail would go.
 */
struct recipients;

/* It outlives the questions of both links; the first ends before the second. */
struct recipients *recipients_new(const struct settings *settings, struct socketmap_link *map,
				  struct mailbox_link *mailbox);
void recipients_reload(struct recipients *recipients, const struct settings *settings);
void recipients_free(struct recipients *recipients);

/* Answered later, or at once; nobody else waits meanwhile. */
void recipients_answer(struct recipients *recipients, const struct webmail_request *call,
		       struct http_request *request);

/*
 * A user's own secure aliases: those that the settings' pairs give them, and those on
 * file for their mailbox. core/secure/alias decides which are theirs, as for the milter. For any
 * other address the answer is that there is no such alias, whether somebody has it or not.
 */
struct aliases;

struct aliases *aliases_new(const struct settings *settings);
void aliases_reload(struct aliases *aliases, const struct settings *settings);
void aliases_free(struct aliases *aliases);

void aliases_answer_list(struct aliases *aliases, const char *user, struct http_request *request);
/* With an entry "webmail:USER" in the journal. */
void aliases_answer_change(struct aliases *aliases, const char *user, const char *address,
			   struct http_request *request);

/*
 * The addresses that this user writes from: their own, and their aliases. At most `max` of
 * them, in senders[]; how many. 0: the ledger cannot be read.
 */
size_t aliases_senders(struct aliases *aliases, const char *user,
		       char senders[][ALIAS_ADDRESS_SIZE], size_t max);

/*
 * A user's sealed mails, which postseal-mailbox(8) keeps: their state, the PINs that
 * were not used yet, and what a sender may do about them. Asked at its control socket, as
 * each of the addresses that the user writes from, and as no other.
 */
struct sealed;

/* `aliases` outlives it; it outlives the questions of `link`. */
struct sealed *sealed_new(const struct settings *settings, struct aliases *aliases,
			  struct mailbox_link *link);
void sealed_reload(struct sealed *sealed, const struct settings *settings);
void sealed_free(struct sealed *sealed);

/* SEALED, UNLOCK, RESEND, REVOKE. Answered later. */
void sealed_answer(struct sealed *sealed, const char *user, const struct webmail_request *call,
		   struct http_request *request);

#endif
