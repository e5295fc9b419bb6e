/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/ipaddr.h"

#include <check.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool parse(struct ipaddr *addr, const char *text)
{
	return ipaddr_parse(addr, text, strlen(text));
}

START_TEST(parses_and_formats)
{
	static const struct {
		const char *text;
		const char *formatted;
		int len;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", 4 },
		{ "0.0.0.0", "0.0.0.0", 4 },
		{ "255.255.255.255", "255.255.255.255", 4 },
		{ "2001:DB8::1", "2001:db8::1", 16 },
		{ "2001:db8:0:0:0:0:0:1", "2001:db8::1", 16 },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 16 },
		{ "::", "::", 16 },
		{ "::1", "::1", 16 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 4 },
		{ "::FFFF:c000:0201", "192.0.2.1", 4 },
		{ "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1", 4 },
		{ "::fffe:192.0.2.1", "::fffe:c000:201", 16 },
	};
	struct ipaddr addr;
	char text[IPADDR_SIZE];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(parse(&addr, cases[i].text), "%s", cases[i].text);
		ck_assert_int_eq(addr.len, cases[i].len);
		ck_assert_str_eq(ipaddr_format(text, &addr), cases[i].formatted);
	}
}
END_TEST

START_TEST(refuses_what_is_no_address)
{
	static const char *const cases[] = {
		"",
		" ",
		"192.0.2",
		"192.0.2.1.",
		"192.0.2.256",
		"192.0.2.01",
		"0x7f.0.0.1",
		"127.1",
		"2130706433",
		" 192.0.2.1",
		"192.0.2.1 ",
		"192.0.2.1\n",
		"192.0.2.1/32",
		"1.2.3.4.5",
		":",
		":::",
		"1::2::3",
		"fe80::1%lo",
		"[::1]",
		"IPv6:::1",
		"12345::",
		"::g",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"::ffff:192.0.2.256",
		"localhost",
		"0000:0000:0000:0000:0000:0000:255.255.255.2555",
	};
	struct ipaddr addr;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(!parse(&addr, cases[i]), "\"%s\"", cases[i]);
}
END_TEST

/* As getaddrinfo(3) with AI_NUMERICHOST, which Postfix asks before DNS. */
START_TEST(reads_numbers_as_the_resolver_does)
{
	static const struct {
		const char *text, *formatted;
	} cases[] = {
		{ "192.0.2.8", "192.0.2.8" },
		{ "192.0.2.010", "192.0.2.8" },
		{ "0300.0.02.010", "192.0.2.8" },
		{ "0xc0.0.0x2.8", "192.0.2.8" },
		{ "0XC0.0.0X2.8", "192.0.2.8" },
		{ "192.0.520", "192.0.2.8" },
		{ "192.520", "192.0.2.8" },
		{ "3221225992", "192.0.2.8" },
		{ "0xC0000208", "192.0.2.8" },
		{ "127.0x0001", "127.0.0.1" },
		{ "2001:db8::010", "2001:db8::10" },
		{ "192.0.2.08", NULL }, /* no octal number */
		{ "192.0.2.256", NULL },
		{ "4294967296", NULL },
		{ "192.0.2.8.", NULL },
		{ "1.2.3.4.5", NULL },
		{ "192.0.2.8 x", NULL },
		{ "192.0.2.8\n", NULL },
		{ "1.example.2", NULL },
		{ "face", NULL }, /* a name */
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = cases[i].text;
		struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_family = AF_UNSPEC };
		struct addrinfo *info = NULL;
		struct ipaddr addr;
		char formatted[IPADDR_SIZE];
		bool ok = ipaddr_parse_numeric(&addr, text, strlen(text));

		ck_assert_msg(ok == (cases[i].formatted != NULL), "\"%s\"", text);
		if (ok)
			ck_assert_str_eq(ipaddr_format(formatted, &addr), cases[i].formatted);
		/* It passes over what follows a blank, which is in no next hop. */
		if (strpbrk(text, " \n") == NULL && text[0] != '\0')
			ck_assert_msg((getaddrinfo(text, NULL, &hints, &info) == 0) == ok, "\"%s\"",
				      text);
		if (info != NULL)
			freeaddrinfo(info);
	}
}
END_TEST

