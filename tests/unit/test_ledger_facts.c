/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts put together from records; walks; the journal. */
#include "base/str.h"
#include "tests/unit/ledger_case.h"
#include "io/ledger/ledger_facts.h"

START_TEST(facts_are_put_together)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct host_facts host = { .addr = ADDR_FOUND, .last_expires = T };
	struct host_facts submission = { .addr = ADDR_FOUND, .last_expires = T + 1 };
	struct facts *facts = mem_alloc(sizeof(*facts));
	struct ledger_txn *txn = ledger_begin_write(ledger);
	struct nexthop plain = nexthop("sealed.test"), ported = nexthop("sealed.test:587");

	ck_assert(ledger_put_domain(txn, plain.key, domain));
	ck_assert(ledger_put_domain(txn, ported.key, domain));
	ck_assert(ledger_put_host(txn, "b.mx.test", 2525, &host));
	ck_assert(ledger_put_host(txn, "b.mx.test", 587, &submission));
	memset(facts, 0xff, sizeof(*facts));
	ck_assert_int_eq(ledger_get_facts(txn, &plain, 2525, T, facts), LOOKUP_FOUND);
	ck_assert_str_eq(facts->nexthop.key, "sealed.test");
	ck_assert_uint_eq(facts->domain.mx.count, 2);
	ck_assert_int_eq(facts->host[0].addr, ADDR_UNKNOWN); /* no record yet */
	ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_NOTHING);
	ck_assert_int_eq(facts->host[1].last_expires, T);
	ck_assert_int_eq(facts->override.kind, OVERRIDE_NONE);
	ck_assert_uint_eq(facts->pins.count, 0);
	ck_assert_int_eq(ledger_get_facts(txn, &ported, 2525, T, facts), LOOKUP_FOUND);
	ck_assert_int_eq(facts->host[1].last_expires, T + 1);
	plain = nexthop("unheard.test");
	memset(facts, 0xff, sizeof(*facts));
	ck_assert_int_eq(ledger_get_facts(txn, &plain, 25, T, facts), LOOKUP_ABSENT);
	ck_assert_str_eq(facts->nexthop.key, "unheard.test");
	ck_assert_uint_eq(facts->domain.mx.count, 0);
	ck_assert_int_eq(facts->domain.history.last_tls, 0);
	ledger_abort(txn);
	ledger_close(ledger);
	free(facts);
	free(domain);
}
END_TEST

START_TEST(overrides_of_parents)
{
	static const struct {
		const char *key;
		enum lookup found;
		enum level level; /* of the override that applies */
	} cases[] = {
		{ "example.test", LOOKUP_FOUND, LEVEL_ENCRYPT },    /* ".test" */
		{ "a.example.test", LOOKUP_FOUND, LEVEL_DANE },     /* ".example.test" */
		{ "b.a.example.test", LOOKUP_FOUND, LEVEL_DANE },   /* the nearest */
		{ "own.example.test", LOOKUP_FOUND, LEVEL_SECURE }, /* its own */
		{ "a.example.test:587", LOOKUP_FOUND, LEVEL_DANE },
		{ ".example.test", LOOKUP_FOUND, LEVEL_DANE },
		{ ".a.example.test", LOOKUP_ABSENT, LEVEL_NONE },  /* Postfix asks on by itself */
		{ "[a.example.test]", LOOKUP_ABSENT, LEVEL_NONE }, /* a host has no parents */
		{ "example.other", LOOKUP_ABSENT, LEVEL_NONE },
		{ "bexample.test", LOOKUP_FOUND, LEVEL_ENCRYPT },
	};
	static const struct {
		const char *key;
		enum level level;
	} overrides[] = {
		{ ".test", LEVEL_ENCRYPT },
		{ ".example.test", LEVEL_DANE },
		{ "own.example.test", LEVEL_SECURE },
	};
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct facts *facts = mem_alloc(sizeof(*facts));
	struct ledger_txn *txn = ledger_begin_write(ledger);

	for (size_t i = 0; i < ARRAY_LEN(overrides); i++) {
		struct override o = { .kind = OVERRIDE_EXACT, .level = overrides[i].level };

		ck_assert(ledger_put_override(txn, overrides[i].key, &o));
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nexthop n = nexthop(cases[i].key);

		ck_assert_msg(ledger_get_facts(txn, &n, 25, T, facts) == cases[i].found, "%s",
			      cases[i].key);
		ck_assert_msg(facts->override.level == cases[i].level, "%s", cases[i].key);
	}
	ledger_abort(txn);
	ledger_close(ledger);
	free(facts);
}
END_TEST

