/* SPDX-License-Identifier: BSD-2-Clause */
/* The counts, shown: to machines, and to people. */
#include "core/metrics/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define MILLION 1000000u
#define NUMBER_SIZE 32

void metrics_view_add(struct metrics_view *view, const struct metrics_snapshot *snapshot, bool gone)
{
	for (size_t i = 0; i < METRICS_CELLS; i++)
		view->cell[i] += snapshot->cell[i]; /* each cell is one source's alone */
	view->known[snapshot->source] = true;
	view->gone[snapshot->source] = gone;
}

bool metric_shown(const struct metrics_view *view, const struct metric *metric)
{
	return view->known[metric->source] &&
	       !(view->gone[metric->source] && metric->kind == METRIC_GAUGE);
}

static bool is_histogram(const struct metric *metric)
{
	return metric->kind == METRIC_FAST || metric->kind == METRIC_SLOW;
}

/* Microseconds in seconds, without zeros at the end: "0.00025", "10". */
static void write_seconds(char number[NUMBER_SIZE], uint64_t microseconds)
{
	int len = snprintf(number, NUMBER_SIZE, "%" PRIu64 ".%06" PRIu64, microseconds / MILLION,
			   microseconds % MILLION);

	while (number[len - 1] == '0')
		len--;
	number[number[len - 1] == '.' ? len - 1 : len] = '\0';
}

struct visitor {
	void (*visit)(void *context, const struct metric_sample *sample);
	void *context;
	struct metric_sample sample;
};

static void tell(struct visitor *visitor, const char *suffix, const char *le, const char *number)
{
	visitor->sample.suffix = suffix;
	visitor->sample.le = le;
	visitor->sample.number = number;
	visitor->visit(visitor->context, &visitor->sample);
	visitor->sample.first = false;
}

static void tell_count(struct visitor *visitor, const char *suffix, const char *le, uint64_t value)
{
	char number[STR_DECIMAL_SIZE];

	tell(visitor, suffix, le, str_decimal(number, value));
}

/* Buckets count all that is not above their bound, as Prometheus has it. */
static void tell_histogram(struct visitor *visitor, const uint64_t *cell)
{
	size_t count;
	const uint32_t *bounds = metric_bounds(visitor->sample.metric->kind, &count);
	char number[NUMBER_SIZE];
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += cell[i];
		write_seconds(number, bounds[i]);
		tell_count(visitor, "_bucket", number, sum);
	}
	sum += cell[count];
	tell_count(visitor, "_bucket", "+Inf", sum);
	write_seconds(number, cell[count + 1]);
	tell(visitor, "_sum", NULL, number);
	tell_count(visitor, "_count", NULL, sum);
}

static void each_of(struct visitor *visitor, const struct metrics_view *view)
{
	const struct metric *metric = visitor->sample.metric;
	const uint64_t *cell = &view->cell[metric->first];

	for (size_t a = 0; a < metric->label[0].count; a++) {
		for (size_t b = 0; b < metric->label[1].count; b++, cell += metric->width) {
			/* The metrics about daemons have them as their only label. */
			if (metric->source == METRICS_DAEMONS && view->unused[a])
				continue;
			visitor->sample.value[0] = metric->label[0].value(a);
			visitor->sample.value[1] = metric->label[1].value(b);
			if (is_histogram(metric))
				tell_histogram(visitor, cell);
			else
				tell_count(visitor, "", NULL, *cell);
		}
	}
}

void metrics_each_sample(const struct metrics_view *view,
			 void (*visit)(void *context, const struct metric_sample *sample),
			 void *context)
{
	struct visitor visitor = { .visit = visit, .context = context };

	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];

		visitor.sample = (struct metric_sample){ .metric = metric, .first = true };
		if (metric_shown(view, metric))
			each_of(&visitor, view);
	}
}

/*
 * Prometheus.
 */

/* No value has a quote, a backslash or a newline in it, which would have to be escaped. */
static void write_labels(struct buf *out, const struct metric_sample *sample)
{
	const struct metric_label *label = sample->metric->label;
	const char *before = "{";

	for (size_t i = 0; i < ARRAY_LEN(sample->metric->label); i++) {
		if (label[i].name == NULL)
			continue;
		buf_printf(out, "%s%s=\"%s\"", before, label[i].name, sample->value[i]);
		before = ",";
	}
	if (sample->le != NULL) {
		buf_printf(out, "%sle=\"%s\"", before, sample->le);
		before = ",";
	}
	if (before[0] == ',')
		buf_append_str(out, "}");
}

static void write_sample(void *context, const struct metric_sample *sample)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_FAST] = "histogram",
		[METRIC_SLOW] = "histogram",
	};
	const struct metric *metric = sample->metric;
	struct buf *out = context;

	if (sample->first)
		buf_printf(out, "# HELP %s %s.\n# TYPE %s %s\n", metric->name, metric->help,
			   metric->name, types[metric->kind]);
	buf_printf(out, "%s%s", metric->name, sample->suffix);
	write_labels(out, sample);
	buf_printf(out, " %s\n", sample->number);
}

void metrics_write_prometheus(struct buf *out, const struct metrics_view *view)
{
	metrics_each_sample(view, write_sample, out);
}

