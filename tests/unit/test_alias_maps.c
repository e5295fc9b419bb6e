/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps `transport`, `alias` and `exception`: every spelling, both settings, a broken ledger. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "socketmap/answer.h"

#include "tests/unit/ledger_case.h"

static struct settings settings;
static struct ledger *ledger;

static void put(struct ledger_txn *txn, const char *address, bool enabled, enum alias_level level)
{
	struct alias alias = { .enabled = enabled, .level = level, .changed = T };

	str_copy(alias.mailbox, sizeof(alias.mailbox),
		 str_starts_nocase(address, "box@") ? "me+box@example.com" : "me@example.com");
	str_copy(alias.author, sizeof(alias.author), "admin");
	ck_assert(ledger_put_alias(txn, address, &alias));
}

static void put_exceptions(struct ledger_txn *txn, const char *alias,
			   const struct exceptions *exceptions)
{
	for (size_t i = 0; i < exceptions->count; i++) {
		struct exception_act act = { .exception = exceptions->list[i] };

		ck_assert(ledger_put_exception(txn, alias, &act));
	}
}

static void set_up(void)
{
	static const char *const domain[] = { "secure.example.com" };
	static const struct exceptions on = {
		.count = 4,
		.list = { { "@all.example", T, T + 10, "ada", "" },
			  { "past@old.example", T - 20, T, "ada", "" },
			  { "to-come@old.example", T + 301, T + 310, "ada", "" },
			  { "you@old.example", T - 1, T + 1, "ada", "" } },
	};
	struct setting_fault fault;
	struct ledger_txn *txn;

	setup();
	settings_init(&settings);
	ck_assert(settings_find("secure_domains")
			  ->put(&settings, settings_find("secure_domains"), domain, 1, &fault));
	ledger = must_open(LEDGER_CREATE);
	txn = ledger_begin_write(ledger);
	put(txn, "on@secure.example.com", true, ALIAS_DANE_ONLY);
	put(txn, "off@secure.example.com", false, ALIAS_VERIFY);
	put(txn, "any@secure.example.com", true, ALIAS_ENCRYPT);
	put(txn, "box@secure.example.com", true, ALIAS_ENCRYPT);
	put(txn, "auth@secure.example.com", true, ALIAS_AUTHENTICATED);
	put_exceptions(txn, "on@secure.example.com", &on);
	put_exceptions(txn, "new@secure.example.com", &on);
	put_exceptions(txn, "me@example.com", &on);
	ck_assert(ledger_commit(txn));
}

static void tear_down(void)
{
	ledger_close(ledger);
	settings_free(&settings);
	teardown();
}

static void ask(const char *question, const char *expected)
{
	struct buf reply = { 0 };
	struct request request;
	struct ledger_txn *txn;

	ck_assert_int_eq(request_parse(&request, question, strlen(question)), REQUEST_OK);
	if (!alias_maps_answer_early(&settings, &request, &reply)) {
		txn = ledger_begin_read(ledger);
		alias_maps_answer(&settings, txn, &request, T, &reply);
		ledger_abort(txn);
	}
	ck_assert_msg(strcmp(buf_cstr(&reply), expected) == 0, "%s (%d): %s", question,
		      settings.secure_aliases, reply.data);
	buf_free(&reply);
}

/* Mail with an address of mailbox_domain as its sender is marked: it goes to the intake. */
START_TEST(a_marked_mail_leaves_for_the_intake)
{
	static const char *const domain[] = { "sealed.example.com" };
	static const char sealed[] = "transport return-abc-me=example.com@sealed.example.com";
	struct setting_fault fault;

	ask(sealed, "NOTFOUND ");
	ck_assert(settings_find("mailbox_domain")
			  ->put(&settings, settings_find("mailbox_domain"), domain, 1, &fault));
	ask(sealed, "OK lmtp:inet:127.0.0.1:8691");
	ask("transport Return-x@Sealed.Example.Com.", "OK lmtp:inet:127.0.0.1:8691");
	ask("transport return-x@sub.sealed.example.com", "NOTFOUND ");
	ask("transport @sealed.example.com", "NOTFOUND ");
	ask("alias return-x@sealed.example.com", "NOTFOUND ");
}
END_TEST

