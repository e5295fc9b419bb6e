/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal list - all next hops that the ledger knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/json.h"
#include "cli/verbs/fleet_pages.h"
#include "cli/verbs/queue.h"
#include "cli/terminal.h"
#include "core/facts/facts.h"
#include "core/policy/freshness.h"

#define DATE_LEN 10 /* of "2026-01-02T03:04:05Z" */
#define NAME_COLUMN 28
#define WAITING_HEADINGS "%-*s %5s  %-20s  %s\n"
#define WAITING_ROW "%-*s %5d  %-20s  %s\n"
#define ROW "%-*s %s%-7s%s  %-11s %4s  %*s"

struct list_walk {
	const struct cli *cli;
	struct ledger_txn *txn;
	struct known *known;
	size_t shown;
	bool broken;
};

static bool state_is_known(const char *state)
{
	static const char *const states[] = { "dane", "tls", "plain", "unknown", "downgrade" };

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i], state) == 0)
			return true;
	}
	return false;
}

static bool wanted(const struct status *status, const char *state)
{
	if (state == NULL)
		return true;
	if (strcmp(state, "downgrade") == 0)
		return status->downgrade_since != 0;
	return strcmp(state, status_state_name(status->state)) == 0;
}

static const char *word_of(enum verdict verdict, enum level level)
{
	switch (verdict) {
	case VERDICT_POLICY:
		return level_name(level);
	case VERDICT_NOTFOUND:
		return "-";
	case VERDICT_TEMP:
		break;
	}
	return "wait";
}

#define NOTE_SIZE 64

/* What an admin should look at; "" for nothing. */
static const char *note_of(char dst[NOTE_SIZE], const struct known *known)
{
	const struct decision *d = &known->decision;

	if (known->status.downgrade_since != 0)
		return "downgrade";
	if (pins_broken(&known->facts))
		return "key not on file";
	if (!decide_holds_back(d))
		return "";
	snprintf(dst, NOTE_SIZE, "would be %s, rule %d", word_of(d->would.verdict, d->would.level),
		 (int)d->would.rule);
	return dst;
}

/* A name that is too long for its column gets a line of its own. */
static void print_row(const struct known *known, const struct cli *cli)
{
	const char *name = known->facts.nexthop.key;
	const struct status *status = &known->status;
	const struct decision *d = &known->decision;
	enum paint paint = terminal_state_paint(status->state);
	char last[UTC_SIZE] = "never", rule[12], text[NOTE_SIZE];
	const char *note = note_of(text, known);

	if (status->last_tls != 0)
		utc_format(last, status->last_tls)[DATE_LEN] = '\0';
	snprintf(rule, sizeof(rule), "%d", (int)d->rule);
	if (strlen(name) > NAME_COLUMN) {
		puts(name);
		name = "";
	}
	printf(ROW, NAME_COLUMN, name, terminal_paint(paint), status_label(status->state),
	       terminal_plain(),
	       known_waits_for_prober(known, cli) ? "wait" : word_of(d->verdict, d->level), rule,
	       note[0] != '\0' ? -DATE_LEN : 0, last);
	if (note[0] != '\0')
		printf("  %s%s%s", terminal_paint(PAINT_RED), note, terminal_plain());
	putchar('\n');
}

static bool show_domain(void *context, const char *key, const struct domain_facts *domain)
{
	struct list_walk *listing = context;
	struct nexthop nexthop;

	if (nexthop_parse(&nexthop, key, strlen(key)) != NEXTHOP_OK ||
	    known_get(listing->known, listing->cli, listing->txn, &nexthop) == LOOKUP_ERROR) {
		listing->broken = true;
		return true;
	}
	if (!wanted(&listing->known->status, listing->cli->state) ||
	    (listing->cli->fleet && !freshness_never_looked(domain)))
		return true;
	if (listing->cli->json) {
		json_print_listed(listing->known);
	} else {
		if (listing->shown == 0)
			printf(ROW "  %s\n", NAME_COLUMN, "NEXT HOP", "", "STATE", "", "ANSWER",
			       "RULE", -DATE_LEN, "LAST TLS", "NOTE");
		print_row(listing->known, listing->cli);
	}
	listing->shown++;
	return true;
}

static enum cli_status list(const struct cli *cli, struct ledger *ledger)
{
	struct list_walk listing = { .cli = cli };
	struct fleet_state state;
	enum cli_status shares = CLI_YES;
	bool whole;

