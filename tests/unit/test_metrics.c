/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of metrics, snapshots of counts, and how they are shown. */
#include <check.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/metrics/metrics.h"
#include "core/policy/decide.h"
#include "core/facts/facts.h"
#include "core/policy/status.h"

/*
 * The table.
 */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);

	return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* https://prometheus.io/docs/practices/naming/, and what `promtool check metrics` looks at. */
START_TEST(names_are_as_prometheus_wants_them)
{
	static const char *const reserved[] = { "_count", "_sum", "_bucket", "_info" };

	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];
		bool total = ends_with(metric->name, "_total");

		ck_assert_msg(strncmp(metric->name, "postseal_", 9) == 0, "%s", metric->name);
		ck_assert_uint_eq(strspn(metric->name, "abcdefghijklmnopqrstuvwxyz_"),
				  strlen(metric->name));
		ck_assert_msg(total == (metric->kind == METRIC_COUNTER), "%s", metric->name);
		for (size_t r = 0; r < ARRAY_LEN(reserved); r++)
			ck_assert_msg(!ends_with(metric->name, reserved[r]), "%s", metric->name);
		if (metric->kind == METRIC_FAST || metric->kind == METRIC_SLOW)
			ck_assert_msg(ends_with(metric->name, "_seconds"), "%s", metric->name);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(metric->name, metrics_table[j].name);
	}
}
END_TEST

START_TEST(texts_fit_where_they_go)
{
	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];

		ck_assert_msg(strlen(metric->title) <= METRIC_TITLE_MAX, "%s", metric->title);
		ck_assert_msg(isupper((unsigned char)metric->help[0]), "%s", metric->help);
		ck_assert_msg(!ends_with(metric->help, "."), "%s", metric->help);
		ck_assert_ptr_null(strpbrk(metric->help, "\\\n"));
		for (size_t l = 0; l < ARRAY_LEN(metric->label); l++) {
			const struct metric_label *label = &metric->label[l];

			for (size_t v = 0; v < label->count; v++) {
				ck_assert_ptr_null(strpbrk(label->value(v), "\"\\\n ?"));
				for (size_t w = 0; w < v; w++)
					ck_assert_str_ne(label->value(v), label->value(w));
			}
		}
	}
}
END_TEST

/* Each metric has cells of its own, all together are all of them, and M_NAME finds them. */
START_TEST(cells_are_given_out_once)
{
	size_t next = 0;

	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];

		ck_assert_uint_eq(metric->first, next);
		next += metric->label[0].count * metric->label[1].count * metric->width;
	}
	ck_assert_uint_eq(next, METRICS_CELLS);
	ck_assert_int_eq(METRIC2(ANSWERS, MAP_COUNT - 1, METRIC_ANSWER_TEMP), M_ANSWERS_END);
	ck_assert_int_eq(METRIC1(JOB_TIME, METRIC_VALUES_JOB - 1) + METRIC_WIDTH_SLOW - 1,
			 M_JOB_TIME_END);
}
END_TEST

static const struct metric *find(const char *name)
{
	for (size_t i = 0; i < metrics_table_count; i++)
		if (strcmp(metrics_table[i].name, name) == 0)
			return &metrics_table[i];
	ck_abort_msg("%s is not there", name);
}

START_TEST(values_are_those_of_the_core)
{
	const struct metric *answers = find("postseal_socketmap_answers_total");
	const struct metric *rules = find("postseal_socketmap_rules_total");
	const struct metric *probes = find("postseal_prober_probes_total");

	ck_assert_str_eq(answers->label[0].value(MAP_STATUS), "status");
	ck_assert_str_eq(answers->label[1].value(LEVEL_NONE), "notfound");
	ck_assert_str_eq(answers->label[1].value(LEVEL_DANE_ONLY), "dane-only");
	ck_assert_str_eq(answers->label[1].value(METRIC_ANSWER_OK), "ok");
	ck_assert_str_eq(answers->label[1].value(METRIC_ANSWER_TEMP), "temp");
	ck_assert_str_eq(rules->label[0].value(0), rule_name(RULE_OVERRIDE));
	ck_assert_str_eq(rules->label[0].value(RULE_NOTHING - 1), rule_name(RULE_NOTHING));
	ck_assert_str_eq(probes->label[0].value(OBSERVED_TLS - 1), "tls");
	ck_assert_str_eq(probes->label[0].value(OBSERVED_UNREACHABLE - 1), "unreachable");
}
END_TEST