/*
 * People.
 */

/* Of one combination of values; of a histogram, how many there were. */
static uint64_t count_at(const struct metric *metric, const uint64_t *cell)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < (is_histogram(metric) ? metric->width - 1 : 1); i++)
		sum += cell[i];
	return sum;
}

static uint64_t metric_total(const struct metrics_view *view, const struct metric *metric)
{
	const uint64_t *cell = &view->cell[metric->first];
	size_t count = metric->label[0].count * metric->label[1].count;
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += count_at(metric, cell + i * metric->width);
	return sum;
}

/* "20 us", "5 ms", "30 s". */
static void write_span(struct buf *out, uint32_t microseconds)
{
	if (microseconds < 1000)
		buf_printf(out, "%" PRIu32 " us", microseconds);
	else if (microseconds < MILLION)
		buf_printf(out, "%" PRIu32 " ms", microseconds / 1000);
	else
		buf_printf(out, "%" PRIu32 " s", microseconds / MILLION);
}

/* In which bucket the last of so many in 100 of `all` lies. */
static size_t quantile(const struct metric *metric, const uint64_t *cell, uint64_t all,
		       unsigned in_100)
{
	size_t count, i = 0;
	uint64_t sum = cell[0];

	metric_bounds(metric->kind, &count);
	/* sum / all < in_100 / 100, in numbers that cannot overflow */
	while (i < count &&
	       sum < all - all / 100 * (100 - in_100) - all % 100 * (100 - in_100) / 100)
		sum += cell[++i];
	return i;
}

static void write_bound(struct buf *out, const struct metric *metric, size_t bucket)
{
	size_t count;
	const uint32_t *bounds = metric_bounds(metric->kind, &count);

	buf_append_str(out, bucket < count ? "within " : "over ");
	write_span(out, bounds[bucket < count ? bucket : count - 1]);
}

static void write_histogram(struct buf *out, const struct metric *metric, const uint64_t *cell)
{
	uint64_t all = count_at(metric, cell);

	buf_printf(out, "%" PRIu64 ": ", all);
	if (quantile(metric, cell, all, 50) != quantile(metric, cell, all, 99)) {
		buf_append_str(out, "half ");
		write_bound(out, metric, quantile(metric, cell, all, 50));
		buf_append_str(out, ", ");
	}
	buf_append_str(out, "99 % ");
	write_bound(out, metric, quantile(metric, cell, all, 99));
}

/* "encrypt 12", "smtp 12: half within 50 ms, 99 % within 1 s" */
static void write_part(struct buf *out, const struct metric *metric, const uint64_t *cell,
		       const char *value)
{
	buf_printf(out, "%s ", value);
	if (is_histogram(metric))
		write_histogram(out, metric, cell);
	else
		buf_printf(out, "%" PRIu64, *cell);
}

/* Of one value of the first label: "policy encrypt 12, dane 3", or as above. */
static bool write_value(struct buf *out, const struct metric *metric, const uint64_t *cell,
			size_t a, const char *before)
{
	const struct metric_label *label = metric->label;
	bool two = label[1].name != NULL, any = false;

	for (size_t b = 0; b < label[1].count; b++, cell += metric->width) {
		if (count_at(metric, cell) == 0)
			continue;
		buf_append_str(out, any ? ", " : before);
		if (two && !any)
			buf_printf(out, "%s ", label[0].value(a));
		write_part(out, metric, cell, two ? label[1].value(b) : label[0].value(a));
		any = true;
	}
	return any;
}

/* Values that have parts themselves are set apart more clearly. */
static void write_parts(struct buf *out, const struct metric *metric, const uint64_t *cell)
{
	bool nested = is_histogram(metric) || metric->label[1].name != NULL;
	const char *before = is_histogram(metric) ? "" : ": ";

	for (size_t a = 0; a < metric->label[0].count; a++) {
		if (write_value(out, metric, cell, a, before))
			before = nested ? "; " : ", ";
		cell += metric->label[1].count * metric->width;
	}
}

/* "16 KiB", "1.2 GiB". */
static void write_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;
	uint64_t tenths = bytes > UINT64_MAX / 10 ? UINT64_MAX : bytes * 10;

	for (; tenths >= 10240 && unit + 1 < ARRAY_LEN(units); unit++)
		tenths /= 1024;
	if (tenths % 10 == 0 || tenths >= 1000)
		buf_printf(out, "%" PRIu64 " %s", tenths / 10, units[unit]);
	else
		buf_printf(out, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
			   units[unit]);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name);

	return len >= strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

bool metric_write_row(struct buf *out, const struct metrics_view *view, const struct metric *metric)
{
	const uint64_t *cell = &view->cell[metric->first];
	uint64_t total = metric_total(view, metric);
	bool parted = metric->label[0].name != NULL;

	if (total == 0)
		return false;
	if (ends_with(metric->name, "_bytes"))
		write_bytes(out, total);
	else if (!is_histogram(metric))
		buf_printf(out, "%" PRIu64, total);
	if (parted)
		write_parts(out, metric, cell);
	else if (is_histogram(metric))
		write_histogram(out, metric, cell);
	return true;
}
