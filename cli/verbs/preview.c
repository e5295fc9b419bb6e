/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal preview - what would have become of the mails in a log if Postfix had asked postseal.
 * For admins who want to know before they switch it on.
 *
 * Each delivery is judged by what the log had shown of its next hop before, and by what the ledger
 * knows of its DNS and MTA-STS now. Then it counts as evidence itself, as for `learn`. Nothing is
 * written.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "core/log/logfold.h"
#include "core/log/logline.h"
#include "core/policy/decide.h"
#include "core/policy/fold.h"
#include "io/ledger/ledger_facts.h"
#include "io/log/log_source.h"

#define LOOK_AGAIN_MS 1000
#define FIRST_SIZE 256

/* A next hop in the log: a domain, or a relay. */
struct preview_domain {
	char domain[NEXTHOP_SIZE]; /* first: sorted by it */
	struct history history;    /* up to the line read last */
	uint64_t waits;            /* deliveries that would have waited, ... */
	int64_t last;              /* ... the last of them, ... */
	char reason[REASON_SIZE];  /* ... and why */
	UT_hash_handle hh;
};

struct preview {
	const struct cli *cli;
	struct ledger_txn *txn; /* NULL: only the log is known */
	struct logfold *fold;
	struct preview_domain *places;
	struct facts facts;
	int64_t from, to; /* of the deliveries */
	uint64_t lines, known, deliveries, same, waits, handshakes, strange;
	uint64_t local;    /* deliveries to this machine itself, which are not judged */
	uint64_t unjudged; /* of `same`: over TLS, with a certificate that the log does not judge */
	char first[FIRST_SIZE];
	struct progress progress;
};

static struct preview_domain *place_of(struct preview *p, const char *domain)
{
	struct preview_domain *place;

	HASH_FIND_STR(p->places, domain, place);
	if (place != NULL)
		return place;
	place = mem_zero(1, sizeof(*place));
	str_copy(place->domain, sizeof(place->domain), domain);
	HASH_ADD_STR(p->places, domain, place);
	return place;
}

static bool load(struct preview *p, const char *key)
{
	struct nexthop nexthop;

	if (nexthop_parse(&nexthop, key, strlen(key)) != NEXTHOP_OK)
		return false;
	/* A delivery asks twice, and the next one often about the same. */
	if (strcmp(p->facts.nexthop.key, nexthop.key) == 0)
		return true;
	if (p->txn == NULL || ledger_get_facts(p->txn, &nexthop, p->cli->settings.smtp_port,
					       p->cli->now, &p->facts) == LOOKUP_ERROR) {
		memset(&p->facts, 0, sizeof(p->facts));
		p->facts.nexthop = nexthop;
	}
	return true;
}

/*
 * Did the mail go to another host than those of the domain, by relayhost or transport(5)? Then
 * Postfix asks about that one.
 */
static bool is_relay(struct preview *p, const struct logline *line)
{
	const struct mx_facts *mx = &p->facts.domain.mx;

	if (line->port != p->cli->settings.smtp_port)
		return true;
	if (!load(p, line->domain) || mx->count == 0 || mx->truncated)
		return false;
	for (size_t i = 0; i < mx->count; i++)
		if (strcmp(mx->refs[i].host, line->host) == 0)
			return false;
	return true;
}

static struct preview_domain *place_of_delivery(struct preview *p, const struct logline *line)
{
	char key[NEXTHOP_SIZE + 8];
	struct nexthop relay;

	if (!is_relay(p, line))
		return place_of(p, line->domain);
	snprintf(key, sizeof(key), "[%s]:%u", line->host, (unsigned)line->port);
	return place_of(p, nexthop_parse(&relay, key, strlen(key)) == NEXTHOP_OK ? relay.key
										 : line->domain);
}

/* What the ledger knows, without histories: those come from the log, in its order. */
static bool load_facts(struct preview *p, const struct preview_domain *place)
{
	if (!load(p, place->domain))
		return false;
	p->facts.domain.history = place->history;
	for (size_t i = 0; i < MX_MAX; i++)
		memset(&p->facts.host[i].history, 0, sizeof(p->facts.host[i].history));
	return true;
}

static bool is_authenticated(enum level level)
{
	return level == LEVEL_SECURE || level == LEVEL_FINGERPRINT || level == LEVEL_DANE_ONLY;
}

/* A domain that was never looked up waits for the prober once. That is not counted here. */
static bool would_wait(struct preview *p, const struct decision *decision, bool tls)
{
	enum level level = decision->would.level;

	if (decision->would.verdict == VERDICT_TEMP)
		return decision->settled;
	p->unjudged += tls && is_authenticated(level);
	return !tls && (level == LEVEL_ENCRYPT || is_authenticated(level));
}