/* What one that has expired gives way to. */
START_TEST(overrides_of_parents_still_in_force)
{
	static const struct {
		const char *key;
		enum level level; /* of the override that applies */
	} cases[] = {
		{ "a.far.near.test", LEVEL_ENCRYPT }, /* its own and the nearest have expired */
		{ "b.far.near.test", LEVEL_ENCRYPT }, /* the nearest has */
		{ "a.all.past.other", LEVEL_SECURE }, /* all have: its own */
		{ "b.all.past.other", LEVEL_DANE },   /* all have: the nearest */
		{ "[a.far.near.test]", LEVEL_FINGERPRINT },
	};
	static const struct {
		const char *key;
		enum level level;
		int64_t expires;
	} overrides[] = {
		{ ".near.test", LEVEL_ENCRYPT, T + 1 },
		{ ".far.near.test", LEVEL_DANE, T },
		{ "a.far.near.test", LEVEL_NONE, T },
		{ "[a.far.near.test]", LEVEL_FINGERPRINT, T },
		{ ".past.other", LEVEL_ENCRYPT, T },
		{ ".all.past.other", LEVEL_DANE, T },
		{ "a.all.past.other", LEVEL_SECURE, T },
	};
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct facts *facts = mem_alloc(sizeof(*facts));
	struct ledger_txn *txn = ledger_begin_write(ledger);

	for (size_t i = 0; i < ARRAY_LEN(overrides); i++) {
		struct override o = { .kind = OVERRIDE_EXACT,
				      .level = overrides[i].level,
				      .expires = overrides[i].expires };

		ck_assert(ledger_put_override(txn, overrides[i].key, &o));
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nexthop n = nexthop(cases[i].key);

		ck_assert_int_eq(ledger_get_facts(txn, &n, 25, T, facts), LOOKUP_FOUND);
		ck_assert_msg(facts->override.level == cases[i].level, "%s", cases[i].key);
	}
	ledger_abort(txn);
	ledger_close(ledger);
	free(facts);
}
END_TEST

/* One damaged record and the answer is "could not tell", never a weaker one. */
START_TEST(damage_spoils_the_facts)
{
	static const char *const dbs[] = { "domain", "host", "override", "pin" };
	static const char *const keys[] = { "sealed.test", "b.mx.test:25", "sealed.test",
					    "sealed.test 00" };
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct facts *facts = mem_alloc(sizeof(*facts));
	struct ledger_txn *txn = ledger_begin_write(ledger);
	struct nexthop n = nexthop("sealed.test");

	ck_assert(ledger_put_domain(txn, n.key, domain));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	put_raw(dbs[_i], keys[_i], strlen(keys[_i]), "?", 1);
	ledger = must_open(LEDGER_READ);
	capture_start();
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_facts(txn, &n, 25, T, facts), LOOKUP_ERROR);
	ledger_abort(txn);
	free(capture_end());
	ledger_close(ledger);
	free(facts);
	free(domain);
}
END_TEST

struct heard {
	int n, stop_at;
	char keys[256];
};

static bool hear_domain(void *context, const char *key, const struct domain_facts *domain)
{
	struct heard *heard = context;

	(void)domain;
	strcat(heard->keys, key);
	strcat(heard->keys, " ");
	return ++heard->n != heard->stop_at;
}

static bool hear_host(void *context, const char *key, const struct host_facts *host)
{
	(void)host;
	return hear_domain(context, key, NULL);
}

