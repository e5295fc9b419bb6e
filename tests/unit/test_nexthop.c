/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and next hops: every spelling Postfix sends, and those nobody should. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/names/domain.h"
#include "core/names/nexthop.h"

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

START_TEST(names_fold_to_one_form)
{
	static const struct {
		const char *text;
		const char *folded; /* NULL: no name */
	} cases[] = {
		{ "example.com", "example.com" },
		{ "EXAMPLE.Com.", "example.com" },
		{ "Bücher.Example", "xn--bcher-kva.example" },
		{ "bücher。example", "xn--bcher-kva.example" }, /* ideographic full stop, UTS 46 */
		{ "faß.de", "xn--fa-hia.de" }, /* non-transitional, as in DNS today */
		{ "_dmarc.example.com", "_dmarc.example.com" },
		{ "localhost", "localhost" },
		{ "a-b.c", "a-b.c" },
		{ LABEL63 ".com", LABEL63 ".com" },
		{ "", NULL },
		{ ".", NULL },
		{ "example..com", NULL },
		{ ".example.com", NULL },
		{ "example.com..", NULL },
		{ "-a.com", NULL },
		{ "a-.com", NULL },
		{ "a b.com", NULL },
		{ "a/b.com", NULL },
		{ "a\n.com", NULL },
		{ "b\xff.com", NULL },
		{ LABEL63 "a.com", NULL },
		{ LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, NULL }, /* 255 bytes */
		{ "192.0.2.1", NULL },
		{ "1.2.3.4.5", NULL },
		{ "example.123", NULL },
		{ "0x7f000001.", NULL },
		{ "1.0X7F.", NULL },
		{ "\xef\xbc\x90x7f000001", NULL }, /* a full-width zero */
		{ "example.0x7f", "example.0x7f" },
		{ "0x7g", "0x7g" },
		{ "0x1.0x2.0x3.0x4.0x5", "0x1.0x2.0x3.0x4.0x5" }, /* one number too many */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[DOMAIN_SIZE] = "untouched";
		bool ok = domain_fold(out, cases[i].text, strlen(cases[i].text));

		ck_assert_msg(ok == (cases[i].folded != NULL), "\"%s\" gave \"%s\"", cases[i].text,
			      out);
		ck_assert_str_eq(out, ok ? cases[i].folded : "");
	}
}
END_TEST

START_TEST(an_embedded_nul_ends_nothing)
{
	char out[DOMAIN_SIZE];

	ck_assert(!domain_fold(out, "good.com\0.evil.com", 18));
}
END_TEST

