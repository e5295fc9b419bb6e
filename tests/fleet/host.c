/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host's ledger, for the tests of the fleet and the mail world: what its prober would have
 * seen, what its admin would have done, and a reader that does not end.
 *
 *   host LEDGER create
 *   host LEDGER see tls|plain DOMAIN HOST TIME     domain and its MX host
 *   host LEDGER random SEED COUNT                  observations of few names, acts, forgetting
 *   host LEDGER fill FIRST COUNT                   domains dFIRST.example and on, with TLS
 *   host - rows COUNT                              the same as rows of postseal.fact, for copy
 *   host LEDGER digest                             all that is shared, a line a record
 *   host LEDGER count                              domains, and what waits in the outbox
 *   host LEDGER age DAYS                           the last exchange was so long ago
 *   host LEDGER round                              the daily round is due
 *   host LEDGER hold                               reads until SIGTERM: from READY on no page that
 *                                                  becomes free is written to again
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/fleet/fleet_row.h"
#include "core/policy/fold.h"
#include "core/record/merge.h"
#include "io/ledger/ledger_entry.h"
#include "io/ledger/ledger_fleet.h"

static struct ledger *ledger;
static struct ledger_txn *txn;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "host: %s\n", what);
	exit(2);
}

static void must(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static int64_t number(const char *text)
{
	uint64_t value = 0;

	must(str_number(text, strlen(text), INT64_MAX, &value), "a number is needed");
	return (int64_t)value;
}

static void see(enum observed observed, const char *domain, const char *host, int64_t time)
{
	const struct observation seen = { .time = time,
					  .source = SOURCE_PROBE,
					  .observed = observed,
					  .version = 0x0304,
					  .cipher = "TLS_AES_256_GCM_SHA384" };
	static struct domain_facts d;
	static struct host_facts h;

	if (ledger_get_host(txn, host, 25, &h) != LOOKUP_FOUND)
		memset(&h, 0, sizeof(h));
	fold_history(&h.history, &seen);
	must(ledger_put_host(txn, host, 25, &h), "host");
	if (observed != OBSERVED_TLS)
		return;
	if (ledger_get_domain(txn, domain, &d) != LOOKUP_FOUND)
		memset(&d, 0, sizeof(d));
	if (time > d.forgotten)
		fold_history(&d.history, &seen);
	d.any_host = true;
	must(ledger_put_domain(txn, domain, &d), "domain");
}

/*
 * What an admin does, at random.
 */

static uint64_t chance(uint64_t *state, uint64_t of)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % of;
}

static void forget(const char *domain, int64_t now)
{
	static struct domain_facts d;

	if (ledger_get_domain(txn, domain, &d) != LOOKUP_FOUND)
		return;
	acts_forget_domain(&d, now, 0);
	must(ledger_put_domain(txn, domain, &d), "forget");
}

static void act(uint64_t *state, const char *domain, int64_t now)
{
	static struct entry e;

	memset(&e, 0, sizeof(e));
	str_copy(e.key, sizeof(e.key), domain);
	switch (chance(state, 4)) {
	case 0:
		e.kind = ENTRY_OVERRIDE;
		e.of.override.kind = (enum override_kind)chance(state, 4);
		e.of.override.level = e.of.override.kind == OVERRIDE_EXACT ||
						      e.of.override.kind == OVERRIDE_MINIMUM
					      ? LEVEL_ENCRYPT
					      : LEVEL_NONE;
		break;
	case 1:
		e.kind = ENTRY_PIN;
		e.of.pin.spki[0] = (uint8_t)chance(state, 12);
		e.of.pin.removed = chance(state, 2) != 0;
		break;
	case 2:
		e.kind = ENTRY_ALIAS;
		str_join(e.key, sizeof(e.key), "me@", domain, NULL);
		e.of.alias.enabled = chance(state, 2) != 0;
		e.of.alias.level = ALIAS_ENCRYPT;
		str_copy(e.of.alias.mailbox, sizeof(e.of.alias.mailbox), "me@example.com");
		break;
	default:
		e.kind = ENTRY_EXCEPTION;
		str_join(e.key, sizeof(e.key), "me@", domain, NULL);
		e.of.exception.removed = chance(state, 2) != 0;
		snprintf(e.of.exception.exception.sender, sizeof(e.of.exception.exception.sender),
			 "from%d@example.net", (int)chance(state, 5));
		if (!e.of.exception.removed)
			e.of.exception.exception.expires = now + 30 * UTC_DAY;
		break;
	}
	must(ledger_act(txn, &e, now), "act");
}

