/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exports and imports: what goes out comes back to the byte, merging knows no
 * order, and a file that is not whole and good changes nothing.
 */
#include "export_case.h"

#include <errno.h>

/* Ledgers with all kinds of records, many of them about the same. */
static void put_some(uint64_t seed)
{
	static struct entry entries[40];
	uint64_t state = seed;

	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct entry *e = &entries[i];

		some_entry(e, ENTRY_DOMAIN + (enum entry_kind)(i % 6), &state);
		if (e->kind == ENTRY_ALIAS || e->kind == ENTRY_EXCEPTION)
			snprintf(e->key, sizeof(e->key), "u%u@secure.test",
				 (unsigned)chance(&state, 9));
		else
			snprintf(e->key, sizeof(e->key), "d%u.test", (unsigned)chance(&state, 9));
	}
	put_entries(entries, ARRAY_LEN(entries));
}

static void put_samples(void)
{
	static struct entry entries[ENTRY_KINDS];

	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++)
		sample_entry(&entries[kind - ENTRY_DOMAIN], kind);
	put_entries(entries, ENTRY_END - ENTRY_DOMAIN);
}

START_TEST(an_empty_ledger)
{
	struct buf text;

	use_ledger("a");
	text = exported(true);
	ck_assert_str_eq(buf_cstr(&text), "{\"postseal\":\"ledger\",\"schema\":2}\n"
					  "{\"record\":\"end\",\"records\":0}\n");
	use_ledger("b");
	must_import(&text, false);
	buf_free(&text);
	text = exported(true);
	ck_assert_msg(strstr(buf_cstr(&text), "\"records\":0}") != NULL, "%s", buf_cstr(&text));
	buf_free(&text);
}
END_TEST

/* Export, import into an empty ledger, export: the same bytes, either way. */
START_TEST(round_trip)
{
	for (uint64_t seed = 0; seed < 4; seed++) {
		char name[] = "a0";
		struct buf before, after;

		name[1] = (char)('0' + seed);
		use_ledger(name);
		put_samples();
		put_some(seed);
		before = exported(false);
		name[0] = 'b';
		use_ledger(name);
		must_import(&before, false);
		after = exported(false);
		ck_assert(same_bytes(&before, &after));
		buf_free(&after);
		name[0] = 'c';
		use_ledger(name);
		must_import(&before, true);
		after = exported(false);
		ck_assert(same_bytes(&before, &after));
		buf_free(&before);
		buf_free(&after);
	}
}
END_TEST

/* The journal comes back in its order, and then tells of the restoration. */
START_TEST(restoring_with_the_journal)
{
	struct buf before, after;
	const char *last;

	use_ledger("a");
	put_samples();
	before = exported(true);
	ck_assert_uint_eq(count(buf_cstr(&before), "\"record\":\"journal\""), 1);
	use_ledger("b");
	must_import(&before, true);
	ck_assert_uint_eq(tally.added[ENTRY_JOURNAL], 1);
	after = exported(true);
	last = strstr(buf_cstr(&before), "{\"record\":\"end\"");
	ck_assert_int_eq(memcmp(before.data, after.data, (size_t)(last - before.data)), 0);
	last = buf_cstr(&after) + (last - before.data);
	ck_assert_ptr_eq(
		strstr(last,
		       "{\"record\":\"journal\",\"time\":\"2026-01-07T03:04:05Z\",\"subject\":"
		       "\"*\",\"event\":\"restored\",\"author\":\"ada\",\"detail\":"
		       "\"backup: domains 1, hosts 1, overrides 1, pins 1, aliases 1, exceptions "
		       "1\"}\n"),
		last);
	ck_assert_uint_eq(count(last, "\n"), 2);
	buf_free(&before);
	buf_free(&after);
}
END_TEST

