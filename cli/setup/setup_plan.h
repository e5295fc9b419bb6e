/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setup_plan - what `postseal setup` is to do: the mends of those checks of `doctor` that
 * a part of the set-up is made of, as changes of files, commands, and what is left to a
 * person.
 */
#ifndef POSTSEAL_CLI_SETUP_PLAN_H
#define POSTSEAL_CLI_SETUP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/doctor/doctor_judge.h"
#include "cli/setup/setup_files.h"
#include "cli/setup/setup_wish.h"

enum setup_part { SETUP_OUTBOUND, SETUP_ALIASES, SETUP_MAILBOX, SETUP_FLEET };

struct setup_plan {
	enum setup_part part;
	struct mend_step *steps; /* each once, in the order in which they come */
	size_t count;
	struct setup_files files;
	bool restart_postfix; /* more than a reload: its chroot has a file that changed */
};

/* All that is amiss with this part; NULL is never returned. End with setup_plan_free. */
struct setup_plan *setup_plan_new(enum setup_part part, const struct patient *patient);
void setup_plan_free(struct setup_plan *plan);

/*
 * Works out plan->files. postconf(1) edits copies of main.cf and master.cf, so that all
 * it does can be shown before anything is changed. False, and why.
 */
bool setup_plan_files(struct setup_plan *plan, const struct patient *patient,
		      const struct setup_wish *wish, char error[SETUP_ERROR_SIZE]);

/* A sentence for each check of the part that is not well; how many are wrong. */
size_t setup_plan_print_findings(enum setup_part part, const struct patient *patient);

#endif
