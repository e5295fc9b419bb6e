/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal learn - learns from Postfix's log which hosts do TLS. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/log.h"
#include "cli/json.h"
#include "cli/learner.h"
#include "io/local/metrics_file.h"

static void print_page(const struct cli *cli, const struct learner_counts *counts)
{
	printf("%" PRIu64 " line%s read: %" PRIu64 " TLS handshake%s, %" PRIu64
	       " %s over TLS; hosts never seen with TLS before: %" PRIu64 ".\n",
	       counts->lines, counts->lines == 1 ? "" : "s", counts->handshakes,
	       counts->handshakes == 1 ? "" : "s", counts->deliveries,
	       counts->deliveries == 1 ? "delivery" : "deliveries", counts->new_hosts);
	if (counts->lines > 0 && counts->known + counts->strange == 0)
		cli_error(cli, "note: no line of Postfix's smtp(8) about TLS or a delivery is in it");
	if (counts->sent > 0 && counts->handshakes == 0)
		cli_error(cli,
			  "%" PRIu64 " deliveries, but no lines about TLS. To have Postfix write "
			  "them: postconf -e smtp_tls_loglevel=1 && postfix reload",
			  counts->sent);
}

/* UNSURE when no line of smtp(8) is in a known form. */
static enum cli_status tell_outcome(const struct cli *cli, const struct learner_counts *counts)
{
	if (counts->unwritten > 0) {
		cli_error(cli,
			  "the last %" PRIu64 " lines were not written down; mend that, and run "
			  "the same command again: it goes on with them",
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
	cli_error(cli, "%" PRIu64 " line%s about deliveries %s not in a known form; the first: %s",
		  counts->strange, counts->strange == 1 ? "" : "s",
		  counts->strange == 1 ? "is" : "are", counts->first);
	return counts->sent + counts->handshakes > 0 ? CLI_YES : CLI_UNSURE;
}

static bool usage_is_wrong(const struct cli *cli)
{
	if (cli->journal && cli->count > 0)
		cli_error(cli, "name files or --journal, not both");
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
		cli_error(cli, "nothing was learned: learn_from does not have \"delivery\"");
		return CLI_NO;
	}
	if (cli->follow)
		log_set_format((enum log_format)cli->settings.log_format);
	learner = learner_new(cli);
	if (learner != NULL) {
		status = cli->journal ? learner_read(learner, "journal") : CLI_YES;
		for (int i = 0; i < cli->count && !learner_stopped(); i++)
			status = cli_worse(status, learner_read(learner, cli->words[i]));
		/* Where nothing could be read, there is no outcome. */
		if (status == CLI_YES || learner_counts(learner)->lines > 0)
			status = cli_worse(status, tell_outcome(cli, learner_counts(learner)));
	}
	learner_free(learner);
	if (status == CLI_YES)
		metrics_close(); /* otherwise `postseal stats` shows that it died */
	return status;
}

const struct verb verb_learn = {
	.name = "learn",
	.arguments = "FILE...|-|-J",
	.summary = "Learns from Postfix's log which hosts do TLS",
	.options = "fJ",
	.help = "  -f, --follow   keep reading as the log grows, even when it is rotated\n"
		"  -J, --journal  read systemd's journal\n"
		"\n"
		"FILE is a mail log that is not compressed; - is standard input. postseal\n"
		"remembers each host with which Postfix completed a TLS handshake. Postfix has\n"
		"to log that: smtp_tls_loglevel = 1. A delivery without TLS teaches nothing. A\n"
		"mail that waits because TLS was not offered shows a downgrade.\n"
		"\n"
		"The next run goes on where this one ended, and nothing counts twice.\n"
		"\n"
		"Exit status: 1 if learn_from in the settings does not have \"delivery\".\n",
	.least = 0,
	.most = -1,
	.run = run,
};
