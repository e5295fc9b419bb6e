/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/learner.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "core/log/logbatch.h"
#include "core/log/logfold.h"
#include "core/log/logline.h"
#include "core/policy/floor.h"
#include "core/policy/fold.h"
#include "core/record/record.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "io/ledger/ledger_sighting.h"
#include "io/local/metrics_file.h"
#include "io/log/log_source.h"

#define AUTHOR "learn"
#define JOURNAL_NAME "journal"
/* At most so many lines between two transactions. */
#define BATCH_LINES 500000
#define LOOK_AGAIN_MS 1000

struct learner {
	const struct cli *cli;
	struct ledger *ledger;
	struct logfold *fold;
	struct log_source *source;
	const char *name;       /* of the log, under which the ledger keeps our place in it */
	struct logbatch *batch; /* to be written down, ... */
	bool held;
	struct logfold_proof proof; /* ... and after that this, if it is held */
	struct progress progress;   /* of a file that is not followed */
	struct domain_facts domain; /* work space, because of its size */
	struct learner_counts counts;
};

/* For `postseal stats`, while a log is followed. */
static void count(const struct learner *l)
{
	metrics_set(M_LINES, l->counts.lines);
	metrics_set(M_HANDSHAKES, l->counts.handshakes);
	metrics_set(M_DELIVERIES, l->counts.deliveries);
	metrics_set(M_NEW_HOSTS, l->counts.new_hosts);
}

static volatile sig_atomic_t stopped;

static void on_stop(int signum)
{
	(void)signum;
	stopped = 1;
}

/* Without SA_RESTART, so that waiting for more lines ends. A service manager may send SIGHUP. */
static void stop_by_signals(void)
{
	struct sigaction action = { .sa_handler = on_stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGHUP, SIG_IGN);
}

/*
 * Writing down.
 */

/* A host that had TLS has lost it, or has it back. */
static bool tell_change(struct learner *l, struct ledger_txn *txn, const struct logbatch_host *seen)
{
	bool lost = seen->observed == OBSERVED_PLAIN;
	char key[HOST_KEY_SIZE];
	/* The time when Postfix saw it, not when the log was read: an audit has to be right. */
	const struct ledger_note note = { lost ? seen->history.last_plain : seen->history.last_tls,
					  AUTHOR, key, lost ? "downgrade" : "downgrade-ended" };
	const char *what = lost ? "a mail waits because STARTTLS was not offered"
				: "a delivery went over TLS again";

	progress_hide(&l->progress);
	(lost ? log_warning : log_info)("host=%s:%u %s", seen->host, seen->port, what);
	return record_host_key(key, seen->host, seen->port) && ledger_note(txn, &note, "%s", what);
}

/*
 * TLS was missing where it was: in a fleet other hosts look before that is learned, and the
 * prober sees to the rest (core/fleet/fleet_sighting.h). False when the transaction is broken.
 */
static bool show_to_others(struct ledger_txn *txn, const struct logbatch_host *seen,
			   const struct history *known, struct history *shown)
{
	const struct fleet_sighting sighting = { .seen = shown->last_plain };
	char key[HOST_KEY_SIZE];
	bool kept;

	if (!record_host_key(key, seen->host, seen->port) ||
	    !ledger_keep_sighting(txn, key, known, &sighting, clock_wall(), &kept))
		return false;
	if (kept) {
		log_info("host=%s a mail waits because STARTTLS was not offered; other hosts of "
			 "the fleet are asked whether they see TLS there",
			 key);
		shown->last_plain = 0;
		shown->plain_days.count = 0;
	}
	return true;
}

/* False when the transaction is broken. */
static bool learn_host(struct learner *l, struct ledger_txn *txn, const struct logbatch_host *seen)
{
	struct history before, shown = seen->history;
	struct host_facts facts;

	/* A damaged record has been logged. The others still count. */
	if (ledger_get_host(txn, seen->host, seen->port, &facts) == LOOKUP_ERROR)
		return true;
	before = facts.history;
	if (seen->observed == OBSERVED_PLAIN && !show_to_others(txn, seen, &before, &shown))
		return false;
	fold_merge(&facts.history, &shown);
	if (fold_equal(&before, &facts.history))
		return true;
	l->counts.new_hosts += before.last_tls == 0 && facts.history.last_tls != 0;
	if (!ledger_put_host(txn, seen->host, seen->port, &facts))
		return false;
	if ((fold_downgrade_since(&before) != 0) == (fold_downgrade_since(&facts.history) != 0))
		return true;
	return tell_change(l, txn, seen);
}

