/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/smtp_reply.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

static enum smtp_reply_state feed(struct smtp_reply *reply, const char *text, size_t *used)
{
	*reply = (struct smtp_reply){ 0 };
	return smtp_reply_feed(reply, text, strlen(text), used);
}

START_TEST(reads_replies)
{
	static const struct {
		const char *input;
		unsigned code;
		size_t lines;
		bool starttls;
		const char *text;
		const char *rest; /* what is not of this reply */
	} cases[] = {
		{ "220 mx.example.com ESMTP\r\n", 220, 1, false, "mx.example.com ESMTP", "" },
		{ "220 mx\n", 220, 1, false, "mx", "" },
		{ "250\r\n", 250, 1, false, "", "" },
		{ "250 \r\n", 250, 1, false, "", "" },
		{ "599 x\r\n", 599, 1, false, "x", "" },
		{ "250-mx\r\n250-SIZE 1\r\n250-STARTTLS\r\n250 DSN\r\n", 250, 4, true, "mx", "" },
		{ "250-mx\r\n250 starttls\r\n", 250, 2, true, "mx", "" },
		{ "250-mx\n250 StartTLS \n", 250, 2, true, "mx", "" },
		{ "250-mx\r\n250-STARTTLS=x\r\n250\r\n", 250, 3, true, "mx", "" },
		{ "250-mx\r\n250-STARTTLS\tx\r\n250 ok\r\n", 250, 3, true, "mx", "" },
		/* the first line is the server's name, whatever it says (RFC 5321 4.1.1.1) */
		{ "250 STARTTLS\r\n", 250, 1, false, "STARTTLS", "" },
		{ "250-STARTTLS\r\n250 DSN\r\n", 250, 2, false, "STARTTLS", "" },
		{ "250-mx\r\n250 XSTARTTLS\r\n", 250, 2, false, "mx", "" },
		{ "250-mx\r\n250 STARTTLSX\r\n", 250, 2, false, "mx", "" },
		{ "250-mx\r\n250  STARTTLS\r\n", 250, 2, false, "mx", "" },
		{ "250-mx\r\n250 STARTTL\r\n", 250, 2, false, "mx", "" },
		{ "220 ready\r\n250 injected\r\n", 220, 1, false, "ready", "250 injected\r\n" },
		{ "554 no\x1b[31m \xff\r\n", 554, 1, false, "no\\x1b[31m \\xff", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_reply reply;
		size_t used;

		ck_assert_msg(feed(&reply, cases[i].input, &used) == SMTP_REPLY_DONE, "case %zu",
			      i);
		ck_assert_uint_eq(reply.code, cases[i].code);
		ck_assert_uint_eq(reply.lines, cases[i].lines);
		ck_assert_msg(reply.starttls == cases[i].starttls, "case %zu", i);
		ck_assert_str_eq(reply.text, cases[i].text);
		ck_assert_str_eq(cases[i].input + used, cases[i].rest);
	}
}
END_TEST

START_TEST(refuses_what_is_no_reply)
{
	static const char *const cases[] = {
		"\r\n",
		"\n",
		"2\r\n",
		"22\r\n",
		"22 x\r\n",
		"2200 x\r\n",
		"220x\r\n",
		"220:x\r\n",
		"199 x\r\n",
		"000 x\r\n",
		"600 x\r\n",
		"999 x\r\n",
		"2a0 x\r\n",
		"-20 x\r\n",
		" 220 x\r\n",
		"HTTP/1.1 200 OK\r\n",
		"SSH-2.0-OpenSSH\r\n",
		"250-a\r\n251 b\r\n",
		"250-a\r\n\r\n",
		"250-a\r\ngarbage\r\n",
		"250-mx\r\n550 STARTTLS\r\n",
	};
	struct smtp_reply reply;
	size_t used;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(feed(&reply, cases[i], &used) == SMTP_REPLY_MALFORMED, "\"%s\"",
			      cases[i]);
	reply = (struct smtp_reply){ 0 };
	ck_assert(smtp_reply_feed(&reply, "220 a\0b\r\n", 9, &used) == SMTP_REPLY_MALFORMED);
}
END_TEST

START_TEST(waits_for_what_is_missing)
{
	static const char *const cases[] = {
		"",        "2",         "220",          "220 x",
		"220 x\r", "250-a\r\n", "250-a\r\n250", "250-a\r\n250-b\r\n250 "
	};
	struct smtp_reply reply;
	size_t used;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(feed(&reply, cases[i], &used) == SMTP_REPLY_MORE, "\"%s\"", cases[i]);
		/* whole lines are taken, the rest stays */
		ck_assert_ptr_null(strchr(cases[i] + used, '\n'));
		ck_assert(used == 0 || cases[i][used - 1] == '\n');
	}
}
END_TEST