static void judge(struct preview *p, struct preview_domain *place, int64_t time, bool tls)
{
	struct decision decision;

	if (!load_facts(p, place))
		return;
	p->deliveries++;
	p->from = p->from == 0 || time < p->from ? time : p->from;
	p->to = time > p->to ? time : p->to;
	decide(&decision, &p->cli->settings, &p->facts, time);
	if (!would_wait(p, &decision, tls)) {
		p->same++;
		return;
	}
	p->waits++;
	place->waits++;
	place->last = time;
	snprintf(place->reason, sizeof(place->reason), "%s%s",
		 decision.would.verdict == VERDICT_TEMP ? "" : "it left in the clear; ",
		 rule_text(decision.would.rule));
}

static void note_strange(struct preview *p, struct span text)
{
	if (logline_is_strange(text.at, text.len) && p->strange++ == 0)
		str_printable(p->first, sizeof(p->first), text.at,
			      text.len < FIRST_SIZE / 4 ? text.len : FIRST_SIZE / 4);
}

/* Mail that stays on this machine (content filters) does not count. */
static void take_line(struct preview *p, struct log_source *source, struct span text)
{
	struct preview_domain *place;
	struct logfold_proof proof;
	struct logline line;
	int64_t time;
	bool proven;

	p->lines++;
	if (!logline_parse(&line, text.at, text.len)) {
		note_strange(p, text);
		return;
	}
	time = logline_time(&line.stamp, log_source_reference(source), log_source_zone);
	if (time == 0)
		return;
	p->known++;
	proven = logfold_line(p->fold, &line, time, &proof);
	if (proven && proof.handshake && proof.seen.observed == OBSERVED_TLS)
		p->handshakes++;
	if (line.kind != LOGLINE_DELIVERY || !line.sent || line.domain[0] == '\0')
		return;
	if (ipaddr_is_loopback(&line.addr)) {
		p->local++;
		return;
	}
	proven = proven && proof.seen.observed == OBSERVED_TLS;
	place = place_of_delivery(p, &line);
	judge(p, place, time, proven);
	if (proven)
		fold_history(&place->history, &proof.seen);
}

static struct log_source *open_source(const struct cli *cli, char error[LOG_SOURCE_ERROR_SIZE])
{
	if (cli->journal)
		return log_source_journal(NULL, false, error);
	if (strcmp(cli->words[0], "-") == 0)
		return log_source_stream(dup(STDIN_FILENO));
	return log_source_file(cli->words[0], NULL, error);
}

/* A file is read up to its present end. */
static bool read_all(struct preview *p, struct log_source *source)
{
	struct logplace place;
	struct span line;

	for (;;) {
		enum log_read got = log_source_next(source, &line);

		if (got == LOG_READ_LINE) {
			take_line(p, source, line);
			if (p->lines % 4096 == 0 && log_source_place(source, &place) &&
			    place.kind == LOGPLACE_FILE)
				progress_at(&p->progress, place.offset);
		} else if (got == LOG_READ_IDLE) {
			if (log_source_place(source, &place) && place.kind == LOGPLACE_FILE)
				return true;
			log_source_wait(source, LOOK_AGAIN_MS);
		} else {
			return got == LOG_READ_END;
		}
	}
}

static int by_waits(const struct preview_domain *a, const struct preview_domain *b)
{
	if (a->waits != b->waits)
		return a->waits < b->waits ? 1 : -1;
	return strcmp(a->domain, b->domain);
}

static void print_places(struct preview *p)
{
	struct preview_domain *place, *next;

	HASH_SRT(hh, p->places, by_waits);
	HASH_ITER(hh, p->places, place, next)
	{
		char date[UTC_SIZE];

		if (place->waits == 0)
			continue;
		utc_format(date, place->last);
		if (p->cli->json)
			json_print_preview_domain(place->domain, place->waits, date, place->reason);
		else
			terminal_text(2, "%s: %" PRIu64 " mail%s, the last at %s: %s",
				      place->domain, place->waits, place->waits == 1 ? "" : "s",
				      date, place->reason);
	}
}

static void print_read(const struct preview *p)
{
	char from[UTC_SIZE], to[UTC_SIZE];

	printf("%" PRIu64 " %s in %" PRIu64 " line%s", p->deliveries,
	       p->deliveries == 1 ? "delivery" : "deliveries", p->lines, p->lines == 1 ? "" : "s");
	if (p->deliveries > 0)
		printf(", from %s to %s", utc_format(from, p->from), utc_format(to, p->to));
}

static void print_page(struct preview *p)
{
	print_read(p);
	printf(":\n%" PRIu64 " would go the same way.\n", p->same);
	if (p->waits > 0)
		printf("%" PRIu64 " would wait:\n", p->waits);
	print_places(p);
	if (p->unjudged > 0)
		terminal_text(0,
			      "%" PRIu64 " went over TLS to providers that would need a verified "
			      "certificate. The log does not tell whether they had one.",
			      p->unjudged);
}

