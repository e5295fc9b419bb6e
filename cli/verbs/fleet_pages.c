/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verbs/fleet_pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "core/fleet/fleet_rank.h"

#define HOST_COLUMN 20
#define EVENT_COLUMN 26
#define ELSEWHERE "downgrade-elsewhere"

enum cli_status fleet_pages_begin(const struct cli *cli, struct ledger_txn *txn,
				  struct fleet_state *state)
{
	enum lookup found = txn != NULL ? ledger_get_fleet(txn, state) : LOOKUP_ERROR;

	if (found == LOOKUP_ABSENT)
		cli_error(cli, "this host shares with nobody (postseal-share(8))");
	return found == LOOKUP_FOUND ? CLI_YES : found == LOOKUP_ABSENT ? CLI_NO : CLI_UNSURE;
}

/*
 * The journal: what came from others begins "by HOST", which ledger_take wrote; what another
 * tells for all ends "told by HOST" (prober/tell.c).
 */
static bool read_teller(const struct journal_entry *entry, char host[FLEET_NAME_SIZE],
			const char **rest)
{
	const char *detail = entry->detail, *by = NULL;
	size_t len;

	*rest = detail;
	if (strcmp(entry->author, "fleet") == 0 && strncmp(detail, "by ", strlen("by ")) == 0) {
		by = detail + strlen("by ");
		*rest = by + strcspn(by, ":");
		*rest += strspn(*rest, ": ");
	} else if (strcmp(entry->event, ELSEWHERE) == 0) {
		by = strstr(detail, "told by ");
		by = by != NULL ? by + strlen("told by ") : NULL;
	}
	len = by != NULL ? strcspn(by, ":") : 0;
	return fleet_name_good(by, len) && str_copy_n(host, FLEET_NAME_SIZE, by, len);
}

/*
 * history --fleet
 */

struct fleet_history {
	const struct cli *cli;
	const struct known *known; /* NULL: of all */
	size_t shown;
};

static bool show_entry(void *context, const struct journal_entry *entry)
{
	struct fleet_history *history = context;
	char host[FLEET_NAME_SIZE], date[UTC_SIZE];
	const char *rest;

	if ((history->known != NULL && !known_concerns(history->known, history->cli, entry)) ||
	    !read_teller(entry, host, &rest))
		return true;
	if (history->cli->json) {
		json_print_fleet_entry(host, entry, rest);
	} else {
		if (history->shown == 0)
			printf("%-20s  %-*s  %-*s  %s\n", "TIME", HOST_COLUMN, "HOST", EVENT_COLUMN,
			       "EVENT", "OF");
		printf("%-20s  %-*s  %-*s  %s\n", utc_format(date, entry->time), HOST_COLUMN, host,
		       EVENT_COLUMN, entry->event, entry->subject);
		if (rest[0] != '\0')
			terminal_text(2, "%s", rest);
	}
	history->shown++;
	return true;
}

static enum cli_status show_history(const struct cli *cli, struct ledger_txn *txn,
				    const struct subject *subject)
{
	struct known *known = mem_alloc(sizeof(*known));
	struct fleet_history history = { .cli = cli, .known = subject != NULL ? known : NULL };
	bool whole = (subject == NULL ||
		      known_get(known, cli, txn, &subject->nexthop) != LOOKUP_ERROR) &&
		     ledger_each_journal(txn, NULL, show_entry, &history);

	free(known);
	if (!whole)
		return CLI_UNSURE;
	if (history.shown == 0 && !cli->json)
		cli_error(cli, "the journal has nothing that another host did%s%s",
			  subject != NULL ? " about " : "",
			  subject != NULL ? subject->nexthop.key : "");
	return history.shown > 0 ? CLI_YES : CLI_NO;
}

enum cli_status fleet_pages_history(const struct cli *cli)
{
	struct subject *subject = cli->count > 0 ? cli_subjects(cli) : NULL;
	struct fleet_state state;
	struct ledger *ledger;
	struct ledger_txn *txn;
	enum cli_status status;

	if (cli->count > 0 && subject == NULL)
		return CLI_USAGE;
	ledger = known_ledger(cli, LEDGER_READ);
	txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	status = fleet_pages_begin(cli, txn, &state);
	if (status == CLI_YES)
		status = show_history(cli, txn, subject);
	ledger_abort(txn);
	ledger_close(ledger);
	free(subject);
	return status;
}

/*
 * stats --fleet
 */

struct fleet_row_of {
	struct fleet_member member;
	size_t acts, lost; /* in a day: what its admins did, and which losses of TLS it told */
};

struct fleet_stats {
	const struct cli *cli;
	struct fleet_state state;
	uint64_t n; /* the latest batch that anybody has read */
	size_t count, live;
	struct fleet_row_of row[FLEET_MEMBERS_MAX];
};

