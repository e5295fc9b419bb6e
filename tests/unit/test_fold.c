/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of moments and what observations make of a history. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "base/str.h"
#include "core/policy/fold.h"
#include "core/policy/freshness.h"

#define T0 INT64_C(1767225600)

static struct observation tls_at(int64_t time)
{
	return (struct observation){ .time = time,
				     .source = SOURCE_PROBE,
				     .observed = OBSERVED_TLS,
				     .version = 0x0304,
				     .cipher = "TLS_AES_256_GCM_SHA384" };
}

static struct observation plain_at(int64_t time)
{
	return (struct observation){ .time = time,
				     .source = SOURCE_PROBE,
				     .observed = OBSERVED_PLAIN };
}

START_TEST(a_timeset_keeps_the_latest)
{
	struct timeset set = { 0 };

	for (int64_t i = 100; i > 0; i--)
		timeset_add(&set, i * 10, 10);
	ck_assert_uint_eq(set.count, TIMESET_MAX);
	ck_assert_int_eq(set.times[TIMESET_MAX - 1], 1000);
	ck_assert_int_eq(set.times[0], 1000 - 10 * (TIMESET_MAX - 1));
	ck_assert(timeset_valid(&set, 10));
	timeset_add(&set, 5, 10); /* earlier than all that is kept */
	ck_assert_int_eq(set.times[0], 1000 - 10 * (TIMESET_MAX - 1));
	ck_assert_int_eq(timeset_first_after(&set, 985), 990);
	ck_assert_int_eq(timeset_first_after(&set, 1000), 0);
}
END_TEST

START_TEST(a_bucket_counts_once_by_its_earliest)
{
	struct timeset set = { 0 };

	timeset_add(&set, T0 + 500, UTC_DAY);
	timeset_add(&set, T0 + 100, UTC_DAY);
	timeset_add(&set, T0 + 900, UTC_DAY);
	ck_assert_uint_eq(set.count, 1);
	ck_assert_int_eq(set.times[0], T0 + 100);
}
END_TEST

START_TEST(an_invalid_timeset_is_seen)
{
	struct timeset twice = { .count = 2, .times = { T0, T0 + 5 } };
	struct timeset falling = { .count = 2, .times = { T0 + UTC_DAY, T0 } };
	struct timeset zero = { .count = 1, .times = { 0 } };
	struct timeset large = { .count = TIMESET_MAX + 1 };

	ck_assert(!timeset_valid(&twice, UTC_DAY));
	ck_assert(timeset_valid(&twice, 1));
	ck_assert(!timeset_valid(&falling, 1));
	ck_assert(!timeset_valid(&zero, 1));
	ck_assert(!timeset_valid(&large, 1));
}
END_TEST

START_TEST(only_tls_and_plain_leave_a_trace)
{
	struct history history = { 0 };
	struct history empty = { 0 };
	struct observation seen = tls_at(T0);

	seen.observed = OBSERVED_TLS_FAILED;
	fold_history(&history, &seen);
	seen.observed = OBSERVED_UNREACHABLE;
	fold_history(&history, &seen);
	seen = tls_at(0); /* no time, no fact */
	fold_history(&history, &seen);
	ck_assert_mem_eq(&history, &empty, sizeof(history));
}
END_TEST

START_TEST(the_same_fact_twice_is_one_fact)
{
	struct history once = { 0 }, twice = { 0 };
	struct observation seen = tls_at(T0);

	fold_history(&once, &seen);
	fold_history(&twice, &seen);
	fold_history(&twice, &seen);
	fold_merge(&twice, &once);
	ck_assert_mem_eq(&once, &twice, sizeof(once));
	ck_assert_uint_eq(once.successes.count, 1);
}
END_TEST

START_TEST(a_stripped_plain_is_shown_and_not_learned)
{
	struct host_facts host = { 0 };
	struct observation seen = plain_at(T0);

	fold_host(&host, &seen, T0 + UTC_DAY, true);
	ck_assert_int_eq(host.last.observed, OBSERVED_PLAIN);
	ck_assert_int_eq(host.history.last_plain, 0);
	fold_host(&host, &seen, T0 + UTC_DAY, false);
	ck_assert_int_eq(host.history.last_plain, T0);
}
END_TEST