START_TEST(times_fall_into_buckets)
{
	static const enum metric_kind kinds[] = { METRIC_FAST, METRIC_SLOW };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		size_t count;
		const uint32_t *bounds = metric_bounds(kinds[k], &count);

		ck_assert_uint_eq(metric_bucket(kinds[k], 0), 0);
		ck_assert_uint_eq(metric_bucket(kinds[k], UINT64_MAX), count);
		for (size_t i = 0; i < count; i++) {
			ck_assert_uint_eq(metric_bucket(kinds[k], bounds[i]), i);
			ck_assert_uint_eq(metric_bucket(kinds[k], (uint64_t)bounds[i] + 1), i + 1);
		}
	}
}
END_TEST

/*
 * Snapshots.
 */

static struct metrics_snapshot *some_counts(void)
{
	struct metrics_snapshot *snapshot = mem_zero(1, sizeof(*snapshot));

	snapshot->source = METRICS_PROBER;
	snapshot->pid = 4711;
	snapshot->started = 1768042800;
	snapshot->cell[METRIC1(PROBES, 0)] = 17;
	snapshot->cell[M_NEW_HOSTS - 1] = 0;
	snapshot->cell[METRIC2(LOOKUPS, METRIC_LOOKUP_TLSA, METRIC_FOUND_FAILED)] = UINT64_MAX;
	return snapshot;
}

START_TEST(snapshots_come_back)
{
	struct metrics_snapshot *before = some_counts(), after;
	unsigned char bytes[METRICS_FILE_SIZE];

	metrics_encode(bytes, before);
	ck_assert_int_eq(metrics_decode(&after, bytes, sizeof(bytes)), METRICS_GOOD);
	ck_assert_int_eq(after.source, METRICS_PROBER);
	ck_assert_int_eq(after.pid, 4711);
	ck_assert_int_eq(after.started, 1768042800);
	ck_assert_int_eq(after.ended, 0);
	ck_assert_mem_eq(after.cell, before->cell, sizeof(after.cell));
	free(before);
}
END_TEST

/* A word that is changed, and what becomes of the snapshot. */
START_TEST(nasty_snapshots_are_refused)
{
	static const struct {
		size_t word;
		uint64_t value;
		enum metrics_verdict verdict;
	} cases[] = {
		{ 0, 0, METRICS_DAMAGED },
		{ 0, UINT64_MAX, METRICS_DAMAGED },
		{ 1, 0, METRICS_OTHER_TABLE },
		{ 2, METRICS_DAEMON_COUNT, METRICS_DAMAGED },
		{ 2, METRICS_SOCKETMAP, METRICS_DAMAGED }, /* with the prober's counts */
		{ 2, UINT64_MAX, METRICS_DAMAGED },
		{ 2, UINT64_C(1) << 32 | METRICS_PROBER, METRICS_DAMAGED },
		{ 3, UINT64_C(1) << 63, METRICS_DAMAGED },
		{ 4, UINT64_MAX, METRICS_DAMAGED },
		{ 5, UINT64_MAX, METRICS_DAMAGED },
		{ 5, INT64_MAX, METRICS_GOOD },
		{ METRICS_WORDS_BEFORE, 1, METRICS_DAMAGED }, /* postseal_up is nobody's to count */
		{ METRICS_WORDS_BEFORE + M_PROBES, UINT64_MAX, METRICS_GOOD },
		{ METRICS_WORDS_BEFORE + M_ANSWERS, 1, METRICS_DAMAGED },
		{ METRICS_WORDS_BEFORE + METRICS_CELLS - 1, 1, METRICS_DAMAGED },
	};
	struct metrics_snapshot *snapshot = some_counts(), after;
	unsigned char bytes[METRICS_FILE_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		metrics_encode(bytes, snapshot);
		memcpy(bytes + 8 * cases[i].word, &cases[i].value, 8);
		ck_assert_msg(metrics_decode(&after, bytes, sizeof(bytes)) == cases[i].verdict,
			      "case %zu", i);
	}
	free(snapshot);
}
END_TEST

