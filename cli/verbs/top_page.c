/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verbs/top_page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "cli/terminal.h"
#include "core/policy/request.h"

#define LINE_SIZE 512
#define BLOCK_ROWS 16
#define MEGA 1e6
#define GIGA UINT64_C(1000000000)
/* Besides the blocks' rows: title, daemons, two headings, blank lines, and four of the journal. */
#define OTHER_ROWS 10

struct page {
	struct buf *out;
	size_t columns, rows; /* rows that are left */
};

/* One line, printable, cut where the screen ends. */
__attribute__((format(printf, 3, 4))) static void line(struct page *page, const char *paint,
						       const char *format, ...)
{
	char text[LINE_SIZE], shown[LINE_SIZE];
	size_t len;
	va_list args;

	if (page->rows == 0)
		return;
	page->rows--;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_printable(shown, sizeof(shown), text, strlen(text));
	len = strlen(shown) < page->columns ? strlen(shown) : page->columns;
	while (len > 0 && shown[len - 1] == ' ')
		len--;
	buf_printf(page->out, "%s%.*s%s\n", len > 0 ? paint : "", (int)len, shown,
		   len > 0 ? terminal_plain() : "");
}

/*
 * Who runs.
 */

static void print_daemons(struct page *page, const struct top_view *view)
{
	char text[LINE_SIZE] = "";
	bool died = false;

	for (unsigned i = 0; i < METRICS_DAEMON_COUNT; i++) {
		const char *name = metrics_source_name((enum metrics_source)i);
		size_t len = strlen(text);
		char span[UTC_SPAN_SIZE];

		if (view->found[i] == LOOKUP_ABSENT)
			continue;
		if (view->found[i] == LOOKUP_ERROR || !view->alive[i]) {
			died = true;
			snprintf(text + len, sizeof(text) - len, "%s%s DOWN", len > 0 ? ", " : "",
				 name);
		} else {
			snprintf(text + len, sizeof(text) - len, "%s%s %s", len > 0 ? ", " : "",
				 name, utc_span(span, view->now - view->started[i]));
		}
	}
	line(page, terminal_paint(died ? PAINT_RED : PAINT_GREEN), "%s",
	     text[0] != '\0' ? text : "no daemon was started yet");
}

/*
 * Blocks of counts.
 */

struct row {
	const char *name;
	uint64_t total;
	bool has_rate;
	double rate; /* a second */
};

struct block {
	const char *heading;
	size_t count;
	struct row rows[BLOCK_ROWS];
};

/* After a start a count begins anew: there is no rate then. */
static void add_row(struct block *block, const char *name, const struct top_view *view,
		    const struct top_view *before, enum metrics_source source, uint64_t total,
		    uint64_t earlier)
{
	struct row *row = &block->rows[block->count];

	if (total == 0 || block->count == BLOCK_ROWS)
		return;
	block->count++;
	*row = (struct row){ .name = name, .total = total };
	row->has_rate = before != NULL && view->at > before->at && total >= earlier &&
			view->started[source] == before->started[source];
	if (row->has_rate)
		row->rate = (double)(total - earlier) * 1000 / (double)(view->at - before->at);
}

static const struct metric *metric_at(size_t first)
{
	const struct metric *metric = metrics_table;

	while (metric->first != first)
		metric++;
	return metric;
}

/* A metric with one label: a row for each of its values. */
static void add_values(struct block *block, size_t first, const struct top_view *view,
		       const struct top_view *before)
{
	const struct metric *metric = metric_at(first);

	for (size_t i = 0; i < metric->label[0].count; i++)
		add_row(block, metric->label[0].value(i), view, before, metric->source,
			view->cell[first + i], before != NULL ? before->cell[first + i] : 0);
}

static uint64_t answers_of(const struct top_view *view, size_t answer)
{
	uint64_t sum = 0;

	for (unsigned map = 0; view != NULL && map < MAP_COUNT; map++) {
		if (map_is_policy((enum map)map))
			sum += view->cell[METRIC2(ANSWERS, map, answer)];
	}
	return sum;
}

/* Those to Postfix about providers, whichever policy map was asked. */
static void add_answers(struct block *block, const struct top_view *view,
			const struct top_view *before)
{
	const struct metric *metric = metric_at(M_ANSWERS);

	for (size_t i = 0; i < metric->label[1].count; i++)
		add_row(block, metric->label[1].value(i), view, before, METRICS_SOCKETMAP,
			answers_of(view, i), answers_of(before, i));
}