START_TEST(only_an_empty_ledger_is_restored)
{
	struct entry entry;

	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++) {
		char name[] = "a0";
		struct buf before, after;

		name[1] = (char)('0' + kind);
		use_ledger(name);
		sample_entry(&entry, kind);
		put_entries(&entry, 1);
		before = exported(true);
		ck_assert_int_eq(import_text(&before, true), IMPORT_REFUSED);
		ck_assert_msg(strstr(import_error, "is not empty") != NULL, "%s", import_error);
		after = exported(true);
		ck_assert(same_bytes(&before, &after));
		buf_free(&before);
		buf_free(&after);
	}
}
END_TEST

/* What a ledger with content exports after importing these, in this order. */
static struct buf after_importing(const char *name, const struct buf *const *texts, size_t n)
{
	use_ledger(name);
	put_some(99);
	for (size_t i = 0; i < n; i++)
		must_import(texts[i], false);
	return shared_part();
}

START_TEST(order_and_repetition_do_not_matter)
{
	struct buf a, b, ab, ba, abab;

	use_ledger("a");
	put_some(1);
	a = exported(false);
	use_ledger("b");
	put_some(2);
	b = exported(true);
	ck_assert(!same_bytes(&a, &b));
	ab = after_importing("ab", (const struct buf *[]){ &a, &b }, 2);
	ba = after_importing("ba", (const struct buf *[]){ &b, &a }, 2);
	abab = after_importing("abab", (const struct buf *[]){ &a, &b, &a, &b, &b }, 5);
	ck_assert_msg(same_bytes(&ab, &ba), "%s\n%s", buf_cstr(&ab), buf_cstr(&ba));
	ck_assert(same_bytes(&ab, &abab));
	buf_free(&a);
	buf_free(&b);
	buf_free(&ab);
	buf_free(&ba);
	buf_free(&abab);
}
END_TEST

/* What is known already changes nothing, and the journal has nothing to tell. */
START_TEST(the_second_time_is_as_if_it_were_not)
{
	struct buf text, first, second;

	use_ledger("a");
	put_samples();
	text = exported(true);
	use_ledger("b");
	must_import(&text, false);
	ck_assert_uint_eq(tally.read[ENTRY_DOMAIN] + tally.added[ENTRY_DOMAIN], 2);
	ck_assert_uint_eq(tally.added[ENTRY_JOURNAL], 0);
	first = exported(true);
	must_import(&text, false);
	ck_assert_uint_eq(tally.read[ENTRY_DOMAIN], 1);
	ck_assert_uint_eq(tally.added[ENTRY_DOMAIN] + tally.changed[ENTRY_DOMAIN], 0);
	second = exported(true);
	ck_assert(same_bytes(&first, &second));
	buf_free(&text);
	buf_free(&first);
	buf_free(&second);
}
END_TEST

/* Who did what: the import, and each act of an admin that came with it. */
START_TEST(the_journal_tells_of_it)
{
	static const char *const told[] = {
		"\"subject\":\"*\",\"event\":\"imported\",\"author\":\"ada\",\"detail\":\"backup: "
		"domains 1,",
		"\"subject\":\"[mx.example.com]:587\",\"event\":\"forgotten\",\"author\":\"ada\","
		"\"detail\":\"by an import: what was seen before 2025-12-03T03:04:05Z\"",
		"\"subject\":\".bank.example\",\"event\":\"override\",\"author\":\"ada\","
		"\"detail\":\"by an "
		"import: minimum dane-only, contract\"",
		"\"subject\":\"example.com\",\"event\":\"pin-added\",\"author\":\"ada\",\"detail\":"
		"\"by an import: 30303030",
		"\"subject\":\"me@secure.example.com\",\"event\":\"alias-enabled\",\"author\":"
		"\"ada\",\"detail\":\"by an import: level authenticated, for me@example.com\"",
		"\"subject\":\"me@secure.example.com\",\"event\":\"allowed\",\"author\":\"ada\","
		"\"detail\":\"by an import: @old.example may write without TLS\"",
	};
	struct buf text;

	use_ledger("a");
	put_samples();
	text = exported(false);
	use_ledger("b");
	must_import(&text, false);
	buf_free(&text);
	text = exported(true);
	ck_assert_uint_eq(count(buf_cstr(&text), "\"record\":\"journal\""), ARRAY_LEN(told));
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		ck_assert_msg(strstr(buf_cstr(&text), told[i]) != NULL, "no %s in %s", told[i],
			      buf_cstr(&text));
	buf_free(&text);
}
END_TEST