START_TEST(snapshots_of_another_length_are_refused)
{
	struct metrics_snapshot *snapshot = some_counts(), after;
	unsigned char bytes[METRICS_FILE_SIZE + 8] = { 0 };

	metrics_encode(bytes, snapshot);
	for (size_t len = 0; len < sizeof(bytes); len++)
		ck_assert_int_eq(metrics_decode(&after, bytes, len),
				 len == METRICS_FILE_SIZE ? METRICS_GOOD : METRICS_DAMAGED);
	free(snapshot);
}
END_TEST

/*
 * The text format (https://prometheus.io/docs/instrumenting/exposition_formats/), read
 * as strictly as `promtool check metrics` does, and more.
 */

static struct metrics_view *full_view(void)
{
	struct metrics_view *view = mem_zero(1, sizeof(*view));

	for (size_t i = 0; i < METRICS_SOURCES; i++)
		view->known[i] = true;
	for (size_t i = 0; i < METRICS_CELLS; i++)
		view->cell[i] = i * i % 1009;
	return view;
}

struct grammar {
	char family[128], type[16];
	char seen[1024][256]; /* names with labels */
	size_t seen_count;
	uint64_t bucket, buckets_of; /* of the histogram at hand */
	char bound[32];
};

static const char *skip_name(const char *at)
{
	size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");

	ck_assert_msg(len > 0, "no name: %s", at);
	return at + len;
}

static const char *skip_labels(const char *at)
{
	if (*at != '{')
		return at;
	do {
		at = skip_name(at + 1);
		ck_assert_msg(at[0] == '=' && at[1] == '"', "no value: %s", at);
		at += 2;
		at += strcspn(at, "\"\\\n");
		ck_assert_msg(*at == '"', "no end of the value: %s", at);
		at++;
	} while (*at == ',');
	ck_assert_msg(*at == '}', "no end of the labels: %s", at);
	return at + 1;
}

static void check_bucket(struct grammar *grammar, const char *line, uint64_t value)
{
	const char *le = strstr(line, "le=\"") + 4;
	double bound = strncmp(le, "+Inf", 4) == 0 ? 1e300 : atof(le);

	if (grammar->bound[0] != '\0')
		ck_assert_msg(bound > atof(grammar->bound) && value >= grammar->bucket, "%s", line);
	grammar->bucket = value;
	snprintf(grammar->bound, sizeof(grammar->bound), "%g", bound);
}

static void check_histogram(struct grammar *grammar, const char *line, const char *suffix,
			    uint64_t value)
{
	if (strncmp(suffix, "_bucket{", 8) == 0) {
		check_bucket(grammar, line, value);
	} else if (strncmp(suffix, "_count", 6) == 0) {
		ck_assert_uint_eq(value, grammar->bucket); /* the last one was +Inf */
		ck_assert_double_gt(atof(grammar->bound), 1e299);
		grammar->bound[0] = '\0';
	} else {
		ck_assert_msg(strncmp(suffix, "_sum", 4) == 0, "%s", line);
	}
}

static void check_sample(struct grammar *grammar, const char *line)
{
	const char *name_end = skip_name(line), *labels_end = skip_labels(name_end);
	size_t family = strlen(grammar->family);
	char *end;
	double value;

	ck_assert_msg(strncmp(line, grammar->family, family) == 0, "%s: not of %s", line,
		      grammar->family);
	ck_assert_int_eq(*labels_end, ' ');
	value = strtod(labels_end + 1, &end);
	ck_assert_msg(*end == '\0' && value >= 0 && isdigit((unsigned char)labels_end[1]), "%s",
		      line);
	if (strcmp(grammar->type, "histogram") == 0)
		check_histogram(grammar, line, line + family, (uint64_t)value);
	else
		ck_assert_msg((size_t)(name_end - line) == family, "%s", line);
	for (size_t i = 0; i < grammar->seen_count; i++)
		ck_assert_msg(strncmp(grammar->seen[i], line, (size_t)(labels_end - line)) != 0 ||
				      grammar->seen[i][labels_end - line] != '\0',
			      "twice: %s", line);
	ck_assert_uint_lt(grammar->seen_count, ARRAY_LEN(grammar->seen));
	ck_assert(str_copy_n(grammar->seen[grammar->seen_count++], 256, line,
			     (size_t)(labels_end - line)));
}

