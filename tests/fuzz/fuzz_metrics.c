/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot of counts: what is taken is exactly what would be written, and can be shown. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/metrics/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Few inputs guess the fingerprint: where it belongs, ours is put. */
static void lend_fingerprint(unsigned char bytes[METRICS_FILE_SIZE])
{
	static const struct metrics_snapshot empty;
	unsigned char ours[METRICS_FILE_SIZE];

	metrics_encode(ours, &empty);
	memcpy(bytes + 8, ours + 8, 8);
}

static void show(const struct metrics_snapshot *snapshot)
{
	static struct metrics_view view;
	struct buf text = { 0 };

	memset(&view, 0, sizeof(view));
	metrics_view_add(&view, snapshot, false);
	metrics_write_prometheus(&text, &view);
	for (size_t i = 0; i < metrics_table_count; i++)
		metric_write_row(&text, &view, &metrics_table[i]);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	unsigned char whole[METRICS_FILE_SIZE] = { 0 }, again[METRICS_FILE_SIZE];
	struct metrics_snapshot snapshot;

	metrics_decode(&snapshot, bytes, len);
	/* As long as the table has it today, so that the corpus outlives new metrics. */
	memcpy(whole, bytes, len < sizeof(whole) ? len : sizeof(whole));
	lend_fingerprint(whole);
	if (metrics_decode(&snapshot, whole, sizeof(whole)) != METRICS_GOOD)
		return 0;
	metrics_encode(again, &snapshot);
	assert(memcmp(again, whole, sizeof(whole)) == 0);
	show(&snapshot);
	return 0;
}
