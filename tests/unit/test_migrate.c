/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ledger and an export that an older postseal wrote (schemas 3 and 1; it was built from
 * what stood before tombstones): all of it is there afterwards.
 */
#include "export_case.h"

#include <time.h>

#include "core/policy/fold.h"

#define OLD_LEDGER "tests/unit/data/ledger-schema3.mdb.gz"
#define OLD_EXPORT "tests/unit/data/export-schema1.jsonl"

/* When they were made; and a day after it. */
#define MADE INT64_C(1795904949) /* 2026-11-28T22:29:09Z */

static void lay_down_old_ledger(void)
{
	char command[256];

	ck_assert_int_eq(mkdir(ledger_dir, 0750), 0);
	snprintf(command, sizeof(command), "gzip -dc " OLD_LEDGER " >%s/data.mdb", ledger_dir);
	ck_assert_int_eq(system(command), 0);
}

static void must_hold_all(struct ledger_txn *txn)
{
	static struct domain_facts domain;
	static struct host_facts host;
	static struct exceptions exceptions;
	struct override override;
	struct alias alias;
	struct pins pins;

	ck_assert_int_eq(ledger_get_domain(txn, "a.test", &domain), LOOKUP_FOUND);
	ck_assert_int_eq(domain.mx.count, 1);
	ck_assert_uint_eq(domain.history.successes.count, 2);
	ck_assert(fold_equal(&domain.history, &domain.evidence));
	ck_assert(domain.any_host);
	ck_assert_int_eq(ledger_get_domain(txn, "forgot.test", &domain), LOOKUP_FOUND);
	ck_assert_int_eq(domain.forgotten, MADE);
	ck_assert_int_eq(domain.history.last_tls, 0);
	ck_assert_int_eq(ledger_get_host(txn, "mx.a.test", 25, &host), LOOKUP_FOUND);
	ck_assert_int_eq(host.tlsa, TLSA_USABLE);
	ck_assert_int_eq(ledger_get_override(txn, ".bank.test", &override), LOOKUP_FOUND);
	ck_assert_str_eq(override.reason, "contract");
	ck_assert_int_eq(ledger_get_override(txn, "a.test", &override), LOOKUP_FOUND);
	ck_assert_int_eq(override.expires, MADE - 1 + 90 * UTC_DAY);
	ck_assert_int_eq(ledger_get_pins(txn, "a.test", &pins), LOOKUP_FOUND);
	ck_assert_uint_eq(pins.count, 3);
	ck_assert_uint_eq(pins.spki[2][SPKI_SIZE - 1], 3);
	ck_assert_int_eq(ledger_get_alias(txn, "me@secure.test", &alias), LOOKUP_FOUND);
	ck_assert_int_eq(alias.level, ALIAS_DANE_ONLY);
	ck_assert_int_eq(ledger_get_exceptions(txn, "me@secure.test", &exceptions), LOOKUP_FOUND);
	ck_assert_uint_eq(exceptions.count, 2);
	ck_assert_str_eq(exceptions.list[0].sender, "@old.test");
	ck_assert_str_eq(exceptions.list[0].reason, "no TLS yet");
}

static bool count_entry(void *n, const struct journal_entry *entry)
{
	(void)entry;
	++*(size_t *)n;
	return true;
}

static void look_at_ledger(size_t journal)
{
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	size_t entries = 0;

	must_hold_all(txn);
	ck_assert(ledger_each_journal(txn, NULL, count_entry, &entries));
	ck_assert_uint_eq(entries, journal);
	ledger_abort(txn);
	ledger_close(ledger);
}

START_TEST(the_prober_brings_a_ledger_up_to_date)
{
	char *log;

	lay_down_old_ledger();
	must_not_open(LEDGER_READ, "restart postseal-prober, which brings it up to date");
	must_not_open(LEDGER_WRITE, "restart postseal-prober");
	capture_start();
	make_ledger();
	log = capture_end();
	ck_assert_msg(strstr(log, "a copy of it is ") != NULL, "%s", log);
	ck_assert_msg(strstr(log, "is up to date: 18 records, 0 of them damaged") != NULL, "%s",
		      log);
	free(log);
	look_at_ledger(10);
	/* Then it is as any other. */
	capture_start();
	make_ledger();
	log = capture_end();
	ck_assert_str_eq(log, "");
	free(log);
	look_at_ledger(10);
}
END_TEST

