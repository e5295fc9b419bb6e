/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/mailaddr.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static enum mailaddr_error parse(struct mailaddr *addr, const char *text, const char *delimiters)
{
	return mailaddr_parse(addr, text, strlen(text), delimiters);
}

struct good {
	const char *text;
	const char *local;
	const char *extension;
	const char *domain;
};

static void check_good(const struct good *good, const char *delimiters)
{
	struct mailaddr addr;

	ck_assert_msg(parse(&addr, good->text, delimiters) == MAILADDR_OK, "%s", good->text);
	ck_assert_msg(strcmp(addr.local, good->local) == 0, "%s: local %s", good->text, addr.local);
	ck_assert_msg(strcmp(addr.extension, good->extension) == 0, "%s: extension %s", good->text,
		      addr.extension);
	ck_assert_msg(strcmp(addr.domain, good->domain) == 0, "%s: domain %s", good->text,
		      addr.domain);
}

START_TEST(understands_every_spelling)
{
	static const struct good cases[] = {
		{ "<me@example.com>", "me", "", "example.com" },
		{ "me@example.com", "me", "", "example.com" },
		{ " <me@example.com> ", "me", "", "example.com" },
		{ "<\tme@example.com >", "me", "", "example.com" },
		/* case, of the local part too: Postfix folds it in its maps */
		{ "<ME@EXAMPLE.Com>", "me", "", "example.com" },
		{ "<me@example.com.>", "me", "", "example.com" },
		/* extensions */
		{ "<me+list@example.com>", "me", "list", "example.com" },
		{ "<Me+List+More@example.com>", "me", "list+more", "example.com" },
		{ "<me+@example.com>", "me", "", "example.com" },
		{ "<+list@example.com>", "+list", "", "example.com" },
		{ "<me-list@example.com>", "me-list", "", "example.com" },
		/* quoting: the quotes are no part of the name */
		{ "<\"me\"@example.com>", "me", "", "example.com" },
		{ "<\"m\\e\"@example.com>", "me", "", "example.com" },
		{ "<m\"e\"@example.com>", "me", "", "example.com" },
		{ "<\"m\"\"e\"@example.com>", "me", "", "example.com" },
		{ "<\"a\".b.\"c\"@example.com>", "a.b.c", "", "example.com" },
		{ "<\"me+list\"@example.com>", "me", "list", "example.com" },
		{ "<\"a b\"@example.com>", "a b", "", "example.com" },
		{ "<\"a\\\"b\"@example.com>", "a\"b", "", "example.com" },
		{ "<\"a\\\\b\"@example.com>", "a\\b", "", "example.com" },
		{ "<\"me@example.net\"@example.com>", "me@example.net", "", "example.com" },
		{ "<\"<me>\"@example.com>", "<me>", "", "example.com" },
		{ "<\"(me)\"@example.com>", "(me)", "", "example.com" },
		{ "\"me\"@example.com", "me", "", "example.com" },
		/* source routes, RFC 5321 appendix C */
		{ "<@a.example:me@example.com>", "me", "", "example.com" },
		{ "<@a.example,@b.example:me@example.com>", "me", "", "example.com" },
		{ "@a.example:me@example.com", "me", "", "example.com" },
		{ "<@a:\"me\"@EXAMPLE.COM.>", "me", "", "example.com" },
		/* routes inside the local part stay there */
		{ "<me%example.net@example.com>", "me%example.net", "", "example.com" },
		{ "<example.net!me@example.com>", "example.net!me", "", "example.com" },
		{ "<a!b!me%c@example.com>", "a!b!me%c", "", "example.com" },
		/* dots where they should not be */
		{ "<me.@example.com>", "me.", "", "example.com" },
		{ "<.me@example.com>", ".me", "", "example.com" },
		{ "<m..e@example.com>", "m..e", "", "example.com" },
		{ "<.@example.com>", ".", "", "example.com" },
		/* all of atext */
		{ "<!#$%&'*-/=?^_`{|}~@example.com>", "!#$%&'*-/=?^_`{|}~", "", "example.com" },
		/* RFC 6531 */
		{ "<m\xc3\xbc@example.com>", "m\xc3\xbc", "", "example.com" },
		{ "<me@b\xc3\xbc"
		  "cher.example>",
		  "me", "", "xn--bcher-kva.example" },
		{ "<me@B\xc3\x9c"
		  "CHER.example>",
		  "me", "", "xn--bcher-kva.example" },
		{ "<me@XN--BCHER-KVA.example>", "me", "", "xn--bcher-kva.example" },
		{ "<\"\xff\"@example.com>", "\xff", "", "example.com" },
		/* no domain */
		{ "<postmaster>", "postmaster", "", "" },
		{ "<PostMaster>", "postmaster", "", "" },
		{ "me", "me", "", "" },
		{ "<me+list>", "me", "list", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_good(&cases[i], "+");
}
END_TEST

START_TEST(splits_as_postfix_does)
{
	static const struct good both[] = {
		{ "me+a-b@example.com", "me", "a-b", "example.com" },
		{ "me-a+b@example.com", "me", "a+b", "example.com" },
		{ "mailer-daemon@example.com", "mailer-daemon", "", "example.com" },
		{ "Double-Bounce@example.com", "double-bounce", "", "example.com" },
		{ "owner-list@example.com", "owner-list", "", "example.com" },
		{ "list-request@example.com", "list-request", "", "example.com" },
		{ "-request@example.com", "-request", "", "example.com" },
		{ "ownership-x@example.com", "ownership", "x", "example.com" },
	};
	static const struct good none = { "me+a-b@example.com", "me+a-b", "", "example.com" };

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		check_good(&both[i], "+-");
	check_good(&none, "");
}
END_TEST

START_TEST(understands_literals)
{
	static const struct good cases[] = {
		{ "<me@[192.0.2.1]>", "me", "", "192.0.2.1" },
		{ "<me@[IPv6:2001:DB8::1]>", "me", "", "ipv6:2001:db8::1" },
		{ "<@a:me@[192.0.2.1]>", "me", "", "192.0.2.1" },
		{ "<me@[secure.example.com]>", "me", "", "secure.example.com" },
	};
	struct mailaddr addr;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check_good(&cases[i], "+");
		parse(&addr, cases[i].text, "+");
		ck_assert_msg(addr.domain_is_literal, "%s", cases[i].text);
	}
	parse(&addr, "<me@example.com>", "+");
	ck_assert(!addr.domain_is_literal);
}
END_TEST

START_TEST(knows_the_null_address)
{
	struct mailaddr addr;

	ck_assert_int_eq(parse(&addr, "<>", "+"), MAILADDR_NULL);
	ck_assert_int_eq(parse(&addr, "< >", "+"), MAILADDR_NULL);
}
END_TEST

START_TEST(owns_up_to_what_it_does_not_understand)
{
	static const char *const cases[] = {
		"",
		" ",
		"<",
		">",
		"<me@example.com",
		"me@example.com>",
		"<<me@example.com>>",
		"Me <me@example.com>",
		"<me@example.com> x",
		"<a@b.example><c@d.example>",
		"<@>",
		"<@example.com>",
		"<@example.com:>",
		"<@a:@b:me@example.com>",
		"<@[1.2.3.4]:me@example.com>",
		"<@[IPv6:::1]:me@example.com>",
		"<@a(:)b:me@example.com>",
		"<@a b:me@example.com>",
		"<@\"a\":me@example.com>",
		"<me@>",
		"<me@.>",
		"<me@..>",
		"<\"\"@example.com>",
		"<\"\">",
		"<me@example..com>",
		"<me@.example.com>",
		"<me@example.com..>",
		"<me@exa mple.com>",
		"<me@example.com\r\n>",
		"<me@example.com\n",
		"<me\x01@example.com>",
		"<me@example.com\x7f>",
		"<me @example.com>",
		"<me@ example.com>",
		"<m e@example.com>",
		"<a@b@example.com>",
		"<me@example.com@>",
		"<me@@example.com>",
		"<me(comment)@example.com>",
		"<me@(comment)example.com>",
		"<me@example.com(comment)>",
		"<me@secure(c).example.com>",
		"<a,b@example.com>",
		"<a:b@example.com>",
		"<list:me@example.com;>",
		"<me;@example.com>",
		"<m\\e@example.com>",
		"<\"me@example.com>",
		"<\"me\\\"@example.com>",
		"<\"me\n\"@example.com>",
		"<me@\"example.com\">",
		"<me@[192.0.2.1>",
		"<me@192.0.2.1]>",
		"<me@[]>",
		"<me@[[::1]]>",
		"<me@[192.0.2.1].example>",
		"<me@[192.0.2.1]x>",
		"<me@[192 .0.2.1]>",
		"<me@192.0.2.1>",
		"<me@#3221225985>",
		"<me@16909060>",
		"<me@exam_ple!com>",
		"<me@-example.com>",
		"<me@example\xff.com>",
		"<me@xn--\xff>",
	};
	struct mailaddr addr, zero;

	memset(&zero, 0, sizeof(zero));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(parse(&addr, cases[i], "+") == MAILADDR_MALFORMED, "\"%s\"",
			      cases[i]);
		ck_assert_msg(memcmp(&addr, &zero, sizeof(addr)) == 0, "\"%s\"", cases[i]);
	}
}
END_TEST

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

