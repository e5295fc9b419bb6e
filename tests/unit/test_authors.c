/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/authors.h"

#include <check.h>
#include <stdlib.h>

#include "base/str.h"

#define MOST 4

struct row {
	const char *value;
	const char *authors[MOST]; /* "": one that cannot be understood */
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct authors walk;
		struct author author;
		size_t found = 0;

		authors_begin(&walk, rows[i].value);
		while (authors_next(&author, &walk)) {
			ck_assert_msg(found < MOST && rows[i].authors[found] != NULL,
				      "%s: one more, %s", rows[i].value, author.text);
			ck_assert_msg(strcmp(author.text, rows[i].authors[found]) == 0, "%s: %s",
				      rows[i].value, author.text);
			ck_assert(author.raw.at >= rows[i].value);
			ck_assert(author.raw.at + author.raw.len <=
				  rows[i].value + strlen(rows[i].value));
			found++;
		}
		ck_assert_msg(found == MOST || rows[i].authors[found] == NULL, "%s: only %zu",
			      rows[i].value, found);
	}
}

START_TEST(reads_what_people_write)
{
	static const struct row rows[] = {
		{ "", { NULL } },
		{ " \t", { NULL } },
		{ "me@a.example", { "me@a.example" } },
		{ "<me@a.example>", { "me@a.example" } },
		{ "Me <me@a.example>", { "me@a.example" } },
		{ "Me M. Myself <me@a.example>", { "me@a.example" } },
		{ "me@a.example (Me)", { "me@a.example" } },
		{ "\"me@b.example\" <me@a.example>", { "me@a.example" } },
		{ "\"a, b <c@d>\" <me@a.example>", { "me@a.example" } },
		{ "\"a\\\" <c@d>\" <me@a.example>", { "me@a.example" } },
		{ "(me@b.example) Me <me@a.example>", { "me@a.example" } },
		{ "=?utf-8?q?me=40b=2Eexample?= <me@a.example>", { "me@a.example" } },
		{ "J\xc3\xbcrgen <j\xc3\xbc@b\xc3\xbc"
		  "cher.example>",
		  { "j\xc3\xbc@b\xc3\xbc"
		    "cher.example" } },
		{ "J\xfcrgen <me@a.example>", { "me@a.example" } },
		{ "me@a.example, you@b.example", { "me@a.example", "you@b.example" } },
		{ "Me <me@a.example>,\r\n You <you@b.example>",
		  { "me@a.example", "you@b.example" } },
		{ "Us: me@a.example, You <you@b.example>;", { "me@a.example", "you@b.example" } },
		{ "Us:;", { NULL } },
		{ "Us: me@a.example;, they@c.example", { "me@a.example", "they@c.example" } },
		{ "\"me\"@a.example", { "\"me\"@a.example" } },
		{ "\"a b\"@a.example", { "\"a b\"@a.example" } },
		{ "<@a,@b:me@a.example>", { "@a,@b:me@a.example" } },
		{ "me@[192.0.2.1]", { "me@[192.0.2.1]" } },
		{ "<>", { NULL } },
	};

	check_rows(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(bears_with_what_is_obsolete)
{
	static const struct row rows[] = {
		{ "me @ a . example", { "me@a.example" } },
		{ "me\r\n\t@\r\n\ta.\r\n\texample", { "me@a.example" } },
		{ "me(x)@(y)a(z).example", { "me@a.example" } },
		{ "m . e@a.example", { "m.e@a.example" } },
		{ ",, me@a.example,", { "me@a.example" } },
		{ "Me <me@a.example> (Me)", { "me@a.example" } },
		{ "Me <me@a.example> trailing", { "me@a.example", "trailing" } },
		{ "(a (nested \\) comment)) me@a.example", { "me@a.example" } },
		{ "\"a\r\n b\"@a.example", { "\"a b\"@a.example" } },
	};

	check_rows(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(leaves_out_nothing_that_is_nasty)
{
	static const struct row rows[] = {
		/* a display name that needs quotes */
		{ "me@b.example <me@a.example>", { "me@b.example", "me@a.example" } },
		{ "me@b.example: <me@a.example>;", { "me@b.example", "me@a.example" } },
		{ "Blow, Joe <me@a.example>", { "Blow", "me@a.example" } },
		{ "Dr. Joe Blow, Jr. <me@a.example>", { "", "me@a.example" } },
		{ "mailto:me@a.example", { "me@a.example" } },
		/* no end */
		{ "<me@a.example", { "me@a.example" } },
		{ "me@a.example>", { "me@a.example" } },
		{ "<<me@a.example>>", { "me@a.example" } },
		{ "<me@a.example<you@b.example>", { "me@a.example", "you@b.example" } },
		{ "\"me@a.example", { "" } },
		{ "(me@a.example", { "" } },
		{ "((me@a.example)", { "" } },
		{ "me@[a.example", { "" } },
		{ "\"Me <me@a.example>", { "" } },
		{ "x@y, (", { "x@y", "" } },
		{ "\\", { "\\" } },
		{ "\"\\", { "" } },
		{ "(\\", { "" } },
		/* two words */
		{ "Me me@a.example", { "" } },
		{ "me@a example", { "" } },
		{ "me(x)you@a.example", { "" } },
		/* left to who knows addresses */
		{ "me@a@b", { "me@a@b" } },
		{ "me", { "me" } },
		{ "me@", { "me@" } },
		{ "@", { "@" } },
		{ "me\x01@a", { "me\x01@a" } },
	};

	check_rows(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(no_address_is_too_long)
{
	static char value[2 * AUTHOR_SIZE];
	struct authors walk;
	struct author author;

	memset(value, 'a', AUTHOR_SIZE - 1);
	authors_begin(&walk, value);
	ck_assert(authors_next(&author, &walk));
	ck_assert_uint_eq(strlen(author.text), AUTHOR_SIZE - 1);
	memset(value, 'a', AUTHOR_SIZE);
	authors_begin(&walk, value);
	ck_assert(authors_next(&author, &walk));
	ck_assert_str_eq(author.text, "");
	ck_assert(!authors_next(&author, &walk));
}
END_TEST

START_TEST(knows_the_headers)
{
	ck_assert_str_eq(authors_header("FROM"), "From");
	ck_assert_str_eq(authors_header("sender \t"), "Sender");
	ck_assert_str_eq(authors_header("Resent-From"), "Resent-From");
	ck_assert_str_eq(authors_header("resent-sender"), "Resent-Sender");
	ck_assert_ptr_null(authors_header("Reply-To"));
	ck_assert_ptr_null(authors_header("Fr"));
	ck_assert_ptr_null(authors_header("From-Me"));
	ck_assert_ptr_null(authors_header("X-From"));
	ck_assert_ptr_null(authors_header(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authors");
	TCase *tests = tcase_create("authors");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, reads_what_people_write);
	tcase_add_test(tests, bears_with_what_is_obsolete);
	tcase_add_test(tests, leaves_out_nothing_that_is_nasty);
	tcase_add_test(tests, no_address_is_too_long);
	tcase_add_test(tests, knows_the_headers);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
