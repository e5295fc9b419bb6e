/* SPDX-License-Identifier: BSD-2-Clause */
/* Refusals: what is told of one, how many are kept, and what is left when they were told. */
#include "core/secure/refusals.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define T INT64_C(1767323045)
#define ALIAS "me@secure.example.com"

START_TEST(a_refusal_is_told_and_nothing_else)
{
	static const struct {
		bool refused;
		const char *code;
		enum secure_kind kind;
		const char *local;
		enum secure_tls tls;
		const char *text; /* NULL: nothing to tell */
	} cases[] = {
		{ true, "550", SECURE_ALIAS, "me", SECURE_TLS_NONE,
		  ALIAS " no-tls 192.0.2.9 <you@x>" },
		{ true, "550", SECURE_ALIAS, "me", SECURE_TLS_USED,
		  ALIAS " old-tls 192.0.2.9 <you@x>" },
		{ true, "550", SECURE_ALIAS, "me", SECURE_TLS_HIDDEN,
		  ALIAS " hidden-tls 192.0.2.9 <you@x>" },
		{ false, NULL, SECURE_ALIAS, "me", SECURE_TLS_USED, NULL },
		{ true, "451", SECURE_ALIAS, "me", SECURE_TLS_NONE, NULL },
		{ true, "550", SECURE_UNSURE, "me", SECURE_TLS_NONE, NULL },
		{ true, "550", SECURE_ORDINARY, "me", SECURE_TLS_NONE, NULL },
		{ true, "550", SECURE_ALIAS, "m e", SECURE_TLS_NONE, NULL },
		{ true, "550", SECURE_ALIAS, "m\"e", SECURE_TLS_NONE, NULL },
		{ true, "550", SECURE_ALIAS, "m\xc3\xa9", SECURE_TLS_NONE, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure_answer answer = { .refused = cases[i].refused,
						.code = cases[i].code };
		struct secure_address to = { .kind = cases[i].kind };
		struct secure_client client = { .tls = cases[i].tls };
		char text[REFUSAL_TEXT_SIZE];
		struct refusal refusal;
		bool told;

		str_copy(to.alias.local, LOCALPART_SIZE, cases[i].local);
		str_copy(to.alias.extension, LOCALPART_SIZE, "list");
		str_copy(to.alias.domain, DOMAIN_SIZE, "secure.example.com");
		told = refusal_of(&refusal, &answer, &client, &to, "192.0.2.9", "you@x");
		ck_assert_msg(told == (cases[i].text != NULL), "case %zu", i);
		if (!told)
			continue;
		refusal_format(text, &refusal);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(a_senders_name_is_made_printable_and_cut)
{
	static const struct secure_answer answer = { .refused = true, .code = "550" };
	static const struct secure_client client = { .tls = SECURE_TLS_NONE };
	struct secure_address to = { .kind = SECURE_ALIAS };
	char from[400], text[REFUSAL_TEXT_SIZE];
	struct refusal refusal, again;

	str_copy(to.alias.local, LOCALPART_SIZE, "me");
	str_copy(to.alias.domain, DOMAIN_SIZE, "secure.example.com");
	ck_assert(
		refusal_of(&refusal, &answer, &client, &to, "unknown", "a\n\x1b[31m> <\xc3\xa9@x"));
	refusal_format(text, &refusal);
	ck_assert_str_eq(text, ALIAS " no-tls unknown <a\\x0a\\x1b[31m> <\\xc3\\xa9@x>");
	ck_assert(refusal_parse(&again, text, strlen(text)));
	ck_assert_str_eq(again.sender, refusal.sender);
	memset(from, '\n', sizeof(from) - 1);
	from[sizeof(from) - 1] = '\0';
	ck_assert(refusal_of(&refusal, &answer, &client, &to, "2001:db8::9", from));
	ck_assert_uint_lt(strlen(refusal.sender), REFUSAL_SENDER_SIZE);
	refusal_format(text, &refusal);
	ck_assert(refusal_parse(&again, text, strlen(text)));
}
END_TEST

START_TEST(reads_nothing_but_what_is_told)
{
	static const char *const cases[] = {
		"",
		" ",
		"   <>",
		ALIAS,
		ALIAS " no-tls",
		ALIAS " no-tls 192.0.2.9",
		ALIAS " no-tls 192.0.2.9 ",
		ALIAS " no-tls 192.0.2.9 <",
		ALIAS " no-tls 192.0.2.9 you@x",
		ALIAS " no-tls 192.0.2.9 <you@x> ",
		ALIAS " no-tls 192.0.2.9  <you@x>",
		ALIAS "  no-tls 192.0.2.9 <you@x>",
		" " ALIAS " no-tls 192.0.2.9 <you@x>",
		ALIAS " plain 192.0.2.9 <you@x>",
		ALIAS " NO-TLS 192.0.2.9 <you@x>",
		ALIAS " no-tls 192.0.2.09 <you@x>",
		ALIAS " no-tls mx.example.net <you@x>",
		ALIAS " no-tls 2001:DB8::1 <you@x>",
		ALIAS " no-tls 192.0.2.9 <you@x\t>",
		ALIAS " no-tls 192.0.2.9 <y\xc3\xb6u@x>",
		"Me@secure.example.com no-tls 192.0.2.9 <you@x>",
		"<me@secure.example.com> no-tls 192.0.2.9 <you@x>",
		"secure.example.com no-tls 192.0.2.9 <you@x>",
		"me@[192.0.2.1] no-tls 192.0.2.9 <you@x>",
		"@secure.example.com no-tls 192.0.2.9 <you@x>",
	};
	char longest[REFUSAL_TEXT_SIZE + 200] = ALIAS " no-tls 192.0.2.9 <";
	size_t head = strlen(longest);
	struct refusal refusal;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(!refusal_parse(&refusal, cases[i], strlen(cases[i])), "\"%s\"",
			      cases[i]);
	ck_assert(!refusal_parse(&refusal, ALIAS " no-tls 192.0.2.9 <a\0b>", strlen(ALIAS) + 23));
	ck_assert(refusal_parse(&refusal, ALIAS " no-tls 192.0.2.9 <>", strlen(ALIAS) + 20));
	ck_assert_str_eq(refusal.sender, "");
	memset(longest + head, 'x', REFUSAL_SENDER_SIZE);
	longest[head + REFUSAL_SENDER_SIZE - 1] = '>';
	ck_assert(refusal_parse(&refusal, longest, head + REFUSAL_SENDER_SIZE));
	longest[head + REFUSAL_SENDER_SIZE - 1] = 'x';
	longest[head + REFUSAL_SENDER_SIZE] = '>';
	ck_assert(!refusal_parse(&refusal, longest, head + REFUSAL_SENDER_SIZE + 1));
}
END_TEST

static struct refusals refusals;

static void refuse(const char *sender, const char *client, enum refusal_cause cause, int64_t now)
{
	struct refusal refusal = { .alias = ALIAS, .cause = cause };

	ck_assert(str_copy(refusal.sender, sizeof(refusal.sender), sender));
	ck_assert(str_copy(refusal.client, sizeof(refusal.client), client));
	refusals_add(&refusals, &refusal, now);
}

START_TEST(keeps_the_latest_of_each_sender)
{
	refusals = (struct refusals){ 0 };
	ck_assert(!refusals_any(&refusals));
	refuse("b@x", "192.0.2.1", REFUSAL_NO_TLS, T);
	refuse("a@x", "192.0.2.2", REFUSAL_OLD_TLS, T + 1);
	refuse("", "192.0.2.3", REFUSAL_NO_TLS, T + 2);
	refuse("b@x", "192.0.2.4", REFUSAL_OLD_TLS, T + 3);
	refuse("b@x", "192.0.2.5", REFUSAL_HIDDEN_TLS, T + 2); /* told late */
	ck_assert(refusals_any(&refusals));
	ck_assert_uint_eq(refusals.count, 3);
	ck_assert_str_eq(refusals.list[0].sender, "");
	ck_assert_str_eq(refusals.list[1].sender, "a@x");
	ck_assert_str_eq(refusals.list[2].sender, "b@x");
	ck_assert_int_eq(refusals.list[2].count, 3);
	ck_assert_int_eq(refusals.list[2].last, T + 3);
	ck_assert_str_eq(refusals.list[2].client, "192.0.2.4");
	ck_assert_int_eq(refusals.list[2].cause, REFUSAL_OLD_TLS);
}
END_TEST

START_TEST(strangers_cannot_make_it_grow)
{
	char sender[32];

	refusals = (struct refusals){ 0 };
	for (int i = 0; i < 1000; i++) {
		snprintf(sender, sizeof(sender), "%03d@x", i);
		refuse(sender, "192.0.2.1", REFUSAL_NO_TLS, T);
	}
	ck_assert_uint_eq(refusals.count, REFUSALS_MAX);
	ck_assert_int_eq(refusals.others, 1000 - REFUSALS_MAX);
	refuse("007@x", "192.0.2.1", REFUSAL_NO_TLS, T + 1);
	ck_assert_int_eq(refusals.list[7].count, 2);
	refusals.others = refusals.list[7].count = REFUSALS_COUNT_MAX;
	refuse("007@x", "192.0.2.1", REFUSAL_NO_TLS, T + 1);
	refuse("500@x", "192.0.2.1", REFUSAL_NO_TLS, T + 1);
	ck_assert_int_eq(refusals.others, REFUSALS_COUNT_MAX);
	ck_assert_int_eq(refusals.list[7].count, REFUSALS_COUNT_MAX);
}
END_TEST

START_TEST(what_was_told_goes_and_what_came_since_stays)
{
	struct refusals told;

	refusals = (struct refusals){ 0 };
	refuse("a@x", "192.0.2.1", REFUSAL_NO_TLS, T);
	refuse("b@x", "192.0.2.1", REFUSAL_NO_TLS, T);
	refusals.others = 5;
	told = refusals;
	refuse("b@x", "192.0.2.2", REFUSAL_NO_TLS, T + 1);
	refuse("c@x", "192.0.2.3", REFUSAL_NO_TLS, T + 1);
	refusals.others = 7;
	refusals_tell(&refusals, &told, T + 2);
	ck_assert_int_eq(refusals.told, T + 2);
	ck_assert_int_eq(refusals.others, 2);
	ck_assert_uint_eq(refusals.count, 2);
	ck_assert_str_eq(refusals.list[0].sender, "b@x");
	ck_assert_int_eq(refusals.list[0].count, 1);
	ck_assert_str_eq(refusals.list[0].client, "192.0.2.2");
	ck_assert_str_eq(refusals.list[1].sender, "c@x");
	told = refusals;
	refusals_tell(&refusals, &told, T + 3);
	ck_assert(!refusals_any(&refusals));
}
END_TEST

START_TEST(an_owner_is_told_once_in_23_hours)
{
	ck_assert(refusals_may_tell(0, T));
	ck_assert(!refusals_may_tell(T, T));
	ck_assert(!refusals_may_tell(T, T + 23 * 3600 - 1));
	ck_assert(refusals_may_tell(T, T + 23 * 3600));
	ck_assert(refusals_may_tell(T, T - 1)); /* the clock was set back */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("refusals");
	TCase *tc = tcase_create("refusals");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_refusal_is_told_and_nothing_else);
	tcase_add_test(tc, a_senders_name_is_made_printable_and_cut);
	tcase_add_test(tc, reads_nothing_but_what_is_told);
	tcase_add_test(tc, keeps_the_latest_of_each_sender);
	tcase_add_test(tc, strangers_cannot_make_it_grow);
	tcase_add_test(tc, what_was_told_goes_and_what_came_since_stays);
	tcase_add_test(tc, an_owner_is_told_once_in_23_hours);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