	listing.txn = ledger_begin_read(ledger);
	if (listing.txn == NULL)
		return CLI_UNSURE;
	if (cli->fleet)
		shares = fleet_pages_begin(cli, listing.txn, &state);
	if (shares != CLI_YES) {
		ledger_abort(listing.txn);
		return shares;
	}
	listing.known = mem_alloc(sizeof(*listing.known));
	whole = ledger_each_domain(listing.txn, show_domain, &listing);
	ledger_abort(listing.txn);
	free(listing.known);
	if (!whole || listing.broken) {
		cli_error(cli, "the list is not complete: some records cannot be read");
		return CLI_UNSURE;
	}
	if (cli->fleet && listing.shown == 0 && !cli->json)
		cli_error(cli, "there is none: each domain here was asked about here");
	return listing.shown > 0 ? CLI_YES : CLI_NO;
}

static void print_waiting(const struct waiting_domain *domain)
{
	char oldest[UTC_SIZE], returns[UTC_SIZE];
	const char *name = domain->domain;

	if (strlen(name) > NAME_COLUMN) {
		puts(name);
		name = "";
	}
	printf(WAITING_ROW, NAME_COLUMN, name, (int)num_min((int64_t)domain->mails, 99999),
	       utc_format(oldest, domain->oldest), utc_format(returns, domain->returns));
	terminal_text(2, "%s", domain->reason);
}

/* What postseal holds up in Postfix's queue. */
static enum cli_status list_waiting(const struct cli *cli, struct ledger *ledger)
{
	struct waiting waiting;
	char error[COMMAND_ERROR_SIZE];
	enum cli_status status;

	if (queue_find(&waiting, cli, ledger, error) != LOOKUP_FOUND) {
		cli_error(cli, "%s", error);
		return CLI_UNSURE;
	}
	for (size_t i = 0; i < waiting.count; i++) {
		if (cli->json) {
			json_print_waiting(&waiting.domains[i]);
			continue;
		}
		if (i == 0)
			printf(WAITING_HEADINGS, NAME_COLUMN, "DOMAIN", "MAILS", "OLDEST",
			       "RETURNED AT");
		print_waiting(&waiting.domains[i]);
	}
	if (waiting.count == 0 && waiting.others == 0 && !cli->json)
		cli_error(cli, "no mail waits because of postseal");
	if (waiting.others > 0)
		cli_error(cli, "and %llu recipients more, of no domain or of too many",
			  (unsigned long long)waiting.others);
	status = waiting.count > 0 ? CLI_YES : CLI_NO;
	waiting_free(&waiting);
	return status;
}

static enum cli_status run(struct cli *cli)
{
	struct ledger *ledger;
	enum cli_status status;

	if (cli->waiting && (cli->state != NULL || cli->fleet)) {
		cli_error(cli, "either --waiting or %s, not both",
			  cli->fleet ? "--fleet" : "--state");
		return CLI_USAGE;
	}
	if (cli->state != NULL && !state_is_known(cli->state)) {
		cli_error(cli, "after --state write dane, tls, plain, unknown or downgrade");
		return CLI_USAGE;
	}
	ledger = known_ledger(cli, LEDGER_READ);
	if (ledger == NULL)
		return CLI_UNSURE;
	status = cli->waiting ? list_waiting(cli, ledger) : list(cli, ledger);
	ledger_close(ledger);
	return status;
}

const struct verb verb_list = {
	.name = "list",
	.arguments = "",
	.summary = "Lists all known domains, one a line",
	.options = "Asw",
	.help = "  -A, --fleet        only those that this host has from others, and that nobody\n"
		"                     has asked about here\n"
		"  -s, --state STATE  only dane, tls, plain, unknown, or downgrade: those\n"
		"                     that had TLS and lost it\n"
		"  -w, --waiting      instead, for each domain: the mails that wait in Postfix's\n"
		"                     queue because of postseal, since when, until when, and why\n"
		"\n"
		"ANSWER is from map `policy`: \"-\" leaves it to main.cf, \"wait\" defers the "
		"mail.\n"
		"`postseal explain` explains each rule.\n"
		"\n"
		"Exit status: 1 if there is none.\n",
	.least = 0,
	.most = 0,
	.run = run,
};
