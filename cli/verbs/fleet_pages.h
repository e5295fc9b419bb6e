/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fleet_pages - what verbs show with --fleet: of all hosts that share, as far as this host's
 * ledger knows. What others did stands in its journal; what they hold they say of themselves.
 */
#ifndef POSTSEAL_CLI_FLEET_PAGES_H
#define POSTSEAL_CLI_FLEET_PAGES_H

#include "cli/cli.h"
#include "io/ledger/ledger_fleet.h"

/* NO, and says so: this host shares with nobody. UNSURE: its state cannot be read. */
enum cli_status fleet_pages_begin(const struct cli *cli, struct ledger_txn *txn,
				  struct fleet_state *state);

/* `history --fleet [DOMAIN]` */
enum cli_status fleet_pages_history(const struct cli *cli);
/* `stats --fleet` */
enum cli_status fleet_pages_stats(const struct cli *cli);

#endif
