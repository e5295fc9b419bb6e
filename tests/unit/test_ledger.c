/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger: what is put is got, and what went wrong is told. */
#include <dlfcn.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/ledger_case.h"

/* Instead of the one in liblmdb: a map small enough to be filled. */
static size_t small_map;

int mdb_env_set_mapsize(MDB_env *env, size_t size)
{
	union {
		void *symbol;
		int (*call)(MDB_env *, size_t);
	} real = { .symbol = dlsym(RTLD_NEXT, "mdb_env_set_mapsize") };

	return real.call(env, small_map != 0 ? small_map : size);
}

START_TEST(put_and_get)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct host_facts host = { .addr = ADDR_FOUND, .last_expires = T };
	struct override override = { .kind = OVERRIDE_EXACT, .level = LEVEL_ENCRYPT, .set = T };
	struct pin_act pin = { .set = T };
	struct alias alias;
	struct pins pins;
	struct ledger_txn *txn = ledger_begin_write(ledger);

	ck_assert(ledger_put_domain(txn, "sealed.test", domain));
	ck_assert(ledger_put_host(txn, "a.mx.test", 25, &host));
	ck_assert(ledger_put_override(txn, "sealed.test", &override));
	ck_assert(ledger_put_pin(txn, "sealed.test", &pin));
	ck_assert(ledger_commit(txn));
	txn = ledger_begin_read(ledger);
	memset(domain, 0xff, sizeof(*domain));
	ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_FOUND);
	ck_assert_uint_eq(domain->mx.count, 2);
	ck_assert_str_eq(domain->mx.refs[1].host, "b.mx.test");
	ck_assert_int_eq(ledger_get_host(txn, "a.mx.test", 25, &host), LOOKUP_FOUND);
	ck_assert_int_eq(host.last_expires, T);
	ck_assert_int_eq(ledger_get_override(txn, "sealed.test", &override), LOOKUP_FOUND);
	ck_assert_int_eq(override.level, LEVEL_ENCRYPT);
	ck_assert_int_eq(ledger_get_pins(txn, "sealed.test", &pins), LOOKUP_FOUND);
	ck_assert_uint_eq(pins.count, 1);
	/* Absent is zeroed; a port has a record of its own. */
	ck_assert_int_eq(ledger_get_host(txn, "a.mx.test", 587, &host), LOOKUP_ABSENT);
	ck_assert_int_eq(host.last_expires, 0);
	ck_assert_int_eq(ledger_get_domain(txn, "other.test", domain), LOOKUP_ABSENT);
	ck_assert_uint_eq(domain->mx.count, 0);
	ledger_abort(txn);
	txn = ledger_begin_write(ledger);
	/* What was taken away is on file as that, and there no more. */
	override = (struct override){ .kind = OVERRIDE_NONE, .set = T + 1 };
	ck_assert(ledger_put_override(txn, "sealed.test", &override));
	pin.removed = true;
	ck_assert(ledger_put_pin(txn, "sealed.test", &pin));
	alias = (struct alias){ .removed = true,
				.level = ALIAS_VERIFY,
				.mailbox = "me@example.test",
				.changed = T + 1 };
	ck_assert(ledger_put_alias(txn, "me@sealed.test", &alias));
	ck_assert(ledger_commit(txn));
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_override(txn, "sealed.test", &override), LOOKUP_ABSENT);
	ck_assert_int_eq(override.set, 0);
	ck_assert_int_eq(ledger_get_alias(txn, "me@sealed.test", &alias), LOOKUP_ABSENT);
	ck_assert_int_eq(alias.changed, 0);
	ck_assert_int_eq(ledger_get_pins(txn, "sealed.test", &pins), LOOKUP_ABSENT);
	ledger_abort(txn);
	ledger_close(ledger);
	free(domain);
}
END_TEST

START_TEST(an_aborted_write_leaves_nothing)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct ledger_txn *txn = ledger_begin_write(ledger);

	ck_assert(ledger_put_domain(txn, "sealed.test", domain));
	ledger_abort(txn);
	ledger_abort(NULL);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_ABSENT);
	ledger_abort(txn);
	ledger_close(ledger);
	free(domain);
}
END_TEST

/* Also the kept and renewed transaction must see what was written since. */
START_TEST(a_read_transaction_is_a_snapshot)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct ledger_txn *before = ledger_begin_read(ledger), *meanwhile, *txn;

	txn = ledger_begin_write(ledger);
	ck_assert(ledger_put_domain(txn, "sealed.test", domain));
	ck_assert(ledger_commit(txn));
	meanwhile = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_domain(before, "sealed.test", domain), LOOKUP_ABSENT);
	ck_assert_int_eq(ledger_get_domain(meanwhile, "sealed.test", domain), LOOKUP_FOUND);
	ledger_abort(before);
	ledger_abort(meanwhile);
	for (int i = 0; i < 1000; i++) {
		txn = ledger_begin_read(ledger);
		ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_FOUND);
		ck_assert(ledger_commit(txn));
	}
	ledger_close(ledger);
	free(domain);
}
END_TEST