static bool add_member(void *context, const char *name, const void *record)
{
	struct fleet_stats *stats = context;
	const struct fleet_member *member = record;

	(void)name;
	if (stats->count == FLEET_MEMBERS_MAX)
		return true;
	stats->row[stats->count++] = (struct fleet_row_of){ .member = *member };
	stats->live += fleet_member_is_live(member, &stats->state);
	if (member->n > stats->n)
		stats->n = member->n;
	return true;
}

/* Our own: an MX host's loss, which is told by its key; an act is what an admin is the author of. */
static bool is_own_loss(const struct journal_entry *entry)
{
	struct entry host = { .kind = ENTRY_HOST };

	return strcmp(entry->event, "downgrade") == 0 && entry_take_key(&host, entry->subject);
}

static bool is_act(const struct journal_entry *entry)
{
	static const char *const events[] = {
		"forgotten",     "override",       "override-cleared", "pin-added",  "pin-removed",
		"alias-enabled", "alias-disabled", "alias-removed",    "disallowed", "allowed",
	};

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (strcmp(entry->event, events[i]) == 0)
			return true;
	return false;
}

static bool count_entry(void *context, const struct journal_entry *entry)
{
	struct fleet_stats *stats = context;
	char host[FLEET_NAME_SIZE];
	const char *rest;
	bool lost;

	if (entry->time <= stats->cli->now - UTC_DAY)
		return true;
	if (read_teller(entry, host, &rest)) {
		lost = strcmp(entry->event, ELSEWHERE) == 0;
	} else {
		str_copy(host, sizeof(host), stats->state.name);
		lost = is_own_loss(entry);
	}
	for (size_t i = 0; i < stats->count; i++) {
		if (strcmp(stats->row[i].member.name, host) != 0)
			continue;
		stats->row[i].lost += lost;
		stats->row[i].acts += is_act(entry);
	}
	return true;
}

static const char *show_count(char dst[STR_DECIMAL_SIZE], int64_t count)
{
	return count == FLEET_UNTOLD ? "-" : str_decimal(dst, (uint64_t)count);
}

#define STATS_ROW "%-*s %8s %7s %7s %9s %5s %5s  %s\n"

static void print_member(const struct fleet_stats *stats, const struct fleet_row_of *row)
{
	const struct fleet_member *member = &row->member;
	char seen[UTC_SPAN_SIZE], number[5][STR_DECIMAL_SIZE];
	bool live = fleet_member_is_live(member, &stats->state);
	const char *name = member->name;

	if (strlen(name) > HOST_COLUMN) {
		puts(name);
		name = "";
	}
	fputs(live ? "" : terminal_paint(PAINT_RED), stdout);
	printf(STATS_ROW, HOST_COLUMN, name,
	       utc_span(seen, num_max(0, stats->state.exchanged - member->seen)),
	       str_decimal(number[0], stats->n - member->n), show_count(number[1], member->waiting),
	       show_count(number[2], member->domains), str_decimal(number[3], row->acts),
	       str_decimal(number[4], row->lost), member->version);
	fputs(live ? "" : terminal_plain(), stdout);
}

static void print_stats(const struct fleet_stats *stats)
{
	char date[UTC_SIZE];
	size_t acts = 0, lost = 0;
	int64_t waiting = 0;

	if (!stats->cli->json)
		printf(STATS_ROW, HOST_COLUMN, "HOST", "SEEN", "BEHIND", "TO TELL", "DOMAINS",
		       "ACTS", "LOST", "POSTSEAL");
	for (size_t i = 0; i < stats->count; i++) {
		const struct fleet_row_of *row = &stats->row[i];

		acts += row->acts;
		lost += row->lost;
		waiting += num_max(0, row->member.waiting);
		if (stats->cli->json)
			json_print_fleet_member(&row->member, &stats->state,
						stats->n - row->member.n, row->acts, row->lost);
		else
			print_member(stats, row);
	}
	if (!stats->cli->json)
		printf("\n%zu hosts, %zu of them there at %s; %" PRId64 " records to be told.\n"
		       "In a day %zu acts of admins, and %zu MX hosts that lost TLS.\n",
		       stats->count, stats->live, utc_format(date, stats->state.exchanged), waiting,
		       acts, lost);
}

enum cli_status fleet_pages_stats(const struct cli *cli)
{
	struct fleet_stats *stats = mem_zero(1, sizeof(*stats));
	struct ledger *ledger = known_ledger(cli, LEDGER_READ);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	enum cli_status status = fleet_pages_begin(cli, txn, &stats->state);

	stats->cli = cli;
	stats->n = stats->state.n;
	if (status == CLI_YES) {
		if (!ledger_each_member(txn, add_member, stats) ||
		    !ledger_each_journal(txn, NULL, count_entry, stats))
			status = CLI_UNSURE;
		print_stats(stats);
		if (stats->live < stats->count || stats->state.trouble[0] != '\0')
			status = cli_worse(status, CLI_NO);
	}
	ledger_abort(txn);
	ledger_close(ledger);
	free(stats);
	return status;
}