static void check_line(struct grammar *grammar, const char *line, size_t number)
{
	char name[128];

	if (sscanf(line, "# HELP %127[a-z_] %*[^\n]", name) == 1) {
		for (size_t i = 0; i < grammar->seen_count; i++)
			ck_assert_msg(strncmp(grammar->seen[i], name, strlen(name)) != 0 ||
					      grammar->seen[i][strlen(name)] == '_',
				      "%s comes in two parts", name);
		str_copy(grammar->family, sizeof(grammar->family), name);
		grammar->type[0] = '\0';
	} else if (line[0] == '#') {
		ck_assert_msg(sscanf(line, "# TYPE %127[a-z_] %15[a-z]", name, grammar->type) ==
					      2 &&
				      strcmp(name, grammar->family) == 0,
			      "line %zu: %s", number, line);
	} else {
		ck_assert_msg(grammar->type[0] != '\0', "line %zu: no TYPE: %s", number, line);
		check_sample(grammar, line);
	}
}

/* How many samples there are. */
static size_t check_text(struct buf *text)
{
	struct grammar *grammar = mem_zero(1, sizeof(*grammar));
	char *copy = mem_strdup(buf_cstr(text)), *rest = copy, *line;
	size_t number = 0, count;

	ck_assert_int_eq(text->data[text->len - 1], '\n');
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL)
		check_line(grammar, line, ++number);
	count = grammar->seen_count;
	free(copy);
	free(grammar);
	return count;
}

START_TEST(the_text_is_prometheus)
{
	struct metrics_view *view = full_view();
	struct buf text = { 0 };

	metrics_write_prometheus(&text, view);
	ck_assert_uint_gt(check_text(&text), 300);
	for (size_t i = 0; i < metrics_table_count; i++) {
		char type[160];

		snprintf(type, sizeof(type), "# TYPE %s ", metrics_table[i].name);
		ck_assert_msg(strstr(buf_cstr(&text), type) != NULL, "%s", type);
	}
	buf_free(&text);
	free(view);
}
END_TEST

static bool has(struct buf *text, const char *part)
{
	return strstr(buf_cstr(text), part) != NULL;
}

START_TEST(numbers_are_told_exactly)
{
	struct metrics_view *view = mem_zero(1, sizeof(*view));
	struct buf text = { 0 };

	view->known[METRICS_SOCKETMAP] = true;
	view->cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_ENCRYPT)] = UINT64_MAX;
	view->cell[M_ANSWER_TIME] = 3;                                 /* up to 10 us */
	view->cell[M_ANSWER_TIME + 2] = 2;                             /* up to 50 us */
	view->cell[M_ANSWER_TIME + METRIC_FAST_BUCKETS] = 1;           /* beyond */
	view->cell[M_ANSWER_TIME + METRIC_FAST_BUCKETS + 1] = 2500010; /* us in all */
	metrics_write_prometheus(&text, view);
	ck_assert(has(&text,
		      "\npostseal_socketmap_answers_total{map=\"policy\",answer=\"encrypt\"} "
		      "18446744073709551615\n"));
	ck_assert(has(&text, "\n# TYPE postseal_socketmap_answer_seconds histogram\n"));
	ck_assert(has(&text, "\npostseal_socketmap_answer_seconds_bucket{le=\"0.00001\"} 3\n"
			     "postseal_socketmap_answer_seconds_bucket{le=\"0.00002\"} 3\n"
			     "postseal_socketmap_answer_seconds_bucket{le=\"0.00005\"} 5\n"));
	ck_assert(has(&text, "_bucket{le=\"1\"} 5\n"
			     "postseal_socketmap_answer_seconds_bucket{le=\"+Inf\"} 6\n"
			     "postseal_socketmap_answer_seconds_sum 2.50001\n"
			     "postseal_socketmap_answer_seconds_count 6\n"));
	ck_assert(!has(&text, "postseal_prober"));
	buf_free(&text);
	free(view);
}
END_TEST

