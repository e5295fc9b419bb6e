/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * valgrind - for what it cannot imitate: a vfork(2), which it makes a fork, so that
 * posix_spawn(3) cannot tell what is not there; and having no descriptors left, where
 * it lets the kernel accept a connection and then closes it.
 */
#ifndef POSTSEAL_TESTS_VALGRIND_H
#define POSTSEAL_TESTS_VALGRIND_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* As `make valgrind` has it (tests/unit/run). */
static inline bool under_valgrind(void)
{
	const char *wrap = getenv("UNIT_WRAP");

	return wrap != NULL && strstr(wrap, "valgrind") != NULL;
}

#endif
