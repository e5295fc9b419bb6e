/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/scan.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRIME 1009U

/* 0 .. PRIME - 1 in another order, each once. */
static unsigned shuffled(unsigned i, unsigned step)
{
	return (unsigned)((uint64_t)i * step % PRIME);
}

START_TEST(keeps_those_that_are_longest_due)
{
	static const size_t most[] = { 1, 2, 3, 64, 65, 1000, PRIME - 1, PRIME, 2 * PRIME };
	static const unsigned steps[] = { 1, PRIME - 1, 2, 401, 503 };

	for (size_t m = 0; m < sizeof(most) / sizeof(most[0]); m++) {
		for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
			struct due due = { 0 };

			for (unsigned i = 0; i < PRIME; i++) {
				char key[16];
				unsigned time = shuffled(i, steps[s]);

				snprintf(key, sizeof(key), "d%u", time);
				due_offer(&due, most[m], key, time);
			}
			ck_assert_uint_eq(due.offered, PRIME);
			ck_assert_uint_eq(due.count, most[m] < PRIME ? most[m] : PRIME);
			due_sort(&due);
			for (size_t i = 0; i < due.count; i++) {
				ck_assert_int_eq(due.domain[i].time, (int64_t)i);
				ck_assert_uint_eq(strtoul(due.domain[i].key + 1, NULL, 10), i);
			}
			due_free(&due);
		}
	}
}
END_TEST

START_TEST(takes_what_is_due_together)
{
	struct due due = { 0 };

	due_sort(&due);
	due_free(&due);
	for (int i = 0; i < 100; i++)
		due_offer(&due, 10, "same.example", i < 50 ? 7 : 3);
	due_sort(&due);
	ck_assert_uint_eq(due.count, 10);
	ck_assert_uint_eq(due.offered, 100);
	for (size_t i = 0; i < due.count; i++)
		ck_assert_int_eq(due.domain[i].time, 3);
	due_free(&due);
	ck_assert_uint_eq(due.count + due.offered, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("due");
	TCase *tcase = tcase_create("due");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, keeps_those_that_are_longest_due);
	tcase_add_test(tcase, takes_what_is_due_together);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