START_TEST(takes_only_the_bytes_given)
{
	struct ipaddr addr;
	char text[IPADDR_SIZE];

	ck_assert(ipaddr_parse(&addr, "192.0.2.12", 9));
	ck_assert_str_eq(ipaddr_format(text, &addr), "192.0.2.1");
	ck_assert(!ipaddr_parse(&addr, "192.0.2.1\0", 10));
	ck_assert(!ipaddr_parse(&addr, "127.0.0.1\0x", 11));
}
END_TEST

START_TEST(takes_bytes)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
	static const uint8_t loopback[16] = { [15] = 1 };
	struct ipaddr addr, other;

	ck_assert(ipaddr_from_bytes(&addr, mapped, 16));
	ck_assert_int_eq(addr.len, 4);
	ck_assert(ipaddr_is_loopback(&addr));
	ck_assert(ipaddr_from_bytes(&other, mapped + 12, 4));
	ck_assert(ipaddr_equal(&addr, &other));
	ck_assert(ipaddr_from_bytes(&other, loopback, 16));
	ck_assert(ipaddr_is_loopback(&other));
	ck_assert(!ipaddr_equal(&addr, &other));
	ck_assert(!ipaddr_from_bytes(&addr, mapped, 0));
	ck_assert(!ipaddr_from_bytes(&addr, mapped, 5));
}
END_TEST

START_TEST(no_address_is_nothing)
{
	static const struct ipaddr none;
	static const struct ipnet no_net;
	char text[IPADDR_SIZE];

	ck_assert_str_eq(ipaddr_format(text, &none), "");
	ck_assert(!ipaddr_is_loopback(&none));
	ck_assert(ipaddr_is_private(&none));
	ck_assert(!ipnet_contains(&no_net, &none));
}
END_TEST

START_TEST(networks_contain)
{
	static const struct {
		const char *net;
		const char *addr;
		bool inside;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.200", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.0/31", "192.0.2.1", true },
		{ "192.0.2.0/31", "192.0.2.2", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.1", false },
		{ "127.0.0.0/8", "::ffff:127.0.0.1", true },
		{ "::ffff:127.0.0.0/104", "127.255.0.1", true },
		{ "::ffff:127.0.0.0/104", "126.255.255.255", false },
		{ "::ffff:0:0/96", "8.8.8.8", true },
		{ "::ffff:192.0.2.1", "192.0.2.1", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::", false },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "::1/128", "::1", true },
		{ "::1/128", "::2", false },
		/* the bytes of one family are never compared with the other's */
		{ "::/8", "0.0.0.0", false },
	};
	struct ipnet net;
	struct ipaddr addr;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(ipnet_parse(&net, cases[i].net), "%s", cases[i].net);
		ck_assert_msg(parse(&addr, cases[i].addr), "%s", cases[i].addr);
		ck_assert_msg(ipnet_contains(&net, &addr) == cases[i].inside, "%s in %s",
			      cases[i].addr, cases[i].net);
	}
}
END_TEST

START_TEST(refuses_what_is_no_network)
{
	static const char *const cases[] = {
		"",
		"/",
		"/8",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/ 24",
		"192.0.2.0/24 ",
		"192.0.2.0/24/24",
		"192.0.2.0/+24",
		"192.0.2.0/x",
		"192.0.2.0/255.255.255.0",
		"192.0.2/24",
		"192.0.2.1/24",
		"192.0.2.128/24",
		"2001:db8::/129",
		"2001:db8::1/64",
		"[2001:db8::]/32",
		"::ffff:0:0/95",
		"::ffff:192.0.2.0/24",
		"::ffff:192.0.2.1/120",
		"192.0.2.0/120",
		"0.0.0.0/96",
		"10.0.0.0/4294967304",
		"10.0.0.0/18446744073709551624",
	};
	struct ipnet net;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(!ipnet_parse(&net, cases[i]), "\"%s\"", cases[i]);
}
END_TEST

