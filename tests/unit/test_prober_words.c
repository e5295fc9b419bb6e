/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/prober_words.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(reads_every_word)
{
	static const struct {
		const char *line;
		enum prober_word word;
		enum nexthop_kind kind;
		const char *key;
	} cases[] = {
		{ "want example.com", PROBER_WANT, NEXTHOP_DOMAIN, "example.com" },
		{ "probe [mx.example.com]:587", PROBER_PROBE, NEXTHOP_HOST,
		  "[mx.example.com]:587" },
		{ "news [192.0.2.1]", PROBER_NEWS, NEXTHOP_ADDRESS, "[192.0.2.1]" },
		{ "done example.com:2525", PROBER_DONE, NEXTHOP_DOMAIN, "example.com:2525" },
		{ "busy .example.com", PROBER_BUSY, NEXTHOP_PARENT, ".example.com" },
		{ "lost example.com", PROBER_LOST, NEXTHOP_DOMAIN, "example.com" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prober_message message;
		struct buf out = { 0 };

		ck_assert_msg(prober_message_parse(&message, cases[i].line, strlen(cases[i].line)),
			      "%s", cases[i].line);
		ck_assert_int_eq(message.word, cases[i].word);
		ck_assert_int_eq(message.nexthop.kind, cases[i].kind);
		ck_assert_str_eq(message.nexthop.key, cases[i].key);
		prober_message_append(&out, message.word, message.nexthop.key);
		ck_assert_uint_eq(out.len, strlen(cases[i].line) + 1);
		ck_assert_int_eq(out.data[out.len - 1], '\n');
		ck_assert_mem_eq(out.data, cases[i].line, out.len - 1);
		buf_free(&out);
	}
}
END_TEST

START_TEST(hears_of_refusals)
{
	static const char line[] =
		"refused me@secure.example.com no-tls 192.0.2.9 <a b@example.net>";
	struct prober_message message;
	char text[REFUSAL_TEXT_SIZE];
	struct buf out = { 0 };

	ck_assert(prober_message_parse(&message, line, strlen(line)));
	ck_assert_int_eq(message.word, PROBER_REFUSED);
	ck_assert_str_eq(message.refusal.alias, "me@secure.example.com");
	ck_assert_str_eq(message.refusal.sender, "a b@example.net");
	refusal_format(text, &message.refusal);
	prober_message_append(&out, PROBER_REFUSED, text);
	ck_assert_uint_eq(out.len, strlen(line) + 1);
	ck_assert_mem_eq(out.data, line, strlen(line));
	buf_free(&out);
	ck_assert(!prober_message_parse(&message, "refused example.com", 19));
	ck_assert(!prober_message_parse(&message, "want me@secure.example.com no-tls 192.0.2.9 <>",
					46));
}
END_TEST

START_TEST(refuses_all_else)
{
	static const char *const cases[] = {
		"",
		" ",
		"want",
		"want ",
		"wan example.com",
		"wants example.com",
		"WANT example.com",
		" want example.com",
		"want  example.com",
		"want example.com ",
		"want example.com\r",
		"want\texample.com",
		"want example..com",
		"want [192.0.2.1",
		"want 192.0.2.1",
		"lost",
		"lost ",
		"los example.com",
		"losts example.com",
		/* other spellings of what has a canonical one */
		"want Example.com",
		"want example.com.",
		"want example.com:25",
		"want example.com:smtp",
		"want [IPv6:2001:db8::1]",
		"want [2001:DB8::1]",
	};
	struct prober_message message;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(!prober_message_parse(&message, cases[i], strlen(cases[i])), "\"%s\"",
			      cases[i]);
	ck_assert(!prober_message_parse(&message, "want example.com\0x", 18));
}
END_TEST

START_TEST(takes_the_longest_key_and_no_longer_line)
{
	struct prober_message message;
	char line[PROBER_LINE_MAX + 64] = "probe [";
	size_t len = strlen(line);

	/* 253 bytes of name: three labels of 63 and one of 61. */
	for (size_t i = 0; i < 253; i++)
		line[len++] = i % 64 == 63 ? '.' : 'a';
	memcpy(line + len, "]:65535", 7);
	len += 7;
	ck_assert(prober_message_parse(&message, line, len));
	ck_assert_uint_le(len + 1, PROBER_LINE_MAX);
	memset(line + len, 'x', sizeof(line) - len);
	ck_assert(!prober_message_parse(&message, line, sizeof(line)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prober_words");
	TCase *tcase = tcase_create("words");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, reads_every_word);
	tcase_add_test(tcase, hears_of_refusals);
	tcase_add_test(tcase, refuses_all_else);
	tcase_add_test(tcase, takes_the_longest_key_and_no_longer_line);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
