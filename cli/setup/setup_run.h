/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setup_run - carries out a plan of `postseal setup`, and its undo: files, systemctl(1),
 * postfix(1). Where systemd does not run, it says what to do by hand.
 */
#ifndef POSTSEAL_CLI_SETUP_RUN_H
#define POSTSEAL_CLI_SETUP_RUN_H

#include "cli/setup/setup_plan.h"

/* `new_settings`: postseal.conf changes. False, and said why, at the first step that fails. */
bool setup_run(const struct cli *cli, struct setup_plan *plan, bool new_settings);

/* The same for files that were put back: all who read them are told. */
bool setup_run_back(const struct cli *cli, const struct setup_files *files);

#endif
