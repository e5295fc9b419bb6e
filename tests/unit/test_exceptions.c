/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions: whom one is for, and how long; a sender's spelling never widens it. */
#include "core/secure/exceptions.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define T INT64_C(1767323045)

START_TEST(an_admin_names_a_sender)
{
	static const struct {
		const char *text, *sender; /* NULL: none */
	} cases[] = {
		{ "you@old.example", "you@old.example" },
		{ "You@Old.Example.", "you@old.example" },
		{ "<you@old.example>", "you@old.example" },
		{ "\"you\"@old.example", "you@old.example" },
		{ "you+x@old.example", "you+x@old.example" },
		{ "prvs=1=you@old.example", "prvs=1=you@old.example" },
		{ "@old.example", "@old.example" },
		{ "old.example", "@old.example" },
		{ "@B\xc3\xbc"
		  "cher.Example",
		  "@xn--bcher-kva.example" },
		{ "@sub.old.example", "@sub.old.example" },
		{ "<>", NULL },
		{ "", NULL },
		{ "@", NULL },
		{ "you@", NULL },
		{ "@@old.example", NULL },
		{ "@*.old.example", NULL },
		{ "*", NULL },
		{ "@[192.0.2.1]", NULL },
		{ "you@[192.0.2.1]", NULL },
		{ "@192.0.2.1", NULL },
		{ "you%x@old.example", NULL },
		{ "x!you@old.example", NULL },
		{ "\"you@x\"@old.example", NULL },
		{ "\"a b\"@old.example", NULL },
		{ "\"a,b\"@old.example", NULL },
		{ "you@old.example, me@old.example", NULL },
		{ "you(me)@old.example", NULL },
		{ "y\xc3\xb6u@old.example", NULL },
		{ "@old.example you", NULL },
	};
	char sender[ALIAS_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool taken = exception_take_sender(sender, cases[i].text);

		ck_assert_msg(taken == (cases[i].sender != NULL), "%s: %s", cases[i].text, sender);
		ck_assert_str_eq(sender, taken ? cases[i].sender : "");
		ck_assert(!taken || exception_names_sender(sender));
	}
}
END_TEST

START_TEST(both_views_of_a_sender_must_be_one)
{
	static const struct {
		const char *argument, *rewritten, *sender; /* NULL: none */
	} cases[] = {
		{ "<you@old.example>", "you@old.example", "you@old.example" },
		{ "<You@OLD.example.>", "You@OLD.example.", "you@old.example" },
		{ "<\"you\"@old.example>", "you@old.example", "you@old.example" },
		{ "<y\"ou\"@old.example>", "you@old.example", "you@old.example" },
		{ "<@a,@b:you@old.example>", "you@old.example", "you@old.example" },
		{ "<you+x@old.example>", "you+x@old.example", "you+x@old.example" },
		/* what the MTA does not show, or makes something else of */
		{ "<you@old.example>", NULL, NULL },
		{ "<you@old.example>", "", NULL },
		{ "<you@old.example>", "you@new.example", NULL },
		{ "<you@new.example>", "you@old.example", NULL },
		{ "<you@old.example>", "you+x@old.example", NULL },
		{ "<you+x@old.example>", "you@old.example", NULL },
		{ "<you>", "you@old.example", NULL },
		{ "<old.example!you>", "you@old.example", NULL },
		{ "<you%old.example@x.example>", "you@old.example", NULL },
		{ "<you%old.example@x.example>", "you%old.example@x.example", NULL },
		{ "<you@x.example@old.example>", "you@old.example", NULL },
		{ "<you@old.example(c)>", "you@old.example", NULL },
		{ "<you@old.example", "you@old.example", NULL },
		{ "<you @old.example>", "you@old.example", NULL },
		{ "<\"you@old.example\"@x.example>", "you@old.example", NULL },
		{ "<you@[192.0.2.1]>", "you@[192.0.2.1]", NULL },
		{ "<@old.example>", "@old.example", NULL },
		{ "you@old.example\n", "you@old.example", NULL },
		/* nobody */
		{ "<>", "", NULL },
		{ "<>", "<>", NULL },
		{ "<>", "you@old.example", NULL },
		{ "<>", "MAILER-DAEMON@old.example", NULL },
		{ "< >", "", NULL },
	};
	char sender[ALIAS_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool taken = exception_sender_of(sender, cases[i].argument, cases[i].rewritten);

		ck_assert_msg(taken == (cases[i].sender != NULL), "%s, made %s: %s",
			      cases[i].argument, cases[i].rewritten, sender);
		ck_assert_str_eq(sender, taken ? cases[i].sender : "");
	}
}
END_TEST