/* Several of them at once, one after the other. */
static void put_pins(const char *name, size_t count, int first)
{
	static struct entry entries[40];

	use_ledger(name);
	for (size_t i = 0; i < count; i++) {
		sample_entry(&entries[i], ENTRY_PIN);
		memset(entries[i].of.pin.spki, first + (int)i, SPKI_SIZE);
		entries[i].of.pin.set = T + first + (int64_t)i;
	}
	put_entries(entries, count);
}

static void put_exceptions(size_t count, unsigned first)
{
	static struct entry entries[40];

	for (size_t i = 0; i < count; i++) {
		struct exception *exception = &entries[i].of.exception.exception;

		sample_entry(&entries[i], ENTRY_EXCEPTION);
		snprintf(exception->sender, sizeof(exception->sender), "%02u@x.example",
			 first + (unsigned)i);
		exception->expires = T + UTC_DAY + first + (int64_t)i;
	}
	put_entries(entries, count);
}

/* More than can count are all kept, and the latest of them count. */
START_TEST(nothing_is_too_many)
{
	static struct exceptions exceptions;
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct buf theirs;
	struct pins pins;

	put_pins("a", 5, 10);
	put_exceptions(30, 10);
	theirs = exported(false);
	put_pins("b", 5, 1);
	put_exceptions(9, 1);
	must_import(&theirs, false);
	ck_assert_uint_eq(tally.added[ENTRY_PIN], 5);
	buf_free(&theirs);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_pins(txn, "example.com", &pins), LOOKUP_FOUND);
	ck_assert_uint_eq(pins.count, PINS_MAX);
	ck_assert_uint_eq(pins.spki[0][0], 3);
	ck_assert_int_eq(ledger_get_exceptions(txn, "me@secure.example.com", &exceptions),
			 LOOKUP_FOUND);
	ck_assert_uint_eq(exceptions.count, EXCEPTION_MAX);
	ck_assert_str_eq(exceptions.list[0].sender, "08@x.example");
	ledger_abort(txn);
	ledger_close(ledger);
	theirs = exported(false);
	ck_assert_uint_eq(count(buf_cstr(&theirs), "\"record\":\"pin\""), 10);
	ck_assert_uint_eq(count(buf_cstr(&theirs), "\"record\":\"exception\""), 39);
	buf_free(&theirs);
}
END_TEST

