/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers that are read, mail that is written, LMTP that is understood: tables. */
#include "core/mailbox/mime.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mailbox/lmtp.h"
#include "core/mailbox/notes.h"

START_TEST(values_for_people)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{ " plain ", "plain" },
		{ " folded\r\n\tline", "folded line" },
		{ "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f"
						 "e" },
		{ "=?UTF-8?B?R3LDvMOfZQ==?=", "Gr\xc3\xbc\xc3\x9f"
					      "e" },
		{ "=?iso-8859-1?Q?f=FCr_Dich?=", "f\xc3\xbcr Dich" },
		{ "=?iso-8859-15?Q?5_=A4?=", "5 \xe2\x82\xac" },
		{ "=?iso-8859-15?Q?=A6=BD?=", "\xc5\xa0\xc5\x93" },
		/* As Outlook writes it; and who says ISO-8859-1 means it, where it makes a difference. */
		{ "=?Windows-1252?Q?=84f=FCr=93_5=80?=", "\xe2\x80\x9e"
							 "f\xc3\xbcr\xe2\x80\x9c 5\xe2\x82\xac" },
		{ "=?cp1252?B?gGU=?=", "\xe2\x82\xac"
				       "e" },
		{ "=?iso-8859-1?Q?=8A=81?=", "\xc5\xa0?" },
		{ "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
		{ "=?utf-8?q?a?=\r\n =?utf-8?q?b?= c", "ab c" },
		{ "x =?utf-8?q?a?= y", "x a y" },
		{ "=?utf-8*de?q?a?=", "a" },
		/* Not ours to read, or no word at all. */
		{ "=?gb2312?B?xOO6ww==?=", "=?gb2312?B?xOO6ww==?=" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8?q?a", "=?utf-8?q?a" },
		{ "a=b", "a=b" },
		/* What must not reach a header of ours, nor a page. */
		{ "=?utf-8?q?a=0D=0ABcc:_x?=", "a??Bcc: x" },
		{ "=?utf-8?q?=00?=", "?" },
		{ "=?utf-8?q?=FF=C3?=", "??" },
		{ "=?utf-8?q?=E2=80=AEgnp?=", "?gnp" },
		{ "=?utf-8?q?=C2=85?=", "?" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };

		mime_decode(&out, span_of(cases[i].value), 100);
		ck_assert_str_eq(buf_cstr(&out), cases[i].text);
		buf_free(&out);
	}
}
END_TEST

/* Beginnings of encoded words, of which none ends: as long as that took a second, a sender could
 * hold up the intake with headers. A hundred of them, within the time of a test. */
START_TEST(words_without_end_are_soon_read)
{
	static const char piece[] = "=?x?q?x";
	static char value[65536];
	struct buf out = { 0 };

	for (size_t i = 0; i + sizeof(piece) <= sizeof(value); i += sizeof(piece) - 1)
		memcpy(value + i, piece, sizeof(piece));
	for (int i = 0; i < 100; i++) {
		out.len = 0;
		mime_decode(&out, span_of(value), 100);
	}
	ck_assert_uint_eq(out.len, 100);
	buf_free(&out);
}
END_TEST