START_TEST(damage_is_an_error_and_said_once)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct domain_facts *domain = mem_alloc(sizeof(*domain));
	struct host_facts host;
	char *log;

	make_ledger();
	put_raw("domain", "sealed.test", 11, "D\001garbage", 9);
	put_raw("host", "mx.test:25", 10, "", 0);
	ledger = must_open(LEDGER_READ);
	capture_start();
	for (int i = 0; i < 3; i++) {
		txn = ledger_begin_read(ledger);
		ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_ERROR);
		ck_assert_int_eq(ledger_get_host(txn, "mx.test", 25, &host), LOOKUP_ERROR);
		ledger_abort(txn);
	}
	log = capture_end();
	ck_assert_uint_eq(count(log, "db=domain key=sealed.test "), 1);
	ck_assert_uint_eq(count(log, "db=host key=mx.test:25 "), 1);
	free(log);
	ledger_close(ledger);
	free(domain);
}
END_TEST

START_TEST(much_damage_does_not_flood_the_log)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct host_facts host;
	char key[32], *log;

	make_ledger();
	put_raw("host", "h000:25", 7, "", 0);
	for (int i = 1; i < 200; i++) {
		snprintf(key, sizeof(key), "h%03d:25", i);
		put_raw("host", key, strlen(key), "", 0);
	}
	ledger = must_open(LEDGER_READ);
	capture_start();
	txn = ledger_begin_read(ledger);
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "h%03d", i);
		ck_assert_int_eq(ledger_get_host(txn, key, 25, &host), LOOKUP_ERROR);
	}
	ledger_abort(txn);
	log = capture_end();
	ck_assert_uint_eq(count(log, "key=h"), 128);
	ck_assert_uint_eq(count(log, "no more of them are named"), 1);
	free(log);
	ledger_close(ledger);
}
END_TEST

START_TEST(what_could_not_be_read_is_not_written)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct ledger_txn *txn = ledger_begin_write(ledger);
	char *log;

	domain->mx.refs[0].host[0] = 'A'; /* not folded */
	capture_start();
	ck_assert(!ledger_put_domain(txn, "sealed.test", domain));
	log = capture_end();
	ck_assert_uint_eq(count(log, "db=domain key=sealed.test the record is not written"), 1);
	ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_ABSENT);
	ledger_abort(txn);
	free(log);
	ledger_close(ledger);
	free(domain);
}
END_TEST

START_TEST(writing_to_what_is_only_read_fails)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	char *log;

	make_ledger();
	ledger = must_open(LEDGER_READ);
	capture_start();
	txn = ledger_begin_write(ledger);
	log = capture_end();
	ck_assert_ptr_null(txn);
	ck_assert_uint_eq(count(log, "beginning to write failed"), 1);
	free(log);
	ledger_close(ledger);
}
END_TEST

START_TEST(a_full_map_changes_nothing_and_says_so)
{
	struct domain_facts *domain = sample_domain();
	struct ledger *ledger;
	char *log, key[32];
	bool room = true;
	int written = 0;

	small_map = 256 * 1024;
	ledger = must_open(LEDGER_CREATE);
	small_map = 0;
	capture_start();
	while (room && written < 10000) {
		struct ledger_txn *txn = ledger_begin_write(ledger);

		snprintf(key, sizeof(key), "d%05d.test", written);
		room = ledger_put_domain(txn, key, domain);
		if (room)
			room = ledger_commit(txn);
		else
			ledger_abort(txn);
		if (room)
			written++;
	}
	log = capture_end();
	ck_assert(!room);
	ck_assert_int_gt(written, 10);
	ck_assert_uint_eq(count(log, "is full (32 GiB): writing failed"), 1);
	free(log);
	/* What was there is there, and can be read. */
	for (int i = 0; i <= written; i++) {
		struct ledger_txn *txn = ledger_begin_read(ledger);

		snprintf(key, sizeof(key), "d%05d.test", i);
		ck_assert_int_eq(ledger_get_domain(txn, key, domain),
				 i < written ? LOOKUP_FOUND : LOOKUP_ABSENT);
		ledger_abort(txn);
	}
	ledger_close(ledger);
	free(domain);
}
END_TEST

/* Found by tests/faults: a full disk was told at each look that the prober took. */
START_TEST(the_same_trouble_is_told_once)
{
	struct rlimit small = { .rlim_cur = 256 * 1024, .rlim_max = RLIM_INFINITY }, before;
	struct domain_facts *domain = sample_domain();
	struct ledger *ledger = must_open(LEDGER_CREATE);
	char *log, key[32];
	int refused = 0;

	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	capture_start();
	small.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 5000 && refused < 50; i++) {
		struct ledger_txn *txn = ledger_begin_write(ledger);

		snprintf(key, sizeof(key), "d%05d.test", i);
		ck_assert(ledger_put_domain(txn, key, domain));
		refused += !ledger_commit(txn);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	log = capture_end();
	ck_assert_int_eq(refused, 50);
	/* A write that was cut short and one that was refused are two kinds of it. */
	ck_assert_uint_ge(count(log, "writing failed"), 1);
	ck_assert_uint_le(count(log, "writing failed"), 2);
	free(log);
	ledger_close(ledger);
	free(domain);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("records");

	tcase_add_test(tc, put_and_get);
	tcase_add_test(tc, an_aborted_write_leaves_nothing);
	tcase_add_test(tc, a_read_transaction_is_a_snapshot);
	tcase_add_test(tc, damage_is_an_error_and_said_once);
	tcase_add_test(tc, much_damage_does_not_flood_the_log);
	tcase_add_test(tc, what_could_not_be_read_is_not_written);
	tcase_add_test(tc, writing_to_what_is_only_read_fails);
	tcase_add_test(tc, a_full_map_changes_nothing_and_says_so);
	tcase_add_test(tc, the_same_trouble_is_told_once);
	return run_case("ledger", tc);
}