static void random_step(uint64_t *state, int64_t now)
{
	char domain[32], host[32];

	snprintf(domain, sizeof(domain), "d%d.example", (int)chance(state, 20));
	snprintf(host, sizeof(host), "mx%d.example", (int)chance(state, 20));
	switch (chance(state, 8)) {
	case 0:
		act(state, domain, now);
		return;
	case 1:
		forget(domain, now);
		return;
	case 2:
		see(OBSERVED_PLAIN, domain, host, now - (int64_t)chance(state, 100 * 86400));
		return;
	default:
		see(OBSERVED_TLS, domain, host, now - (int64_t)chance(state, 100 * 86400));
	}
}

static void make_random(uint64_t seed, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		random_step(&seed, clock_wall());
}

static void fill(int64_t first, int64_t count)
{
	char domain[48], host[48];

	for (int64_t i = first; i < first + count; i++) {
		snprintf(domain, sizeof(domain), "d%" PRId64 ".fill.example", i);
		snprintf(host, sizeof(host), "mx%" PRId64 ".fill.example", i);
		see(OBSERVED_TLS, domain, host, clock_wall() - 86400 - i % 86400);
		if (i % 20000 == 19999) {
			must(ledger_commit(txn), "commit");
			txn = ledger_begin_write(ledger);
			must(txn != NULL, "begin");
		}
	}
}

/* A row of the table, in columns as copy reads them. */
static void print_row(const struct entry *entry, uint64_t n)
{
	struct fleet_row rows[FLEET_ROWS];
	struct buf text = { 0 };
	struct entry reduced = *entry;

	merge_reduce(&reduced);
	must(fleet_rows(rows, &reduced) == 1, "row");
	rows[0].rev = 1;
	rows[0].n = n;
	str_copy(rows[0].origin, sizeof(rows[0].origin), "copied");
	for (enum fleet_column column = 0; column < FLEET_COLUMNS; column++) {
		text.len = 0;
		fleet_row_show(&text, &rows[0], column);
		/* Of bytes the first is a backslash, which copy reads as the start of another. */
		printf("%s%s%s", column > 0 ? "\t" : "", column == FLEET_RECORD ? "\\" : "",
		       buf_cstr(&text));
	}
	putchar('\n');
	buf_free(&text);
	fleet_row_free(&rows[0]);
}

static void print_rows(int64_t count)
{
	static struct entry entry;
	struct observation seen = { .source = SOURCE_PROBE,
				    .observed = OBSERVED_TLS,
				    .version = 0x0304,
				    .cipher = "TLS_AES_256_GCM_SHA384" };

	for (int64_t i = 0; i < count; i++) {
		memset(&entry, 0, sizeof(entry));
		seen.time = clock_wall() - 86400 - i % 86400;
		entry.kind = i % 11 == 0 ? ENTRY_HOST : ENTRY_DOMAIN;
		snprintf(entry.key, sizeof(entry.key), "d%" PRId64 ".fill.example", i);
		if (entry.kind == ENTRY_HOST) {
			entry.port = 25;
			fold_history(&entry.of.host.history, &seen);
		} else {
			fold_history(&entry.of.domain.evidence, &seen);
			entry.of.domain.any_host = true;
		}
		print_row(&entry, (uint64_t)(1 + i / 500));
	}
}

/*
 * Looking.
 */

