/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal explain - every fact, the rule that decided, and the exact replies. */
#include <stdio.h>
#include <string.h>

#include "cli/facts_page.h"
#include "cli/json.h"
#include "cli/terminal.h"

static const char *answer_text(const struct decision *decision)
{
	switch (decision->verdict) {
	case VERDICT_POLICY:
		return level_name(decision->level);
	case VERDICT_NOTFOUND:
		return "NOTFOUND: main.cf decides";
	case VERDICT_TEMP:
		break;
	}
	return "TEMP: mail waits";
}

static void page_decision(const struct known *known, const struct cli *cli)
{
	const struct decision *d = &known->decision;
	const struct status *status = &known->status;
	char since[MOMENT_SIZE];

	terminal_dot(status->state);
	page_heading("%s: %s, %s", known->facts.nexthop.key, status_label(status->state),
		     d->guaranteed ? "guaranteed" : "not guaranteed");
	page_field("answer", "%s", answer_text(d));
	page_field("decided by", "rule %d (%s): %s", (int)d->rule, rule_name(d->rule),
		   rule_text(d->rule));
	if (d->under != d->rule)
		page_field("", "as before, by \"%s\": %s", rule_name(d->under),
			   rule_text(d->under));
	if (strcmp(d->reason, rule_text(d->rule)) != 0)
		page_field("reason", "%s", d->reason);
	if (d->observed)
		page_field("only observed",
			   "enforce = false; else it would be %s, by rule %d (%s): %s",
			   decide_word(d->would.verdict, d->would.level), (int)d->would.rule,
			   rule_name(d->would.rule), rule_text(d->would.rule));
	if (status->downgrade_since != 0)
		page_field("DOWNGRADE", "since %s: %s %s",
			   moment_date(since, status->downgrade_since, cli->now),
			   downgrade_text(d->guaranteed),
			   d->guaranteed ? known->facts.nexthop.key : "");
	if (!d->settled && !d->observed)
		page_field("not settled",
			   "some fact was never looked up; Postfix waits for the prober "
			   "(first_contact)");
	else if (d->stale)
		page_field("stale",
			   "some fact is due for another look; asking has the prober look");
}

/* As it is, not wrapped: it is to be compared with what postmap -q prints. */
static void print_reply(void *context, const char *name, struct buf *reply)
{
	(void)context;
	printf("  %-27s %s\n", name, buf_cstr(reply));
}

static void page_replies(const struct known *known, const struct cli *cli)
{
	page_heading("Replies to Postfix");
	known_each_reply(known, cli, print_reply, NULL);
}

static void print_page(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	const struct facts *facts = &known->facts;

	page_decision(known, cli);
	page_mx(facts, cli);
	for (size_t i = 0; i < facts->domain.mx.count; i++)
		page_host(facts, i, cli);
	page_sts(facts, cli);
	page_floor(known, cli);
	page_override(&facts->override, cli->now);
	page_pins(&facts->pins);
	page_journal(known, cli, txn);
	page_replies(known, cli);
}

static void show(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	if (cli->json)
		json_print_explained(known, cli, txn);
	else
		print_page(known, cli, txn);
}

static enum cli_status run(struct cli *cli)
{
	return known_show(cli, show);
}

const struct verb verb_explain = {
	.name = "explain",
	.arguments = "DOMAIN",
	.summary = "Tells why: the facts, the rule that decided, the replies",
	.options = "",
	.help = "DOMAIN is a next hop as Postfix writes it (example.com, [mx.example.com]:587),\n"
		"or a mail address. Each fact is shown with its age. The replies are those of\n"
		"  postmap -q DOMAIN socketmap:inet:127.0.0.1:7672:MAP\n"
		"once the prober has been waited for.\n"
		"\n"
		"Exit status: 1 if nothing is known about it.\n",
	.least = 1,
	.most = 1,
	.run = run,
};
