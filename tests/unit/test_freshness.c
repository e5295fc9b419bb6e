/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/freshness.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/utc.h"

#define NOW INT64_C(1700000000)

START_TEST(a_good_look_up_holds_for_its_ttl)
{
	static const struct {
		int64_t ttl, holds;
	} cases[] = {
		{ 0, FRESH_MIN },          { 1, FRESH_MIN },
		{ FRESH_MIN, FRESH_MIN },  { 3600, 3600 },
		{ FRESH_MAX, FRESH_MAX },  { FRESH_MAX + 1, FRESH_MAX },
		{ UINT32_MAX, FRESH_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct freshness fresh = { .checked = 1, .expires = 2, .failed = 3 };

		freshness_good(&fresh, NOW, cases[i].ttl);
		ck_assert_int_eq(fresh.checked, NOW);
		ck_assert_int_eq(fresh.failed, 0);
		ck_assert_int_eq(fresh.expires, NOW + cases[i].holds);
		ck_assert(!freshness_due(&fresh, NOW));
		ck_assert(!freshness_due_asked(&fresh, NOW));
		ck_assert(!freshness_due(&fresh, fresh.expires - 1));
		ck_assert(freshness_due(&fresh, fresh.expires));
	}
}
END_TEST

/* The last good value keeps its date; waits grow, up to a day. */
START_TEST(failures_back_off)
{
	struct freshness fresh;
	int64_t now = NOW + 7200, wait = 0;
	size_t tries = 0;

	freshness_good(&fresh, NOW, 3600);
	while (now < NOW + 14 * UTC_DAY) {
		int64_t before = wait;

		freshness_failed(&fresh, now, freshness_salt("example.com"));
		wait = fresh.expires - now;
		ck_assert_int_eq(fresh.checked, NOW);
		ck_assert_int_eq(fresh.failed, NOW + 7200);
		ck_assert_int_ge(wait, FRESH_RETRY_MIN - FRESH_RETRY_MIN / 10);
		ck_assert_int_le(wait, FRESH_RETRY_MAX);
		ck_assert_int_ge(wait, before);
		ck_assert(freshness_due_asked(&fresh, now));
		ck_assert(!freshness_due(&fresh, now));
		now = fresh.expires;
		tries++;
	}
	/* doubling takes 11 tries or so to a day, then one a day */
	ck_assert_uint_gt(tries, 15);
	ck_assert_uint_lt(tries, 35);
	freshness_good(&fresh, now, 3600);
	ck_assert_int_eq(fresh.failed, 0);
	freshness_failed(&fresh, now, 0);
	ck_assert_int_eq(fresh.expires - now, FRESH_RETRY_MIN);
}
END_TEST

START_TEST(a_clock_set_back_makes_all_due)
{
	struct freshness fresh;
	struct host_facts host = { 0 };

	freshness_good(&fresh, NOW, FRESH_MAX);
	ck_assert(!freshness_due(&fresh, NOW - 30)); /* no more than adjtime does */
	ck_assert(freshness_due(&fresh, NOW - 3600));
	freshness_failed(&fresh, NOW, 0);
	freshness_failed(&fresh, NOW - 3600, 0);
	ck_assert_int_eq(fresh.failed, NOW - 3600);
	ck_assert_int_eq(fresh.expires, NOW - 3600 + FRESH_RETRY_MIN);
	/* failing since before the clock was a year ahead */
	freshness_failed(&fresh, NOW + 365 * UTC_DAY, 0);
	ck_assert(freshness_due(&fresh, NOW));
	host.last = (struct observation){ .time = NOW, .observed = OBSERVED_TLS };
	host.last_expires = NOW + UTC_DAY;
	ck_assert(!freshness_probe_due(&host, false, NOW));
	ck_assert(freshness_probe_due(&host, false, NOW - 3600));
}
END_TEST

START_TEST(unknown_facts_are_due)
{
	const struct freshness never = { 0 };
	const struct host_facts host = { 0 };

	ck_assert(freshness_due(&never, NOW));
	ck_assert(freshness_due_asked(&never, NOW));
	ck_assert(freshness_probe_due(&host, false, NOW));
}
END_TEST

static int64_t next_probe(struct host_facts *host, enum observed observed, int64_t now,
			  uint32_t salt)
{
	const struct observation seen = { .time = now,
					  .source = SOURCE_PROBE,
					  .observed = observed };
	int64_t next = freshness_next_probe(host, &seen, salt);

	host->last = seen;
	host->last_expires = next;
	return next - now;
}

START_TEST(hosts_are_probed_daily)
{
	struct host_facts host = { 0 };

	ck_assert_int_eq(next_probe(&host, OBSERVED_TLS, NOW, 0), UTC_DAY);
	ck_assert_int_eq(next_probe(&host, OBSERVED_PLAIN, NOW, 0), UTC_DAY);
	ck_assert(!freshness_probe_due(&host, true, NOW + UTC_DAY - 1));
	ck_assert(freshness_probe_due(&host, false, NOW + UTC_DAY));
	for (uint32_t salt = 0; salt < 5000; salt++) {
		int64_t wait = next_probe(&host, OBSERVED_TLS, NOW, salt * 2654435761U);

		ck_assert_int_le(wait, UTC_DAY);
		ck_assert_int_ge(wait, UTC_DAY - UTC_DAY / 10);
	}
}
END_TEST

START_TEST(hosts_that_do_not_talk_back_off)
{
	struct host_facts host = { 0 };
	int64_t now = NOW, wait = FRESH_PROBE_RETRY_MIN;

	next_probe(&host, OBSERVED_TLS, now, 0);
	for (int i = 0; i < 12; i++) {
		enum observed observed = i % 2 == 0 ? OBSERVED_UNREACHABLE : OBSERVED_TLS_FAILED;

		ck_assert_int_eq(next_probe(&host, observed, now, 0), wait);
		/* who waits for mail does not wait for the end of that */
		ck_assert(!freshness_probe_due(&host, false, now + wait - 1));
		ck_assert(!freshness_probe_due(&host, true, now + FRESH_PROBE_RETRY_MIN - 1));
		ck_assert(freshness_probe_due(&host, true, now + FRESH_PROBE_RETRY_MIN));
		now += wait;
		wait = wait * 2 < UTC_DAY ? wait * 2 : UTC_DAY;
	}
	ck_assert_int_eq(wait, UTC_DAY);
	next_probe(&host, OBSERVED_TLS, now, 0);
	ck_assert_int_eq(next_probe(&host, OBSERVED_UNREACHABLE, now, 0), FRESH_PROBE_RETRY_MIN);
}
END_TEST

START_TEST(salts_spread_names)
{
	size_t tenths[10] = { 0 };

	for (int i = 0; i < 10000; i++) {
		struct domain_facts domain = { 0 };
		char name[32];
		int64_t early;

		snprintf(name, sizeof(name), "domain%d.example", i);
		domain.mx.state = MX_FOUND;
		domain.history.last_tls = NOW;
		domain.mx.fresh = (struct freshness){ .checked = NOW, .expires = NOW + FRESH_MIN };
		early = NOW + UTC_DAY - freshness_idle_due(&domain, freshness_salt(name), NOW);
		ck_assert_int_ge(early, 0);
		ck_assert_int_lt(early, UTC_DAY / 10);
		tenths[early * 100 / UTC_DAY]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(tenths); i++) {
		ck_assert_uint_gt(tenths[i], 700);
		ck_assert_uint_lt(tenths[i], 1300);
	}
}
END_TEST

START_TEST(idle_domains_wait_for_their_retry)
{
	struct domain_facts domain = { 0 };

	domain.mx.fresh = (struct freshness){ .checked = NOW,
					      .expires = NOW + 2 * UTC_DAY,
					      .failed = NOW + UTC_DAY };
	domain.mx.state = MX_FOUND;
	domain.history.last_tls = NOW;
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW + UTC_DAY), NOW + 2 * UTC_DAY);
	/* but not for longer than any wait */
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW - UTC_DAY), NOW - UTC_DAY);
}
END_TEST