/* As the verbs do it, by a clock that says `now`. */
static void act(struct entry *entry, int64_t now)
{
	struct ledger *ledger = must_open(LEDGER_WRITE);
	struct ledger_txn *txn = ledger_begin_write(ledger);

	ck_assert(ledger_act(txn, entry, now));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

static void take_all_away(int64_t now)
{
	struct entry entry;

	sample_entry(&entry, ENTRY_OVERRIDE);
	entry.of.override = (struct override){ .kind = OVERRIDE_NONE };
	act(&entry, now);
	sample_entry(&entry, ENTRY_PIN);
	entry.of.pin.removed = true;
	act(&entry, now);
	sample_entry(&entry, ENTRY_EXCEPTION);
	entry.of.exception.removed = true;
	entry.of.exception.exception.expires = 0;
	act(&entry, now);
	sample_entry(&entry, ENTRY_ALIAS);
	entry.of.alias.enabled = false;
	entry.of.alias.removed = true;
	act(&entry, now);
}

/* Are override, pin, exception and alias of the samples in force in the ledger in use? */
static bool acts_are_there(void)
{
	static struct exceptions exceptions;
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct override override;
	struct pins pins;
	struct alias alias;
	enum lookup found[] = {
		ledger_get_override(txn, ".bank.example", &override),
		ledger_get_pins(txn, "example.com", &pins),
		ledger_get_exceptions(txn, "me@secure.example.com", &exceptions),
		ledger_get_alias(txn, "me@secure.example.com", &alias),
	};

	ledger_abort(txn);
	ledger_close(ledger);
	ck_assert(found[0] == found[1] && found[1] == found[2] && found[2] == found[3] &&
		  found[0] != LOOKUP_ERROR);
	return found[0] == LOOKUP_FOUND;
}

/* A disallowed exception that came back would open an alias to plaintext. */
START_TEST(what_was_taken_away_stays_away)
{
	struct buf with, without;

	use_ledger("a");
	put_samples();
	with = exported(false);
	use_ledger("b");
	must_import(&with, false);
	ck_assert(acts_are_there());
	take_all_away(T + 100);
	ck_assert(!acts_are_there());
	must_import(&with, false);
	ck_assert(!acts_are_there());
	without = exported(false);
	use_ledger("a");
	must_import(&without, false);
	ck_assert(!acts_are_there());
	buf_free(&with);
	buf_free(&without);
}
END_TEST

START_TEST(an_act_holds_by_a_clock_that_is_behind)
{
	struct buf text;

	use_ledger("a");
	put_samples();
	text = exported(false);
	take_all_away(T - 3600);
	ck_assert(!acts_are_there());
	must_import(&text, false);
	ck_assert(!acts_are_there());
	buf_free(&text);
}
END_TEST

/* What was taken away meanwhile may be remembered no longer. */
START_TEST(acts_of_an_old_file_do_not_count)
{
	struct buf text;

	use_ledger("a");
	put_samples();
	text = exported(false);
	use_ledger("b");
	import_now = T + 301 * UTC_DAY;
	must_import(&text, false);
	ck_assert(!acts_are_there());
	ck_assert_uint_eq(tally.acts, 4);
	ck_assert_uint_eq(tally.added[ENTRY_DOMAIN], 1);
	use_ledger("c");
	import_now = T + 299 * UTC_DAY;
	must_import(&text, false);
	ck_assert(acts_are_there());
	ck_assert_uint_eq(tally.acts, 0);
	/* A backup is what it is. */
	use_ledger("d");
	import_now = T + 999 * UTC_DAY;
	must_import(&text, true);
	ck_assert(acts_are_there());
	buf_free(&text);
}
END_TEST

/* A handshake dated 2036 would hide each downgrade until then. */
START_TEST(what_is_dated_ahead_is_passed_over)
{
	static struct entry entries[3];
	struct buf text;

	use_ledger("a");
	sample_entry(&entries[0], ENTRY_HOST);
	sample_entry(&entries[1], ENTRY_DOMAIN);
	sample_entry(&entries[2], ENTRY_OVERRIDE);
	entries[0].of.host.history.last_tls = NOW + ACTS_AHEAD + 1;
	entries[1].of.domain.forgotten = NOW + ACTS_AHEAD;
	entries[2].of.override.set = NOW + ACTS_AHEAD + 1;
	entries[2].of.override.expires = 0;
	put_entries(entries, ARRAY_LEN(entries));
	text = exported(false);
	use_ledger("b");
	must_import(&text, false);
	ck_assert_uint_eq(tally.ahead, 2);
	ck_assert_uint_eq(tally.added[ENTRY_HOST] + tally.added[ENTRY_OVERRIDE], 0);
	ck_assert_uint_eq(tally.added[ENTRY_DOMAIN], 1);
	buf_free(&text);
}
END_TEST

START_TEST(hosts_are_due_when_more_is_forgotten)
{
	static struct entry entries[2];
	static struct host_facts host;
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct buf text;

	use_ledger("a");
	sample_entry(&entries[0], ENTRY_DOMAIN);
	str_copy(entries[0].key, sizeof(entries[0].key), "example.com");
	sample_entry(&entries[1], ENTRY_HOST);
	str_copy(entries[1].key, sizeof(entries[1].key), "a.mx.example");
	put_entries(entries, 2);
	use_ledger("b");
	entries[0].of.domain.forgotten = T + 50;
	put_entries(entries, 1);
	text = exported(false);
	use_ledger("a");
	must_import(&text, false);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_host(txn, "a.mx.example", 25, &host), LOOKUP_FOUND);
	ck_assert_int_eq(host.last_expires, 0);
	ck_assert_int_eq(host.last.time, T + 4);
	ledger_abort(txn);
	ledger_close(ledger);
	buf_free(&text);
}
END_TEST