START_TEST(tells_private_from_public)
{
	static const struct {
		const char *addr;
		bool private;
	} cases[] = {
		{ "0.0.0.0", true },
		{ "0.255.255.255", true },
		{ "1.0.0.0", false },
		{ "9.255.255.255", false },
		{ "10.0.0.0", true },
		{ "11.0.0.0", false },
		{ "100.63.255.255", false },
		{ "100.64.0.0", true },
		{ "100.127.255.255", true },
		{ "100.128.0.0", false },
		{ "127.0.0.1", true },
		{ "128.0.0.1", false },
		{ "169.253.0.1", false },
		{ "169.254.169.254", true },
		{ "172.15.255.255", false },
		{ "172.16.0.1", true },
		{ "172.31.255.255", true },
		{ "172.32.0.0", false },
		{ "192.0.0.1", true },
		{ "192.0.1.1", false },
		{ "192.0.2.1", true },
		{ "192.88.99.1", true },
		{ "192.168.1.1", true },
		{ "192.169.0.1", false },
		{ "198.17.255.255", false },
		{ "198.18.0.1", true },
		{ "198.19.255.255", true },
		{ "198.20.0.0", false },
		{ "198.51.100.1", true },
		{ "203.0.113.1", true },
		{ "203.0.114.1", false },
		{ "223.255.255.255", false },
		{ "224.0.0.1", true },
		{ "239.255.255.255", true },
		{ "240.0.0.1", true },
		{ "255.255.255.255", true },
		{ "::", true },
		{ "::1", true },
		{ "::ffff:10.0.0.1", true },
		{ "::ffff:8.8.8.8", false },
		{ "::10.0.0.1", true },
		{ "::ffff:0:8.8.8.8", true },
		{ "64:ff9b::10.0.0.1", true },
		{ "64:ff9b::8.8.8.8", false },
		{ "64:ff9b:1::8.8.8.8", true },
		{ "100::1", true },
		{ "1fff::1", true },
		{ "2000::1", false },
		{ "2001::1", true },
		{ "2001:1ff::1", true },
		{ "2001:200::1", false },
		{ "2001:db8::1", true },
		{ "2001:db9::1", false },
		{ "2001:4860:4860::8888", false },
		{ "2002:0a00:0001::1", true },
		{ "2002:7f00:0001::", true },
		{ "2002:0808:0808::1", false },
		{ "2a00:1450::1", false },
		{ "3fff::1", true },
		{ "3fff:fff::1", true },
		{ "3fff:1000::1", false },
		{ "4000::1", true },
		{ "5f00::1", true },
		{ "fc00::1", true },
		{ "fdff::1", true },
		{ "fe80::1", true },
		{ "fec0::1", true },
		{ "ff02::1", true },
	};
	struct ipaddr addr;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(parse(&addr, cases[i].addr), "%s", cases[i].addr);
		ck_assert_msg(ipaddr_is_private(&addr) == cases[i].private, "%s", cases[i].addr);
	}
}
END_TEST

START_TEST(knows_loopback)
{
	static const char *const inside[] = { "127.0.0.1", "127.255.255.255", "::1",
					      "::ffff:127.0.0.1" };
	static const char *const outside[] = { "126.255.255.255", "128.0.0.0", "::2", "::",
					       "::127.0.0.1",     "7f00::1" };
	struct ipaddr addr;
	size_t i;

	for (i = 0; i < ARRAY_LEN(inside); i++)
		ck_assert_msg(parse(&addr, inside[i]) && ipaddr_is_loopback(&addr), "%s",
			      inside[i]);
	for (i = 0; i < ARRAY_LEN(outside); i++)
		ck_assert_msg(parse(&addr, outside[i]) && !ipaddr_is_loopback(&addr), "%s",
			      outside[i]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ipaddr");
	Suite *suite = suite_create("ipaddr");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, parses_and_formats);
	tcase_add_test(tests, refuses_what_is_no_address);
	tcase_add_test(tests, reads_numbers_as_the_resolver_does);
	tcase_add_test(tests, takes_only_the_bytes_given);
	tcase_add_test(tests, takes_bytes);
	tcase_add_test(tests, no_address_is_nothing);
	tcase_add_test(tests, networks_contain);
	tcase_add_test(tests, refuses_what_is_no_network);
	tcase_add_test(tests, tells_private_from_public);
	tcase_add_test(tests, knows_loopback);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
