/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress - a bar on standard error for work that takes a while. Only where
 * that is a terminal; it is wiped away at the end.
 */
#ifndef POSTSEAL_CLI_PROGRESS_H
#define POSTSEAL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *doing; /* "importing" */
	uint64_t total;    /* in whatever unit; at least 1 */
	bool shown;        /* there is someone to see it */
	int64_t drawn;     /* when last, of clock_mono_ms() */
};

void progress_begin(struct progress *progress, const char *doing, uint64_t total);
void progress_at(struct progress *progress, uint64_t done);
/* Out of the way of what is written to the terminal next, until it is drawn again. */
void progress_hide(const struct progress *progress);
/* Also before anything else is written to the terminal. */
void progress_end(struct progress *progress);

#endif