static bool print_entry(void *context, const char *key, const struct entry *entry)
{
	struct entry reduced = *entry;
	struct buf bytes = { 0 };

	(void)context;
	merge_reduce(&reduced);
	/* Policies are a start for each host, and then its own. */
	if (reduced.kind == ENTRY_DOMAIN)
		memset(&reduced.of.domain.sts, 0, sizeof(reduced.of.domain.sts));
	if (!fleet_says_something(&reduced))
		return true;
	entry_put_record(&bytes, &reduced);
	printf("%s %s ", entry_kind_name(entry->kind), key);
	for (size_t i = 0; i < bytes.len; i++)
		printf("%02x", (unsigned char)bytes.data[i]);
	putchar('\n');
	buf_free(&bytes);
	return true;
}

static void digest(void)
{
	static struct entry entry;

	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_JOURNAL; kind++) {
		entry.kind = kind;
		must(ledger_each_entry(txn, &entry, print_entry, NULL), "each");
	}
}

static bool count_one(void *context, const char *key, const struct domain_facts *domain)
{
	(void)key, (void)domain;
	++*(long *)context;
	return true;
}

static void print_counts(void)
{
	long domains = 0;

	must(ledger_each_domain(txn, count_one, &domains), "domains");
	printf("%ld %zu %zu\n", domains, ledger_outbox_count(txn, LEDGER_BOX_NOW),
	       ledger_outbox_count(txn, LEDGER_BOX_LATER));
}

static void hold(void)
{
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("READY");
	fflush(stdout);
	sigwait(&set, &got);
}

static void age(int64_t days)
{
	struct fleet_state state;

	must(ledger_get_fleet(txn, &state) == LOOKUP_FOUND, "it does not share");
	state.exchanged -= days * UTC_DAY;
	must(ledger_put_fleet(txn, &state), "state");
}

static void make_round_due(void)
{
	struct fleet_state state;

	must(ledger_get_fleet(txn, &state) == LOOKUP_FOUND, "it does not share");
	state.round = 0;
	must(ledger_put_fleet(txn, &state), "state");
}

static void run(const char *what, int argc, char **argv)
{
	if (strcmp(what, "see") == 0 && argc == 7)
		see(strcmp(argv[3], "tls") == 0 ? OBSERVED_TLS : OBSERVED_PLAIN, argv[4], argv[5],
		    number(argv[6]));
	else if (strcmp(what, "random") == 0 && argc == 5)
		make_random((uint64_t)number(argv[3]), number(argv[4]));
	else if (strcmp(what, "fill") == 0 && argc == 5)
		fill(number(argv[3]), number(argv[4]));
	else if (strcmp(what, "digest") == 0)
		digest();
	else if (strcmp(what, "count") == 0)
		print_counts();
	else if (strcmp(what, "hold") == 0)
		hold();
	else if (strcmp(what, "age") == 0 && argc == 4)
		age(number(argv[3]));
	else if (strcmp(what, "round") == 0)
		make_round_due();
	else if (strcmp(what, "create") != 0)
		fail("see the head of tests/fleet/host.c");
}

int main(int argc, char **argv)
{
	char error[LEDGER_ERROR_SIZE];
	bool looks = argc > 2 && (strcmp(argv[2], "digest") == 0 || strcmp(argv[2], "count") == 0 ||
				  strcmp(argv[2], "hold") == 0);

	must(argc > 2, "see the head of tests/fleet/host.c");
	if (strcmp(argv[2], "rows") == 0 && argc == 4) {
		print_rows(number(argv[3]));
		return EXIT_SUCCESS;
	}
	ledger = ledger_open(argv[1],
			     strcmp(argv[2], "create") == 0 ? LEDGER_CREATE
			     : looks                        ? LEDGER_READ
							    : LEDGER_WRITE,
			     error);
	must(ledger != NULL, error);
	txn = looks ? ledger_begin_read(ledger) : ledger_begin_write(ledger);
	must(txn != NULL, "begin");
	run(argv[2], argc, argv);
	if (looks)
		ledger_abort(txn);
	else
		must(ledger_commit(txn), "commit");
	ledger_close(ledger);
	return EXIT_SUCCESS;
}
