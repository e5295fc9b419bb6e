/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known - what the ledger knows about a next hop and what `decide` makes of it:
 * the same facts, decision and status as the socketmap server's.
 */
#ifndef POSTSEAL_CLI_KNOWN_H
#define POSTSEAL_CLI_KNOWN_H

#include "cli/cli.h"
#include "core/policy/status.h"
#include "io/ledger/ledger.h"

struct known {
	struct facts facts;
	struct decision decision;
	struct status status; /* points into the others */
};

/* The ledger, or NULL when it cannot be opened, which has been said. */
struct ledger *known_ledger(const struct cli *cli, enum ledger_mode mode);

/* As ledger_get_facts; *known is set unless the result is ERROR. */
enum lookup known_get(struct known *known, const struct cli *cli, struct ledger_txn *txn,
		      const struct nexthop *nexthop);

/*
 * The whole of a verb about one next hop: `show` is given what is known of the
 * only argument, also when that is nothing (then NO). UNSURE, and said why, when
 * it could not be told.
 */
enum cli_status known_show(const struct cli *cli,
			   void (*show)(const struct known *known, const struct cli *cli,
					struct ledger_txn *txn));

/*
 * `show` is given each policy map's name, and what it would reply now, as
 * socketmap_table(5) writes it, once the prober has been waited for where that
 * is worth while.
 */
void known_each_reply(const struct known *known, const struct cli *cli,
		      void (*show)(void *context, const char *name, struct buf *reply),
		      void *context);

/* Is this entry of the journal about the next hop, or one of its MX hosts? */
bool known_concerns(const struct known *known, const struct cli *cli,
		    const struct journal_entry *entry);

#endif
