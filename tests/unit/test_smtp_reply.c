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

/* As Postfix reads them: each line here was held against its smtp_chat_resp and smtp_helo. */
START_TEST(reads_replies)
{
	static const struct {
		const char *input;
		unsigned code;
		bool starttls;
		const char *text;
		const char *rest; /* what is not of this reply */
	} cases[] = {
		{ "220 mx.example.com ESMTP\r\n", 220, false, "mx.example.com ESMTP", "" },
		{ "220 mx\n", 220, false, "mx", "" },
		{ "220 mx\r\r\n", 220, false, "mx", "" },
		{ "250\r\n", 250, false, "", "" },
		{ "250 \r\n", 250, false, "", "" },
		{ "999 x\r\n", 999, false, "x", "" },
		{ "000 x\r\n", 0, false, "x", "" },
		{ "250-mx\r\n250-SIZE 1\r\n250-STARTTLS\r\n250 DSN\r\n", 250, true, "mx", "" },
		{ "250-mx\r\n250 starttls\r\n", 250, true, "mx", "" },
		{ "250-mx\n250 StartTLS \n", 250, true, "mx", "" },
		{ "250-mx\r\n250-STARTTLS=x\r\n250\r\n", 250, true, "mx", "" },
		{ "250-mx\r\n250  STARTTLS\r\n", 250, true, "mx", "" },
		{ "250-mx\r\n250- =STARTTLS x\r\n250 ok\r\n", 250, true, "mx", "" },
		{ "250-mx\r\n250-STARTTLS\0x\r\n250 ok\r\n", 250, true, "mx", "" },
		/* a tab is made a "?" before anybody looks */
		{ "250-mx\r\n250-STARTTLS\tx\r\n250 ok\r\n", 250, false, "mx", "" },
		{ "250-mx\r\n250--STARTTLS\r\n250 ok\r\n", 250, false, "mx", "" },
		/* the first word is the server's name, whatever it says (RFC 5321 4.1.1.1) */
		{ "250 STARTTLS\r\n", 250, false, "STARTTLS", "" },
		{ "250-STARTTLS\r\n250 DSN\r\n", 250, false, "STARTTLS", "" },
		{ "250-\r\n250-STARTTLS\r\n250 DSN\r\n", 250, false, "", "" },
		{ "250-mx\r\n250 XSTARTTLS\r\n", 250, false, "mx", "" },
		{ "250-mx\r\n250 STARTTLSX\r\n", 250, false, "mx", "" },
		{ "250-mx\r\n250 STARTTL\r\n", 250, false, "mx", "" },
		/* the last line's code is the reply's */
		{ "250-mx\r\n550 STARTTLS\r\n", 550, true, "mx", "" },
		{ "550-mx\r\n250-STARTTLS\r\n250 ok\r\n", 250, true, "mx", "" },
		/* what is no reply line is passed over, but its words count */
		{ "hello\r\n250-mx\r\n250 STARTTLS\r\n", 250, true, "hello", "" },
		{ "250-mx\r\nx STARTTLS\r\n250 ok\r\n", 250, true, "mx", "" },
		{ "250-mx\r\n\r\n2500 x\r\n25 x\r\n250 ok\r\n", 250, false, "mx", "" },
		{ "220 ready\r\n250 injected\r\n", 220, false, "ready", "250 injected\r\n" },
		{ "554 no\x1b[31m \xff\r\n", 554, false, "no?[31m ?", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t nul = strlen(cases[i].input), len = nul, used;
		struct smtp_reply reply = { 0 };

		/* One of them has a NUL in it. */
		if (cases[i].input[nul - 1] != '\n')
			len += 1 + strlen(cases[i].input + nul + 1);
		ck_assert_msg(smtp_reply_feed(&reply, cases[i].input, len, &used) ==
				      SMTP_REPLY_DONE,
			      "case %zu", i);
		ck_assert_uint_eq(reply.code, cases[i].code);
		ck_assert_msg(reply.starttls == cases[i].starttls, "case %zu", i);
		ck_assert_str_eq(reply.text, cases[i].text);
		ck_assert_str_eq(cases[i].input + used, cases[i].rest);
	}
}
END_TEST

START_TEST(knows_a_blanked_out_greeting)
{
	static const struct {
		const char *input;
		bool masked;
	} cases[] = {
		{ "220 ****\r\n", true },
		{ "220\r\n", true },
		{ "220 \r\n", true },
		{ "220 ********************0*2******\r\n", true },
		{ "220-****\r\n220 ***\r\n", false }, /* for the hyphen, to Postfix */
		{ "220 *** mx\r\n", false },
		{ "221 ****\r\n", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_reply reply;
		size_t used;

		ck_assert_int_eq(feed(&reply, cases[i].input, &used), SMTP_REPLY_DONE);
		ck_assert_msg(reply.masked == cases[i].masked, "case %zu", i);
	}
}
END_TEST

START_TEST(waits_for_what_is_missing)
{
	static const char *const cases[] = {
		"",
		"2",
		"220",
		"220 x",
		"220 x\r",
		"250-a\r\n",
		"250-a\r\n250",
		"250-a\r\n250-b\r\n250 ",
		"HTTP/1.1 200 OK\r\n",
		"SSH-2.0-OpenSSH\r\n",
		" 220 x\r\n",
		"220x\r\n220:x\r\n\r\n2\r\n",
	};
	struct smtp_reply reply;
	size_t used;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(feed(&reply, cases[i], &used) == SMTP_REPLY_MORE, "\"%s\"", cases[i]);
		ck_assert_uint_eq(used, strlen(cases[i]));
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

/* Of a long line Postfix looks at the beginning, and waits for its end all the same. */
START_TEST(looks_at_the_beginning_of_a_long_line)
{
	static const size_t lengths[] = { SMTP_LINE_MAX, SMTP_LINE_MAX + 1, 8 * SMTP_LINE_MAX };

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct smtp_reply reply = { 0 };
		char *line = malloc(lengths[i]);
		size_t used;

		memset(line, 'x', lengths[i]);
		memcpy(line, "220 ", 4);
		ck_assert_int_eq(smtp_reply_feed(&reply, line, lengths[i], &used), SMTP_REPLY_MORE);
		ck_assert_int_eq(smtp_reply_feed(&reply, "\n", 1, &used), SMTP_REPLY_DONE);
		ck_assert_uint_eq(reply.code, 220);
		free(line);
	}
}
END_TEST

/* Of a long reply, too; Postfix keeps 2048 bytes, and the line that crosses them. */
START_TEST(looks_at_the_beginning_of_a_long_reply)
{
	for (size_t before = 0; before < 400; before += 7) {
		struct smtp_reply reply = { 0 };
		struct buf input = { 0 };
		size_t used;

		for (size_t i = 0; i < before; i++)
			buf_append_str(&input, "250-x\r\n");
		buf_append_str(&input, "250-STARTTLS\r\n250 ok\r\n");
		ck_assert_int_eq(smtp_reply_feed(&reply, input.data, input.len, &used),
				 SMTP_REPLY_DONE);
		/* The first one is the server's name; each line is kept with a newline. */
		ck_assert_msg(reply.starttls ==
				      (before > 0 && before * strlen("250-x\n") < SMTP_LINE_MAX),
			      "after %zu lines", before);
		buf_free(&input);
	}
}
END_TEST

START_TEST(does_not_listen_for_ever)
{
	struct smtp_reply reply = { 0 };
	size_t used, lines = 0;

	while (smtp_reply_feed(&reply, "250-x\r\n", 7, &used) == SMTP_REPLY_MORE)
		lines++;
	ck_assert_uint_eq(lines, SMTP_REPLY_MAX / 7);
}
END_TEST

START_TEST(cuts_a_long_text)
{
	struct smtp_reply reply = { 0 };
	char line[600];
	size_t used;

	memset(line, 'x', sizeof(line));
	memcpy(line, "554 ", 4);
	line[sizeof(line) - 1] = '\n';
	ck_assert_int_eq(smtp_reply_feed(&reply, line, sizeof(line), &used), SMTP_REPLY_DONE);
	ck_assert_uint_lt(strlen(reply.text), SMTP_TEXT_SIZE);
	ck_assert_ptr_nonnull(strstr(reply.text, "xxx"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_reply");
	TCase *tcase = tcase_create("replies");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, reads_replies);
	tcase_add_test(tcase, knows_a_blanked_out_greeting);
	tcase_add_test(tcase, waits_for_what_is_missing);
	tcase_add_test(tcase, does_not_care_how_bytes_arrive);
	tcase_add_test(tcase, looks_at_the_beginning_of_a_long_line);
	tcase_add_test(tcase, looks_at_the_beginning_of_a_long_reply);
	tcase_add_test(tcase, does_not_listen_for_ever);
	tcase_add_test(tcase, cuts_a_long_text);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