START_TEST(one_host_is_no_evidence_where_each_must_show)
{
	static struct domain_facts domain;
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct buf text;

	use_ledger("a");
	put_samples();
	text = exported(false);
	use_ledger("b");
	import_every_host = true;
	must_import(&text, false);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_domain(txn, "[mx.example.com]:587", &domain), LOOKUP_FOUND);
	ck_assert_int_eq(domain.history.last_tls, 0);
	ck_assert_int_eq(domain.mx.count, 2);
	ledger_abort(txn);
	ledger_close(ledger);
	buf_free(&text);
}
END_TEST

static size_t drop_spent(int64_t now)
{
	struct ledger *ledger = must_open(LEDGER_WRITE);
	struct ledger_txn *txn = ledger_begin_write(ledger);
	size_t dropped = 0;

	ck_assert(ledger_drop_spent(txn, now, &dropped));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	return dropped;
}

START_TEST(what_need_not_be_remembered_is_let_go)
{
	struct buf text;

	use_ledger("a");
	put_samples();
	take_all_away(T + 1);
	ck_assert_uint_eq(drop_spent(T + 1 + 400 * UTC_DAY), 0);
	ck_assert_uint_eq(drop_spent(T + 2 + 400 * UTC_DAY), 4);
	ck_assert_uint_eq(drop_spent(T + 2 + 400 * UTC_DAY), 0);
	text = exported(false);
	ck_assert_uint_eq(count(buf_cstr(&text), "\"record\":\"override\""), 0);
	ck_assert_uint_eq(count(buf_cstr(&text), "\"record\":\"alias\""), 0);
	buf_free(&text);
}
END_TEST

#define HEADER "{\"postseal\":\"ledger\",\"schema\":2}\n"
#define END(n) "{\"record\":\"end\",\"records\":" n "}\n"
#define CLEARED(of)                                                                             \
	"{\"record\":\"override\",\"nexthop\":\"" of "\",\"kind\":\"none\",\"level\":\"none\"," \
	"\"set\":\"2026-01-02T03:04:05Z\",\"expires\":null,\"author\":null,\"reason\":null}\n"
#define JOURNAL(time)                                         \
	"{\"record\":\"journal\",\"time\":" time              \
	",\"subject\":\"a\",\"event\":\"e\",\"author\":null," \
	"\"detail\":null}\n"
#define ALIAS                                                                              \
	"{\"record\":\"alias\",\"alias\":\"a@b.test\",\"enabled\":true,\"removed\":false," \
	"\"level\":\"encrypt\","                                                           \
	"\"mailbox\":\"a@c.test\",\"changed\":null,\"author\":null,"                       \
	"\"otherwise\":\"refuse\"}\n"