static void fill_blocks(struct block blocks[4], const struct top_view *view,
			const struct top_view *before)
{
	blocks[0] = (struct block){ .heading = "ANSWERS" };
	add_answers(&blocks[0], view, before);
	blocks[1] = (struct block){ .heading = "PROBES" };
	add_values(&blocks[1], M_PROBES, view, before);
	blocks[2] = (struct block){ .heading = "REFUSALS" };
	add_values(&blocks[2], M_REFUSALS, view, before);
	blocks[3] = (struct block){ .heading = "EVENTS" };
	add_values(&blocks[3], M_EVENTS, view, before);
}

/* 38 columns at most. */
static void write_cell(char dst[64], const struct block *block, size_t i, size_t most)
{
	const struct row *row = &block->rows[i];
	char total[24], rate[24] = "";

	dst[0] = '\0';
	if (i == 0 && block->count == 0)
		snprintf(dst, 64, "none");
	if (i >= block->count || i >= most)
		return;
	if (i + 1 == most && block->count > most) {
		snprintf(dst, 64, "... and %zu more", block->count - i);
		return;
	}
	if (row->total < GIGA)
		snprintf(total, sizeof(total), "%" PRIu64, row->total);
	else
		snprintf(total, sizeof(total), "%.1f G", (double)row->total / (double)GIGA);
	if (row->has_rate && row->rate < MEGA)
		snprintf(rate, sizeof(rate), row->rate < 1000 ? "%.1f" : "%.0f", row->rate);
	else if (row->has_rate)
		snprintf(rate, sizeof(rate), "%.1f M", row->rate / MEGA);
	snprintf(dst, 64, "%-18.18s %10s %8s", row->name, total, rate);
}

static size_t rows_of(const struct block *block, size_t most)
{
	size_t count = block->count > 0 ? block->count : 1;

	return count < most ? count : most;
}

static void print_heading(struct page *page, const struct block *left, const struct block *right)
{
	if (right != NULL)
		line(page, terminal_paint(PAINT_BOLD), "%-18s %10s %8s   %-18s %10s %8s",
		     left->heading, "total", "a second", right->heading, "total", "a second");
	else
		line(page, terminal_paint(PAINT_BOLD), "%-18s %10s %8s", left->heading, "total",
		     "a second");
}

/* Two beside each other, or one alone. */
static void print_blocks(struct page *page, const struct block *left, const struct block *right,
			 size_t most)
{
	size_t count = rows_of(left, most);

	if (right != NULL && rows_of(right, most) > count)
		count = rows_of(right, most);
	print_heading(page, left, right);
	for (size_t i = 0; i < count; i++) {
		char one[64], other[64] = "";

		write_cell(one, left, i, most);
		if (right != NULL)
			write_cell(other, right, i, most);
		line(page, "", "%-38s   %s", one, other);
	}
	line(page, "", "%s", "");
}

/*
 * The journal.
 */

static bool is_bad(const struct journal_entry *entry)
{
	static const char *const events[] = { "downgrade", "dane-lost", "sts-lost", "stripping" };

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (strcmp(entry->event, events[i]) == 0)
			return true;
	}
	return false;
}

/* As many as there is room for, the latest one last. */
static void print_news(struct page *page, const struct top_news *news)
{
	size_t room;

	line(page, terminal_paint(PAINT_BOLD), "JOURNAL");
	room = page->rows;
	if (news->trouble != NULL)
		line(page, terminal_paint(PAINT_YELLOW), "%s", news->trouble);
	else if (news->count == 0)
		line(page, "", "nothing happened yet");
	for (size_t i = news->count > room ? news->count - room : 0;
	     news->trouble == NULL && i < news->count; i++) {
		const struct journal_entry *entry = &news->entries[i];
		char date[UTC_SIZE];

		utc_format(date, entry->time);
		line(page, is_bad(entry) ? terminal_paint(PAINT_RED) : "", "%.5s %.5s %s %s: %s",
		     date + strlen("2026-"), date + strlen("2026-01-02T"), entry->event,
		     entry->subject, entry->detail);
	}
}

void top_page(struct buf *out, const struct top_view *view, const struct top_view *before,
	      const struct top_news *news, size_t columns, size_t rows)
{
	struct page page = { .out = out, .columns = columns, .rows = rows };
	bool wide = columns >= TOP_WIDE;
	size_t room = rows > OTHER_ROWS ? rows - OTHER_ROWS : 0;
	size_t most = room / (wide ? 2 : 4);
	struct block blocks[4];
	char date[UTC_SIZE];

	if (most == 0)
		most = 1;
	line(&page, terminal_paint(PAINT_BOLD), "postseal top %s q ends",
	     utc_format(date, view->now));
	print_daemons(&page, view);
	line(&page, "", "%s", "");
	fill_blocks(blocks, view, before);
	for (size_t i = 0; i < 4; i += wide ? 2 : 1)
		print_blocks(&page, &blocks[i], wide ? &blocks[i + 1] : NULL, most);
	print_news(&page, news);
}
