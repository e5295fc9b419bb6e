/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal stats - what the daemons counted, and what the ledger amounts to. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "cli/json.h"
#include "cli/verbs/fleet_pages.h"
#include "cli/verbs/queue.h"
#include "cli/terminal.h"
#include "core/policy/fold.h"
#include "core/policy/survey.h"
#include "io/local/metrics_file.h"

#define NAME_COLUMN 2
#define TEXT_COLUMN (NAME_COLUMN + METRIC_TITLE_MAX + 2)

struct found {
	enum lookup lookup; /* of its file */
	bool alive;
	struct metrics_snapshot snapshot;
	char error[METRICS_FILE_ERROR_SIZE];
};

struct stats {
	const struct cli *cli;
	struct found daemon[METRICS_DAEMON_COUNT];
	bool ledger_asked, ledger_read, ledger_whole;
	struct metrics_view view;
};

/*
 * Mail needs the socketmap server and the prober; a machine may do without the others.
 * Nobody misses a daemon that was never started, nor `learn` if it was told to stop.
 */
static bool is_unused(enum metrics_source source, const struct found *found)
{
	if (source == METRICS_SOCKETMAP || source == METRICS_PROBER ||
	    found->lookup == LOOKUP_ERROR || found->alive)
		return false;
	return found->lookup == LOOKUP_ABSENT ||
	       (source == METRICS_LEARN && found->snapshot.ended != 0);
}

/*
 * Finding out.
 */

static void find_daemon(struct stats *stats, enum metrics_source source)
{
	struct found *found = &stats->daemon[source];
	struct metrics_view *view = &stats->view;

	found->lookup = metrics_read(metrics_directory(&stats->cli->settings, source), source,
				     &found->snapshot, &found->alive, found->error);
	view->unused[source] = is_unused(source, found);
	view->cell[METRIC1(UP, source)] = found->alive;
	if (found->lookup != LOOKUP_FOUND)
		return;
	view->cell[METRIC1(START_TIME, source)] = (uint64_t)found->snapshot.started;
	metrics_view_add(view, &found->snapshot, !found->alive);
}

struct stats_walk {
	struct stats *stats;
	struct ledger_txn *txn;
	struct known *known;
	bool whole;
};

static bool count_domain(void *context, const char *key, const struct domain_facts *domain)
{
	struct stats_walk *walk = context;
	uint64_t *cell = walk->stats->view.cell;
	struct nexthop nexthop;

	(void)domain;
	if (nexthop_parse(&nexthop, key, strlen(key)) != NEXTHOP_OK ||
	    known_get(walk->known, walk->stats->cli, walk->txn, &nexthop) == LOOKUP_ERROR) {
		walk->whole = false;
		return true;
	}
	cell[METRIC1(LEDGER_DOMAINS, walk->known->status.state)]++;
	cell[M_LEDGER_DOMAINS_DOWN] += walk->known->status.downgrade_since != 0;
	return true;
}

static bool count_host(void *context, const char *key, const struct host_facts *host)
{
	struct stats_walk *walk = context;
	uint64_t *cell = walk->stats->view.cell;

	(void)key;
	cell[METRIC1(LEDGER_HOSTS, host->last.observed)]++;
	cell[M_LEDGER_HOSTS_DOWN] += fold_downgrade_since(&host->history) != 0;
	return true;
}

static bool count_override(void *context, const char *key, const struct override *override)
{
	struct stats_walk *walk = context;

	(void)key;
	walk->stats->view.cell[M_LEDGER_OVERRIDES] +=
		override_in_force(override, walk->stats->cli->now);
	return true;
}

static bool count_alias(void *context, const char *key, const struct alias *alias)
{
	struct stats_walk *walk = context;

	(void)key;
	walk->stats->view.cell[M_LEDGER_ALIASES] += alias->enabled;
	return true;
}

