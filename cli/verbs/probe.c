/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal probe - has the prober look at domains now. */
#include <stdlib.h>

#include "cli/probing.h"
#include "cli/standing.h"

static enum cli_status run(struct cli *cli)
{
	struct subject *subjects = cli_destinations(cli);
	enum cli_status status;
	bool heard;

	if (subjects == NULL)
		return CLI_USAGE;
	status = probing_run(cli, subjects, cli->count, &heard);
	if (heard)
		status = cli_worse(status, standing_print_all(cli, subjects));
	free(subjects);
	return status;
}

const struct verb verb_probe = {
	.name = "probe",
	.arguments = "DOMAIN...",
	.summary = "Has the prober look again, waits, and shows the outcome",
	.options = "",
	.help = "All look-ups and the SMTP probe of each MX host are made anew, whatever is\n"
		"known. The outcome is shown as by `postseal status`; `postseal explain` has\n"
		"the details.\n"
		"\n"
		"Exit status: as `postseal status`; 3 also if the prober could not be asked.\n",
	.least = 1,
	.most = -1,
	.run = run,
};
