/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freshness - when a fact is to be looked at again.
 *
 * Refresh is not expiry: none of this ends a fact, it only says when to ask. A
 * good look-up holds for its TTL, between FRESH_MIN and FRESH_MAX. A failed
 * one is repeated soon, then less and less often: the wait is as long as it has
 * been failing, so it doubles. Waits are shortened by up to a tenth, by a salt
 * made from the name, so that what failed together does not come back together.
 *
 * All times are seconds since 1970, all spans seconds.
 */
#ifndef POSTSEAL_CORE_FRESHNESS_H
#define POSTSEAL_CORE_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/facts/facts.h"

#define FRESH_MIN INT64_C(300)
#define FRESH_MAX INT64_C(86400)
#define FRESH_RETRY_MIN INT64_C(60)
#define FRESH_RETRY_MAX INT64_C(86400)
/* A host's TLS is looked at once a day. If the host could not be talked to, the wait starts
 * here and grows. */
#define FRESH_PROBE_RETRY_MIN INT64_C(300)
/* A date that is ahead of now by more than this comes from a wrong clock. */
#define CLOCK_SLACK INT64_C(60)

void freshness_good(struct freshness *fresh, int64_t now, int64_t ttl);
void freshness_failed(struct freshness *fresh, int64_t now, uint32_t salt);

/* Is it time to look again? Yes, too, if the clock was set back to before the last look. */
bool freshness_due(const struct freshness *fresh, int64_t now);

/*
 * The same where mail may be waiting for it: what fails is then looked at at
 * once, whenever the next try would have been.
 */
bool freshness_due_asked(const struct freshness *fresh, int64_t now);

/* When to probe again a host that was `before` and was now `seen`. */
int64_t freshness_next_probe(const struct host_facts *before, const struct observation *seen,
			     uint32_t salt);
/*
 * Time to speak SMTP to the host? `asked`: mail may be waiting for it. Not while its
 * address look-up fails, unless asked: that is repeated at its own pace.
 */
bool freshness_probe_due(const struct host_facts *host, bool asked, int64_t now);

/*
 * A domain that nobody asks about is looked at again a day after the last
 * time, or when a failed look-up is to be repeated, if that is later; now, where a
 * clock that was ahead would make it wait for days. One that never had TLS nor a policy,
 * so that there is nothing to keep alive: FRESH_NEVER.
 */
#define FRESH_NEVER INT64_MAX
int64_t freshness_idle_due(const struct domain_facts *domain, uint32_t salt, int64_t now);

/*
 * Nobody here has ever asked about it: it is known from other hosts alone. Who shares lets
 * it be until somebody asks, or each of fifty hosts would look at what one of them needs.
 */
bool freshness_never_looked(const struct domain_facts *domain);

/*
 * TLS was never seen there, there never was a policy, no admin has made us forget it,
 * and it is FRESH_FORGET since it was last looked at: since anybody asked. Then there is
 * nothing about it that would bind anybody. Never what is dated later than now.
 */
#define FRESH_FORGET (30 * INT64_C(86400))
bool freshness_forgettable(const struct domain_facts *domain, int64_t now);

/* When the earliest of the facts about a domain runs out. */
int64_t freshness_earliest(const struct facts *facts, bool mta_sts);

uint32_t freshness_salt(const char *name);

#endif