/* Without a delivery, or a word about TLS, a log that shows no trouble shows nothing at all. */
static bool can_tell(const struct preview *p)
{
	return p->deliveries > 0 && p->handshakes > 0;
}

static void tell_why_not(const struct preview *p)
{
	if (p->deliveries > 0)
		cli_error(p->cli,
			  "the log does not say which of them used TLS, so nobody can tell "
			  "what would have waited. To have Postfix write it: postconf -e "
			  "smtp_tls_loglevel=1 && postfix reload; and look again in a week");
	else if (p->local > 0)
		cli_error(
			p->cli,
			"nothing can be told: all it shows is mail to this machine itself (%" PRIu64
			"), which is not judged",
			p->local);
	else if (p->known > 0)
		cli_error(p->cli, "nothing can be told: it shows no mail that was sent");
	else
		cli_error(p->cli, "nothing can be told: no line of Postfix's smtp(8) about TLS or "
				  "a delivery is in it");
}

static void print_counts(struct preview *p)
{
	const struct json_count counts[] = {
		{ "lines", p->lines }, { "deliveries", p->deliveries }, { "same", p->same },
		{ "waits", p->waits }, { "unjudged", p->unjudged },     { "strange", p->strange },
	};

	json_print_counts(counts, ARRAY_LEN(counts));
	print_places(p);
}

static enum cli_status tell(struct preview *p)
{
	if (p->cli->json) {
		print_counts(p);
	} else if (can_tell(p)) {
		print_page(p);
	} else {
		print_read(p);
		puts(".");
	}
	if (p->strange > 0)
		cli_error(p->cli, "%" PRIu64 " line%s not in a known form; the first: %s",
			  p->strange, p->strange == 1 ? " is" : "s are", p->first);
	if (!can_tell(p)) {
		tell_why_not(p);
		return CLI_UNSURE;
	}
	return p->waits > 0 ? CLI_NO : CLI_YES;
}

static void free_places(struct preview *p)
{
	struct preview_domain *place, *next;

	HASH_ITER(hh, p->places, place, next)
	{
		HASH_DEL(p->places, place);
		free(place);
	}
}

static enum cli_status preview_log(struct preview *p, struct log_source *source)
{
	enum cli_status status = CLI_UNSURE;
	struct stat st;

	p->fold = logfold_new();
	if (!p->cli->journal && stat(p->cli->words[0], &st) == 0 && S_ISREG(st.st_mode))
		progress_begin(&p->progress, "reading", (uint64_t)st.st_size);
	if (read_all(p, source)) {
		progress_end(&p->progress);
		status = tell(p);
	}
	logfold_free(p->fold);
	free_places(p);
	return status;
}

static enum cli_status run(struct cli *cli)
{
	char error[LOG_SOURCE_ERROR_SIZE], ledger_error[LEDGER_ERROR_SIZE];
	enum cli_status status = CLI_UNSURE;
	struct log_source *source;
	struct preview *p;
	struct ledger *ledger;

	if (cli->journal == (cli->count == 1)) {
		cli_error(cli, "name a file, - for standard input, or --journal");
		return CLI_USAGE;
	}
	source = open_source(cli, error);
	if (source == NULL) {
		cli_error(cli, "%s", error);
		return CLI_UNSURE;
	}
	p = mem_zero(1, sizeof(*p));
	p->cli = cli;
	/* Without a ledger, or permission to read it, the log alone has to do. */
	ledger = ledger_open(cli->settings.ledger, LEDGER_READ, ledger_error);
	if (ledger == NULL)
		cli_error(cli, "note: DANE and MTA-STS are not taken into account: %s",
			  ledger_error);
	p->txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	status = preview_log(p, source);
	ledger_abort(p->txn);
	ledger_close(ledger);
	log_source_close(source);
	free(p);
	return status;
}

const struct verb verb_preview = {
	.name = "preview",
	.arguments = "FILE|-|-J",
	.summary = "Shows from a log which mails would have waited",
	.options = "J",
	.help = "  -J, --journal  read systemd's journal\n"
		"\n"
		"FILE is a mail log that is not compressed; - is standard input. Give it weeks of\n"
		"log, with smtp_tls_loglevel = 1. Each delivery is judged by what the log showed\n"
		"of its domain before, and by what is known of DANE and MTA-STS now. Nothing is\n"
		"learned, and nothing changes.\n"
		"\n"
		"Exit status: 1 if some mail would have waited; 3 if the log does not tell.\n",
	.least = 0,
	.most = 1,
	.run = run,
};