/* Tells that after a delivery TLS is required of the domain. */
static bool tell_raised(struct learner *l, struct ledger_txn *txn, const char *key,
			const struct logbatch_domain *seen)
{
	const struct history *shown = &seen->history;
	const struct ledger_note note = { shown->last_tls, AUTHOR, key, "raised" };

	progress_hide(&l->progress);
	log_info("domain=%s a delivery went over TLS; TLS is required from now on", key);
	return ledger_note(txn, &note,
			   "a delivery went over %s with %s; TLS is required from now on",
			   tls_version_name(shown->last_version), shown->last_cipher);
}

/* The domain's record, if there is one. Without it nothing is known of its MX hosts. */
static bool learn_domain(struct learner *l, struct ledger_txn *txn,
			 const struct logbatch_domain *seen)
{
	const struct settings *settings = &l->cli->settings;
	struct domain_facts *domain = &l->domain;
	struct nexthop nexthop;
	char text[NEXTHOP_SIZE];
	bool floor;

	snprintf(text, sizeof(text), "%s:%u", seen->domain, (unsigned)seen->port);
	if (seen->port == settings->smtp_port)
		str_copy(text, sizeof(text), seen->domain);
	if (nexthop_parse(&nexthop, text, strlen(text)) != NEXTHOP_OK ||
	    ledger_get_domain(txn, nexthop.key, domain) != LOOKUP_FOUND)
		return true;
	floor = floor_holds(&domain->history, settings, l->cli->now);
	if (!fold_delivery(domain, settings, seen->host, &seen->history))
		return true;
	if (!ledger_put_domain(txn, nexthop.key, domain))
		return false;
	return floor || !floor_holds(&domain->history, settings, l->cli->now) ||
	       tell_raised(l, txn, nexthop.key, seen);
}

struct learner_writing {
	struct learner *learning;
	struct ledger_txn *txn;
};

static bool learn_next(void *context, const struct logbatch_host *seen)
{
	const struct learner_writing *writing = context;

	return learn_host(writing->learning, writing->txn, seen);
}

static bool learn_next_domain(void *context, const struct logbatch_domain *seen)
{
	const struct learner_writing *writing = context;

	return learn_domain(writing->learning, writing->txn, seen);
}

static bool learn_held(struct learner *l, struct ledger_txn *txn)
{
	struct logbatch_domain domain;
	struct logbatch_host host;

	if (l->proof.domain[0] != '\0') {
		logbatch_domain_of(&domain, &l->proof);
		return learn_domain(l, txn, &domain);
	}
	logbatch_host_of(&host, &l->proof);
	return learn_host(l, txn, &host);
}

static bool learn_batch(struct learner *l, struct ledger_txn *txn)
{
	struct learner_writing writing = { l, txn };

	return logbatch_each(l->batch, learn_next, &writing) &&
	       logbatch_each_domain(l->batch, learn_next_domain, &writing) &&
	       (!l->held || learn_held(l, txn));
}

static bool put_place(struct learner *l, struct ledger_txn *txn)
{
	struct logplace place;

	if (l->name == NULL || !log_source_place(l->source, &place))
		return true;
	if (place.kind == LOGPLACE_FILE)
		progress_at(&l->progress, place.offset);
	return ledger_put_place(txn, l->name, &place);
}

/* False, and says why, when there is no ledger to write to. */
static bool have_ledger(struct learner *l)
{
	if (l->ledger != NULL && ledger_is_replaced(l->ledger)) {
		log_warning("ledger=%s was replaced by another one, which is used from now on",
			    l->cli->settings.ledger);
		ledger_close(l->ledger);
		l->ledger = NULL;
	}
	if (l->ledger == NULL)
		l->ledger = known_ledger(l->cli, LEDGER_WRITE);
	return l->ledger != NULL;
}

/* What was learned and our place in the log, in one transaction. */
static bool write_down(struct learner *l)
{
	struct ledger_txn *txn;

	if (l->counts.unwritten == 0)
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
	l->counts.unwritten = 0;
	return true;
}

