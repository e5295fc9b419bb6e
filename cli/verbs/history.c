/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal history - what was seen, on which days, and what was done about it. */
#include <stdio.h>

#include "cli/facts_page.h"
#include "cli/json.h"
#include "cli/terminal.h"

#define DATE_LEN 10 /* of "2026-01-02T03:04:05Z" */

static void page_days(const char *name, const struct timeset *days)
{
	struct buf line = { 0 };
	char date[UTC_SIZE];

	for (size_t i = 0; i < days->count; i++)
		buf_printf(&line, "%s%.*s", i > 0 ? " " : "", DATE_LEN,
			   utc_format(date, days->times[i]));
	if (days->count > 0)
		page_field(name, "%s%s", days->count == TIMESET_MAX ? "... " : "", buf_cstr(&line));
	buf_free(&line);
}

static void page_whole_history(const struct history *history, int64_t now)
{
	page_history(history, now);
	page_days("TLS days", &history->tls_days);
	page_days("no-TLS days", &history->plain_days);
}

static void print_page(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	const struct facts *facts = &known->facts;

	page_floor(known, cli);
	page_days("TLS days", &facts->domain.history.tls_days);
	page_days("no-TLS days", &facts->domain.history.plain_days);
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		page_heading("MX host %s, port %u", facts->domain.mx.refs[i].host,
			     (unsigned)nexthop_port(&facts->nexthop, cli->settings.smtp_port));
		page_whole_history(&facts->host[i].history, cli->now);
	}
	page_journal(known, cli, txn);
}

static void show(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	if (cli->json)
		json_print_history(known, cli, txn);
	else
		print_page(known, cli, txn);
}

static enum cli_status run(struct cli *cli)
{
	return known_show(cli, show);
}

const struct verb verb_history = {
	.name = "history",
	.arguments = "DOMAIN",
	.summary = "Shows what was seen of TLS, day by day, and the journal",
	.options = "",
	.help = "Of the domain and of each of its MX hosts; the latest 32 days of each kind are\n"
		"kept. The journal says who changed what: the prober, or an admin.\n"
		"\n"
		"Exit status: 1 if nothing is known about it.\n",
	.least = 1,
	.most = 1,
	.run = run,
};
