/* SPDX-License-Identifier: BSD-2-Clause */
/* One provider's loss of TLS, and everyone's at once. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/policy/strip_guard.h"

#define T0 INT64_C(1767225600)

static struct history long_history(void)
{
	struct history history = { 0 };

	for (int day = 0; day < STRIP_LONG_DAYS; day++) {
		struct observation seen = { .time = T0 - (day + 1) * UTC_DAY,
					    .source = SOURCE_PROBE,
					    .observed = OBSERVED_TLS,
					    .version = 0x0304 };
		fold_history(&history, &seen);
	}
	return history;
}

static enum strip_change note(struct strip_guard *guard, int host, enum observed observed,
			      int64_t now)
{
	struct history history = long_history();
	struct observation seen = { .time = now, .source = SOURCE_PROBE, .observed = observed };
	char key[32];

	snprintf(key, sizeof(key), "mx%d.example:25", host);
	return strip_guard_note(guard, key, &history, &seen, now);
}

START_TEST(one_provider_is_not_everyone)
{
	struct strip_guard guard = { 0 };

	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(note(&guard, 1, OBSERVED_PLAIN, T0 + i), STRIP_SAME);
	ck_assert(!guard.stripped);
}
END_TEST

START_TEST(many_at_once_are_a_box_in_between)
{
	struct strip_guard guard = { 0 };

	for (int i = 1; i < STRIP_HOSTS; i++)
		ck_assert_int_eq(note(&guard, i, OBSERVED_PLAIN, T0 + i), STRIP_SAME);
	ck_assert_int_eq(note(&guard, STRIP_HOSTS, OBSERVED_PLAIN, T0 + 60), STRIP_BEGAN);
	ck_assert_int_eq(note(&guard, 99, OBSERVED_PLAIN, T0 + 61), STRIP_SAME); /* said once */
	ck_assert(guard.stripped);
}
END_TEST

START_TEST(it_ends_when_they_have_it_again)
{
	struct strip_guard guard = { 0 };
	int ended = 0;

	for (int i = 0; i < 10; i++)
		note(&guard, i, OBSERVED_PLAIN, T0);
	ck_assert(guard.stripped);
	for (int i = 0; i < 10; i++)
		ended += note(&guard, i, OBSERVED_TLS, T0 + 60) == STRIP_ENDED;
	ck_assert_int_eq(ended, 1);
	ck_assert(!guard.stripped);
}
END_TEST

/* Hosts are looked at once a day, which is longer than the window. */
START_TEST(it_does_not_end_because_time_has_passed)
{
	struct strip_guard guard = { 0 };
	int64_t later = T0 + UTC_DAY;

	for (int i = 0; i < 10; i++)
		note(&guard, i, OBSERVED_PLAIN, T0);
	for (int i = 0; i < 10; i++, later += STRIP_WINDOW + 1) {
		ck_assert_int_eq(note(&guard, i, OBSERVED_PLAIN, later), STRIP_SAME);
		ck_assert(guard.stripped);
	}
	/* nor because of the few that it never was about */
	for (int i = 90; i < 93; i++, later += STRIP_WINDOW + 1)
		ck_assert_int_eq(note(&guard, i, OBSERVED_TLS, later), STRIP_SAME);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(note(&guard, i, OBSERVED_TLS, later), STRIP_SAME);
	ck_assert_int_eq(note(&guard, 3, OBSERVED_TLS, later), STRIP_ENDED);
	ck_assert(!guard.stripped);
}
END_TEST

START_TEST(losses_far_apart_do_not_add_up)
{
	struct strip_guard guard = { 0 };

	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(note(&guard, i, OBSERVED_PLAIN, T0 + i * STRIP_WINDOW),
				 STRIP_SAME);
}
END_TEST

START_TEST(most_keep_it_so_some_may_lose_it)
{
	struct strip_guard guard = { 0 };

	for (int i = 0; i < 60; i++)
		note(&guard, i, i % 3 == 0 ? OBSERVED_PLAIN : OBSERVED_TLS, T0 + i);
	ck_assert(!guard.stripped);
}
END_TEST

START_TEST(newcomers_and_failures_say_nothing)
{
	struct strip_guard guard = { 0 };
	struct history none = { 0 };
	struct observation plain = { .time = T0, .observed = OBSERVED_PLAIN };
	char key[32];

	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "new%d:25", i);
		ck_assert_int_eq(strip_guard_note(&guard, key, &none, &plain, T0), STRIP_SAME);
		ck_assert_int_eq(note(&guard, i, OBSERVED_UNREACHABLE, T0), STRIP_SAME);
		ck_assert_int_eq(note(&guard, i, OBSERVED_TLS_FAILED, T0), STRIP_SAME);
	}
	ck_assert_uint_eq(guard.count, 0);
}
END_TEST

START_TEST(it_remembers_only_so_many)
{
	struct strip_guard guard = { 0 };

	for (int i = 0; i < 3 * STRIP_SEEN_MAX; i++)
		note(&guard, i, OBSERVED_PLAIN, T0);
	ck_assert_uint_eq(guard.count, STRIP_SEEN_MAX);
	ck_assert(guard.stripped);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strip_guard");
	TCase *tests = tcase_create("strip_guard");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, one_provider_is_not_everyone);
	tcase_add_test(tests, many_at_once_are_a_box_in_between);
	tcase_add_test(tests, it_ends_when_they_have_it_again);
	tcase_add_test(tests, it_does_not_end_because_time_has_passed);
	tcase_add_test(tests, losses_far_apart_do_not_add_up);
	tcase_add_test(tests, most_keep_it_so_some_may_lose_it);
	tcase_add_test(tests, newcomers_and_failures_say_nothing);
	tcase_add_test(tests, it_remembers_only_so_many);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
