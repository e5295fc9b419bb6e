/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probing - asks the prober to look again, and waits until it has, with a line of progress where
 * a person sees it.
 */
#ifndef POSTSEAL_CLI_PROBING_H
#define POSTSEAL_CLI_PROBING_H

#include "cli/cli.h"

/*
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
