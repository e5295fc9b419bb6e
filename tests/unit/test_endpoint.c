/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/ipaddr.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(takes_inet)
{
	static const struct {
		const char *text;
		const char *addr;
		uint16_t port;
	} cases[] = {
		{ "inet:127.0.0.1:7672", "127.0.0.1", 7672 },
		{ "inet:[::1]:7672", "::1", 7672 },
		{ "inet:[2001:DB8::1]:1", "2001:db8::1", 1 },
		{ "inet:0.0.0.0:65535", "0.0.0.0", 65535 },
		{ "inet:[::]:25", "::", 25 },
		/* Not looked up: what is bound must not depend on DNS. */
		{ "inet:localhost:7672", "127.0.0.1", 7672 },
		{ "inet:LocalHost:7672", "127.0.0.1", 7672 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint endpoint;
		char text[IPADDR_SIZE];

		ck_assert_msg(endpoint_parse(&endpoint, cases[i].text), "%s", cases[i].text);
		ck_assert(!endpoint.is_unix);
		ck_assert_str_eq(ipaddr_format(text, &endpoint.addr), cases[i].addr);
		ck_assert_uint_eq(endpoint.port, cases[i].port);
	}
}
END_TEST

START_TEST(takes_unix)
{
	char longest[5 + ENDPOINT_PATH_SIZE] = "unix:";
	struct endpoint endpoint;

	ck_assert(endpoint_parse(&endpoint, "unix:/run/postseal/map.sock"));
	ck_assert(endpoint.is_unix);
	ck_assert_str_eq(endpoint.path, "/run/postseal/map.sock");
	memset(longest + 5, '/', 1);
	memset(longest + 6, 'a', ENDPOINT_PATH_SIZE - 2);
	ck_assert(endpoint_parse(&endpoint, longest));
	ck_assert_uint_eq(strlen(endpoint.path), ENDPOINT_PATH_SIZE - 1);
}
END_TEST

START_TEST(refuses_what_is_none)
{
	static const char *const cases[] = {
		"",
		"inet",
		"inet:",
		"unix",
		"unix:",
		"tcp:127.0.0.1:1",
		"127.0.0.1:7672",
		"INET:127.0.0.1:7672",
		" inet:127.0.0.1:7672",
		"inet:127.0.0.1:7672 ",
		"inet:127.0.0.1",
		"inet:127.0.0.1:",
		"inet::7672",
		"inet:7672",
		"inet:*:7672",
		"inet:127.0.0.1:0",
		"inet:127.0.0.1:65536",
		"inet:127.0.0.1:-1",
		"inet:127.0.0.1:+1",
		"inet:127.0.0.1:smtp",
		"inet:127.0.0.1:7672x",
		"inet:127.0.0.1:99999999999999999999",
		/* Without brackets no one can tell the address from the port. */
		"inet:::1:7672",
		"inet:[127.0.0.1]:7672",
		"inet:[]:7672",
		"inet:[::1:7672",
		"inet:::1]:7672",
		"inet:[::1]7672",
		"inet:[[::1]]:7672",
		"inet:example.com:7672",
		"inet:localhostess:7672",
		"inet:local:7672",
		"unix:relative",
		"unix:./x",
		"unix:/",
		"unix:/directory/",
		/* one byte more than sun_path holds */
		"unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct endpoint endpoint;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(!endpoint_parse(&endpoint, cases[i]), "\"%s\"", cases[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("endpoint");
	TCase *tcase = tcase_create("endpoint");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, takes_inet);
	tcase_add_test(tcase, takes_unix);
	tcase_add_test(tcase, refuses_what_is_none);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
