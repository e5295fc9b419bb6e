/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal learn - from Postfix's log: which hosts were delivered to over TLS. */
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/known.h"
#include "cli/progress.h"
#include "core/policy/fold.h"
#include "core/log/logbatch.h"
#include "core/log/logfold.h"
#include "core/record/record.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "io/ledger/ledger_place.h"
#include "io/log/log_source.h"
#include "io/local/metrics_file.h"

#define AUTHOR "learn"
#define JOURNAL_NAME "journal"
/* Lines at the most between two transactions. */
#define BATCH_LINES 500000
#define LOOK_AGAIN_MS 1000

struct learning {
	const struct cli *cli;
	struct ledger *ledger;
	struct logfold *fold;
	struct log_source *source;
	const char *name;       /* under which the ledger keeps our place in it; NULL: nowhere */
	struct logbatch *batch; /* to be written down, ... */
	bool held;
	struct logfold_proof proof; /* ... and after that this, if it is held */
	uint64_t unwritten;         /* lines read since the last transaction */
	bool failed;                /* they could not be written down */
	struct progress progress;   /* of a file that is not followed */
	/* All told. */
	uint64_t lines;
	uint64_t sent;       /* deliveries, over whatever */
	uint64_t deliveries; /* those that went over TLS for certain */
	uint64_t handshakes;
	uint64_t new_hosts;
};

/* For `postseal stats`, while a log is followed. */
static void count(const struct learning *l)
{
	metrics_set(M_LINES, l->lines);
	metrics_set(M_HANDSHAKES, l->handshakes);
	metrics_set(M_DELIVERIES, l->deliveries);
	metrics_set(M_NEW_HOSTS, l->new_hosts);
}

static volatile sig_atomic_t stopped;

static void on_stop(int signum)
{
	(void)signum;
	stopped = 1;
}

