/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer - from the words of a request to the words of its reply:
 *
 * request -> map and key -> ledger -> decide -> reply
 *
 * No socket, no event loop, no waiting: the caller is told that an answer should wait for the
 * prober, and parks the question (parking.h).
 *
 * The ledger is opened read-only when it is first needed. While that fails (the prober makes it,
 * and may start later), questions about facts are answered TEMP, and opening is tried again: so
 * services may start in any order. A ledger that was replaced by another one, as an admin does
 * with a damaged one, is closed.
 */
#ifndef POSTSEAL_SOCKETMAP_ANSWER_H
#define POSTSEAL_SOCKETMAP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/names/nexthop.h"
#include "core/names/seal_address.h"
#include "core/policy/request.h"
#include "core/settings/settings.h"
#include "io/ledger/ledger.h"

struct answerer; /* opaque; one per process, as the ledger in it */

/* A request that has to wait. */
struct question {
	enum map map;
	bool tlsrpt;
	struct nexthop nexthop;
	char address[SEAL_ADDRESS_SIZE]; /* of ANSWER_SEALING */
};

enum answer {
	ANSWER_GIVEN,   /* the reply is appended */
	ANSWER_REFRESH, /* the same, and the prober should look at the next hop again */
	ANSWER_PARK,    /* nothing is appended: wait for the prober */
	ANSWER_SEALING  /* nothing is appended: ask postseal-mailbox (parking.h) */
};

/* *settings must outlive it. */
struct answerer *answerer_new(const struct settings *settings);
void answerer_reload(struct answerer *answerer, const struct settings *settings);
void answerer_free(struct answerer *answerer);

/* Opens the ledger now rather than at the first question; logs if it cannot be. */
void answerer_open_ledger(struct answerer *answerer);

/*
 * Between these two calls all answers come from one snapshot of the ledger, which is cheaper. For
 * requests that have all arrived. Do not wait while holding it.
 */
void answerer_hold(struct answerer *answerer);
void answerer_release(struct answerer *answerer);

/*
 * Answer a request's payload (without framing); `now` is wall time. *question
 * is set where the result is not ANSWER_GIVEN.
 */
enum answer answer_request(struct answerer *answerer, const char *payload, size_t len, int64_t now,
			   struct question *question, struct buf *reply);

/*
 * Answer a parked question with what the ledger holds now. `waited`: the wait is over, and the
 * result is never ANSWER_PARK.
 */
enum answer answer_question(struct answerer *answerer, const struct question *question, bool waited,
			    int64_t now, struct buf *reply);

/*
 * The maps about secure aliases (DESIGN.md sections 3 and 7; alias_maps.c):
 *
 *   transport   sender_dependent_default_transport_maps: the transport by which mail from this
 *               address leaves; for an address of `mailbox_domain`, that to the intake of
 *               sealed mail
 *   alias       virtual_alias_maps: the mailbox that a secure address belongs to, with
 *               the address's extension
 *   otherwise   for the milter: "mailbox" if mail from this alias is sealed where its level
 *               cannot be met
 *   exception   for the milter: "ALIAS SENDER"; until when this sender may write to
 *               that address without TLS
 *
 * request->map is MAP_TRANSPORT, MAP_ALIAS, MAP_OTHERWISE or MAP_EXCEPTION; `now` is wall time.
 * If the ledger cannot be read, the answer is TEMP.
 */
void alias_maps_answer(const struct settings *settings, struct ledger_txn *txn,
		       const struct request *request, int64_t now, struct buf *reply);

/*
 * Postfix asks many times for each mail, nearly always about addresses that are not ours. True if
 * the ledger is not needed; then the reply is made.
 */
bool alias_maps_answer_early(const struct settings *settings, const struct request *request,
			     struct buf *reply);

#endif