START_TEST(files_that_are_refused)
{
	static const struct {
		const char *text;
		const char *said;
	} cases[] = {
		{ "\n", "line 1: this is no export of a ledger: the line is not JSON" },
		{ "#!/bin/sh\n", "line 1: this is no export of a ledger: the line is not JSON" },
		{ END("0"), "line 1: this is no whole export of a ledger; expected its header" },
		{ HEADER, "line 2: the file is cut short: its end is missing" },
		{ HEADER CLEARED("a.test"), "line 3: the file is cut short: its end is missing" },
		{ HEADER CLEARED("a.test") "{\"record\":\"pi", "line 3: the line is not JSON" },
		{ HEADER CLEARED("a.test") END("2"),
		  "line 3: the end says 2 records, but there are 1" },
		{ HEADER CLEARED("a.test") END("0"),
		  "line 3: the end says 0 records, but there are 1" },
		{ HEADER END("0") "\n", "line 3: there is something after the end" },
		{ HEADER END("0") HEADER END("0"), "line 3: there is something after the end" },
		{ HEADER HEADER END("0"),
		  "line 2: there is another header; import one export at a time" },
		{ HEADER CLEARED("a.test") "\n" END("1"), "line 3: the line is not JSON" },
		{ HEADER CLEARED("b.test") CLEARED("a.test") END("2"),
		  "line 3: override a.test stands after override b.test; expected kinds in their "
		  "order" },
		{ HEADER CLEARED("a.test") CLEARED("a.test") END("2"),
		  "line 3: override a.test stands after override a.test" },
		{ HEADER ALIAS CLEARED("a.test") END("2"),
		  "line 3: override a.test stands after alias a@b.test" },
		{ HEADER JOURNAL("null") ALIAS END("2"),
		  "line 3: alias a@b.test stands after journal " },
		{ HEADER CLEARED("a.test") CLEARED("B.test") END("2"),
		  "line 3: \"nexthop\" is \"B.test\"; expected" },
		{ HEADER CLEARED("a.test") "{\"record\":\"lamp\"}\n" END("2"),
		  "line 3: \"record\" is \"lamp\"" },
	};

	use_ledger("a");
	put_samples();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = { 0 }, before = exported(true), after;

		buf_append_str(&text, cases[i].text);
		ck_assert_msg(import_text(&text, false) == IMPORT_REFUSED, "taken: %s",
			      cases[i].text);
		ck_assert_msg(strstr(import_error, cases[i].said) != NULL, "%s: %s", cases[i].text,
			      import_error);
		after = exported(true);
		ck_assert(same_bytes(&before, &after));
		buf_free(&text);
		buf_free(&before);
		buf_free(&after);
	}
}
END_TEST

START_TEST(files_that_are_taken)
{
	static const char *const texts[] = {
		HEADER END("0"),
		HEADER "{\"record\":\"end\",\"records\":0}", /* without a newline */
		HEADER CLEARED(".test") CLEARED("[a.test]") CLEARED("a.test") CLEARED("a.test:26")
			ALIAS END("5"),
		HEADER JOURNAL("\"2026-01-02T03:04:05Z\"") JOURNAL("null") JOURNAL("null") END("3"),
	};

	use_ledger("a");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf text = { 0 };

		buf_append_str(&text, texts[i]);
		must_import(&text, false);
		buf_free(&text);
	}
}
END_TEST

/* A line without end must not be one without bound. */
START_TEST(a_line_without_end)
{
	struct buf text = { 0 };
	size_t start;

	use_ledger("a");
	buf_append_str(&text, HEADER);
	start = text.len;
	memset(buf_reserve(&text, 65537), ' ', 65537);
	text.len += 65537;
	memcpy(text.data + start, END("0"), strlen(END("0")) - 1);
	ck_assert_int_eq(import_text(&text, false), IMPORT_REFUSED);
	ck_assert_str_eq(import_error, "line 2: it is longer than any record (65536 bytes)");
	text.len--;
	must_import(&text, false);
	buf_free(&text);
}
END_TEST

/* More than a transaction holds; a bad last line changes nothing all the same. */
START_TEST(many_records)
{
	size_t many = 2 * IMPORT_BATCH + 100;
	struct buf text = { 0 }, before, after;
	char *end;

	buf_append_str(&text, HEADER);
	for (size_t i = 0; i < many; i++)
		buf_printf(&text,
			   "{\"record\":\"override\",\"nexthop\":\"d%06zu.test\",\"kind\":\"none\","
			   "\"level\":\"none\",\"set\":\"2026-01-02T03:04:05Z\",\"expires\":null,"
			   "\"author\":null,\"reason\":null}\n",
			   i);
	buf_printf(&text, "{\"record\":\"end\",\"records\":%zu}\n", many);
	use_ledger("a");
	before = exported(true);
	end = text.data + text.len - 3;
	ck_assert_int_eq(*end, '8');
	*end = '9';
	ck_assert_int_eq(import_text(&text, false), IMPORT_REFUSED);
	ck_assert_int_eq(import_text(&text, true), IMPORT_REFUSED);
	after = exported(true);
	ck_assert(same_bytes(&before, &after));
	buf_free(&before);
	buf_free(&after);
	*end = '8';
	must_import(&text, false);
	ck_assert_uint_eq(tally.added[ENTRY_OVERRIDE], many);
	after = exported(false);
	ck_assert(same_bytes(&text, &after));
	buf_free(&after);
	use_ledger("b");
	must_import(&text, true);
	after = exported(false);
	ck_assert(same_bytes(&text, &after));
	buf_free(&after);
	buf_free(&text);
}
END_TEST