START_TEST(next_hops_have_one_spelling)
{
	static const struct {
		const char *text;
		const char *key; /* NULL: malformed */
		enum nexthop_kind kind;
		uint16_t port;
	} cases[] = {
		{ "example.com", "example.com", NEXTHOP_DOMAIN, 0 },
		{ "Example.COM.", "example.com", NEXTHOP_DOMAIN, 0 },
		{ "bücher.example", "xn--bcher-kva.example", NEXTHOP_DOMAIN, 0 },
		{ "example.com:25", "example.com", NEXTHOP_DOMAIN, 0 },
		{ "example.com:smtp", "example.com", NEXTHOP_DOMAIN, 0 },
		{ "example.com:submission", "example.com:587", NEXTHOP_DOMAIN, 587 },
		{ "[mx.example.com]", "[mx.example.com]", NEXTHOP_HOST, 0 },
		{ "[MX.example.com]:587", "[mx.example.com]:587", NEXTHOP_HOST, 587 },
		{ "[192.0.2.1]", "[192.0.2.1]", NEXTHOP_ADDRESS, 0 },
		{ "[192.0.2.1]:2525", "[192.0.2.1]:2525", NEXTHOP_ADDRESS, 2525 },
		{ "[IPv6:2001:db8::1]", "[2001:db8::1]", NEXTHOP_ADDRESS, 0 },
		{ "[ipv6:2001:DB8:0::1]:26", "[2001:db8::1]:26", NEXTHOP_ADDRESS, 26 },
		{ "[::ffff:192.0.2.1]", "[192.0.2.1]", NEXTHOP_ADDRESS, 0 },
		{ ".example.com", ".example.com", NEXTHOP_PARENT, 0 },
		{ ".com", ".com", NEXTHOP_PARENT, 0 },
		{ "", NULL, 0, 0 },
		{ "[", NULL, 0, 0 },
		{ "[]", NULL, 0, 0 },
		{ "[mx.example.com", NULL, 0, 0 },
		{ "[mx.example.com]x", NULL, 0, 0 },
		{ "example.com:0", NULL, 0, 0 },
		{ "example.com:65536", NULL, 0, 0 },
		{ "example.com:25x", NULL, 0, 0 },
		{ "user@example.com", NULL, 0, 0 },
		/* Without brackets, as host_port(3) takes it; of two colons the last counts. */
		{ "192.0.2.1", "[192.0.2.1]", NEXTHOP_ADDRESS, 0 },
		{ "192.0.2.1:587", "[192.0.2.1]:587", NEXTHOP_ADDRESS, 587 },
		{ "2001:db8::1:26", "[2001:db8::1]:26", NEXTHOP_ADDRESS, 26 },
		/* However the address is written: what it is held to, it is held to. */
		{ "[192.0.2.010]", "[192.0.2.8]", NEXTHOP_ADDRESS, 0 },
		{ "[0300.0.2.8]:26", "[192.0.2.8]:26", NEXTHOP_ADDRESS, 26 },
		{ "[3221225992]", "[192.0.2.8]", NEXTHOP_ADDRESS, 0 },
		{ "192.0.2.010", "[192.0.2.8]", NEXTHOP_ADDRESS, 0 },
		{ "a:b:25", NULL, 0, 0 },
		{ ".", NULL, 0, 0 },
		{ "a b", NULL, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nexthop nexthop;
		enum nexthop_error error =
			nexthop_parse(&nexthop, cases[i].text, strlen(cases[i].text));

		ck_assert_msg((error == NEXTHOP_OK) == (cases[i].key != NULL), "%s", cases[i].text);
		if (error != NEXTHOP_OK)
			continue;
		ck_assert_str_eq(nexthop.key, cases[i].key);
		ck_assert_int_eq(nexthop.kind, cases[i].kind);
		ck_assert_uint_eq(nexthop.port, cases[i].port);
		ck_assert_uint_eq(nexthop_port(&nexthop, 25), cases[i].port ? cases[i].port : 25);
		/* The canonical spelling is a fixed point. */
		ck_assert_int_eq(nexthop_parse(&nexthop, cases[i].key, strlen(cases[i].key)),
				 NEXTHOP_OK);
		ck_assert_str_eq(nexthop.key, cases[i].key);
	}
}
END_TEST

/* What Postfix could deliver to is never "no next hop": NOTFOUND would undo a floor. */
START_TEST(what_postfix_could_use_is_told_apart)
{
	static const struct {
		const char *text;
		enum nexthop_error error;
	} cases[] = {
		{ "example.com:gopher", NEXTHOP_UNKNOWN_SERVICE },
		{ "example.com:", NEXTHOP_UNKNOWN_SERVICE },
		{ "[mx.example.com]:", NEXTHOP_UNKNOWN_SERVICE },
		{ "[192.0.2.1]:", NEXTHOP_UNKNOWN_SERVICE },
		/* Symbols, right-to-left beside left-to-right, a joiner: ICU takes them. */
		{ "\xe2\x98\x95.test", NEXTHOP_UNKNOWN_NAME },
		{ "\xd7\x90\xc3\xa0.test", NEXTHOP_UNKNOWN_NAME },
		{ "a\xe2\x80\x8c"
		  "b.test",
		  NEXTHOP_UNKNOWN_NAME },
		{ "[mx.\xe2\x98\x95.test]:25", NEXTHOP_UNKNOWN_NAME },
		{ ".\xe2\x98\x95.test", NEXTHOP_UNKNOWN_NAME },
		{ "example.123", NEXTHOP_UNKNOWN_NAME },
		{ "1.example.2.3", NEXTHOP_UNKNOWN_NAME },
		/* In full-width letters, all or one of them: ICU makes an address of it. */
		{ "\xef\xbc\x90\xef\xbd\x98\xef\xbc\x97\xef\xbd\x86.1", NEXTHOP_UNKNOWN_NAME },
		{ "\xef\xbc\x90x7f000001", NEXTHOP_UNKNOWN_NAME },
		{ "[\xef\xbc\x90x7f000001]", NEXTHOP_UNKNOWN_NAME },
		/* No name that Postfix looks up ends in a dot; and an address is no parent. */
		{ "0x7f000001.", NEXTHOP_MALFORMED },
		{ "[0x7f000001.]", NEXTHOP_MALFORMED },
		{ ".0x7f000001", NEXTHOP_MALFORMED },
		{ "1.2.3.4.5", NEXTHOP_MALFORMED },
		{ "example.123.", NEXTHOP_MALFORMED },
		{ "\xe2\x98\x95 .test", NEXTHOP_MALFORMED },
		{ "\xe2\x98.test", NEXTHOP_MALFORMED },
		{ "\xc0\xaf.test", NEXTHOP_MALFORMED },
		{ "\xed\xa0\x80.test", NEXTHOP_MALFORMED },
		{ "\xf5\x80\x80\x80.test", NEXTHOP_MALFORMED },
		{ "b\xff.com", NEXTHOP_MALFORMED },
		{ "not a domain", NEXTHOP_MALFORMED },
		{ "[mx.example.com", NEXTHOP_MALFORMED },
	};
	struct nexthop nexthop;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(nexthop_parse(&nexthop, cases[i].text, strlen(cases[i].text)) ==
				      cases[i].error,
			      "%s", cases[i].text);
	ck_assert(!domain_may_exist("example.1\x00"
				    "3",
				    11));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nexthop");
	TCase *tests = tcase_create("nexthop");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, names_fold_to_one_form);
	tcase_add_test(tests, an_embedded_nul_ends_nothing);
	tcase_add_test(tests, next_hops_have_one_spelling);
	tcase_add_test(tests, what_postfix_could_use_is_told_apart);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