/* Not restarted: a wait for more lines is to end. */
static void stop_by_signals(void)
{
	struct sigaction action = { .sa_handler = on_stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static int64_t ask_zone(int64_t utc)
{
	time_t moment = (time_t)utc;
	struct tm tm;

	return localtime_r(&moment, &tm) != NULL ? tm.tm_gmtoff : 0;
}

/* Clocks are changed at a quarter of an hour of UTC, not within one. */
#define ZONE_SPAN 900
#define ZONES 4

/* Each line asks, and most of them the same. */
static int64_t local_zone(int64_t utc)
{
	static struct {
		int64_t span; /* 0: none yet */
		int64_t offset;
	} zones[ZONES];
	int64_t span = utc / ZONE_SPAN;

	if (span <= 0)
		return ask_zone(utc);
	if (zones[span % ZONES].span != span) {
		zones[span % ZONES].span = span;
		zones[span % ZONES].offset = ask_zone(utc);
	}
	return zones[span % ZONES].offset;
}

/*
 * Writing down.
 */

/* A host that had TLS has lost it, or has it back. */
static bool tell_change(struct learning *l, struct ledger_txn *txn,
			const struct logbatch_host *seen)
{
	struct journal_entry entry = { .time = l->cli->now, .author = AUTHOR };
	bool lost = seen->observed == OBSERVED_PLAIN;
	const char *what = lost ? "a mail waits, because STARTTLS was not offered"
				: "a delivery went over TLS again";

	str_copy(entry.event, sizeof(entry.event), lost ? "downgrade" : "downgrade-ended");
	str_copy(entry.detail, sizeof(entry.detail), what);
	progress_hide(&l->progress);
	(lost ? log_warning : log_info)("host=%s:%u %s", seen->host, seen->port, what);
	return record_host_key(entry.subject, seen->host, seen->port) &&
	       ledger_add_journal(txn, &entry);
}

/* False when the transaction is broken. */
static bool learn_host(struct learning *l, struct ledger_txn *txn, const struct logbatch_host *seen)
{
	struct host_facts facts;
	struct history before;

	/* A damaged record has been logged; it does not spoil the others. */
	if (ledger_get_host(txn, seen->host, seen->port, &facts) == LOOKUP_ERROR)
		return true;
	before = facts.history;
	fold_merge(&facts.history, &seen->history);
	if (fold_equal(&before, &facts.history))
		return true;
	l->new_hosts += before.last_tls == 0 && facts.history.last_tls != 0;
	if (!ledger_put_host(txn, seen->host, seen->port, &facts))
		return false;
	if ((fold_downgrade_since(&before) != 0) == (fold_downgrade_since(&facts.history) != 0))
		return true;
	return tell_change(l, txn, seen);
}

struct writing {
	struct learning *learning;
	struct ledger_txn *txn;
};

static bool learn_next(void *context, const struct logbatch_host *seen)
{
	const struct writing *writing = context;

	return learn_host(writing->learning, writing->txn, seen);
}

static bool learn_batch(struct learning *l, struct ledger_txn *txn)
{
	struct writing writing = { l, txn };
	struct logbatch_host held;

	if (!logbatch_each(l->batch, learn_next, &writing))
		return false;
	if (!l->held)
		return true;
	logbatch_host_of(&held, &l->proof);
	return learn_host(l, txn, &held);
}

static bool put_place(struct learning *l, struct ledger_txn *txn)
{
	struct logplace place;

	if (l->name == NULL || !log_source_place(l->source, &place))
		return true;
	if (place.kind == LOGPLACE_FILE)
		progress_at(&l->progress, place.offset);
	return ledger_put_place(txn, l->name, &place);
}

/* False when there is none to write to, which has been said. */
static bool have_ledger(struct learning *l)
{
	if (l->ledger != NULL && ledger_is_replaced(l->ledger)) {
		log_warning("ledger=%s was replaced by another, which counts from now on",
			    l->cli->settings.ledger);
		ledger_close(l->ledger);
		l->ledger = NULL;
	}
	if (l->ledger == NULL)
		l->ledger = known_ledger(l->cli, LEDGER_WRITE);
	return l->ledger != NULL;
}

/* What was learned and up to where, in one transaction. */
static bool write_down(struct learning *l)
{
	struct ledger_txn *txn;

	if (l->unwritten == 0)
		return true;
	if (!have_ledger(l))
		return false;
	txn = ledger_begin_write(l->ledger);
	if (txn == NULL)
		return false;
	if (!learn_batch(l, txn) || !put_place(l, txn)) {
		ledger_abort(txn);
		return false;
	}
	if (!ledger_commit(txn))
		return false;
	logbatch_clear(l->batch);
	l->held = false;
	l->unwritten = 0;
	return true;
}

/* Who follows a log goes on when there is room again; what went wrong has been logged. */
static bool write_down_at_last(struct learning *l)
{
	while (!write_down(l)) {
		if (!l->cli->follow || stopped) {
			l->failed = true;
			return false;
		}
		daemon_alive();
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	return true;
}

/*
 * Reading.
 */

static void take_line(struct learning *l, struct span text)
{
	struct logfold_proof *proof = &l->proof;
	struct logline line;
	int64_t time;

	l->lines++;
	l->unwritten++;
	if (!logline_parse(&line, text.at, text.len))
		return;
	time = logline_time(&line.stamp, log_source_reference(l->source), local_zone);
	if (time == 0)
		return;
	l->sent += line.kind == LOGLINE_DELIVERY && line.sent;
	if (!logfold_line(l->fold, &line, time, proof))
		return;
	if (line.kind == LOGLINE_DELIVERY && proof->seen.observed == OBSERVED_TLS) {
		log_debug("domain=%s host=%s:%u delivered over %s with %s", proof->domain,
			  proof->host, proof->port, tls_version_name(proof->seen.version),
			  proof->seen.cipher);
		l->deliveries++;
		return;
	}
	l->handshakes += proof->handshake;
	l->held = !logbatch_add(l->batch, proof);
}

/* A file is read to where it ends now; all else to where it is closed. */
static bool has_ended(const struct learning *l)
{
	struct logplace place;

	return !l->cli->follow && log_source_place(l->source, &place) &&
	       place.kind == LOGPLACE_FILE;
}

/* Our place alone is not worth a transaction each second: lines may be read twice. */
static bool is_due(const struct learning *l, enum log_read got)
{
	if (got == LOG_READ_LINE)
		return l->held || l->unwritten >= BATCH_LINES;
	return got != LOG_READ_IDLE || logbatch_count(l->batch) > 0 || has_ended(l);
}

static enum cli_status read_all(struct learning *l)
{
	struct span line;

	while (!stopped) {
		enum log_read got;

		daemon_alive();
		got = log_source_next(l->source, &line);

		if (got == LOG_READ_LINE)
			take_line(l, line);
		if (is_due(l, got) && !write_down_at_last(l))
			return CLI_UNSURE;
		count(l);
		if (got == LOG_READ_FAILED)
			return CLI_UNSURE;
		if (got == LOG_READ_END || (got == LOG_READ_IDLE && has_ended(l)))
			return CLI_YES;
		if (got == LOG_READ_IDLE)
			log_source_wait(l->source, LOOK_AGAIN_MS);
	}
	return write_down_at_last(l) ? CLI_YES : CLI_UNSURE;
}

/* Where reading of this log ended last time; NULL: at no place that we know of. */
static const struct logplace *find_place(struct learning *l, struct logplace *place)
{
	struct ledger_txn *txn = ledger_begin_read(l->ledger);
	bool found = txn != NULL && ledger_get_place(txn, l->name, place) == LOOKUP_FOUND;

	ledger_abort(txn);
	return found ? place : NULL;
}

static struct log_source *open_source(struct learning *l, const char *word,
				      char error[LOG_SOURCE_ERROR_SIZE])
{
	struct logplace place;

	if (strcmp(word, "-") == 0)
		return log_source_stream(dup(STDIN_FILENO));
	if (l->cli->journal)
		return log_source_journal(find_place(l, &place), l->cli->follow, error);
	return log_source_file(word, find_place(l, &place), error);
}

/* Of what has an end. */
static void begin_progress(struct learning *l, const char *word)
{
	struct stat st;

	if (!l->cli->follow && !l->cli->journal && stat(word, &st) == 0 && S_ISREG(st.st_mode))
		progress_begin(&l->progress, "learning", (uint64_t)st.st_size);
}

/* journalctl shows to whom it concerns, and to others nothing, without a word. */
static void tell_blank_journal(const struct learning *l)
{
	struct logplace place;

	if (l->cli->journal && !log_source_place(l->source, &place))
		cli_error(l->cli,
			  "note: the journal shows nothing of smtp(8); does Postfix log there, and "
			  "may this user read it (group systemd-journal)?");
}

static enum cli_status learn_from(struct learning *l, const char *word)
{
	char error[LOG_SOURCE_ERROR_SIZE];
	char *path = realpath(word, NULL); /* so that one log has one name */
	enum cli_status status = CLI_UNSURE;

	l->name = l->cli->journal ? JOURNAL_NAME : path != NULL ? path : word;
	l->source = open_source(l, word, error);
	if (l->source == NULL) {
		cli_error(l->cli, "%s", error);
	} else {
		notify_send("READY=1");
		begin_progress(l, word);
		status = read_all(l);
		progress_end(&l->progress);
		if (status == CLI_YES)
			tell_blank_journal(l);
	}
	log_source_close(l->source);
	free(path);
	return status;
}

/*
 * The verb.
 */

static void print_outcome(const struct learning *l)
{
	if (l->cli->json) {
		printf("{\"lines\":%" PRIu64 ",\"handshakes\":%" PRIu64 ",\"deliveries\":%" PRIu64
		       ",\"new_hosts\":%" PRIu64 "}\n",
		       l->lines, l->handshakes, l->deliveries, l->new_hosts);
		return;
	}
	printf("%" PRIu64 " lines read: %" PRIu64 " TLS handshakes, %" PRIu64
	       " deliveries over TLS; hosts never seen with TLS before: %" PRIu64 ".\n",
	       l->lines, l->handshakes, l->deliveries, l->new_hosts);
	if (l->sent > 0 && l->handshakes == 0)
		cli_error(l->cli,
			  "%" PRIu64 " deliveries, but no line about TLS; Postfix writes them "
			  "after `postconf -e smtp_tls_loglevel=1 && postfix reload`",
			  l->sent);
}

static enum cli_status learn_all(struct learning *l)
{
	enum cli_status status = CLI_YES;

	if (l->cli->journal)
		return learn_from(l, JOURNAL_NAME);
	for (int i = 0; i < l->cli->count && !stopped; i++)
		status = cli_worse(status, learn_from(l, l->cli->words[i]));
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
	struct learning *l;
	enum cli_status status = CLI_UNSURE;

	if (usage_is_wrong(cli))
		return CLI_USAGE;
	if ((cli->settings.learn_from & LEARN_DELIVERY) == 0) {
		cli_error(cli, "nothing is learned, since learn_from does not name \"delivery\"");
		return CLI_NO;
	}
	stop_by_signals();
	if (cli->follow) {
		notify_open(); /* a service: nobody else has anybody to tell */
		metrics_open(cli->settings.runtime, METRICS_LEARN);
	}
	l = mem_zero(1, sizeof(*l));
	l->cli = cli;
	l->ledger = known_ledger(cli, LEDGER_WRITE);
	if (l->ledger != NULL) {
		l->fold = logfold_new();
		l->batch = logbatch_new();
		status = learn_all(l);
		if (l->failed)
			cli_error(cli,
				  "the last %" PRIu64 " lines are not written down; when that is "
				  "mended, the same command goes on with them",
				  l->unwritten);
		else
			print_outcome(l);
		logbatch_free(l->batch);
		logfold_free(l->fold);
	}
	ledger_close(l->ledger);
	free(l);
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
