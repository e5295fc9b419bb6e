/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen of `postseal top`: what stands where, on screens of all sizes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/verbs/top_page.h"
#include "core/policy/request.h"

#define NOW INT64_C(1768046400) /* 2026-01-10T12:00:00Z */

static struct top_view *before, *now;
static struct top_news *news;
static struct buf page;

static void setup(void)
{
	before = mem_zero(1, sizeof(*before));
	now = mem_zero(1, sizeof(*now));
	news = mem_zero(1, sizeof(*news));
	for (size_t i = 0; i < METRICS_DAEMON_COUNT; i++) {
		bool there = i == METRICS_SOCKETMAP || i == METRICS_PROBER;

		before->found[i] = now->found[i] = there ? LOOKUP_FOUND : LOOKUP_ABSENT;
		before->alive[i] = now->alive[i] = there;
		before->started[i] = now->started[i] = NOW - 7200;
	}
	before->at = 1000;
	now->at = 3000;
	before->now = NOW - 2;
	now->now = NOW;
}

static void teardown(void)
{
	free(before);
	free(now);
	free(news);
	buf_free(&page);
}

static void draw(const struct top_view *earlier, size_t columns, size_t rows)
{
	buf_free(&page);
	top_page(&page, now, earlier, news, columns, rows);
}

static void has(const char *text)
{
	ck_assert_msg(strstr(buf_cstr(&page), text) != NULL, "no \"%s\" in:\n%s", text,
		      buf_cstr(&page));
}

static void has_not(const char *text)
{
	ck_assert_msg(strstr(buf_cstr(&page), text) == NULL, "\"%s\" in:\n%s", text,
		      buf_cstr(&page));
}

static void happened(const char *event, const char *subject, const char *detail)
{
	struct journal_entry *entry = &news->entries[news->count++];

	entry->time = NOW - 60;
	str_copy(entry->event, sizeof(entry->event), event);
	str_copy(entry->subject, sizeof(entry->subject), subject);
	str_copy(entry->detail, sizeof(entry->detail), detail);
}

START_TEST(an_empty_one)
{
	draw(NULL, 80, 24);
	ck_assert_str_eq(
		buf_cstr(&page),
		"postseal top 2026-01-10T12:00:00Z q ends\n"
		"socketmap 2 h, prober 2 h\n"
		"\n"
		"ANSWERS                 total a second   PROBES                  total a second\n"
		"none                                     none\n"
		"\n"
		"REFUSALS                total a second   EVENTS                  total a second\n"
		"none                                     none\n"
		"\n"
		"JOURNAL\n"
		"nothing happened yet\n");
}
END_TEST

/* All policy maps together, and no other map. */
START_TEST(counts_and_rates)
{
	before->cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_ENCRYPT)] = 100;
	now->cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_ENCRYPT)] = 103;
	now->cell[METRIC2(ANSWERS, MAP_POLICY_ENCRYPT, LEVEL_ENCRYPT)] = 2;
	now->cell[METRIC2(ANSWERS, MAP_STATUS, METRIC_ANSWER_OK)] = 7;
	now->cell[METRIC1(PROBES, 0)] = UINT64_C(12345678901);
	now->cell[METRIC1(REFUSALS, METRIC_CAUSE_TLS_IN)] = 1;
	now->cell[METRIC1(EVENTS, METRIC_EVENT_DOMAIN_DOWNGRADE)] = 4;
	draw(before, 80, 24);
	has("encrypt                   105      2.5   tls                    12.3 G 6172.8 M\n");
	has("tls-in                      1      0.5   domain-downgrade            4      2.0\n");
	has_not("ok  ");
	draw(NULL, 80, 24);
	has("encrypt                   105            tls ");
	before->started[METRICS_SOCKETMAP]--;
	draw(before, 80, 24);
	has("encrypt                   105            tls ");
}
END_TEST

/* A count that went back says nothing about a second. */
START_TEST(a_count_that_went_back)
{
	before->cell[METRIC1(EVENTS, METRIC_EVENT_STRIPPING)] = 9;
	now->cell[METRIC1(EVENTS, METRIC_EVENT_STRIPPING)] = 4;
	draw(before, 80, 24);
	has("stripping                   4\n");
}
END_TEST

START_TEST(who_is_down)
{
	now->alive[METRICS_PROBER] = false;
	now->found[METRICS_MILTER] = LOOKUP_ERROR;
	draw(NULL, 80, 24);
	has("socketmap 2 h, prober DOWN, milter DOWN\n");
	for (size_t i = 0; i < METRICS_DAEMON_COUNT; i++)
		now->found[i] = LOOKUP_ABSENT;
	draw(NULL, 80, 24);
	has("no daemon was started yet\n");
}
END_TEST

START_TEST(more_than_there_is_room_for)
{
	for (unsigned i = 0; i < METRIC_VALUES_CAUSE; i++)
		now->cell[METRIC1(REFUSALS, i)] = i + 1;
	draw(NULL, 80, 24);
	has("... and 3 more");
	for (size_t i = 0; i < TOP_NEWS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%zu.test", i);
		happened("downgrade", name, "no STARTTLS");
	}
	draw(NULL, 80, 24);
	has("01-10 11:59 downgrade d63.test: no STARTTLS\n");
	has_not("d50.test");
}
END_TEST

START_TEST(hostile_bytes)
{
	happened("over\033[2Jride", "x\n\ny\r",
		 "\x1b]0;title\a\xff\x9b"
		 "31m");
	draw(NULL, 80, 24);
	for (size_t i = 0; i < page.len; i++)
		ck_assert(page.data[i] == '\n' || (page.data[i] >= ' ' && page.data[i] <= '~'));
	has("over\\x1b[2Jride");
	news->trouble = "the ledger\033[2J";
	draw(NULL, 80, 24);
	has("the ledger\\x1b[2J\n");
	has_not("ride");
}
END_TEST

/* Whatever the size, it fits. */
START_TEST(any_size)
{
	for (unsigned i = 0; i < METRIC_VALUES_EVENT; i++)
		now->cell[METRIC1(EVENTS, i)] = UINT64_MAX;
	for (size_t i = 0; i < TOP_NEWS_MAX; i++)
		happened("downgrade", "a-long-name.example",
			 "a long detail, and then some more of it");
	for (size_t columns = 1; columns < 200; columns += 11) {
		for (size_t rows = 1; rows < 60; rows++) {
			size_t lines = 0, width = 0;

			draw(before, columns, rows);
			for (size_t i = 0; i < page.len; i++) {
				width = page.data[i] == '\n' ? 0 : width + 1;
				lines += page.data[i] == '\n';
				if (width > columns)
					ck_abort_msg("%zu columns: %s", columns, buf_cstr(&page));
			}
			ck_assert_uint_le(lines, rows);
			ck_assert(lines == rows || rows > 40);
		}
	}
}
END_TEST

START_TEST(narrow)
{
	draw(NULL, 40, 24);
	has("postseal top 2026-01-10T12:00:00Z q ends\n");
	has("ANSWERS                 total a second\nnone\n\nPROBES ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("top");
	TCase *tcase = tcase_create("screen");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_empty_one);
	tcase_add_test(tcase, counts_and_rates);
	tcase_add_test(tcase, a_count_that_went_back);
	tcase_add_test(tcase, who_is_down);
	tcase_add_test(tcase, more_than_there_is_room_for);
	tcase_add_test(tcase, hostile_bytes);
	tcase_add_test(tcase, any_size);
	tcase_add_test(tcase, narrow);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
