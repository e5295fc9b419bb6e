/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known - what the ledger knows about a next hop, and what `decide` decides from it: the same
 * facts, decision and status as in the socketmap server.
 */
#ifndef POSTSEAL_CLI_KNOWN_H
#define POSTSEAL_CLI_KNOWN_H

#include "cli/cli.h"
#include "core/policy/status.h"
#include "io/ledger/ledger.h"

struct known {
	bool found; /* something is on record */
	struct facts facts;
	struct decision decision;
	struct status status; /* points into the others */
};

/* The ledger. NULL, and says why, when it cannot be opened. */
struct ledger *known_ledger(const struct cli *cli, enum ledger_mode mode);

/*
 * Is `decision` not what Postfix gets yet? For a domain that was never looked up it waits for the
 * prober.
 */
bool known_waits_for_prober(const struct known *known, const struct cli *cli);

/* As ledger_get_facts; *known is set unless the result is ERROR. */
enum lookup known_get(struct known *known, const struct cli *cli, struct ledger_txn *txn,
		      const struct nexthop *nexthop);

/*
 * The whole of a verb about one next hop, its only argument: `show` gets what is known, even if
 * that is nothing (then the status is NO). UNSURE, and says why, when the ledger cannot be read.
 */
enum cli_status known_show(const struct cli *cli,
			   void (*show)(const struct known *known, const struct cli *cli,
					struct ledger_txn *txn));

/*
 * `show` gets the name of each policy map and its reply, as in socketmap_table(5), as it would be
 * after waiting for the prober.
 */
void known_each_reply(const struct known *known, const struct cli *cli,
		      void (*show)(void *context, const char *name, struct buf *reply),
		      void *context);

/* Is this entry of the journal about the next hop, or one of its MX hosts? */
bool known_concerns(const struct known *known, const struct cli *cli,
		    const struct journal_entry *entry);

/*
 * Asks the prober to look again, and waits until it has, with a line of progress where a person
 * sees it.
 *
 * YES when the ledger holds all that was found out; else UNSURE, and says why. *heard: the prober
 * was reached, so the ledger may have news.
 */
enum cli_status probing_run(const struct cli *cli, const struct subject *subjects, int count,
			    bool *heard);

/*
 * The same for one next hop, after an act that is done whether the prober can look or not. If it
 * cannot, a line that begins with `note` says why.
 */
void probing_follow_up(const struct cli *cli, const struct nexthop *nexthop, const char *note);

#endif
