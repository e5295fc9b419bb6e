/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_page - the screen of `postseal top`, as text: no clock, no terminal, no file.
 *
 *   who runs; answers and probes, refusals and events, each with how many there are a second;
 *   the latest entries of the journal
 *
 * Whatever the journal holds is printable on it, and no line is longer than the screen is wide.
 */
#ifndef POSTSEAL_CLI_TOP_PAGE_H
#define POSTSEAL_CLI_TOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "core/metrics/metrics.h"
#include "core/record/record.h"

/* One below each other where the screen is narrower. */
#define TOP_WIDE 72
#define TOP_NEWS_MAX 64

/* What was counted at one moment. */
struct top_view {
	int64_t at;  /* milliseconds, for rates */
	int64_t now; /* seconds since 1970 */
	enum lookup found[METRICS_DAEMON_COUNT];
	bool alive[METRICS_DAEMON_COUNT];
	int64_t started[METRICS_DAEMON_COUNT];
	uint64_t cell[METRICS_CELLS];
};

struct top_news {
	size_t count; /* the latest ones, oldest first */
	struct journal_entry entries[TOP_NEWS_MAX];
	const char *trouble; /* why there are none; NULL: nothing is wrong */
};

/* Lines with their newline, at most `rows`. `before` is NULL on the first screen. */
void top_page(struct buf *out, const struct top_view *view, const struct top_view *before,
	      const struct top_news *news, size_t columns, size_t rows);

#endif
