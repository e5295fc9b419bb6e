/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal learn - from Postfix's log: which hosts were delivered to over TLS. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/log.h"
#include "cli/json.h"
#include "cli/learner.h"
#include "io/local/metrics_file.h"

static void print_page(const struct cli *cli, const struct learner_counts *counts)
{
	printf("%" PRIu64 " lines read: %" PRIu64 " TLS handshakes, %" PRIu64
	       " deliveries over TLS; hosts never seen with TLS before: %" PRIu64 ".\n",
	       counts->lines, counts->handshakes, counts->deliveries, counts->new_hosts);
	if (counts->sent > 0 && counts->handshakes == 0)
		cli_error(cli,
			  "%" PRIu64 " deliveries, but no line about TLS; Postfix writes them "
			  "after `postconf -e smtp_tls_loglevel=1 && postfix reload`",
			  counts->sent);
}

/* UNSURE when all that is of smtp(8) there is in a form that is not understood. */
static enum cli_status tell_outcome(const struct cli *cli, const struct learner_counts *counts)
{
	if (counts->unwritten > 0) {
		cli_error(cli,
			  "the last %" PRIu64 " lines are not written down; when that is "
			  "mended, the same command goes on with them",
			  counts->unwritten);
		return CLI_UNSURE;
	}
	if (cli->json) {
		const struct json_count told[] = {
			{ "lines", counts->lines },           { "handshakes", counts->handshakes },
			{ "deliveries", counts->deliveries }, { "new_hosts", counts->new_hosts },
			{ "strange", counts->strange },
		};

		json_print_counts(told, ARRAY_LEN(told));
	} else {
		print_page(cli, counts);
	}
	if (counts->strange == 0)
		return CLI_YES;
	cli_error(cli,
		  "%" PRIu64 " line%s about deliveries %s in no form that is known; the first: %s",
		  counts->strange, counts->strange == 1 ? "" : "s",
		  counts->strange == 1 ? "is" : "are", counts->first);
	return counts->sent + counts->handshakes > 0 ? CLI_YES : CLI_UNSURE;
}

static enum cli_status learn_all(const struct cli *cli, struct learner *learner)
{
	enum cli_status status = CLI_YES;

	if (cli->journal)
		return learner_read(learner, "journal");
	for (int i = 0; i < cli->count && !learner_stopped(); i++)
		status = cli_worse(status, learner_read(learner, cli->words[i]));
	return status;
}

static bool usage_is_wrong(const struct cli *cli)
{
	if (cli->journal && cli->count > 0)
		cli_error(cli, "either files or --journal, not both");
	else if (!cli->journal && cli->count == 0)
		cli_error(cli, "name a file, - for standard input, or --journal");
	else if (cli->follow && cli->count > 1)
		cli_error(cli, "only one log can be followed");
	else
		return false;
	return true;
}

static enum cli_status run(struct cli *cli)
{
	enum cli_status status = CLI_UNSURE;
	struct learner *learner;

	if (usage_is_wrong(cli))
		return CLI_USAGE;
	if ((cli->settings.learn_from & LEARN_DELIVERY) == 0) {
		cli_error(cli, "nothing is learned, since learn_from does not name \"delivery\"");
		return CLI_NO;
	}
	if (cli->follow)
		log_set_format((enum log_format)cli->settings.log_format);
	learner = learner_new(cli);
	if (learner != NULL) {
		status = learn_all(cli, learner);
		status = cli_worse(status, tell_outcome(cli, learner_counts(learner)));
	}
	learner_free(learner);
	if (status == CLI_YES)
		metrics_close(); /* else it is missed: see `postseal stats` */
	return status;
}

const struct verb verb_learn = {
	.name = "learn",
	.arguments = "FILE...|-",
	.summary = "Learns from Postfix's log which hosts do TLS",
	.options = "fJ",
	.help = "  -f, --follow   go on as the log grows, also when it is rotated\n"
		"  -J, --journal  read systemd's journal\n"
		"\n"
		"FILE is a mail log as it is (not compressed), - is standard input. Each host\n"
		"that Postfix completed a TLS handshake with is remembered. Postfix has to say\n"
		"so: smtp_tls_loglevel = 1. That a delivery went without TLS teaches nothing;\n"
		"that one waits because TLS was not offered shows a downgrade.\n"
		"\n"
		"The next time reading goes on where it ended; nothing counts twice.\n"
		"\n"
		"Exit status: 1 if learn_from in the settings does not name \"delivery\".\n",
	.least = 0,
	.most = -1,
	.run = run,
};
