/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two pages about one next hop.
 *
 * postseal explain - every fact, the rule that decided, and the exact replies.
 * postseal history - what was seen, on which days, and what was done about it.
 */
#include <stdio.h>
#include <string.h>

#include "cli/facts_page.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/verbs/fleet_pages.h"

#define DATE_LEN 10 /* of "2026-01-02T03:04:05Z" */

/*
 * explain
 */

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
	char since[FACTS_PAGE_DATE_SIZE];

	terminal_dot(status->state);
	terminal_heading("%s: %s, %s", known->facts.nexthop.key, status_label(status->state),
			 d->guaranteed ? "guaranteed" : "not guaranteed");
	/* What Postfix gets is the last part of this page. */
	if (known_waits_for_prober(known, cli))
		terminal_field("answer",
			       "wait, until the prober has looked (if it finds nothing: %s)",
			       answer_text(d));
	else
		terminal_field("answer", "%s", answer_text(d));
	terminal_field("decided by", "rule %d (%s): %s", (int)d->rule, rule_name(d->rule),
		       rule_text(d->rule));
	if (d->under != d->rule)
		terminal_field("", "as before, by rule \"%s\": %s", rule_name(d->under),
			       rule_text(d->under));
	if (strcmp(d->reason, rule_text(d->rule)) != 0)
		terminal_field("reason", "%s", d->reason);
	if (d->observed)
		terminal_field(
			"only observed",
			"enforce = false. With enforce = true it would be %s, by rule %d (%s): %s",
			decide_word(d->would.verdict, d->would.level), (int)d->would.rule,
			rule_name(d->would.rule), rule_text(d->would.rule));
	if (status->downgrade_since != 0)
		terminal_field("DOWNGRADE", "since %s: %s %s",
			       facts_page_date(since, status->downgrade_since, cli->now),
			       facts_page_downgrade(d->guaranteed),
			       d->guaranteed ? known->facts.nexthop.key : "");
	if (!d->settled && !d->observed)
		terminal_field("not settled", "some fact was never looked up; Postfix will wait "
					      "for the prober (first_contact)");
	else if (d->stale)
		terminal_field("stale", "some fact is due to be looked up again; the next question "
					"makes the prober do it");
}

/* Not wrapped: an admin may compare it with what postmap -q prints. */
static void print_reply(void *context, const char *name, struct buf *reply)
{
	bool *keyless = context;

	printf("  %-27s %s\n", name, buf_cstr(reply));
	*keyless |= strstr(buf_cstr(reply), " match=00:00:") != NULL;
}

static void print_replies(const struct known *known, const struct cli *cli)
{
	bool keyless = false;

	terminal_heading("Replies to Postfix");
	known_each_reply(known, cli, print_reply, &keyless);
	if (keyless && known->facts.pins.count == 0)
		terminal_text(2,
			      "match=00:00... is a key that nobody has: none is on file for this "
			      "domain (postseal pin), so mail at level verify waits.");
}

static void print_explained(const struct known *known, const struct cli *cli,
			    struct ledger_txn *txn)
{
	const struct facts *facts = &known->facts;

	page_decision(known, cli);
	facts_page_mx(facts, cli);
	for (size_t i = 0; i < facts->domain.mx.count; i++)
		facts_page_host(facts, i, cli);
	facts_page_sts(facts, cli);
	facts_page_floor(known, cli);
	facts_page_override(&facts->override, cli->now);
	facts_page_pins(&facts->pins);
	facts_page_journal(known, cli, txn);
	print_replies(known, cli);
}

static void show_explained(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	if (cli->json)
		json_print_explained(known, cli, txn);
	else
		print_explained(known, cli, txn);
}

static enum cli_status run_explain(struct cli *cli)
{
	return known_show(cli, show_explained);
}

const struct verb verb_explain = {
	.name = "explain",
	.arguments = "DOMAIN",
	.summary = "Shows why: the facts, the rule that decided, the replies",
	.options = "",
	.help = "DOMAIN is a next hop as Postfix writes it (example.com, [mx.example.com]:587),\n"
		"or a mail address. Each fact is shown with its age. The replies are those that\n"
		"  postmap -q DOMAIN socketmap:inet:127.0.0.1:7672:MAP\n"
		"prints after waiting for the prober.\n"
		"\n"
		"Exit status: 1 if nothing is known about it.\n",
	.least = 1,
	.most = 1,
	.run = run_explain,
};

/*
 * history
 */

static void page_days(const char *name, const struct timeset *days)
{
	struct buf line = { 0 };
	char date[UTC_SIZE];

	for (size_t i = 0; i < days->count; i++)
		buf_printf(&line, "%s%.*s", i > 0 ? " " : "", DATE_LEN,
			   utc_format(date, days->times[i]));
	if (days->count > 0)
		terminal_field(name, "%s%s", days->count == TIMESET_MAX ? "... " : "",
			       buf_cstr(&line));
	buf_free(&line);
}

static void page_all_days(const struct history *history)
{
	page_days("TLS days", &history->tls_days);
	page_days("no-TLS days", &history->plain_days);
}

static void print_history(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	const struct facts *facts = &known->facts;

	if (!known->found) {
		cli_error(cli, "nothing is known about %s", facts->nexthop.key);
		facts_page_journal(known, cli, txn);
		return;
	}
	facts_page_floor(known, cli);
	page_all_days(&facts->domain.history);
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		terminal_heading("MX host %s, port %u", facts->domain.mx.refs[i].host,
				 (unsigned)nexthop_port(&facts->nexthop, cli->settings.smtp_port));
		facts_page_history(&facts->host[i].history, cli->now);
		page_all_days(&facts->host[i].history);
	}
	facts_page_journal(known, cli, txn);
}

static void show_history(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	if (cli->json)
		json_print_history(known, cli, txn);
	else
		print_history(known, cli, txn);
}

static enum cli_status run_history(struct cli *cli)
{
	if (cli->fleet)
		return fleet_pages_history(cli);
	if (cli->count == 1)
		return known_show(cli, show_history);
	cli_error(cli, "write a domain or a mail address, or --fleet");
	return CLI_USAGE;
}

const struct verb verb_history = {
	.name = "history",
	.arguments = "DOMAIN",
	.summary = "Shows what was seen of TLS, day by day, and the journal",
	.options = "A",
	.help = "For the domain and for each of its MX hosts. The latest 32 days of each kind\n"
		"are kept. The journal tells who changed what: the prober or an admin.\n"
		"\n"
		"  -A, --fleet  instead, what other hosts that share did, told, or saw lost, and\n"
		"               which host it was; DOMAIN may be left out\n"
		"\n"
		"Exit status: 1 if nothing is known about it.\n",
	.least = 0,
	.most = 1,
	.run = run_history,
};