static struct exceptions exceptions;

static bool put(const char *sender, int64_t set, int64_t expires, int64_t now)
{
	struct exception one = { .set = set, .expires = expires, .author = "ada" };

	ck_assert(str_copy(one.sender, sizeof(one.sender), sender));
	return exceptions_put(&exceptions, &one, now);
}

/* When the exception for him ends; 0: there is none. */
static int64_t until(const char *sender, int64_t now)
{
	const struct exception *found = exceptions_find(&exceptions, sender, now);

	return found != NULL ? found->expires : 0;
}

START_TEST(an_exception_is_for_a_time)
{
	exceptions.count = 0;
	ck_assert_int_eq(until("you@old.example", T), 0);
	ck_assert(put("you@old.example", T, T + 10, T));
	ck_assert_int_eq(until("you@old.example", T - 300), T + 10);
	ck_assert_int_eq(until("you@old.example", T - 301), 0); /* the clock was set back */
	ck_assert_int_eq(until("you@old.example", T), T + 10);
	ck_assert_int_eq(until("you@old.example", T + 9), T + 10);
	ck_assert_int_eq(until("you@old.example", T + 10), 0);
	ck_assert_int_eq(until("me@old.example", T), 0);
	ck_assert_int_eq(until("you@old.example.org", T), 0);
	ck_assert_int_eq(until("", T), 0);
}
END_TEST

START_TEST(a_domain_is_all_its_senders)
{
	exceptions.count = 0;
	ck_assert(put("@old.example", T, T + 10, T));
	ck_assert_int_eq(until("you@old.example", T), T + 10);
	ck_assert_int_eq(until("you@sub.old.example", T), 0);
	ck_assert_int_eq(until("you@veryold.example", T), 0);
	ck_assert(put("you@old.example", T, T + 20, T));
	ck_assert_int_eq(until("you@old.example", T), T + 20);
	ck_assert_int_eq(until("you@old.example", T + 15), T + 20);
	ck_assert(put("you@old.example", T, T + 5, T));
	ck_assert_uint_eq(exceptions.count, 2);
	ck_assert_int_eq(until("you@old.example", T), T + 10);
	ck_assert(exceptions_remove(&exceptions, "@old.example"));
	ck_assert(!exceptions_remove(&exceptions, "@old.example"));
	ck_assert_int_eq(until("you@old.example", T), T + 5);
}
END_TEST

START_TEST(there_is_an_end_to_exceptions)
{
	char sender[32];

	exceptions.count = 0;
	for (int i = EXCEPTION_MAX; i-- > 0;) {
		snprintf(sender, sizeof(sender), "%02d@old.example", i);
		ck_assert(put(sender, T, T + 10 + i, T));
	}
	ck_assert(!put("you@old.example", T, T + 10, T));
	ck_assert(put("07@old.example", T, T + 99, T)); /* in place of the earlier one */
	ck_assert_uint_eq(exceptions.count, EXCEPTION_MAX);
	for (size_t i = 1; i < exceptions.count; i++)
		ck_assert_int_lt(strcmp(exceptions.list[i - 1].sender, exceptions.list[i].sender),
				 0);
	ck_assert(put("you@old.example", T + 13, T + 20, T + 13)); /* 00 to 03 have ended */
	ck_assert_uint_eq(exceptions.count, EXCEPTION_MAX - 4 + 1);
	ck_assert_int_eq(until("you@old.example", T + 13), T + 20);
	ck_assert_int_eq(until("04@old.example", T + 13), T + 14);
	ck_assert_ptr_null(exceptions_get(&exceptions, "03@old.example"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exceptions");
	TCase *tc = tcase_create("exceptions");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, an_admin_names_a_sender);
	tcase_add_test(tc, both_views_of_a_sender_must_be_one);
	tcase_add_test(tc, an_exception_is_for_a_time);
	tcase_add_test(tc, a_domain_is_all_its_senders);
	tcase_add_test(tc, there_is_an_end_to_exceptions);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