START_TEST(first_address)
{
	static const struct {
		const char *value, *address, *name;
	} cases[] = {
		{ "a@example.com", "a@example.com", "" },
		{ " a@example.com \r\n", "a@example.com", "" },
		{ "A B <a@example.com>", "a@example.com", "A B" },
		{ "\"B, A\" <a@example.com>, c@example.com", "a@example.com", "B, A" },
		{ "\"a \\\"b\\\"\" <a@example.com>", "a@example.com", "a \"b\"" },
		{ "=?utf-8?q?=C3=A4?= <a@example.com>", "a@example.com", "\xc3\xa4" },
		{ "Group: x <a@example.com>;", "a@example.com", "x" },
		{ "=?windows-1252?Q?M=FCller?= <a@example.com>", "a@example.com", "M\xc3\xbcller" },
		/* Who cannot be read is called by the address. */
		{ "=?koi8-r?B?9MHOwQ==?= <a@example.com>", "a@example.com", "" },
		{ "Dr. =?gb2312?B?xOO6ww==?= =?utf-8?q?=C3=A4?= <a@example.com>", "a@example.com",
		  "" },
		{ "nobody", "", "" },
		{ "<a@example.com", "", "" },
		{ "\"unended <a@example.com>", "", "" },
		{ "", "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char address[SEAL_ADDRESS_SIZE];
		struct buf name = { 0 };

		mime_first_address(span_of(cases[i].value), address, &name);
		ck_assert_str_eq(address, cases[i].address);
		ck_assert_str_eq(buf_cstr(&name), cases[i].name);
		buf_free(&name);
	}
}
END_TEST

START_TEST(dates)
{
	static const struct {
		const char *value;
		int64_t seconds; /* -1: none */
	} cases[] = {
		{ " Fri, 02 Jan 2026 03:04:05 +0000", 1767323045 },
		{ "2 Jan 2026 04:04:05 +0100 (CET)", 1767323045 },
		{ "Thu, 01 Jan 2026 22:04 -0500", 1767323040 },
		{ "32 Jan 2026 03:04:05", -1 },
		{ "2 Foo 2026 03:04:05", -1 },
		{ "", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t seconds = -1;

		mime_parse_date(span_of(cases[i].value), &seconds);
		ck_assert_msg(seconds == cases[i].seconds, "%s: %ld", cases[i].value,
			      (long)seconds);
	}
}
END_TEST

START_TEST(headers_are_found)
{
	static const char message[] =
		"A: 1\r\nX-Postseal-Seal: yes\r\nb:\r\n 2\r\n\t3\r\nA: 4\r\n\r\nC: 5\r\n";
	struct span whole = span_of(message), name, value;
	size_t at = 0, count = 0, ours = 0;

	ck_assert(mime_find_header(whole, "B", &value));
	ck_assert(span_is(value, "\r\n 2\r\n\t3"));
	ck_assert_uint_eq(mime_count_header(whole, "a"), 2);
	ck_assert(!mime_find_header(whole, "C", &value));
	ck_assert_str_eq(message + mime_body(whole), "C: 5\r\n");
	while (mime_next_header(whole, &at, &name, &value)) {
		count++;
		ours += mime_is_ours(name);
	}
	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(ours, 1);
}
END_TEST

START_TEST(text_that_is_written)
{
	struct buf out = { 0 };

	mime_put_text(&out, "Subject", "a\r\nBcc: x");
	ck_assert_str_eq(buf_cstr(&out), "Subject: =?utf-8?B?YQ0KQmNjOiB4?=\r\n");
	out.len = 0;
	mime_put_address(&out, "From", "a \"b\"\r\n", "a@example.com");
	ck_assert_str_eq(buf_cstr(&out), "From: =?utf-8?B?YSAiYiINCg==?=\r\n <a@example.com>\r\n");
	out.len = 0;
	mime_put_quoted(&out, "a =\n.b\r\nFrom \xc3\xa4 \n", 17);
	ck_assert_str_eq(buf_cstr(&out), "a =3D\r\n=2Eb\r\n=46rom =C3=A4=20\r\n");
	out.len = 0;
	mime_put_parameter(&out, "filename", "\xc3\x9c\"\r\n.pdf");
	ck_assert_str_eq(buf_cstr(&out), ";\r\n filename*0*=utf-8''%C3%9C%22%0D%0A.pdf");
	out.len = 0;
	mime_put_date(&out, 1767323045);
	ck_assert_str_eq(buf_cstr(&out), "Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n");
	buf_free(&out);
}
END_TEST

/* Whatever stands in the facts: no header but ours, no line beyond 78 octets in the header. */
START_TEST(notes_hold_no_secret_of_the_other)
{
	unsigned char secret[CODE_SECRET_SIZE] = { 1 };
	struct note_facts facts = { .site = "Praxis",
				    .url = "https://h.example",
				    .from = "s@example.com",
				    .to = "t@example.net",
				    .sender = "alice@example.com",
				    .name = "A\r\nBcc: x@example.org",
				    .recipient = "bob@example.net",
				    .message_id = "<1@example.com>",
				    .in_reply_to = "",
				    .secret = secret,
				    .pin = "47110815",
				    .pin_needed = true,
				    .now = 1767323045,
				    .date = 1767323045 };
	char code[CODE_SIZE];

	code_format(code, secret);
	for (int note = 0; note < NOTE_COUNT; note++) {
		struct buf out = { 0 };
		struct span whole, name, value;
		size_t at = 0;

		facts.secret = note == NOTE_LINK ? secret : NULL;
		note_write(&out, (enum note)note, &facts);
		whole = (struct span){ buf_cstr(&out), out.len };
		ck_assert((strstr(out.data, code) != NULL) == (note == NOTE_LINK));
		ck_assert_msg((strstr(out.data, "47110815") != NULL) == (note == NOTE_RECEIPT),
			      "%d", note);
		ck_assert_uint_eq(mime_count_header(whole, "Bcc"), 0);
		ck_assert_uint_eq(mime_count_header(whole, "Auto-Submitted"), 1);
		ck_assert_uint_eq(mime_count_header(whole, "From"), 1);
		while (mime_next_header(whole, &at, &name, &value))
			ck_assert(!mime_is_ours(name) ||
				  (note == NOTE_RECEIPT && span_is(name, "X-Postseal-PIN")));
		ck_assert_ptr_null(strchr(out.data, '{'));
		buf_free(&out);
	}
}
END_TEST

START_TEST(lmtp_commands)
{
	static const struct {
		const char *line;
		enum lmtp_verb verb;
		const char *path;
		uint64_t size;
	} cases[] = {
		{ "LHLO x", LMTP_LHLO, "", 0 },
		{ "mail from:<a@b> SIZE=12 BODY=8BITMIME", LMTP_MAIL, "a@b", 12 },
		{ "MAIL FROM:<>", LMTP_MAIL, "", 0 },
		{ "MAIL FROM:<\"a>b\"@c>", LMTP_MAIL, "\"a>b\"@c", 0 },
		{ "RCPT TO:<a@b> ORCPT=rfc822;x", LMTP_RCPT, "a@b", 0 },
		{ "RCPT TO:<>", LMTP_MALFORMED, "", 0 },
		{ "RCPT TO:a@b", LMTP_MALFORMED, "", 0 },
		{ "RCPT TO:<a@b", LMTP_MALFORMED, "", 0 },
		{ "MAIL FROM:<a@b> SIZE=x", LMTP_MALFORMED, "", 0 },
		{ "DATA", LMTP_DATA, "", 0 },
		{ "DATA x", LMTP_MALFORMED, "", 0 },
		{ "QUIT", LMTP_QUIT, "", 0 },
		{ "HELO x", LMTP_OTHER, "", 0 },
		{ "", LMTP_OTHER, "", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lmtp_command command = lmtp_parse(span_of(cases[i].line));

		ck_assert_msg(command.verb == cases[i].verb, "%s", cases[i].line);
		if (cases[i].path[0] != '\0')
			ck_assert(span_is(command.path, cases[i].path));
		if (command.verb == LMTP_MAIL)
			ck_assert_uint_eq(command.size, cases[i].size);
	}
}
END_TEST

/* In pieces of every size the same. */
START_TEST(lmtp_text)
{
	static const struct {
		const char *in, *out;
		size_t left;
	} cases[] = {
		{ "a\r\n.\r\nQUIT\r\n", "a\r\n", 6 },
		{ ".\r\n", "", 0 },
		{ "..a\r\n...\r\n.\r\n", ".a\r\n..\r\n", 0 },
		/* A bare LF ends nothing (RFC 5321 2.3.8). */
		{ "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", 0 },
		{ "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", 0 },
		{ "a\r.\r\n\r\n.\r\n", "a\r.\r\n\r\n", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 12; piece++) {
			struct lmtp_text text = { 0 };
			struct buf out = { 0 };
			size_t at = 0, len = strlen(cases[i].in);

			while (!text.ended && at < len) {
				size_t n = len - at < piece ? len - at : piece;

				at += lmtp_feed(&text, &out, 1000, cases[i].in + at, n);
			}
			ck_assert_msg(text.ended, "%zu", i);
			ck_assert_str_eq(buf_cstr(&out), cases[i].out);
			ck_assert_uint_eq(len - at, cases[i].left);
			buf_free(&out);
		}
	}
	{
		struct lmtp_text text = { 0 };
		struct buf out = { 0 };

		lmtp_feed(&text, &out, 3, "abcd\r\n.\r\n", 9);
		ck_assert(text.ended && text.too_large);
		buf_free(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mime");
	TCase *tcase = tcase_create("mime");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, values_for_people);
	tcase_add_test(tcase, words_without_end_are_soon_read);
	tcase_add_test(tcase, first_address);
	tcase_add_test(tcase, dates);
	tcase_add_test(tcase, headers_are_found);
	tcase_add_test(tcase, text_that_is_written);
	tcase_add_test(tcase, notes_hold_no_secret_of_the_other);
	tcase_add_test(tcase, lmtp_commands);
	tcase_add_test(tcase, lmtp_text);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