/* However it is cut, it is the same reply. */
START_TEST(does_not_care_how_bytes_arrive)
{
	static const char input[] = "250-mx.example.com\r\n250-STARTTLS\r\n250 DSN\r\n220 next";
	const size_t whole = strlen(input) - strlen("220 next");

	for (size_t step = 1; step <= whole; step++) {
		struct smtp_reply reply = { 0 };
		enum smtp_reply_state state = SMTP_REPLY_MORE;
		size_t start = 0, end = 0, used;

		while (state == SMTP_REPLY_MORE) {
			end = end + step < sizeof(input) - 1 ? end + step : sizeof(input) - 1;
			state = smtp_reply_feed(&reply, input + start, end - start, &used);
			start += used;
		}
		ck_assert_int_eq(state, SMTP_REPLY_DONE);
		ck_assert_uint_eq(start, whole);
		ck_assert_uint_eq(reply.lines, 3);
		ck_assert(reply.starttls);
	}
}
END_TEST

static enum smtp_reply_state feed_line_of(size_t len)
{
	struct smtp_reply reply = { 0 };
	char line[2 * SMTP_LINE_MAX];
	size_t used;

	memset(line, 'x', sizeof(line));
	memcpy(line, "220 ", 4);
	if (len > 0)
		line[len - 1] = '\n';
	return smtp_reply_feed(&reply, line, len > 0 ? len : sizeof(line), &used);
}

START_TEST(bounds_lines)
{
	ck_assert_int_eq(feed_line_of(SMTP_LINE_MAX), SMTP_REPLY_DONE);
	ck_assert_int_eq(feed_line_of(SMTP_LINE_MAX + 1), SMTP_REPLY_MALFORMED);
	/* and does not wait for an end that would come too late */
	ck_assert_int_eq(feed_line_of(0), SMTP_REPLY_MALFORMED);
}
END_TEST

static enum smtp_reply_state feed_lines(size_t count)
{
	struct smtp_reply reply = { 0 };
	enum smtp_reply_state state;
	struct buf input = { 0 };
	size_t used;

	for (size_t i = 1; i < count; i++)
		buf_append_str(&input, "250-x\r\n");
	buf_append_str(&input, "250 x\r\n");
	state = smtp_reply_feed(&reply, input.data, input.len, &used);
	buf_free(&input);
	return state;
}

START_TEST(bounds_replies)
{
	ck_assert_int_eq(feed_lines(SMTP_LINES_MAX), SMTP_REPLY_DONE);
	ck_assert_int_eq(feed_lines(SMTP_LINES_MAX + 1), SMTP_REPLY_MALFORMED);
}
END_TEST

START_TEST(cuts_a_long_text)
{
	struct smtp_reply reply = { 0 };
	char line[600];
	size_t used;

	memset(line, 0x07, sizeof(line));
	memcpy(line, "554 ", 4);
	line[sizeof(line) - 1] = '\n';
	ck_assert_int_eq(smtp_reply_feed(&reply, line, sizeof(line), &used), SMTP_REPLY_DONE);
	ck_assert_uint_lt(strlen(reply.text), SMTP_TEXT_SIZE);
	ck_assert_ptr_nonnull(strstr(reply.text, "\\x07"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_reply");
	TCase *tcase = tcase_create("replies");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, reads_replies);
	tcase_add_test(tcase, refuses_what_is_no_reply);
	tcase_add_test(tcase, waits_for_what_is_missing);
	tcase_add_test(tcase, does_not_care_how_bytes_arrive);
	tcase_add_test(tcase, bounds_lines);
	tcase_add_test(tcase, bounds_replies);
	tcase_add_test(tcase, cuts_a_long_text);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