START_TEST(what_never_was_is_left_alone)
{
	struct domain_facts domain = { 0 };

	domain.mx.fresh = (struct freshness){ .checked = NOW, .expires = NOW + FRESH_MIN };
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW), FRESH_NEVER);
	domain.mx.state = MX_NXDOMAIN;
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW), FRESH_NEVER);
	/* but not a provider that is gone for a while */
	domain.history.last_tls = NOW - UTC_DAY;
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW), NOW + UTC_DAY);
	domain.history.last_tls = 0;
	domain.sts.fetched = NOW - UTC_DAY;
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW), NOW + UTC_DAY);
	/* nor is there anything to keep alive of whoever never had either */
	domain.sts.fetched = 0;
	domain.mx.state = MX_FOUND;
	domain.mx.count = 1;
	domain.history.last_plain = NOW - UTC_DAY;
	ck_assert_int_eq(freshness_idle_due(&domain, 0, NOW), FRESH_NEVER);
}
END_TEST

START_TEST(what_others_know_was_never_looked_at)
{
	struct domain_facts domain = { .history.last_tls = NOW };

	ck_assert(freshness_never_looked(&domain));
	domain.mx.fresh.failed = NOW;
	ck_assert(!freshness_never_looked(&domain));
	domain.mx.fresh = (struct freshness){ .checked = NOW };
	ck_assert(!freshness_never_looked(&domain));
}
END_TEST

