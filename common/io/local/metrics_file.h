/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics_file - where a daemon's counts lie: RUNTIME/NAME.metrics, mapped into
 * memory, so that counting is one addition and whoever may read the file sees
 * it at once (core/metrics/metrics.h has its contents). The file is made anew when the
 * daemon starts, put in place whole, and readable by all; a lock on it (of an
 * open file description, fcntl(2)) says that the daemon is there, and goes with
 * it however it ends.
 *
 * Before metrics_open, and where there can be no file, counts go to memory of
 * the process, and nobody sees them: counting never fails, any thread.
 */
#ifndef POSTSEAL_IO_METRICS_FILE_H
#define POSTSEAL_IO_METRICS_FILE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/metrics/metrics.h"
#include "core/settings/settings.h"

extern _Atomic(uint64_t) *metrics_cells;

static inline void metrics_add(enum metric_cell cell, uint64_t n)
{
	atomic_fetch_add_explicit(&metrics_cells[cell], n, memory_order_relaxed);
}

static inline void metrics_count(enum metric_cell cell)
{
	metrics_add(cell, 1);
}

/* Gauges. */
static inline void metrics_drop(enum metric_cell cell)
{
	atomic_fetch_sub_explicit(&metrics_cells[cell], 1, memory_order_relaxed);
}

static inline void metrics_set(enum metric_cell cell, uint64_t value)
{
	atomic_store_explicit(&metrics_cells[cell], value, memory_order_relaxed);
}

/* Histograms: `n` times something took so many microseconds. `label` 0 without one. */
#define metrics_observe(id, label, microseconds, n)                                      \
	metrics_observe_in((enum metric_kind)M_##id##_KIND, METRIC1(id, label),          \
			   (enum metric_cell)(METRIC1(id, label) + M_##id##_STRIDE - 1), \
			   microseconds, n)
static inline void metrics_observe_in(enum metric_kind kind, enum metric_cell first,
				      enum metric_cell sum, int64_t microseconds, uint64_t n)
{
	uint64_t us = microseconds > 0 ? (uint64_t)microseconds : 0;

	metrics_add((enum metric_cell)(first + metric_bucket(kind, us)), n);
	metrics_add(sum, us * n);
}

/* Where a daemon keeps its file: `runtime`, but for one that runs as a user of its own. */
const char *metrics_directory(const struct settings *settings, enum metrics_source source);

/* From here on counts go to the file of `source` in this directory; if it cannot be
 * made, that is logged. Once a process. */
void metrics_open(const char *runtime, enum metrics_source source);
/* The daemon of `source` goes by these settings from now on. */
void metrics_settings(const struct settings *settings, enum metrics_source source);
/* The daemon ends in good order. What still counts, counts. */
void metrics_close(void);

#define METRICS_FILE_ERROR_SIZE 256

/*
 * FOUND: *snapshot, and whether the daemon is `alive`. ABSENT: it was never
 * started since the directory was made. ERROR: the reason in `error`; alive is set.
 */
enum lookup metrics_read(const char *runtime, enum metrics_source source,
			 struct metrics_snapshot *snapshot, bool *alive,
			 char error[METRICS_FILE_ERROR_SIZE]);

#endif