static bool walk_ledger(struct stats *stats, struct ledger *ledger)
{
	struct stats_walk walk = { .stats = stats,
				   .txn = ledger_begin_read(ledger),
				   .whole = true };

	if (walk.txn == NULL)
		return false;
	walk.known = mem_alloc(sizeof(*walk.known));
	stats->ledger_whole = ledger_each_domain(walk.txn, count_domain, &walk) &&
			      ledger_each_host(walk.txn, count_host, &walk) &&
			      ledger_each_override(walk.txn, count_override, &walk) &&
			      ledger_each_alias(walk.txn, count_alias, &walk) && walk.whole;
	ledger_abort(walk.txn);
	free(walk.known);
	return true;
}

static void read_queue(struct stats *stats, struct ledger *ledger)
{
	struct waiting waiting;
	char error[COMMAND_ERROR_SIZE];
	uint64_t *cell = stats->view.cell;

	if (queue_find(&waiting, stats->cli, ledger, error) != LOOKUP_FOUND)
		return;
	stats->view.known[METRICS_QUEUE] = true;
	cell[M_QUEUE_READABLE] = 1;
	cell[M_WAITING_DOMAINS] = waiting.count;
	for (size_t i = 0; i < waiting.count; i++) {
		cell[M_WAITING_MAILS] += waiting.domains[i].mails;
		cell[M_WAITING_OLDEST] = (uint64_t)num_earlier((int64_t)cell[M_WAITING_OLDEST],
							       waiting.domains[i].oldest);
	}
	waiting_free(&waiting);
}

static bool read_ledger(struct stats *stats)
{
	struct ledger *ledger = known_ledger(stats->cli, LEDGER_READ);
	uint64_t *cell = stats->view.cell;
	struct ledger_size size;
	bool good;

	if (ledger == NULL)
		return false;
	good = walk_ledger(stats, ledger) && ledger_measure(ledger, &size);
	read_queue(stats, ledger);
	ledger_close(ledger);
	if (!good)
		return false;
	cell[M_LEDGER_BYTES] = size.file;
	cell[M_LEDGER_USED] = size.used;
	cell[M_LEDGER_MOST] = size.most;
	return true;
}

/*
 * Showing.
 */

/* "postseal-prober: running since 2026-01-10T12:00:00Z, 3 h" */
static void print_daemon(const struct stats *stats, enum metrics_source source)
{
	const struct found *found = &stats->daemon[source];
	const struct metrics_snapshot *snapshot = &found->snapshot;
	char date[UTC_SIZE], span[UTC_SPAN_SIZE], state[sizeof(found->error) + 32];

	if (found->lookup == LOOKUP_ABSENT)
		snprintf(state, sizeof(state), "not started yet");
	else if (found->lookup == LOOKUP_ERROR)
		snprintf(state, sizeof(state), "%srunning; %s", found->alive ? "" : "not ",
			 found->error);
	else if (found->alive)
		snprintf(state, sizeof(state), "running since %s, %s, process %" PRId64,
			 utc_format(date, snapshot->started),
			 utc_span(span, stats->cli->now - snapshot->started), snapshot->pid);
	else if (snapshot->ended != 0)
		snprintf(state, sizeof(state), "not running since %s",
			 utc_format(date, snapshot->ended));
	else
		snprintf(state, sizeof(state), "not running: started at %s, it died",
			 utc_format(date, snapshot->started));
	terminal_heading("postseal-%s", metrics_source_name(source));
	printf("%*s%s", NAME_COLUMN, "", terminal_paint(found->alive ? PAINT_GREEN : PAINT_RED));
	terminal_rest(NAME_COLUMN, state);
	fputs(terminal_plain(), stdout);
}

static void print_rows(const struct stats *stats, enum metrics_source source)
{
	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];
		struct buf row = { 0 };

		if (metric->source == source && metric_shown(&stats->view, metric) &&
		    metric_write_row(&row, &stats->view, metric)) {
			printf("%*s%-*s", NAME_COLUMN, "", TEXT_COLUMN - NAME_COLUMN,
			       metric->title);
			terminal_rest(TEXT_COLUMN, buf_cstr(&row));
		}
		buf_free(&row);
	}
}

