/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * standing - how one or many addresses stand: asked of the ledger or, where
 * that may not be read, of the socketmap server, and printed. Shared by
 * `status` and `probe`.
 */
#ifndef POSTSEAL_CLI_STANDING_H
#define POSTSEAL_CLI_STANDING_H

#include "cli/cli.h"

/*
 * Prints a line (or two) for each argument. NO when mail to one of them would
 * be sent in the clear; UNSURE when that could not be told of one.
 */
enum cli_status standing_print_all(const struct cli *cli, const struct subject *subjects);

#endif
