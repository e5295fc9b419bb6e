/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts kept in memory: nothing that look-ups see differs from what is in the ledger. */

#include "base/str.h"
#include "base/utc.h"
#include "core/policy/decide.h"
#include "core/policy/fold.h"
#include "core/policy/reply.h"
#include "tests/unit/ledger_case.h"
#include "io/ledger/ledger_facts.h"

#define DOMAINS 4
#define HOSTS 6
#define ROUNDS 150

static uint64_t state = 1;

static uint32_t chance(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

static int64_t now;

static struct freshness some_freshness(void)
{
	return (struct freshness){ now, now + 1 + chance(3) * 3600, chance(4) == 0 ? now : 0 };
}

static const char *host_name(uint32_t number)
{
	static char name[DOMAIN_SIZE];

	/* The last one is too long to be kept. */
	snprintf(name, sizeof(name), "mx%u.%s.test", number,
		 number == HOSTS - 1
			 ? "of-a-provider-with-a-name-of-more-than-sixty-three-bytes.long"
			 : "p");
	return name;
}

static void change_host(struct ledger_txn *txn)
{
	static struct host_facts host;
	const char *name = host_name(chance(HOSTS));
	uint16_t port = chance(4) == 0 ? 587 : 25;
	struct observation seen = { .time = now,
				    .source = SOURCE_PROBE,
				    .observed = OBSERVED_TLS + chance(4),
				    .version = 0x0304 };

	ck_assert_int_ne(ledger_get_host(txn, name, port, &host), LOOKUP_ERROR);
	host.addr = ADDR_FOUND;
	host.addr_fresh = some_freshness();
	host.tlsa = TLSA_UNKNOWN + chance(4);
	host.tlsa_fresh = some_freshness();
	fold_host(&host, &seen, now + 1 + chance(2) * 3600, false);
	ck_assert(ledger_put_host(txn, name, port, &host));
}

static struct nexthop hop(uint32_t number)
{
	struct nexthop n;
	char text[32];

	snprintf(text, sizeof(text), "d%u.test%s", number, number % 2 == 0 ? "" : ":587");
	ck_assert_int_eq(nexthop_parse(&n, text, strlen(text)), NEXTHOP_OK);
	return n;
}

static void change_domain(struct ledger_txn *txn)
{
	static struct domain_facts domain;
	struct nexthop n = hop(chance(DOMAINS));
	uint32_t first = chance(HOSTS);

	ck_assert_int_ne(ledger_get_domain(txn, n.key, &domain), LOOKUP_ERROR);
	domain.mx.state = MX_FOUND;
	domain.mx.secure = chance(2) == 0;
	domain.mx.fresh = domain.sts.fresh = some_freshness();
	domain.mx.count = chance(3);
	for (size_t i = 0; i < domain.mx.count; i++) {
		domain.mx.refs[i].preference = (uint16_t)(10 * i);
		str_copy(domain.mx.refs[i].host, DOMAIN_SIZE,
			 host_name((first + (uint32_t)i) % HOSTS));
	}
	if (chance(8) == 0)
		domain.forgotten = now;
	ck_assert(ledger_put_domain(txn, n.key, &domain));
}

static void change_something(struct ledger *ledger)
{
	struct ledger_txn *txn = ledger_begin_write(ledger);

	for (uint32_t i = chance(3); i > 0; i--)
		change_host(txn);
	if (chance(2) == 0)
		change_domain(txn);
	ck_assert(ledger_commit(txn));
}

/* In every policy map, of every next hop. */
static void compare(struct ledger_txn *txn, struct ledger_hosts *hosts,
		    const struct settings *settings)
{
	static struct facts facts, gist;
	struct decision by_facts, by_gist;

	for (uint32_t i = 0; i < DOMAINS; i++) {
		struct nexthop n = hop(i);
		enum lookup found = ledger_get_facts(txn, &n, 25, now, &facts);

		/* So that nothing is right by having been so before. */
		memset(&gist, chance(2) == 0 ? 0x55 : 0xff, sizeof(gist));
		ck_assert_int_eq(ledger_get_gist(txn, hosts, &n, 25, now, true, &gist), found);
		ck_assert_int_eq(gist.pins.count, facts.pins.count);
		for (enum map map = MAP_POLICY; map_is_policy(map); map++) {
			decide_for_map(&by_facts, settings, &facts, map, now);
			decide_for_map(&by_gist, settings, &gist, map, now);
			ck_assert_int_eq(by_gist.rule, by_facts.rule);
			ck_assert_int_eq(by_gist.verdict, by_facts.verdict);
			ck_assert_int_eq(by_gist.level, by_facts.level);
			ck_assert_int_eq(by_gist.floor, by_facts.floor);
			ck_assert_int_eq(by_gist.settled, by_facts.settled);
			ck_assert_int_eq(by_gist.stale, by_facts.stale);
			ck_assert_str_eq(by_gist.reason, by_facts.reason);
		}
	}
}

/* What anyone commits is seen at once, by who begins to read then, and by no one else. */
START_TEST(look_ups_see_what_is_in_the_ledger)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_hosts *hosts = ledger_hosts_new();
	struct ledger_txn *before, *after;
	struct settings settings;

	settings_init(&settings);
	settings.mixed_mx = _i == 0 ? MIXED_MX_STRICT : MIXED_MX_LENIENT;
	now = T;
	for (int round = 0; round < ROUNDS; round++) {
		before = ledger_begin_read(ledger);
		compare(before, hosts, &settings);
		now += chance(3) * 1800;
		change_something(ledger);
		after = ledger_begin_read(ledger);
		compare(after, hosts, &settings);
		compare(before, hosts, &settings);
		ledger_abort(before);
		compare(after, hosts, &settings);
		ledger_abort(after);
	}
	settings_free(&settings);
	ledger_hosts_free(hosts);
	ledger_close(ledger);
}
END_TEST

