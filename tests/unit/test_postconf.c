/* SPDX-License-Identifier: BSD-2-Clause */
/* What postconf(1) prints, and the lists, tables and milters in it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/postconf.h"

START_TEST(reads_entries)
{
	static const char text[] = "a = 1\nempty =\nsmtp/unix/command = smtp -o x=y\na = 2\n"
				   "postseal = { inet:127.0.0.1:8689, default_action=tempfail }\n";
	struct postconf postconf;

	ck_assert(postconf_read(&postconf, text, strlen(text)));
	ck_assert_uint_eq(postconf.count, 5);
	ck_assert_str_eq(postconf_get(&postconf, "a"), "1");
	ck_assert_str_eq(postconf_get(&postconf, "empty"), "");
	ck_assert_str_eq(postconf_get(&postconf, "smtp/unix/command"), "smtp -o x=y");
	ck_assert_str_eq(postconf.entries[3].value, "2");
	ck_assert_ptr_null(postconf_get(&postconf, "b"));
	postconf_free(&postconf);
	ck_assert_uint_eq(postconf.count, 0);
	ck_assert(postconf_read(&postconf, "", 0));
	postconf_free(&postconf);
}
END_TEST

START_TEST(refuses_other_text)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "a = 1", 5 }, /* cut short */
		{ "a\n", 2 },       { "\n", 1 },       { " = 1\n", 5 }, { "a = 1\n\nb = 2\n", 13 },
		{ "a = \0b\n", 7 }, { "\0 = b\n", 6 },
	};
	struct postconf postconf;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(!postconf_read(&postconf, cases[i].text, cases[i].len), "%zu", i);
		ck_assert_uint_eq(postconf.count, 0);
		ck_assert_ptr_null(postconf.entries);
	}
}
END_TEST

START_TEST(parts_lists)
{
	static const struct {
		const char *list;
		const char *items; /* each followed by "|" */
	} cases[] = {
		{ "", "" },
		{ " ,\t, ", "" },
		{ "a", "a|" },
		{ "a b,c ,\n d", "a|b|c|d|" },
		{ "{ inet:h:1, x=y }, b", "inet:h:1, x=y|b|" },
		{ "{a{b c}d} e", "a{b c}d|e|" },
		{ "inline:{ x=y, z } a", "inline:{ x=y, z }|a|" },
		{ "{never closed, b", "never closed, b|" },
		{ "{", "|" },
		{ "}", "}|" },
		{ "a} b", "a}|b|" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct span rest = span_of(cases[i].list), item;
		char items[256] = "";

		while (postconf_item(&rest, &item)) {
			strncat(items, item.at, item.len);
			strcat(items, "|");
		}
		ck_assert_str_eq(items, cases[i].items);
	}
}
END_TEST

static const struct postconf_view inside = { "/var/spool/postfix", true };
static const struct postconf_view outside = { "/var/spool/postfix", false };

START_TEST(reads_socketmaps)
{
	static const struct {
		const char *item;
		const struct postconf_view *view;
		const char *path; /* NULL: none; "": not a path, but port 7672 */
		const char *map;
	} cases[] = {
		{ "socketmap:inet:127.0.0.1:7672:policy", &inside, "", "policy" },
		{ "socketmap:inet:[::1]:7672:policy+tlsrpt", &inside, "", "policy+tlsrpt" },
		{ "proxy:socketmap:inet:localhost:7672:x", &inside, "", "x" },
		{ "socketmap:unix:a/b:policy", &inside, "/var/spool/postfix/a/b", "policy" },
		{ "socketmap:unix:a/b:policy", &outside, "/var/spool/postfix/a/b", "policy" },
		{ "socketmap:unix:/a/b:policy", &inside, "/var/spool/postfix/a/b", "policy" },
		{ "socketmap:unix:/a/b:policy", &outside, "/a/b", "policy" },
		{ "proxy:socketmap:unix:/a/b:policy", &inside, "/a/b", "policy" },
		{ "socketmap:inet:mail.example.com:7672:policy", &inside, NULL, "" },
		{ "socketmap:inet:127.0.0.1:7672", &inside, NULL, "" },
		{ "socketmap:inet:127.0.0.1:7672:", &inside, NULL, "" },
		{ "socketmap:unix::policy", &outside, NULL, "" },
		{ "socketmap:policy", &inside, NULL, "" },
		{ "socketmap:", &inside, NULL, "" },
		{ "hash:/etc/postfix/tls", &inside, NULL, "" },
		{ "", &inside, NULL, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint endpoint;
		struct span map;
		bool good =
			postconf_socketmap(&endpoint, &map, span_of(cases[i].item), cases[i].view);

		ck_assert_msg(good == (cases[i].path != NULL), "%s", cases[i].item);
		if (!good)
			continue;
		ck_assert_msg(span_is(map, cases[i].map), "%s", cases[i].item);
		ck_assert_str_eq(endpoint.path, cases[i].path);
		ck_assert_uint_eq(endpoint.port, cases[i].path[0] == '\0' ? 7672 : 0);
	}
}
END_TEST

START_TEST(reads_milters)
{
	static const struct {
		const char *item; /* as postconf_item gives it */
		bool good;
		const char *action;
	} cases[] = {
		{ "inet:127.0.0.1:8689", true, "" },
		{ "inet:127.0.0.1:8689, default_action=tempfail, connect_timeout=10s", true,
		  "tempfail" },
		{ "inet:127.0.0.1:8689 command_timeout=1s default_action=accept", true, "accept" },
		{ "inet:127.0.0.1:8689, { default_action = reject }", true, "reject" },
		{ "inet:127.0.0.1:8689, default_action=accept, default_action=tempfail", true,
		  "tempfail" },
		{ "inet:127.0.0.1:8689, x_default_action=accept", true, "" },
		{ "unix:milter, default_action=", true, "" },
		{ "local:milter", false, "" },
		{ "", false, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint endpoint;
		struct span action;

		ck_assert_msg(postconf_milter(&endpoint, &action, span_of(cases[i].item),
					      &inside) == cases[i].good,
			      "%s", cases[i].item);
		ck_assert_msg(span_is(action, cases[i].action), "%s", cases[i].item);
	}
}
END_TEST

START_TEST(reads_versions)
{
	ck_assert_int_eq(postconf_version("3.7.11"), 307);
	ck_assert_int_eq(postconf_version("3.4.0"), 304);
	ck_assert_int_eq(postconf_version("3.12-20260101"), 312);
	ck_assert_int_eq(postconf_version("2.11.3"), 211);
	ck_assert_int_eq(postconf_version(""), 0);
	ck_assert_int_eq(postconf_version("3"), 0);
	ck_assert_int_eq(postconf_version("3.x"), 0);
	ck_assert_int_eq(postconf_version("3.400"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postconf");
	TCase *tcase = tcase_create("postconf");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, reads_entries);
	tcase_add_test(tcase, refuses_other_text);
	tcase_add_test(tcase, parts_lists);
	tcase_add_test(tcase, reads_socketmaps);
	tcase_add_test(tcase, reads_milters);
	tcase_add_test(tcase, reads_versions);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
