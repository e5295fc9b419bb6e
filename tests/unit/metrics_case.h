/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics_case - counts that begin with the test: where libcheck is told not to
 * fork, the tests before it have counted, too.
 */
#ifndef POSTSEAL_TESTS_METRICS_CASE_H
#define POSTSEAL_TESTS_METRICS_CASE_H

#include "io/local/metrics_file.h"

static inline void begin_counts(void)
{
	for (int cell = 0; cell < METRICS_CELLS; cell++)
		metrics_set((enum metric_cell)cell, 0);
}

#endif
