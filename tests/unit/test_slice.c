/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process asks the kernel's scheduler for: each time in a child, whose own it is. */
#include "daemon/daemon.h"

#include <check.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sched_attr attributes(void)
{
	struct sched_attr got = { .size = sizeof(got) };

	ck_assert_int_eq(syscall(SYS_sched_getattr, 0, &got, sizeof(got), 0), 0);
	return got;
}

/* Kernels before 6.12 have one slice for all, and tell none. */
START_TEST(asks_for_short_slices)
{
	struct sched_attr before, after;
	bool may;

	ck_assert_int_eq(setpriority(PRIO_PROCESS, 0, 19), 0);
	before = attributes();
	may = before.sched_policy == SCHED_NORMAL && before.sched_runtime != 0;
	ck_assert_uint_ne(before.sched_runtime, DAEMON_SLICE_NS);
	ck_assert(daemon_shorten_slices() == may);
	after = attributes();
	ck_assert_uint_eq(after.sched_runtime, may ? DAEMON_SLICE_NS : before.sched_runtime);
	ck_assert_uint_eq(after.sched_policy, before.sched_policy);
	ck_assert_int_eq(after.sched_nice, 19);
}
END_TEST

START_TEST(leaves_a_policy_without_slices_alone)
{
	struct sched_attr idle = { .size = sizeof(idle), .sched_policy = SCHED_IDLE }, after;

	ck_assert_int_eq(syscall(SYS_sched_setattr, 0, &idle, 0), 0);
	idle = attributes();
	ck_assert(!daemon_shorten_slices());
	after = attributes();
	ck_assert_uint_eq(after.sched_policy, SCHED_IDLE);
	ck_assert_uint_eq(after.sched_runtime, idle.sched_runtime);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slice");
	TCase *tcase = tcase_create("slice");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, asks_for_short_slices);
	tcase_add_test(tcase, leaves_a_policy_without_slices_alone);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
