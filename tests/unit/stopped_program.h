/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopped_program - where the command line with its clock stopped is
 * (stopped_clock.c): beside the test that runs it. Included once by each such test.
 */
#ifndef POSTSEAL_TESTS_STOPPED_PROGRAM_H
#define POSTSEAL_TESTS_STOPPED_PROGRAM_H

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char program[256];

/* Sets `program`; once, before anything is tested. */
static inline void find_program(void)
{
	char self[200];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		exit(EXIT_FAILURE);
	self[n] = '\0';
	snprintf(program, sizeof(program), "%s/postseal-stopped", dirname(self));
}

#endif
