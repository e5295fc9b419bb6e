/* SPDX-License-Identifier: BSD-2-Clause */
/* Secure aliases in the headers of what is submitted. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/secure/secure.h"

static char domain[] = "secure.example.com", idn[] = "xn--bcher-kva.example";
static char *domains[] = { domain, idn };
static char delimiter[] = "+";
static struct settings settings = { .secure_domains = { .count = 2, .items = domains },
				    .recipient_delimiter = delimiter };

#define ME "me@secure.example.com"

/* The first stranger; ORDINARY: there is none. */
static enum secure_kind stranger_in(struct secure_address *stranger, const char *value,
				    const char *from)
{
	struct secure_address sender;
	struct authors walk;

	secure_classify(&sender, &settings, SECURE_SENDER, from, from);
	authors_begin(&walk, value);
	return secure_next_stranger(stranger, &walk, &settings, &sender) ? stranger->kind
									 : SECURE_ORDINARY;
}

static void check_all(const char *const *values, size_t count, const char *from,
		      enum secure_kind kind)
{
	struct secure_address stranger;

	for (size_t i = 0; i < count; i++)
		ck_assert_msg(stranger_in(&stranger, values[i], from) == kind, "%s by %s: not %d",
			      values[i], from, kind);
}

START_TEST(an_alias_is_the_senders_own)
{
	static const char *const own[] = {
		ME,
		"Me <" ME ">",
		"ME@Secure.Example.COM.",
		"me+list@secure.example.com",
		"\"me\"@secure.example.com",
		"<@a.example:" ME ">",
		"me @ secure . example . com",
		"me(x)@secure.(y)example.com",
		"Us: " ME ", you@example.net;",
		ME " <" ME ">",
		"Dr. Joe Blow, Jr. <" ME ">",
		"you@example.net",
	};

	check_all(own, ARRAY_LEN(own), ME, SECURE_ORDINARY);
	check_all(own, ARRAY_LEN(own), "me+other@secure.example.com", SECURE_ORDINARY);
	check_all(own, ARRAY_LEN(own) - 1, "you@secure.example.com", SECURE_ALIAS);
	check_all(own, ARRAY_LEN(own) - 1, "me@example.com", SECURE_ALIAS);
	check_all(own, ARRAY_LEN(own) - 1, "<>", SECURE_ALIAS);
}
END_TEST

START_TEST(what_may_be_an_alias_is_nobodys)
{
	static const char *const unsure[] = {
		"\"" ME,
		"(" ME,
		"((" ME ")",
		"Me " ME,
		"me you@secure.example.com",
		"me@secure.example.com@example.net",
		"me@x@secure.exa\r\n mple.com",
		"me@x@secure.(c)example.com",
		"me@\"secure\".example.com",
		"me@secure\\.example.com",
		"me%secure.example.com@example.com",
		"secure.example.com!me@example.com",
		"\"" ME "\"@example.com",
		"\"" ME "\"",
		"me%other@secure.example.com",
		"secure.example.com!me",
		"me x@b\xc3\xbc"
		"cher.example",
		"me x@B\xc3\x9c"
		"CHER.example",
		"me@[secure.example.com",
		"you@example.net, \"" ME,
	};

	check_all(unsure, ARRAY_LEN(unsure), "me@example.com", SECURE_UNSURE);
	check_all(unsure, ARRAY_LEN(unsure), ME, SECURE_UNSURE);
}
END_TEST

START_TEST(what_only_looks_like_one_is_ordinary)
{
	static const char *const ordinary[] = {
		"",
		"<>",
		"me",
		"\"" ME "\" <me@example.com>",
		"(" ME ") me@example.com",
		"me@example.com (" ME ")",
		"=?utf-8?q?me=40secure=2Eexample=2Ecom?= <me@example.com>",
		"secure.example.com <me@example.com>",
		"me@sub.secure.example.com",
		"me@secure.example.com.example.net",
		"me@insecure.example.com",
		"secure.example.com@example.net",
		/* not understood, and nothing of ours */
		"\"you@example.net",
		"you@x@example.net",
		"a b c",
		"you%example.net@example.org",
		"root@[192.0.2.1]",
		"J\xfcrgen you@b\xfc"
		"cher.example",
	};

	check_all(ordinary, ARRAY_LEN(ordinary), "me@example.com", SECURE_ORDINARY);
}
END_TEST