START_TEST(a_nul_hides_nothing)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		BYTES("<me@example.com\0.example.net>"),
		BYTES("<me@example.com>\0"),
		BYTES("<m\0e@example.com>"),
		BYTES("<\"m\0e\"@example.com>"),
		BYTES("<\"m\\\0e\"@example.com>"),
		BYTES("<me@[1.2.3.4\0]>"),
		BYTES("<@a\0:me@example.com>"),
		BYTES("\0"),
		BYTES("<\0>"),
	};
	struct mailaddr addr;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(mailaddr_parse(&addr, cases[i].text, cases[i].len, "+") ==
				      MAILADDR_MALFORMED,
			      "case %zu", i);
}
END_TEST

START_TEST(takes_only_the_bytes_given)
{
	struct mailaddr addr;

	ck_assert_int_eq(mailaddr_parse(&addr, "me@example.community", 14, "+"), MAILADDR_OK);
	ck_assert_str_eq(addr.domain, "example.com");
	ck_assert_int_eq(mailaddr_parse(&addr, "<me@example.com>", 15, "+"), MAILADDR_MALFORMED);
	ck_assert_int_eq(mailaddr_parse(&addr, "\"me\\", 4, "+"), MAILADDR_MALFORMED);
}
END_TEST

START_TEST(is_bounded)
{
	char text[600];
	struct mailaddr addr;

	memset(text, 'a', sizeof(text));
	memcpy(text + LOCALPART_SIZE - 1, "@example.com", sizeof("@example.com"));
	ck_assert_int_eq(parse(&addr, text, "+"), MAILADDR_OK);
	ck_assert_uint_eq(strlen(addr.local), LOCALPART_SIZE - 1);
	memset(text, 'a', sizeof(text));
	memcpy(text + LOCALPART_SIZE, "@example.com", sizeof("@example.com"));
	ck_assert_int_eq(parse(&addr, text, "+"), MAILADDR_MALFORMED);
	memset(text, 'a', sizeof(text));
	memcpy(text, "me@", 3);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(parse(&addr, text, "+"), MAILADDR_MALFORMED);
	text[3] = '[';
	text[sizeof(text) - 2] = ']';
	ck_assert_int_eq(parse(&addr, text, "+"), MAILADDR_MALFORMED);
	memset(text, 'a', sizeof(text));
	text[0] = 'x';
	text[1] = '+';
	memcpy(text + LOCALPART_SIZE - 1, "@example.com", sizeof("@example.com"));
	ck_assert_int_eq(parse(&addr, text, "+"), MAILADDR_OK);
	ck_assert_uint_eq(strlen(addr.extension), LOCALPART_SIZE - 3);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("mailaddr");
	Suite *suite = suite_create("mailaddr");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, understands_every_spelling);
	tcase_add_test(tests, splits_as_postfix_does);
	tcase_add_test(tests, understands_literals);
	tcase_add_test(tests, knows_the_null_address);
	tcase_add_test(tests, owns_up_to_what_it_does_not_understand);
	tcase_add_test(tests, a_nul_hides_nothing);
	tcase_add_test(tests, takes_only_the_bytes_given);
	tcase_add_test(tests, is_bounded);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
