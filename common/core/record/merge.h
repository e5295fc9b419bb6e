/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge - one record out of two of the same key, from two ledgers.
 *
 * Commutative and idempotent, so that importing an export twice, or two exports
 * in either order, gives the same ledger:
 *
 *   history     what either has seen (fold_merge). Where one of them was made to
 *               forget, the other's evidence counts only from then on (fold_since).
 *   look-ups    the later one: of the MX records, of a host's addresses, of its
 *               TLSA records, the latest probe.
 *   MTA-STS     the policy that was fetched later, whatever was looked at since:
 *               only a policy ends a policy (RFC 8461 5.1).
 *   override    the one that was set later.
 *   alias       the one that was changed later.
 *   exceptions  those of both, of one sender's the one that was set later.
 *   pins        the keys of both: they bear no dates, and one too few would keep
 *               mail waiting.
 *
 * Between two of the same age the greater one is taken, whichever that is: the
 * order must not matter.
 */
#ifndef POSTSEAL_CORE_MERGE_H
#define POSTSEAL_CORE_MERGE_H

#include <stdbool.h>

#include "core/record/entry.h"

/*
 * Both are domains, hosts, overrides, pins, aliases or exceptions, of the same kind
 * and key. False, and *into unchanged, when there would be more than PIN_MAX pins or
 * EXCEPTION_MAX exceptions.
 */
bool merge_entry(struct entry *into, const struct entry *from);

#endif
