/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of a ledger in trouble: once, and again after ten minutes of it. */
#include "io/ledger/ledger_report.h"

#include "base/clock.h"
#include "tests/unit/ledger_case.h"

#define AGAIN INT64_C(600000)

static int64_t now;
static struct ledger_report report;

int64_t clock_wall(void)
{
	return T;
}

int64_t clock_mono_ms(void)
{
	return now;
}

int64_t clock_mono_us(void)
{
	return now * 1000;
}

static void begin(void)
{
	setup();
	now = 5000;
	memset(&report, 0, sizeof(report));
	ledger_report_init(&report, "/ledger");
}

static void finish(void)
{
	ledger_report_destroy(&report);
	teardown();
}

START_TEST(trouble_that_goes_on_is_news_every_ten_minutes)
{
	ck_assert(ledger_report_is_news(&report, 28));
	ck_assert(!ledger_report_is_news(&report, 28));
	now += AGAIN - 1;
	ck_assert(!ledger_report_is_news(&report, 28));
	now++;
	ck_assert(ledger_report_is_news(&report, 28));
	ck_assert(!ledger_report_is_news(&report, 28));
}
END_TEST

START_TEST(another_trouble_is_news_at_once)
{
	ck_assert(ledger_report_is_news(&report, 28));
	ck_assert(ledger_report_is_news(&report, 5));
	ck_assert(ledger_report_is_news(&report, 28));
}
END_TEST

START_TEST(writing_fails_anew_after_it_went_well)
{
	char *log;

	capture_start();
	ledger_report_written(&report); /* which is nothing to be told */
	ck_assert(ledger_report_fails_anew(&report, 28));
	ck_assert(!ledger_report_fails_anew(&report, 28));
	ck_assert(ledger_report_fails_anew(&report, 5));
	ledger_report_written(&report);
	ledger_report_written(&report);
	ck_assert(ledger_report_fails_anew(&report, 5));
	log = capture_end();
	ck_assert_uint_eq(count(log, "ledger=/ledger is written to again"), 1);
	free(log);
}
END_TEST

START_TEST(many_damaged_records_are_not_all_named)
{
	char *log;

	capture_start();
	for (int round = 0; round < 2; round++)
		for (uint16_t i = 0; i < LEDGER_REPORTS_MAX + 10; i++)
			ledger_report_damage(&report, LEDGER_HOST, &i, sizeof(i));
	log = capture_end();
	ck_assert_uint_eq(count(log, "db=host key="), LEDGER_REPORTS_MAX);
	ck_assert_uint_eq(count(log, "has many damaged records; no more of them are named"), 1);
	free(log);
}
END_TEST

START_TEST(one_key_in_two_databases_is_two_records)
{
	char *log;

	capture_start();
	ledger_report_damage(&report, LEDGER_DOMAIN, "a.test", 6);
	ledger_report_damage(&report, LEDGER_PIN, "a.test", 6);
	ledger_report_damage(&report, LEDGER_JOURNAL, "\0\0\0\0\0\0\1\2", 8);
	ledger_report_refused(&report, LEDGER_ALIAS, "a\n@test", 7);
	log = capture_end();
	ck_assert_uint_eq(count(log, "key=a.test the record is damaged"), 2);
	ck_assert_uint_eq(count(log, "or `postseal forget` it"), 1);
	ck_assert_uint_eq(count(log, "key=258 the record is damaged"), 1);
	ck_assert_uint_eq(count(log, "the record is not written: it could not be read again"), 1);
	ck_assert_uint_eq(count(log, "\n"), 4); /* none by the name of a record */
	free(log);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("report");

	tcase_add_checked_fixture(tcase, begin, finish);
	tcase_add_test(tcase, trouble_that_goes_on_is_news_every_ten_minutes);
	tcase_add_test(tcase, another_trouble_is_news_at_once);
	tcase_add_test(tcase, writing_fails_anew_after_it_went_well);
	tcase_add_test(tcase, many_damaged_records_are_not_all_named);
	tcase_add_test(tcase, one_key_in_two_databases_is_two_records);
	return run_case("ledger_report", tcase);
}