/* Of a daemon that is gone the counters stay; what was true "now" is not. */
START_TEST(gauges_go_with_their_daemon)
{
	struct metrics_snapshot *snapshot = some_counts();
	struct metrics_view *view = mem_zero(1, sizeof(*view));
	struct buf text = { 0 };

	view->known[METRICS_DAEMONS] = true;
	view->unused[METRICS_MILTER] = true;
	metrics_view_add(view, snapshot, true);
	metrics_write_prometheus(&text, view);
	ck_assert(has(&text, "\npostseal_up{daemon=\"prober\"} 0\n"));
	ck_assert(!has(&text, "milter"));
	ck_assert(has(&text, "\npostseal_prober_probes_total{result=\"tls\"} 17\n"));
	ck_assert(!has(&text, "postseal_prober_workers"));
	text.len = 0;
	view->gone[METRICS_PROBER] = false;
	metrics_write_prometheus(&text, view);
	ck_assert(has(&text, "\npostseal_prober_workers 0\n"));
	check_text(&text);
	buf_free(&text);
	free(snapshot);
	free(view);
}
END_TEST

/*
 * For people.
 */

START_TEST(rows_read_well)
{
	struct metrics_view *view = mem_zero(1, sizeof(*view));
	uint64_t *cell = view->cell;
	static const struct {
		const char *name, *row; /* "": none */
	} cases[] = {
		{ "postseal_socketmap_connections", "12" },
		{ "postseal_socketmap_parked", "" },
		{ "postseal_socketmap_answers_total",
		  "9: policy notfound 2, encrypt 4; status ok 3" },
		{ "postseal_socketmap_answer_seconds", "100: half within 10 us, 99 % within 2 ms" },
		{ "postseal_socketmap_parked_seconds", "1: 99 % over 120 s" },
		{ "postseal_prober_job_seconds",
		  "mx 1: 99 % within 5 ms; smtp 2: 99 % within 1 s" },
		{ "postseal_ledger_bytes", "16 KiB" },
		{ "postseal_ledger_used_bytes", "1023 B" },
		{ "postseal_ledger_limit_bytes", "1.5 GiB" },
	};

	cell[M_CONNECTIONS] = 12;
	cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_NONE)] = 2;
	cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_ENCRYPT)] = 4;
	cell[METRIC2(ANSWERS, MAP_STATUS, METRIC_ANSWER_OK)] = 3;
	cell[M_ANSWER_TIME] = 50;
	cell[M_ANSWER_TIME + 7] = 49;
	cell[M_ANSWER_TIME + 9] = 1;
	cell[M_PARKED_TIME + METRIC_SLOW_BUCKETS] = 1;
	cell[METRIC1(JOB_TIME, 0)] = 1;
	cell[METRIC1(JOB_TIME, 2) + 7] = 2;
	cell[M_LEDGER_BYTES] = 16384;
	cell[M_LEDGER_USED] = 1023;
	cell[M_LEDGER_MOST] = UINT64_C(3) << 29;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf row = { 0 };

		metric_write_row(&row, view, find(cases[i].name));
		ck_assert_str_eq(buf_cstr(&row), cases[i].row);
		buf_free(&row);
	}
	free(view);
}
END_TEST

/* Counts as large as they may be overflow nothing that matters. */
START_TEST(rows_survive_large_counts)
{
	struct metrics_view *view = mem_zero(1, sizeof(*view));

	memset(view->cell, 0xff, sizeof(view->cell));
	for (size_t i = 0; i < metrics_table_count; i++) {
		struct buf row = { 0 };

		metric_write_row(&row, view, &metrics_table[i]);
		buf_free(&row);
	}
	free(view);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("metrics");
	Suite *suite = suite_create("metrics");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, names_are_as_prometheus_wants_them);
	tcase_add_test(tcase, texts_fit_where_they_go);
	tcase_add_test(tcase, cells_are_given_out_once);
	tcase_add_test(tcase, values_are_those_of_the_core);
	tcase_add_test(tcase, times_fall_into_buckets);
	tcase_add_test(tcase, snapshots_come_back);
	tcase_add_test(tcase, nasty_snapshots_are_refused);
	tcase_add_test(tcase, snapshots_of_another_length_are_refused);
	tcase_add_test(tcase, the_text_is_prometheus);
	tcase_add_test(tcase, numbers_are_told_exactly);
	tcase_add_test(tcase, gauges_go_with_their_daemon);
	tcase_add_test(tcase, rows_read_well);
	tcase_add_test(tcase, rows_survive_large_counts);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
