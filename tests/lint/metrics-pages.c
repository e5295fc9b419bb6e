/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the table of metrics in the ways in which it is checked:
 *
 *   metrics-pages mdoc         the list in postseal-metrics(7)
 *   metrics-pages names        their names, one a line
 *   metrics-pages prometheus   all of them, as `postseal stats --prometheus` would
 *   metrics-pages json FILE    nothing; fails unless the file is JSON
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/metrics/metrics.h"
#include "tests/lint/mdoc.h"

static const char *kind_of(const struct metric *metric)
{
	if (metric->kind == METRIC_COUNTER)
		return "Counter";
	return metric->kind == METRIC_GAUGE ? "Gauge" : "Histogram";
}

static void append_values(struct buf *out, const struct metric_label *label)
{
	for (size_t i = 0; i < label->count; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", label->value(i));
}

static void print_mdoc(const struct metric *metric)
{
	printf(".It Ic %s\n", metric->name);
	for (size_t i = 0; i < 3; i++) {
		struct buf text = { 0 };

		if (i == 0)
			buf_printf(&text, "%s. %s.", kind_of(metric), metric->help);
		else if (metric->label[i - 1].name != NULL)
			append_values(&text, &metric->label[i - 1]);
		if (i > 0 && text.len > 0)
			printf(".br\n.Cm %s :\n", metric->label[i - 1].name);
		if (text.len > 0)
			print_mdoc_text(buf_cstr(&text));
		buf_free(&text);
	}
}

static void print_prometheus(void)
{
	struct metrics_view *view = mem_zero(1, sizeof(*view));
	struct buf text = { 0 };

	for (size_t i = 0; i < METRICS_SOURCES; i++)
		view->known[i] = true;
	metrics_write_prometheus(&text, view);
	fwrite(text.data, 1, text.len, stdout);
	buf_free(&text);
	free(view);
}

static int check_json(const char *path)
{
	json_error_t error;
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (json == NULL)
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
	json_decref(json);
	return json != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "json") == 0 && argc == 3)
		return check_json(argv[2]);
	if (strcmp(what, "prometheus") == 0) {
		print_prometheus();
		return EXIT_SUCCESS;
	}
	if (strcmp(what, "mdoc") != 0 && strcmp(what, "names") != 0) {
		fprintf(stderr, "usage: %s mdoc|names|prometheus|json FILE\n", argv[0]);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < metrics_table_count; i++) {
		if (what[0] == 'm')
			print_mdoc(&metrics_table[i]);
		else
			puts(metrics_table[i].name);
	}
	return EXIT_SUCCESS;
}