/* When following a log, tries again until it succeeds. What goes wrong is logged. */
static bool write_down_at_last(struct learner *l)
{
	while (!write_down(l)) {
		if (!l->cli->follow || stopped) {
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

static void note_strange(struct learner_counts *counts, struct span text)
{
	size_t shown = text.len < LEARNER_FIRST_SIZE / 4 ? text.len : LEARNER_FIRST_SIZE / 4;

	if (!logline_is_strange(text.at, text.len))
		return;
	if (counts->strange++ == 0)
		str_printable(counts->first, sizeof(counts->first), text.at, shown);
}

static void take_line(struct learner *l, struct span text)
{
	struct logfold_proof *proof = &l->proof;
	struct logline line;
	int64_t time;

	l->counts.lines++;
	l->counts.unwritten++;
	if (!logline_parse(&line, text.at, text.len)) {
		note_strange(&l->counts, text);
		return;
	}
	l->counts.known++;
	time = logline_time(&line.stamp, log_source_reference(l->source), log_source_zone);
	if (time == 0)
		return;
	l->counts.sent += line.kind == LOGLINE_DELIVERY && line.sent;
	if (!logfold_line(l->fold, &line, time, proof))
		return;
	if (line.kind == LOGLINE_DELIVERY && proof->seen.observed == OBSERVED_TLS) {
		log_debug("domain=%s host=%s:%u delivered over %s with %s", proof->domain,
			  proof->host, proof->port, tls_version_name(proof->seen.version),
			  proof->seen.cipher);
		l->counts.deliveries++;
		l->held = !logbatch_add_delivery(l->batch, proof);
		return;
	}
	l->counts.handshakes += proof->handshake;
	l->held = !logbatch_add(l->batch, proof);
}

/* A file is read up to its present end, anything else until it is closed. */
static bool has_ended(const struct learner *l)
{
	struct logplace place;

	return !l->cli->follow && log_source_place(l->source, &place) &&
	       place.kind == LOGPLACE_FILE;
}

/* A new place alone is not worth a transaction each second: lines may be read twice. */
static bool is_due(const struct learner *l, enum log_read got)
{
	if (got == LOG_READ_LINE)
		return l->held || l->counts.unwritten >= BATCH_LINES;
	return got != LOG_READ_IDLE || logbatch_count(l->batch) > 0 || has_ended(l);
}

static enum cli_status read_all(struct learner *l)
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

/* Where reading of this log ended last time; NULL: not known. */
static const struct logplace *find_place(struct learner *l, struct logplace *place)
{
	struct ledger_txn *txn = ledger_begin_read(l->ledger);
	bool found = txn != NULL && ledger_get_place(txn, l->name, place) == LOOKUP_FOUND;

	ledger_abort(txn);
	return found ? place : NULL;
}

static struct log_source *open_source(struct learner *l, const char *word,
				      char error[LOG_SOURCE_ERROR_SIZE])
{
	struct logplace place;

	if (strcmp(word, "-") == 0)
		return log_source_stream(dup(STDIN_FILENO));
	if (l->cli->journal)
		return log_source_journal(find_place(l, &place), l->cli->follow, error);
	return log_source_file(word, find_place(l, &place), error);
}

/* journalctl(1) shows nothing, and says nothing, to users who may not read the journal. */
static void tell_blank_journal(const struct learner *l)
{
	struct logplace place;

	if (l->cli->journal && !log_source_place(l->source, &place))
		cli_error(l->cli, "note: the journal shows no lines of smtp(8). Does Postfix log "
				  "there? May this user read it (group systemd-journal)?");
}

enum cli_status learner_read(struct learner *l, const char *word)
{
	char error[LOG_SOURCE_ERROR_SIZE];
	char *path = realpath(word, NULL); /* so that one log has one name */
	enum cli_status status = CLI_UNSURE;
	struct stat st;

	l->name = l->cli->journal ? JOURNAL_NAME : path != NULL ? path : word;
	l->source = open_source(l, word, error);
	if (l->source == NULL) {
		cli_error(l->cli, "%s", error);
	} else {
		notify_send("READY=1");
		if (!l->cli->follow && !l->cli->journal && stat(word, &st) == 0 &&
		    S_ISREG(st.st_mode))
			progress_begin(&l->progress, "learning", (uint64_t)st.st_size);
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
 * A learner.
 */

bool learner_stopped(void)
{
	return stopped;
}

const struct learner_counts *learner_counts(const struct learner *l)
{
	return &l->counts;
}

struct learner *learner_new(const struct cli *cli)
{
	struct ledger *ledger;
	struct learner *l;

	stop_by_signals();
	if (cli->follow) {
		notify_open(); /* only a service has someone to tell */
		metrics_open(cli->settings.runtime, METRICS_LEARN);
		metrics_settings(&cli->settings, METRICS_LEARN);
	}
	ledger = known_ledger(cli, LEDGER_WRITE);
	if (ledger == NULL)
		return NULL;
	l = mem_zero(1, sizeof(*l));
	l->cli = cli;
	l->ledger = ledger;
	l->fold = logfold_new();
	l->batch = logbatch_new();
	return l;
}

void learner_free(struct learner *l)
{
	if (l == NULL)
		return;
	logbatch_free(l->batch);
	logfold_free(l->fold);
	ledger_close(l->ledger);
	free(l);
}