/* Each of its fields, from the ledger and then from memory. */
START_TEST(the_gist_comes_back)
{
	const struct host_facts host = {
		.addr = ADDR_NONE,
		.addr_secure = true,
		.addr_fresh = {T + 1, T + 2, T + 3},
		.tlsa = TLSA_UNUSABLE,
		.tlsa_fresh = {T + 4, T + 5, T + 6},
		.last = {.time = T + 7, .source = SOURCE_PROBE, .observed = OBSERVED_PLAIN},
		.last_expires = T + 8,
		.history = {
			.first_tls = T - 3 * UTC_DAY,
			.last_tls = T,
			.last_plain = T + 9,
			.successes = {3, {T - 3 * UTC_DAY, T - 1, T}},
			.tls_days = {2, {T - 3 * UTC_DAY, T - 1}},
			.plain_days = {1, {T + 9}},
		},
	};
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_hosts *hosts = ledger_hosts_new();
	struct ledger_txn *txn = ledger_begin_write(ledger);
	struct host_facts out;

	ck_assert(ledger_put_host(txn, "mx.test", 25, &host));
	ck_assert(ledger_commit(txn));
	txn = ledger_begin_read(ledger);
	for (int i = 0; i < 2; i++) {
		memset(&out, 0x55, sizeof(out));
		ck_assert_int_eq(ledger_hosts_get(hosts, txn, "mx.test", 25, &out), LOOKUP_FOUND);
		ck_assert_int_eq(out.addr, host.addr);
		ck_assert(*(const unsigned char *)&out.addr_secure == 1);
		ck_assert_mem_eq(&out.addr_fresh, &host.addr_fresh, sizeof(host.addr_fresh));
		ck_assert_int_eq(out.tlsa, host.tlsa);
		ck_assert_mem_eq(&out.tlsa_fresh, &host.tlsa_fresh, sizeof(host.tlsa_fresh));
		ck_assert_int_eq(out.last.time, host.last.time);
		ck_assert_int_eq(out.last.observed, host.last.observed);
		ck_assert_int_eq(out.last_expires, host.last_expires);
		ck_assert_int_eq(out.history.first_tls, host.history.first_tls);
		ck_assert_int_eq(out.history.last_tls, host.history.last_tls);
		ck_assert_int_eq(out.history.last_plain, host.history.last_plain);
		ck_assert_uint_eq(out.history.successes.count, 3);
		ck_assert_uint_eq(out.history.tls_days.count, 2);
		ck_assert_uint_eq(out.history.plain_days.count, 1);
	}
	ledger_abort(txn);
	ledger_hosts_free(hosts);
	ledger_close(ledger);
}
END_TEST

/* More of them than there are places. */
START_TEST(hosts_do_not_mix)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_hosts *hosts = ledger_hosts_new();
	struct ledger_txn *txn = ledger_begin_write(ledger);
	struct host_facts host = { .addr = ADDR_FOUND }, out;
	char name[64];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "mx.customer-%d-at.provider.test", i);
		host.last_expires = T + i;
		ck_assert(ledger_put_host(txn, name, 25, &host));
	}
	ck_assert(ledger_commit(txn));
	txn = ledger_begin_read(ledger);
	for (int i = 0; i < 2 * 3000; i++) {
		snprintf(name, sizeof(name), "mx.customer-%d-at.provider.test", i / 2);
		ck_assert_int_eq(ledger_hosts_get(hosts, txn, name, 25, &out), LOOKUP_FOUND);
		ck_assert_int_eq(out.last_expires, T + i / 2);
		ck_assert_int_eq(ledger_hosts_get(hosts, txn, name, 587, &out), LOOKUP_ABSENT);
		ck_assert_int_eq(out.addr, ADDR_UNKNOWN);
		ck_assert_int_eq(out.last_expires, 0);
	}
	ledger_abort(txn);
	ledger_hosts_free(hosts);
	ledger_close(ledger);
}
END_TEST

/* "Don't know" is not kept, and does not become "no" at the second look. */
START_TEST(damage_stays_damage)
{
	struct ledger_hosts *hosts = ledger_hosts_new();
	struct host_facts out;
	struct ledger_txn *txn;
	struct ledger *ledger;

	make_ledger();
	put_raw("host", "mx.test:25", 10, "?", 1);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	capture_start();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ledger_hosts_get(hosts, txn, "mx.test", 25, &out), LOOKUP_ERROR);
	free(capture_end());
	ledger_abort(txn);
	ledger_hosts_free(hosts);
	ledger_close(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_hosts");
	TCase *tc = tcase_create("ledger_hosts");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, look_ups_see_what_is_in_the_ledger, 0, 2);
	tcase_add_test(tc, the_gist_comes_back);
	tcase_add_test(tc, hosts_do_not_mix);
	tcase_add_test(tc, damage_stays_damage);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
