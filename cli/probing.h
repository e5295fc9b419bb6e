/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probing - having the prober look again, and waiting until it has, with a line
 * of progress where a person sees it.
 */
#ifndef POSTSEAL_CLI_PROBING_H
#define POSTSEAL_CLI_PROBING_H

#include "cli/cli.h"

/*
 * YES when the ledger holds all that was found out; UNSURE, and said why, when
 * not. *heard: the prober was reached, so what the ledger holds is worth a look.
 */
enum cli_status probing_run(const struct cli *cli, const struct subject *subjects, int count,
			    bool *heard);

/*
 * The same for one, behind an act that is done whether the prober can look or not.
 * What hinders it is told in a line that begins with `note`.
 */
void probing_follow_up(const struct cli *cli, const struct nexthop *nexthop, const char *note);

#endif
