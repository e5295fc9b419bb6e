/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_facts - what the ledger knows about a next hop, put together from its records for
 * `decide`: facts, from hosts, from records (ledger.h).
 */
#ifndef POSTSEAL_IO_LEDGER_FACTS_H
#define POSTSEAL_IO_LEDGER_FACTS_H

#include "io/ledger/ledger.h"

/*
 * All there is about one next hop, put together for `decide`: its record, a
 * record for each of its MX hosts, the override that governs it at `now`
 * (core/policy/survey.h), pins. FOUND when the next hop has a record, an override or
 * pins; ABSENT (and *out holds only the next hop) when nothing is known; ERROR
 * when any of it could not be read.
 */
enum lookup ledger_get_facts(struct ledger_txn *txn, const struct nexthop *nexthop,
			     uint16_t default_port, int64_t now, struct facts *out);

/*
 * The gist of hosts (core/record/record.h) is kept in memory for as long as the ledger does not
 * change: a few providers take the mail of most domains, so
 * most look-ups of a host repeat an earlier one.
 *
 * What is kept belongs to one snapshot of the ledger, by its number, and counts in no other:
 * what anybody commits is seen as soon as it would be without this. It is bounded: a host
 * takes the place of another whose name falls on the same row. What cannot be read is not
 * kept, nor is a name of more than LEDGER_HOSTS_NAME_MAX bytes.
 */
#define LEDGER_HOSTS_NAME_MAX 63

struct ledger_hosts; /* opaque; one thread at a time, and for one ledger */
struct ledger_hosts *ledger_hosts_new(void);
void ledger_hosts_free(struct ledger_hosts *hosts); /* NULL is allowed */

/* As ledger_get_host, but of *out no more than the gist is told. */
enum lookup ledger_hosts_get(struct ledger_hosts *hosts, struct ledger_txn *txn, const char *host,
			     uint16_t port, struct host_facts *out);

/*
 * As ledger_get_facts, but for decide_for_map and reply_policy alone, in a fraction of the time:
 * of domain and hosts there is no more than these need.
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
