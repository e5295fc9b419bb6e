/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fold - how observations become history. Pure, commutative, idempotent: the
 * same observations in any order, any number of times, leave the same bytes.
 */
#ifndef POSTSEAL_CORE_FOLD_H
#define POSTSEAL_CORE_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/facts/facts.h"
#include "core/settings/settings.h"

/* Are these the same history? */
bool fold_equal(const struct history *a, const struct history *b);

/* One observation into a history. Only TLS and PLAIN leave a trace. */
void fold_history(struct history *history, const struct observation *seen);
/* As if everything folded into `from` had been folded into `into`. */
void fold_merge(struct history *into, const struct history *from);

/* The latest moment in it; 0: none. */
int64_t fold_latest(const struct history *history);

/*
 * What of this history came later than `after` (0: all of it): for evidence
 * that an admin made us forget. *out may not be *history.
 */
void fold_since(struct history *out, const struct history *history, int64_t after);

/*
 * Takes away what is dated later than `latest`: by a clock that was ahead. For an admin's
 * `forget` alone, since nothing else may make a history say less.
 */
void fold_drop_later(struct history *history, int64_t latest);

/*
 * Which of the two was seen last; both false while nothing was. Within the same
 * second the order is not known, and the bad news is believed.
 */
bool fold_now_tls(const struct history *history);
bool fold_now_plain(const struct history *history);

/* Plain seen later than any TLS: since when; 0 if not. Exact to the day it
 * first happened, and to the second within that day. */
int64_t fold_downgrade_since(const struct history *history);

/*
 * The same for a domain: since when one of its MX hosts, having had TLS, lost
 * it; 0 if none did. A host that never had it counts only where the domain had
 * it and no host is left that has: then the provider moved to hosts without.
 */
int64_t fold_domain_downgrade_since(const struct facts *facts);

/*
 * A probe's outcome into the record of its host: the latest one is kept to be
 * shown (not one from a future that the clock was set back from), all of them are
 * folded into the history. With `stripped` (see
 * DESIGN.md section 5, "our own network may be the liar") PLAIN is shown but
 * not learned.
 */
void fold_host(struct host_facts *host, const struct observation *seen, int64_t next_probe,
	       bool stripped);

/*
 * Mail for the domain went over TLS to this host: `shown`. It counts for the
 * domain if it is one of its MX hosts, or could be, since there are more than are kept.
 * Else it is somebody's relay, and proves nothing of the domain; nor does one host alone
 * under `lenient`. True if domain->history changed, and nothing else ever does.
 */
bool fold_delivery(struct domain_facts *domain, const struct settings *settings, const char *host,
		   const struct history *shown);

/*
 * What the hosts of a domain say about the domain. `mixed_mx = strict`: TLS of
 * one host is TLS of the domain. `lenient`: only TLS of every reachable host
 * is. Nothing up to domain.forgotten counts. Changes facts->domain.history and
 * `any_host` only.
 */
void fold_domain(struct facts *facts, const struct settings *settings);

#endif
