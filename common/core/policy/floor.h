/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor - is TLS demanded for ever after? Once a provider has shown TLS, no failure, time-out
 * or lie of the network takes that back (DESIGN.md section 4, "the law"). What an answer then
 * is, `decide` says.
 */
#ifndef POSTSEAL_CORE_FLOOR_H
#define POSTSEAL_CORE_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/facts/facts.h"
#include "core/settings/settings.h"

/*
 * Is this history, of a host or of a domain, enough evidence? That is learn_after_successes
 * handshakes on learn_after_days days, not older than history_max_age. A clock that jumped
 * back never ends a floor.
 */
bool floor_holds(const struct history *history, const struct settings *settings, int64_t now);

/*
 * Does the domain have a floor? strict: a host's floor is the domain's, at once and not only
 * when the prober next folds it in. lenient: only what was folded into the domain counts,
 * since one host alone proves nothing there.
 */
bool floor_of_domain(const struct facts *facts, const struct settings *settings, int64_t now);

/*
 * Does floor_of_domain look at the moments of the hosts' histories? Only those count that came
 * after an admin made us forget; else it is enough to know how many there are.
 */
bool floor_counts_moments(const struct domain_facts *domain);

#endif