/* Until NOW there was something to look at; so long after that they may go. */
static const struct {
	const char *what;
	struct domain_facts domain;
} never_were[] = {
	{ "failed long ago", { .mx.fresh = { .failed = NOW - 60, .expires = NOW } } },
	{ "not there", { .mx = { .state = MX_NXDOMAIN, .fresh = { NOW - FRESH_MIN, NOW, 0 } } } },
	{ "failed since, and no policy",
	  { .mx = { .state = MX_NXDOMAIN, .fresh = { NOW - 900, NOW, NOW - 60 } },
	    .sts = { .mode = STS_NONE, .fresh = { NOW - 900, NOW, 0 } } } },
	{ "there, and without TLS",
	  { .mx = { .state = MX_FOUND, .count = 1, .fresh = { NOW - 900, NOW, 0 } },
	    .history = { .last_plain = NOW - 900, .plain_days.count = 1 } } },
	{ "takes no mail", { .mx = { .state = MX_NULL, .fresh = { NOW - 900, NOW, 0 } } } },
};

static const struct {
	const char *what;
	struct domain_facts domain;
} remembered[] = {
	{ "TLS", { .history.last_tls = 1 } },
	{ "first TLS", { .history.first_tls = 1 } },
	{ "a success", { .history.successes.count = 1 } },
	{ "a day with TLS", { .history.tls_days.count = 1 } },
	{ "forgotten by an admin", { .forgotten = 1 } },
	{ "a policy", { .sts.fetched = 1 } },
	{ "one that has ended", { .sts.until = 1 } },
	{ "testing", { .sts.mode = STS_TESTING } },
	{ "enforce", { .sts.mode = STS_ENFORCE } },
	{ "looked at lately", { .mx.fresh.checked = NOW + 1 } },
	{ "failing lately", { .mx.fresh.failed = NOW + 1 } },
	{ "to be looked at lately", { .mx.fresh.expires = NOW + 1 } },
	{ "its policy looked for lately", { .sts.fresh.expires = NOW + 1 } },
	{ "in the future", { .mx.fresh.checked = INT64_MAX } },
};

START_TEST(what_never_was_is_forgotten_in_the_end)
{
	const int64_t then = NOW + FRESH_FORGET;

	for (size_t i = 0; i < ARRAY_LEN(never_were); i++) {
		const struct domain_facts *domain = &never_were[i].domain;

		ck_assert_msg(freshness_forgettable(domain, then), "%s", never_were[i].what);
		ck_assert_msg(!freshness_forgettable(domain, then - 1), "%s", never_were[i].what);
		ck_assert_msg(!freshness_forgettable(domain, 0), "%s", never_were[i].what);
	}
	for (size_t i = 0; i < ARRAY_LEN(remembered); i++)
		ck_assert_msg(!freshness_forgettable(&remembered[i].domain, then), "%s",
			      remembered[i].what);
}
END_TEST

START_TEST(the_earliest_fact_counts)
{
	static struct facts facts;
	struct host_facts *host = &facts.host[1];

	facts.domain.mx.count = 2;
	facts.domain.mx.fresh.expires = NOW + 900;
	facts.domain.sts.fresh.expires = NOW + 100;
	facts.host[0] = (struct host_facts){ .addr = ADDR_FOUND,
					     .addr_fresh.expires = NOW + 800,
					     .tlsa_fresh.expires = NOW + 700,
					     .last_expires = NOW + 600 };
	facts.host[1] = facts.host[0];
	ck_assert_int_eq(freshness_earliest(&facts, true), NOW + 100);
	ck_assert_int_eq(freshness_earliest(&facts, false), NOW + 600);
	facts.host[0].last_expires = host->last_expires = NOW + 1000;
	ck_assert_int_eq(freshness_earliest(&facts, false), NOW + 700);
	facts.host[0].tlsa_fresh.expires = NOW + 1000;
	ck_assert_int_eq(freshness_earliest(&facts, false), NOW + 700);
	/* of a host that does not exist, only that is of interest */
	host->addr = ADDR_NONE;
	ck_assert_int_eq(freshness_earliest(&facts, false), NOW + 800);
	facts.host[0].addr_fresh.expires = host->addr_fresh.expires = NOW + 1000;
	ck_assert_int_eq(freshness_earliest(&facts, false), NOW + 900);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("freshness");
	TCase *tcase = tcase_create("freshness");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, a_good_look_up_holds_for_its_ttl);
	tcase_add_test(tcase, failures_back_off);
	tcase_add_test(tcase, a_clock_set_back_makes_all_due);
	tcase_add_test(tcase, unknown_facts_are_due);
	tcase_add_test(tcase, hosts_are_probed_daily);
	tcase_add_test(tcase, hosts_that_do_not_talk_back_off);
	tcase_add_test(tcase, salts_spread_names);
	tcase_add_test(tcase, idle_domains_wait_for_their_retry);
	tcase_add_test(tcase, what_never_was_is_left_alone);
	tcase_add_test(tcase, what_others_know_was_never_looked_at);
	tcase_add_test(tcase, what_never_was_is_forgotten_in_the_end);
	tcase_add_test(tcase, the_earliest_fact_counts);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
