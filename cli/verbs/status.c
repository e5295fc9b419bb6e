/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal status - what a webmail shows beside a recipient. */
#include <stdlib.h>

#include "cli/standing.h"

static enum cli_status run(struct cli *cli)
{
	struct subject *subjects = cli_destinations(cli);
	enum cli_status status;

	if (subjects == NULL)
		return CLI_USAGE;
	status = standing_print_all(cli, subjects);
	free(subjects);
	return status;
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "ADDRESS...",
	.summary = "Shows how mail to each address or domain travels",
	.options = "",
	.help = "  DANE ok  over TLS, to a server proven by DANE\n"
		"  SSL ok   over TLS\n"
		"  no SSL   in the clear: the provider was never seen to offer TLS\n"
		"  SSL ?    nothing is known yet; `postseal probe` finds out\n"
		"\n"
		"\"guaranteed\" means that it cannot leave in the clear, whatever happens.\n"
		"Who may not read the ledger is answered by postseal-socketmap.\n"
		"\n"
		"Exit status: 1 if any would be sent in the clear, 3 if any is not known.\n",
	.least = 1,
	.most = -1,
	.run = run,
};
