/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork - a child of a test. libcheck makes a note of each assertion, also of those
 * that hold, in a file that it shares with the child; where it does not fork itself
 * (CK_FORK=no), a child that asserts at the wrong moment spoils what it reads there.
 */
#ifndef POSTSEAL_TESTS_FORK_H
#define POSTSEAL_TESTS_FORK_H

#include <check.h>
#include <sys/types.h>
#include <unistd.h>

/* As fork(2), but that it does not fail; nothing is asserted in the child. */
static inline pid_t must_fork(void)
{
	pid_t pid = fork();

	if (pid != 0)
		ck_assert_int_gt(pid, 0);
	return pid;
}

#endif
