/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/netstring.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MAX 10000

static enum netstring_result decode(struct netstring *out, const char *text)
{
	return netstring_decode(out, text, strlen(text), MAX);
}

START_TEST(takes_a_whole_one)
{
	static const struct {
		const char *bytes;
		const char *payload;
		size_t consumed;
	} cases[] = {
		{ "0:,", "", 3 },
		{ "1:a,", "a", 4 },
		{ "12:hello world!,", "hello world!", 16 },
		{ "10:0123456789,", "0123456789", 14 },
		{ "3:a,b,", "a,b", 6 },
		{ "2:::,", "::", 5 },
		/* What stands behind is the next one's. */
		{ "1:a,1:b,", "a", 4 },
		{ "1:a,garbage", "a", 4 },
	};
	struct netstring out;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(decode(&out, cases[i].bytes) == NETSTRING_WHOLE, "%s",
			      cases[i].bytes);
		ck_assert_uint_eq(out.len, strlen(cases[i].payload));
		ck_assert_mem_eq(out.payload, cases[i].payload, out.len);
		ck_assert_uint_eq(out.consumed, cases[i].consumed);
	}
}
END_TEST

START_TEST(waits_for_the_rest)
{
	static const char *const cases[] = {
		"", "0", "1", "12", "9999", "10000", "0:", "12:", "12:hello", "12:hello world!",
	};
	struct netstring out;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(decode(&out, cases[i]) == NETSTRING_PARTIAL, "\"%s\"", cases[i]);
}
END_TEST

START_TEST(refuses_what_is_none)
{
	static const char *const cases[] = {
		":",
		":,",
		",",
		"a",
		"-1:",
		"+1:a,",
		" 1:a,",
		"1 :a,",
		"\n",
		"\n1:a,",
		/* leading zeros, and two ways to write nothing */
		"00:,",
		"01:a,",
		"00",
		"01",
		"0000000000000000001:a,",
		/* the wrong byte behind the payload or the digits */
		"1:ab",
		"0:x",
		"12:hello world!.",
		"1;a,",
		"0x1:a,",
		"1.0:a,",
		/* too long: known from the digits alone */
		"10001",
		"10001:",
		"99999",
		"100000",
		"18446744073709551616:",
		"99999999999999999999999999999999999999",
	};
	struct netstring out;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(decode(&out, cases[i]) == NETSTRING_MALFORMED, "\"%s\"", cases[i]);
}
END_TEST

/* Whatever is cut off, what is there is a beginning, not an error. */
START_TEST(every_beginning_is_partial)
{
	struct buf whole = { 0 };
	struct netstring out;
	char payload[1234];

	memset(payload, ',', sizeof(payload));
	netstring_append(&whole, payload, sizeof(payload));
	for (size_t len = 0; len < whole.len; len++)
		ck_assert_int_eq(netstring_decode(&out, whole.data, len, MAX), NETSTRING_PARTIAL);
	ck_assert_int_eq(netstring_decode(&out, whole.data, whole.len, MAX), NETSTRING_WHOLE);
	ck_assert_uint_eq(out.len, sizeof(payload));
	ck_assert_uint_eq(out.consumed, whole.len);
	buf_free(&whole);
}
END_TEST

START_TEST(keeps_its_limit)
{
	static const size_t limits[] = { 0, 1, 9, 10, 11, 99, 100, 9999, 10000, SIZE_MAX };
	struct netstring out;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		char digits[32];

		snprintf(digits, sizeof(digits), "%zu:", limits[i]);
		ck_assert_msg(netstring_decode(&out, digits, strlen(digits), limits[i]) ==
				      NETSTRING_PARTIAL,
			      "%s", digits);
		if (limits[i] == SIZE_MAX)
			continue;
		snprintf(digits, sizeof(digits), "%zu", limits[i] + 1);
		ck_assert_msg(netstring_decode(&out, digits, strlen(digits), limits[i]) ==
				      NETSTRING_MALFORMED,
			      "%s", digits);
	}
}
END_TEST

START_TEST(appends)
{
	struct buf out = { 0 };

	netstring_append(&out, "", 0);
	netstring_append(&out, "OK encrypt", 10);
	netstring_append(&out, "a\0b", 3);
	ck_assert_uint_eq(out.len, 3 + 14 + 6);
	ck_assert_mem_eq(out.data, "0:,10:OK encrypt,3:a\0b,", out.len);
	buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netstring");
	TCase *tcase = tcase_create("netstring");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, takes_a_whole_one);
	tcase_add_test(tcase, waits_for_the_rest);
	tcase_add_test(tcase, refuses_what_is_none);
	tcase_add_test(tcase, every_beginning_is_partial);
	tcase_add_test(tcase, keeps_its_limit);
	tcase_add_test(tcase, appends);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
