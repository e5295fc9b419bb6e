/* SPDX-License-Identifier: BSD-2-Clause */
/* Floor 0: strings, buffers, dates. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"

START_TEST(numbers_are_bounded)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} cases[] = {
		{ "0", 10, true, 0 },
		{ "10", 10, true, 10 },
		{ "11", 10, false, 0 },
		{ "007", 10, true, 7 },
		{ "", 10, false, 0 },
		{ "-1", 10, false, 0 },
		{ "+1", 10, false, 0 },
		{ " 1", 10, false, 0 },
		{ "1x", 10, false, 0 },
		{ "5", 3, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 42;
		bool ok = str_number(cases[i].text, strlen(cases[i].text), cases[i].max, &value);

		ck_assert_msg(ok == cases[i].ok, "%s", cases[i].text);
		ck_assert_uint_eq(value, ok ? cases[i].value : 42);
	}
}
END_TEST

START_TEST(hostile_bytes_become_printable)
{
	char out[16];

	ck_assert_str_eq(str_printable(out, sizeof(out), "a\nb\x1b[", 5), "a\\x0ab\\x1b[");
	ck_assert_str_eq(str_printable(out, 6, "ab\xff", 3), "ab"); /* cut at a whole character */
	ck_assert_str_eq(str_printable(out, 7, "ab\xff", 3), "ab\\xff");
	ck_assert_str_eq(str_printable(out, sizeof(out), "\0x", 2), "\\x00x");
}
END_TEST

START_TEST(copies_say_when_they_do_not_fit)
{
	char out[4] = "zzz";

	ck_assert(str_copy(out, sizeof(out), "abc"));
	ck_assert_str_eq(out, "abc");
	ck_assert(!str_copy(out, sizeof(out), "abcd"));
	ck_assert_str_eq(out, "");
	ck_assert(str_equal_nocase("MX.Example", "mx.eXAMPLE"));
	ck_assert(!str_equal_nocase("mx", "mx."));
	ck_assert(str_starts_nocase("IPv6:::1", "ipv6:"));
	ck_assert(!str_starts_nocase("ip", "ipv6:"));
}
END_TEST

START_TEST(parts_are_joined_or_refused)
{
	char out[8], number[STR_DECIMAL_SIZE];

	ck_assert(str_join(out, sizeof(out), "ab", "", "cd", NULL));
	ck_assert_str_eq(out, "abcd");
	ck_assert(str_join(out, sizeof(out), "1234", "567", NULL));
	ck_assert_str_eq(out, "1234567");
	ck_assert(!str_join(out, sizeof(out), "1234", "5678", NULL));
	ck_assert_str_eq(out, "");
	ck_assert(!str_join(out, sizeof(out), "12345678", "", NULL));
	ck_assert(!str_join(out, 0, "", NULL));
	ck_assert(str_join(out, sizeof(out), NULL));
	ck_assert_str_eq(out, "");
	ck_assert_str_eq(str_decimal(number, 0), "0");
	ck_assert_str_eq(str_decimal(number, 587), "587");
	ck_assert_str_eq(str_decimal(number, UINT64_MAX), "18446744073709551615");
}
END_TEST

START_TEST(buffers_grow_and_shrink)
{
	struct buf b = { 0 };

	ck_assert_str_eq(buf_cstr(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%03d", i);
	ck_assert_uint_eq(b.len, 3000);
	buf_consume(&b, 2997);
	ck_assert_str_eq(buf_cstr(&b), "999");
	buf_append(&b, "", 0);
	buf_append_str(&b, "x");
	ck_assert_str_eq(buf_cstr(&b), "999x");
	buf_free(&b);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(dates_go_there_and_back)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },          { 951782400, "2000-02-29T00:00:00Z" },
		{ 1767225600, "2026-01-01T00:00:00Z" }, { 1795305600 - 1, "2026-11-21T23:59:59Z" },
		{ -1, "1969-12-31T23:59:59Z" },         { 253402300799, "9999-12-31T23:59:59Z" },
	};
	char out[UTC_SIZE];
	int64_t back;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_str_eq(utc_format(out, cases[i].seconds), cases[i].text);
		ck_assert(utc_parse(cases[i].text, &back));
		ck_assert_int_eq(back, cases[i].seconds);
	}
	ck_assert_str_eq(utc_format(out, 253402300800), "?");
	/* Found by fuzz_utc: the first moment there is overflowed on its way to "?". */
	ck_assert_str_eq(utc_format(out, INT64_MIN), "?");
	ck_assert_str_eq(utc_format(out, INT64_MAX), "?");
	ck_assert_str_eq(utc_format(out, -1), "1969-12-31T23:59:59Z");
}
END_TEST

START_TEST(other_dates_are_refused)
{
	static const char *const bad[] = {
		"",
		"2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-01-01T24:00:00Z",
		"2026-01-01 00:00:00Z",
		"2026-01-01T00:00:00",
		"2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:60Z",
		"+026-01-01T00:00:00Z",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t seconds = 7;

		ck_assert_msg(!utc_parse(bad[i], &seconds), "%s", bad[i]);
		ck_assert_int_eq(seconds, 7);
	}
}
END_TEST

START_TEST(moments_lie_in_years)
{
	static const struct {
		struct utc_date date;
		bool exists;
	} cases[] = {
		{ { 2000, 2, 29, 23, 59, 59 }, true },  { { 1900, 2, 29, 0, 0, 0 }, false },
		{ { 2026, 12, 31, 23, 59, 59 }, true }, { { 2027, 1, 1, 0, 0, 0 }, true },
		{ { 1969, 12, 31, 0, 0, 0 }, true },    { { 2026, 0, 1, 0, 0, 0 }, false },
		{ { 2026, 1, 0, 0, 0, 0 }, false },     { { 2026, 1, 32, 0, 0, 0 }, false },
		{ { 2026, 1, 1, 0, 60, 0 }, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t seconds = 7;

		ck_assert_msg(utc_from_date(&seconds, &cases[i].date) == cases[i].exists,
			      "case %zu", i);
		if (cases[i].exists)
			ck_assert_int_eq(utc_year(seconds), cases[i].date.year);
		else
			ck_assert_int_eq(seconds, 7);
	}
}
END_TEST

START_TEST(spans_read_well)
{
	char out[UTC_SPAN_SIZE];

	ck_assert_str_eq(utc_span(out, -5), "0 s");
	ck_assert_str_eq(utc_span(out, 119), "119 s");
	ck_assert_str_eq(utc_span(out, 120), "2 min");
	ck_assert_str_eq(utc_span(out, 7200), "2 h");
	ck_assert_str_eq(utc_span(out, 2 * UTC_DAY), "2 days");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tests = tcase_create("base");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, numbers_are_bounded);
	tcase_add_test(tests, hostile_bytes_become_printable);
	tcase_add_test(tests, copies_say_when_they_do_not_fit);
	tcase_add_test(tests, parts_are_joined_or_refused);
	tcase_add_test(tests, buffers_grow_and_shrink);
	tcase_add_test(tests, dates_go_there_and_back);
	tcase_add_test(tests, other_dates_are_refused);
	tcase_add_test(tests, moments_lie_in_years);
	tcase_add_test(tests, spans_read_well);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