static void print_page(const struct stats *stats)
{
	for (unsigned i = 0; i < METRICS_DAEMON_COUNT; i++) {
		if (stats->view.unused[i])
			continue;
		print_daemon(stats, (enum metrics_source)i);
		print_rows(stats, (enum metrics_source)i);
	}
	if (!stats->ledger_read)
		return;
	terminal_heading("ledger");
	print_rows(stats, METRICS_LEDGER);
	if (!stats->view.known[METRICS_QUEUE] || stats->view.cell[M_WAITING_DOMAINS] == 0)
		return;
	terminal_heading("Postfix's queue (postseal list --waiting)");
	print_rows(stats, METRICS_QUEUE);
}

static void print_sample(void *context, const struct metric_sample *sample)
{
	(void)context;
	json_print_sample(sample);
}

static void print(const struct stats *stats)
{
	struct buf text = { 0 };

	if (stats->cli->prometheus) {
		metrics_write_prometheus(&text, &stats->view);
		fwrite(text.data, 1, text.len, stdout);
		buf_free(&text);
	} else if (stats->cli->json) {
		metrics_each_sample(&stats->view, print_sample, NULL);
	} else {
		print_page(stats);
	}
}

static enum cli_status judge(const struct stats *stats)
{
	enum cli_status status = CLI_YES;

	for (unsigned i = 0; i < METRICS_DAEMON_COUNT; i++) {
		const struct found *found = &stats->daemon[i];

		if (found->lookup == LOOKUP_ERROR)
			status = cli_worse(status, CLI_UNSURE);
		else if (!found->alive && !stats->view.unused[i])
			status = cli_worse(status, CLI_NO);
	}
	if (stats->ledger_asked && !(stats->ledger_read && stats->ledger_whole))
		status = CLI_UNSURE;
	/* For Prometheus these are numbers like others. */
	return stats->cli->prometheus ? CLI_YES : status;
}

static enum cli_status run(struct cli *cli)
{
	struct stats *stats;
	enum cli_status status;

	if (cli->fleet && cli->prometheus) {
		cli_error(cli, "either --fleet or --prometheus, not both: each host has its own");
		return CLI_USAGE;
	}
	if (cli->fleet)
		return fleet_pages_stats(cli);
	stats = mem_zero(1, sizeof(*stats));
	stats->cli = cli;
	stats->view.known[METRICS_DAEMONS] = true;
	for (unsigned i = 0; i < METRICS_DAEMON_COUNT; i++)
		find_daemon(stats, (enum metrics_source)i);
	stats->ledger_asked = !cli->no_ledger;
	if (stats->ledger_asked) {
		stats->ledger_read = read_ledger(stats);
		stats->view.known[METRICS_READING] = true;
		stats->view.known[METRICS_LEDGER] = stats->ledger_read;
		stats->view.cell[M_LEDGER_READABLE] = stats->ledger_read && stats->ledger_whole;
	}
	print(stats);
	status = judge(stats);
	free(stats);
	return status;
}

const struct verb verb_stats = {
	.name = "stats",
	.arguments = "",
	.summary = "Shows the counts and the state of the daemons",
	.options = "ALP",
	.help = "  -A, --fleet       instead, a line for each host that shares: heard of how long\n"
		"                    ago, batches behind, records to be told, domains, and in the\n"
		"                    last day acts of its admins and losses of TLS that it told\n"
		"  -P, --prometheus  print Prometheus' text format\n"
		"  -L, --no-ledger   do not read the ledger and Postfix's queue, which takes a\n"
		"                    moment if they are large\n"
		"\n"
		"Counts start again when a daemon starts. Counts of 0 are left out, except with\n"
		"--prometheus or --json. postseal-metrics(7) explains each number, and has alerts\n"
		"and a dashboard.\n"
		"\n"
		"Exit status: 1 if a daemon does not run, or with --fleet a host was not heard of\n"
		"lately; 0 with --prometheus.\n",
	.least = 0,
	.most = 0,
	.run = run,
};