/* How the ledger in use is exported that has damage, and what is logged of it. */
static uint64_t export_damaged(const char *logged)
{
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	char *text = NULL, *log;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	uint64_t records;

	capture_start();
	ck_assert_int_eq(export_json(txn, false, file, &records), EXPORT_DAMAGED);
	log = capture_end();
	ck_assert_msg(strstr(log, logged) != NULL, "%s", log);
	free(log);
	fclose(file);
	ck_assert_uint_eq(count(text, "\n"), records + 2);
	free(text);
	ledger_abort(txn);
	ledger_close(ledger);
	return records;
}

START_TEST(a_damaged_record_is_left_out)
{
	struct buf good;

	use_ledger("a");
	put_samples();
	good = exported(false);
	put_raw("host", "[2001:db8::1]:25", 16, "rubbish", 7);
	ck_assert_uint_eq(export_damaged("key=[2001:db8::1]:25 the record is damaged"), 5);
	/* A backup mends it. */
	capture_start();
	must_import(&good, false);
	free(capture_end());
	ck_assert_uint_eq(tally.changed[ENTRY_HOST], 1);
	ck_assert_uint_eq(tally.changed[ENTRY_DOMAIN], 0);
	buf_free(&good);
	good = exported(false);
	ck_assert_uint_eq(count(buf_cstr(&good), "\"record\":\"host\""), 1);
	buf_free(&good);
}
END_TEST

START_TEST(a_key_that_none_can_have)
{
	use_ledger("a");
	put_samples();
	put_raw("alias", "Not A Name", 10, "A\4\1\1\3a@b\0\0", 10);
	ck_assert_uint_eq(export_damaged("alias=Not A Name the record is damaged and left out"), 6);
}
END_TEST

START_TEST(where_nothing_can_be_written)
{
	FILE *full = fopen("/dev/full", "w");
	struct ledger *ledger;
	struct ledger_txn *txn;
	uint64_t records;

	use_ledger("a");
	put_some(1);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(export_json(txn, false, full, &records), EXPORT_FAILED);
	ck_assert_int_eq(errno, ENOSPC);
	ledger_abort(txn);
	ledger_close(ledger);
	fclose(full);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("import");

	tcase_add_test(tc, an_empty_ledger);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, restoring_with_the_journal);
	tcase_add_test(tc, only_an_empty_ledger_is_restored);
	tcase_add_test(tc, order_and_repetition_do_not_matter);
	tcase_add_test(tc, the_second_time_is_as_if_it_were_not);
	tcase_add_test(tc, the_journal_tells_of_it);
	tcase_add_test(tc, nothing_is_too_many);
	tcase_add_test(tc, what_was_taken_away_stays_away);
	tcase_add_test(tc, acts_of_an_old_file_do_not_count);
	tcase_add_test(tc, what_is_dated_ahead_is_passed_over);
	tcase_add_test(tc, hosts_are_due_when_more_is_forgotten);
	tcase_add_test(tc, one_host_is_no_evidence_where_each_must_show);
	tcase_add_test(tc, an_act_holds_by_a_clock_that_is_behind);
	tcase_add_test(tc, what_need_not_be_remembered_is_let_go);
	tcase_add_test(tc, files_that_are_refused);
	tcase_add_test(tc, files_that_are_taken);
	tcase_add_test(tc, a_line_without_end);
	tcase_add_test(tc, many_records);
	tcase_add_test(tc, a_damaged_record_is_left_out);
	tcase_add_test(tc, a_key_that_none_can_have);
	tcase_add_test(tc, where_nothing_can_be_written);
	return run_case("import", tc);
}