/* Each letter in it begins the secure domain, and comments go on to the end. It took a
 * minute and more; the test's time limit is 4 seconds. */
START_TEST(comments_without_end_are_soon_read)
{
	static const char piece[] = "(s(s)";
	static char value[1 << 18];
	struct secure_address stranger;

	for (size_t i = 0; i + sizeof(piece) <= sizeof(value); i += sizeof(piece) - 1)
		memcpy(value + i, piece, sizeof(piece));
	ck_assert_int_eq(stranger_in(&stranger, value, ME), SECURE_ORDINARY);
}
END_TEST

/* The same for what may be a U-label, with as many domains as somebody may have. */
START_TEST(names_without_end_are_soon_read)
{
	static const char piece[] = "@\xc3\xa9";
	static char value[1 << 18] = "\"";
	static char *many[64];
	struct settings wide = settings;

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = domain;
	for (size_t i = 1; i + sizeof(piece) <= sizeof(value); i += sizeof(piece) - 1)
		memcpy(value + i, piece, sizeof(piece));
	wide.secure_domains = (struct string_list){ .count = ARRAY_LEN(many), .items = many };
	ck_assert(!secure_mention(&wide, span_of(value)));
}
END_TEST

START_TEST(all_of_them_are_found)
{
	static const char value[] = "a@secure.example.com, x@y, " ME ", \"" ME;
	struct secure_address sender, stranger;
	struct authors walk;

	secure_classify(&sender, &settings, SECURE_SENDER, ME, ME);
	authors_begin(&walk, value);
	ck_assert(secure_next_stranger(&stranger, &walk, &settings, &sender));
	ck_assert_int_eq(stranger.kind, SECURE_ALIAS);
	ck_assert_str_eq(stranger.alias.local, "a");
	ck_assert(secure_next_stranger(&stranger, &walk, &settings, &sender));
	ck_assert_int_eq(stranger.kind, SECURE_UNSURE);
	ck_assert(!secure_next_stranger(&stranger, &walk, &settings, &sender));
}
END_TEST

START_TEST(says_what_to_do)
{
	static const char *const hostile[] = { "\"a b\"@secure.example.com",
					       "a%%n@secure.example.com",
					       "m\xc3\xa9@secure.example.com", "\"" ME };
	struct secure_address stranger;
	struct secure_answer answer;

	stranger_in(&stranger, "Me <ME@secure.example.com>", "me@example.com");
	secure_refuse_author(&answer, "From", &stranger, LOOKUP_FOUND);
	ck_assert(answer.refused && !answer.our_fault);
	ck_assert_str_eq(answer.code, "550");
	ck_assert_str_eq(answer.status, "5.7.1");
	ck_assert_ptr_nonnull(strstr(answer.text, "Your header \"From\" names a secure address"));
	ck_assert_ptr_nonnull(strstr(answer.text, "with envelope sender <" ME ">, or write"));
	secure_refuse_author(&answer, "Sender", &stranger, LOOKUP_ERROR);
	ck_assert(answer.refused);
	ck_assert_str_eq(answer.code, "451");
	ck_assert_str_eq(answer.status, "4.7.1");
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		stranger_in(&stranger, hostile[i], "me@example.com");
		secure_refuse_author(&answer, "Resent-Sender", &stranger, LOOKUP_FOUND);
		ck_assert_ptr_nonnull(strstr(answer.text, "with envelope sender that address, or"));
		ck_assert_ptr_null(strchr(answer.text, '%'));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secure_author");
	TCase *tests = tcase_create("secure_author");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, an_alias_is_the_senders_own);
	tcase_add_test(tests, what_may_be_an_alias_is_nobodys);
	tcase_add_test(tests, what_only_looks_like_one_is_ordinary);
	tcase_add_test(tests, comments_without_end_are_soon_read);
	tcase_add_test(tests, names_without_end_are_soon_read);
	tcase_add_test(tests, all_of_them_are_found);
	tcase_add_test(tests, says_what_to_do);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