START_TEST(an_alias_says_what_becomes_of_its_mail)
{
	struct ledger_txn *txn = ledger_begin_write(ledger);
	struct alias alias;

	ck_assert_int_eq(ledger_get_alias(txn, "on@secure.example.com", &alias), LOOKUP_FOUND);
	ck_assert_int_eq(alias.otherwise, ALIAS_REFUSE);
	alias.otherwise = ALIAS_MAILBOX;
	ck_assert(ledger_put_alias(txn, "on@secure.example.com", &alias));
	alias.enabled = false;
	ck_assert(ledger_put_alias(txn, "off@secure.example.com", &alias));
	ck_assert(ledger_commit(txn));
	settings.secure_aliases = SECURE_ALIASES_ENABLED;
	ask("otherwise on@secure.example.com", "OK mailbox");
	ask("otherwise On+list@Secure.example.com", "OK mailbox");
	ask("otherwise off@secure.example.com", "NOTFOUND ");
	ask("otherwise any@secure.example.com", "NOTFOUND ");
	ask("otherwise nobody@secure.example.com", "NOTFOUND ");
	ask("otherwise me@example.com", "NOTFOUND ");
	ask("transport on@secure.example.com", "OK postseal-dane-only:");
}
END_TEST

START_TEST(a_sender_leaves_by_his_transport)
{
	static const struct {
		const char *question, *enabled, *any;
	} cases[] = {
		{ "transport on@secure.example.com",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		{ "transport any@secure.example.com",
		  "OK postseal-encrypt:", "OK postseal-encrypt:" },
		{ "transport auth@secure.example.com",
		  "OK postseal-authenticated:", "OK postseal-authenticated:" },
		{ "transport off@secure.example.com", "NOTFOUND ", "OK postseal-verify:" },
		{ "transport new@secure.example.com", "NOTFOUND ", "OK postseal-encrypt:" },
		/* the same address in other clothes */
		{ "transport ON@Secure.Example.COM",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		{ "transport on+list@secure.example.com",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		{ "transport \"on\"@secure.example.com",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		{ "transport <@a.example:on@secure.example.com.>",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		/* what could be a route: as strictly as what it is if it is none */
		{ "transport on+a%b@secure.example.com",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		{ "transport \"on+a@b\"@secure.example.com",
		  "OK postseal-dane-only:", "OK postseal-dane-only:" },
		{ "transport off+a%b@secure.example.com",
		  "OK postseal-verify:", "OK postseal-verify:" },
		{ "transport new+a%b@secure.example.com",
		  "OK postseal-encrypt:", "OK postseal-encrypt:" },
		{ "transport on%secure.example.com@example.com",
		  "OK postseal-encrypt:", "OK postseal-encrypt:" },
		/* nobody of ours */
		{ "transport on@example.com", "NOTFOUND ", "NOTFOUND " },
		{ "transport on@sub.secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "transport <>", "NOTFOUND ", "NOTFOUND " },
		{ "transport @secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "transport postmaster", "NOTFOUND ", "NOTFOUND " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		settings.secure_aliases = SECURE_ALIASES_ENABLED;
		ask(cases[i].question, cases[i].enabled);
		settings.secure_aliases = SECURE_ALIASES_ANY;
		ask(cases[i].question, cases[i].any);
	}
}
END_TEST

START_TEST(extensions_are_by_the_delimiter)
{
	settings.secure_aliases = SECURE_ALIASES_ENABLED;
	ask("transport on-list@secure.example.com", "NOTFOUND ");
	settings.recipient_delimiter[0] = '-';
	ask("transport on-list@secure.example.com", "OK postseal-dane-only:");
	ask("transport on+list@secure.example.com", "NOTFOUND ");
	ask("alias on-list@secure.example.com", "OK me-list@example.com");
	ask("alias on+list@secure.example.com", "NOTFOUND ");
	ask("alias on@secure.example.com", "OK me@example.com");
}
END_TEST

START_TEST(an_alias_has_a_mailbox)
{
	static const struct {
		const char *question, *enabled, *any;
	} cases[] = {
		{ "alias on@secure.example.com", "OK me@example.com", "OK me@example.com" },
		{ "alias On@SECURE.example.com", "OK me@example.com", "OK me@example.com" },
		{ "alias off@secure.example.com", "NOTFOUND ", "OK me@example.com" },
		{ "alias new@secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "alias on+list@secure.example.com", "OK me+list@example.com",
		  "OK me+list@example.com" },
		{ "alias on+@secure.example.com", "OK me@example.com", "OK me@example.com" },
		{ "alias on+A.b-c_d=e+f@secure.example.com", "OK me+a.b-c_d=e+f@example.com",
		  "OK me+a.b-c_d=e+f@example.com" },
		{ "alias off+list@secure.example.com", "NOTFOUND ", "OK me+list@example.com" },
		{ "alias new+list@secure.example.com", "NOTFOUND ", "NOTFOUND " },
		/* routes are Postfix's to resolve first; and what would need quoting */
		{ "alias \"on+x%evil.example\"@secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "alias on+x!y@secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "alias \"on+x@evil.example\"@secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "alias on+a/b@secure.example.com", "OK me@example.com", "OK me@example.com" },
		{ "alias \"on+a b\"@secure.example.com", "OK me@example.com", "OK me@example.com" },
		/* an extension of its own */
		{ "alias box@secure.example.com", "OK me+box@example.com",
		  "OK me+box@example.com" },
		{ "alias box+list@secure.example.com", "OK me+box@example.com",
		  "OK me+box@example.com" },
		{ "alias @secure.example.com", "NOTFOUND ", "NOTFOUND " },
		{ "alias on", "NOTFOUND ", "NOTFOUND " },
		{ "alias on@example.com", "NOTFOUND ", "NOTFOUND " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		settings.secure_aliases = SECURE_ALIASES_ENABLED;
		ask(cases[i].question, cases[i].enabled);
		settings.secure_aliases = SECURE_ALIASES_ANY;
		ask(cases[i].question, cases[i].any);
	}
}
END_TEST

START_TEST(a_sender_is_an_exception_for_a_time)
{
	static const struct {
		const char *key, *until; /* NULL: none */
	} cases[] = {
		{ "on@secure.example.com you@old.example", "2026-01-02T03:04:06Z" },
		{ "new@secure.example.com you@old.example",
		  "2026-01-02T03:04:06Z" }, /* not on file */
		{ "on@secure.example.com anyone@all.example", "2026-01-02T03:04:15Z" },
		{ "on@secure.example.com me@sub.all.example", NULL },
		{ "on@secure.example.com other@old.example", NULL },
		{ "on@secure.example.com you+x@old.example", NULL },
		{ "on@secure.example.com past@old.example", NULL },
		{ "on@secure.example.com to-come@old.example", NULL },
		{ "off@secure.example.com you@old.example", NULL },
		{ "me@example.com you@old.example", NULL }, /* at no secure domain */
		/* as the milter spells them, or not at all */
		{ "on@secure.example.com @all.example", NULL },
		{ "on@secure.example.com You@old.example", NULL },
		{ "On@secure.example.com you@old.example", NULL },
		{ "on@secure.example.com <you@old.example>", NULL },
		{ "on@secure.example.com <>", NULL },
		{ "on@secure.example.com ", NULL },
		{ "on@secure.example.com  you@old.example", NULL },
		{ "on@secure.example.com you@old.example ", NULL },
		{ "on@secure.example.com", NULL },
		{ "@secure.example.com you@old.example", NULL },
		{ " you@old.example", NULL },
		{ "", NULL },
	};
	char question[128], expected[64];

	ck_assert_int_eq(T, INT64_C(1767323045)); /* 2026-01-02T03:04:05Z */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(question, sizeof(question), "exception %s", cases[i].key);
		snprintf(expected, sizeof(expected), "%s%s",
			 cases[i].until != NULL ? "OK " : "NOTFOUND ",
			 cases[i].until != NULL ? cases[i].until : "");
		settings.secure_aliases = i % 2 == 0 ? SECURE_ALIASES_ANY : SECURE_ALIASES_ENABLED;
		ask(question, expected);
	}
}
END_TEST

START_TEST(what_cannot_be_read_waits)
{
	settings.secure_aliases = SECURE_ALIASES_ENABLED;
	ledger_close(ledger);
	put_raw("alias", "bad@secure.example.com", 22, "junk", 4);
	put_raw("exception", "bad@secure.example.com a@b.test", 31, "junk", 4);
	ledger = must_open(LEDGER_READ);
	ask("transport bad@secure.example.com",
	    "TEMP postseal cannot read its ledger; its log says why");
	ask("alias bad@secure.example.com",
	    "TEMP postseal cannot read its ledger; its log says why");
	ask("exception bad@secure.example.com you@old.example",
	    "TEMP postseal cannot read its ledger; its log says why");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_maps");
	TCase *tests = tcase_create("alias_maps");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_sender_leaves_by_his_transport);
	tcase_add_test(tests, a_marked_mail_leaves_for_the_intake);
	tcase_add_test(tests, an_alias_says_what_becomes_of_its_mail);
	tcase_add_test(tests, extensions_are_by_the_delimiter);
	tcase_add_test(tests, an_alias_has_a_mailbox);
	tcase_add_test(tests, a_sender_is_an_exception_for_a_time);
	tcase_add_test(tests, what_cannot_be_read_waits);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
