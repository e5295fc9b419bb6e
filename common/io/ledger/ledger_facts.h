/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_facts - what the ledger knows about a next hop, put together from its records for
 * `decide`: facts, from hosts, from records (ledger.h).
 */
#ifndef POSTSEAL_IO_LEDGER_FACTS_H
#define POSTSEAL_IO_LEDGER_FACTS_H

#include "io/ledger/ledger.h"
#include "io/ledger/ledger_hosts.h"

/*
 * All there is about one next hop, put together for `decide`: its record, a
 * record for each of its MX hosts, the override that governs it at `now`
 * (core/policy/override.h), pins. FOUND when the next hop has a record, an override or
 * pins; ABSENT (and *out holds only the next hop) when nothing is known; ERROR
 * when any of it could not be read.
 */
enum lookup ledger_get_facts(struct ledger_txn *txn, const struct nexthop *nexthop,
			     uint16_t default_port, int64_t now, struct facts *out);

/*
 * The same for decide_for_map and reply_policy alone, in a fraction of the time:
 * of domain and hosts there is no more than these need. `hosts`: see ledger_hosts.h.
 * `pins`: keys on file are asked for. Else they are there only where an override demands
 * them, and they alone make nothing FOUND.
 */
enum lookup ledger_get_gist(struct ledger_txn *txn, struct ledger_hosts *hosts,
			    const struct nexthop *nexthop, uint16_t default_port, int64_t now,
			    bool pins, struct facts *out);

/* After `forgotten` of this domain rose: its MX hosts are to be looked at anew. */
bool ledger_make_hosts_due(struct ledger_txn *txn, const char *key, uint16_t default_port,
			   const struct mx_facts *mx);

#endif