/* The copy is the ledger as it was: the old program can go on with it. */
START_TEST(the_copy_is_what_was)
{
	char copy[128];

	lay_down_old_ledger();
	capture_start();
	make_ledger();
	free(capture_end());
	snprintf(copy, sizeof(copy), "%s", in_ledger("data.mdb.schema3"));
	ck_assert_int_eq(rename(copy, in_ledger("data.mdb")), 0);
	ck_assert_int_eq(remove(in_ledger("lock.mdb")), 0);
	must_not_open(LEDGER_READ, "schema 3");
	capture_start();
	make_ledger();
	free(capture_end());
	look_at_ledger(10);
}
END_TEST

START_TEST(without_room_for_a_copy_nothing_changes)
{
	struct ledger *ledger;
	char *log;

	lay_down_old_ledger();
	ck_assert_int_eq(mkdir(in_ledger("data.mdb.schema3"), 0700), 0);
	ck_assert_int_eq(mkdir(in_ledger("data.mdb.schema3/full"), 0700), 0);
	capture_start();
	ledger = ledger_open(ledger_dir, LEDGER_CREATE, error);
	log = capture_end();
	ck_assert_ptr_null(ledger);
	ck_assert_msg(strstr(error, "no copy of it can be made at") != NULL, "%s", error);
	free(log);
	ck_assert_int_eq(remove(in_ledger("data.mdb.schema3/full")), 0);
	ck_assert_int_eq(remove(in_ledger("data.mdb.schema3")), 0);
	capture_start();
	make_ledger();
	free(capture_end());
	look_at_ledger(10);
}
END_TEST

/* A damaged record is left as it is, counted, and in nobody's way. */
START_TEST(damage_is_told_and_left)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct override override;
	char *log;

	lay_down_old_ledger();
	put_raw("override", "a.test", 6, "O\3rubbish", 9);
	put_raw("pin", "b.test", 6, "P\3\1", 3);
	capture_start();
	make_ledger();
	log = capture_end();
	ck_assert_msg(strstr(log, "19 records, 2 of them damaged") != NULL, "%s", log);
	free(log);
	capture_start();
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_override(txn, "a.test", &override), LOOKUP_ERROR);
	ck_assert_int_eq(ledger_get_override(txn, ".bank.test", &override), LOOKUP_FOUND);
	ledger_abort(txn);
	ledger_close(ledger);
	free(capture_end());
}
END_TEST

static struct buf old_export(void)
{
	FILE *file = fopen(OLD_EXPORT, "re");
	struct buf text = { 0 };
	char bytes[8192];
	size_t n;

	ck_assert_ptr_nonnull(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(&text, bytes, n);
	fclose(file);
	return text;
}

/* Its lists of pins and exceptions are taken apart; restored or merged, all of it is there. */
START_TEST(an_old_export_is_read)
{
	struct buf text = old_export();

	import_now = MADE + UTC_DAY;
	use_ledger("a");
	must_import(&text, true);
	ck_assert_uint_eq(tally.added[ENTRY_PIN], 3);
	look_at_ledger(11);
	use_ledger("b");
	must_import(&text, false);
	ck_assert_uint_eq(tally.added[ENTRY_EXCEPTION], 2);
	ck_assert_uint_eq(tally.acts + tally.ahead, 0);
	look_at_ledger(10);
	must_import(&text, false);
	ck_assert_uint_eq(tally.changed[ENTRY_PIN] + tally.added[ENTRY_PIN], 0);
	buf_free(&text);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("migrate");

	tcase_add_test(tc, the_prober_brings_a_ledger_up_to_date);
	tcase_add_test(tc, the_copy_is_what_was);
	tcase_add_test(tc, without_room_for_a_copy_nothing_changes);
	tcase_add_test(tc, damage_is_told_and_left);
	tcase_add_test(tc, an_old_export_is_read);
	return run_case("migrate", tc);
}
