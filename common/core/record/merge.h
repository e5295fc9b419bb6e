/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge - one record out of two of the same key, from two ledgers.
 *
 * What hosts share is a semilattice: merging is commutative, associative and
 * idempotent. In whatever order records come, however grouped, however often, and
 * whatever was lost and sent again, all ledgers end with the same:
 *
 *   histories   what either has seen (fold_merge), even what was forgotten: that is cut
 *               off only where a history is read (facts.h).
 *   forgotten   the later one.
 *   MTA-STS     between hosts, the policy that was fetched later.
 *   acts        of an override, alias, pin or exception the one with the later stamp
 *               (acts.h). Of one stamp the stricter, then the greater by its bytes.
 *
 * Look-ups and probes are each host's own: another host may have a resolver that does
 * not validate, or lies. A ledger takes them only to begin with, where it has none.
 */
#ifndef POSTSEAL_CORE_MERGE_H
#define POSTSEAL_CORE_MERGE_H

#include <stdbool.h>

#include "core/record/entry.h"

/*
 * Takes into a ledger's record what another host shares. Both are domains, hosts or acts,
 * of the same kind and key. `every_host`: this ledger wants each MX host of a domain to show
 * TLS (`mixed_mx = lenient`); what one host alone has shown is then no evidence here.
 */
void merge_entry(struct entry *into, const struct entry *from, bool every_host);

/* Takes look-ups, probe and policy, too, where `into` has none. */
void merge_start(struct entry *into, const struct entry *from);

/* Leaves of a record what is shared. */
void merge_reduce(struct entry *entry);
/* The same as merge_entry between records of which that was left, policies too. */
void merge_shared(struct entry *into, const struct entry *from);

#endif