START_TEST(an_older_probe_does_not_replace_a_newer)
{
	struct host_facts host = { 0 };
	struct observation later = tls_at(T0 + 10);
	struct observation earlier = plain_at(T0);

	fold_host(&host, &later, T0 + UTC_DAY, false);
	fold_host(&host, &earlier, T0 + 5, false);
	ck_assert_int_eq(host.last.observed, OBSERVED_TLS);
	ck_assert_int_eq(host.last_expires, T0 + UTC_DAY);
	ck_assert_int_eq(host.history.last_plain, T0);
}
END_TEST

/* Found by tests/faults: it was shown for as long, and the host looked at whenever asked. */
START_TEST(a_probe_from_a_future_that_did_not_come_is_replaced)
{
	struct host_facts host = { 0 };
	struct observation future = tls_at(T0 + 3653 * UTC_DAY);
	struct observation seen = plain_at(T0);

	fold_host(&host, &future, T0 + 3654 * UTC_DAY, false);
	ck_assert(freshness_probe_due(&host, false, T0));
	fold_host(&host, &seen, T0 + UTC_DAY, false);
	ck_assert_int_eq(host.last.observed, OBSERVED_PLAIN);
	ck_assert_int_eq(host.last_expires, T0 + UTC_DAY);
	ck_assert(!freshness_probe_due(&host, false, T0 + 1));
	/* What it proved stays proven. */
	ck_assert_int_eq(host.history.last_tls, T0 + 3653 * UTC_DAY);
}
END_TEST

START_TEST(forgetting_leaves_what_came_later)
{
	struct history history = { 0 }, since;
	struct observation seen;

	for (int i = 0; i < 4; i++) {
		seen = tls_at(T0 + i * UTC_DAY);
		fold_history(&history, &seen);
	}
	fold_since(&since, &history, 0);
	ck_assert_mem_eq(&since, &history, sizeof(since));
	fold_since(&since, &history, T0 + UTC_DAY);
	ck_assert_uint_eq(since.successes.count, 2);
	ck_assert_int_eq(since.first_tls, T0 + 2 * UTC_DAY);
	ck_assert_int_eq(since.last_tls, T0 + 3 * UTC_DAY);
	fold_since(&since, &history, T0 + 3 * UTC_DAY);
	ck_assert_int_eq(since.last_tls, 0);
	ck_assert_int_eq(since.first_tls, 0);
	ck_assert_uint_eq(since.successes.count, 0);
	ck_assert_str_eq(since.last_cipher, "");
}
END_TEST

/* TLS before and after on the day of forgetting: the day counts, also when there are later ones. */
START_TEST(the_day_of_forgetting_counts_if_tls_came_later_on_it)
{
	const int64_t morning = T0 / UTC_DAY * UTC_DAY;
	const int64_t seen_at[] = { morning, morning + 3600, morning + 2 * UTC_DAY };
	struct history history = { 0 }, since;
	struct observation seen;

	for (size_t i = 0; i < ARRAY_LEN(seen_at); i++) {
		seen = tls_at(seen_at[i]);
		fold_history(&history, &seen);
	}
	fold_since(&since, &history, morning + 60);
	ck_assert_uint_eq(since.successes.count, 2);
	ck_assert_uint_eq(since.tls_days.count, 2);
	ck_assert_int_eq(since.tls_days.times[0], morning + 3600);
}
END_TEST

/* Of a record whose parts contradict each other, on the day of the epoch: there is no day 0. */
START_TEST(no_handshake_after_forgetting_is_no_day)
{
	const struct history history = { .first_tls = 45,
					 .last_tls = 63,
					 .successes = { .count = 1, .times = { 45 } } };
	struct history since;

	fold_since(&since, &history, 48);
	ck_assert_int_eq(since.last_tls, 63);
	ck_assert_uint_eq(since.tls_days.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fold");
	TCase *tests = tcase_create("fold");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_timeset_keeps_the_latest);
	tcase_add_test(tests, a_bucket_counts_once_by_its_earliest);
	tcase_add_test(tests, an_invalid_timeset_is_seen);
	tcase_add_test(tests, only_tls_and_plain_leave_a_trace);
	tcase_add_test(tests, the_same_fact_twice_is_one_fact);
	tcase_add_test(tests, a_stripped_plain_is_shown_and_not_learned);
	tcase_add_test(tests, an_older_probe_does_not_replace_a_newer);
	tcase_add_test(tests, a_probe_from_a_future_that_did_not_come_is_replaced);
	tcase_add_test(tests, forgetting_leaves_what_came_later);
	tcase_add_test(tests, the_day_of_forgetting_counts_if_tls_came_later_on_it);
	tcase_add_test(tests, no_handshake_after_forgetting_is_no_day);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