START_TEST(walks)
{
	static const char *const domains[] = { "c.test", "a.test", "b.test", "[a.test]:587" };
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	struct host_facts host = { .addr = ADDR_FOUND };
	struct heard heard = { 0 }, few = { .stop_at = 2 }, hosts = { 0 }, damaged = { 0 };
	char *log;
	struct ledger_txn *txn = ledger_begin_write(ledger);

	for (size_t i = 0; i < ARRAY_LEN(domains); i++)
		ck_assert(ledger_put_domain(txn, domains[i], domain));
	ck_assert(ledger_put_host(txn, "mx.test", 25, &host));
	ck_assert(ledger_put_host(txn, "192.0.2.1", 25, &host));
	ck_assert(ledger_commit(txn));
	txn = ledger_begin_read(ledger);
	ck_assert(ledger_each_domain(txn, hear_domain, &heard));
	ck_assert_str_eq(heard.keys, "[a.test]:587 a.test b.test c.test ");
	ck_assert(ledger_each_domain(txn, hear_domain, &few));
	ck_assert_str_eq(few.keys, "[a.test]:587 a.test ");
	ck_assert(ledger_each_host(txn, hear_host, &hosts));
	ck_assert_str_eq(hosts.keys, "[192.0.2.1]:25 mx.test:25 ");
	ledger_abort(txn);
	ledger_close(ledger);
	put_raw("domain", "b.test", 6, "D", 1);
	put_raw("domain", "a\0b", 3, "D", 1);
	ledger = must_open(LEDGER_READ);
	capture_start();
	txn = ledger_begin_read(ledger);
	ck_assert(!ledger_each_domain(txn, hear_domain, &damaged));
	ck_assert_str_eq(damaged.keys, "[a.test]:587 a.test c.test ");
	ledger_abort(txn);
	log = capture_end();
	ck_assert_uint_eq(count(log, "key=b.test the record is damaged"), 1);
	ck_assert_uint_eq(count(log, "key=a\\x00b the record is damaged"), 1);
	free(log);
	ledger_close(ledger);
	free(domain);
}
END_TEST

static bool hear_entry(void *context, const struct journal_entry *entry)
{
	struct heard *heard = context;

	strcat(heard->keys, entry->event);
	strcat(heard->keys, " ");
	return ++heard->n != heard->stop_at;
}

START_TEST(the_journal_keeps_its_order)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct heard all = { 0 }, one = { 0 }, few = { .stop_at = 1 };
	struct ledger_txn *txn;

	for (int i = 0; i < 300; i++) {
		struct journal_entry entry = { .time = T - i, .author = "ada" };

		snprintf(entry.subject, sizeof(entry.subject), "%s",
			 i < 297    ? "x.test"
			 : i == 298 ? "b.test"
				    : "a.test");
		snprintf(entry.event, sizeof(entry.event), "e%d", i);
		txn = ledger_begin_write(ledger);
		ck_assert(ledger_add_journal(txn, &entry));
		ck_assert(ledger_commit(txn));
	}
	txn = ledger_begin_read(ledger);
	ck_assert(ledger_each_journal(txn, "a.test", hear_entry, &one));
	ck_assert_str_eq(one.keys, "e297 e299 ");
	ck_assert(ledger_each_journal(txn, "b.test", hear_entry, &all));
	ck_assert_str_eq(all.keys, "e298 ");
	ck_assert(ledger_each_journal(txn, NULL, hear_entry, &few));
	ck_assert_str_eq(few.keys, "e0 ");
	ledger_abort(txn);
	ledger_close(ledger);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("facts");

	tcase_add_test(tc, facts_are_put_together);
	tcase_add_test(tc, overrides_of_parents);
	tcase_add_test(tc, overrides_of_parents_still_in_force);
	tcase_add_loop_test(tc, damage_spoils_the_facts, 0, 4);
	tcase_add_test(tc, walks);
	tcase_add_test(tc, the_journal_keeps_its_order);
	return run_case("ledger_facts", tc);
}
