/* SPDX-License-Identifier: BSD-2-Clause */
/* What a webmail may ask, who the user is, how often he may; and whose an alias is. */
#include "core/webmail/webmail_request.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/secure/alias.h"
#include "core/webmail/webmail_quota.h"

static struct webmail_request request;

START_TEST(takes_the_calls)
{
	static const struct {
		const char *method, *target;
		enum webmail_call call;
		size_t count;
		const char *address;
	} cases[] = {
		{ "GET", "/v1/recipients?a=me@example.com", WEBMAIL_RECIPIENTS, 1,
		  "me@example.com" },
		{ "GET", "/v1/recipients?a=a%40b.example&a=me+x%2By@b.example", WEBMAIL_RECIPIENTS,
		  2, "me+x+y@b.example" },
		{ "GET", "/v1/recipients?a=J%C3%B6@b%C3%BCcher.example", WEBMAIL_RECIPIENTS, 1,
		  "J\xc3\xb6@b\xc3\xbc"
		  "cher.example" },
		{ "GET", "/v1/recipients?a=%22a%20b%22@x.example", WEBMAIL_RECIPIENTS, 1,
		  "\"a b\"@x.example" },
		{ "GET", "/v1/recipients?a=a=b@x.example", WEBMAIL_RECIPIENTS, 1, "a=b@x.example" },
		{ "GET", "/v1/aliases", WEBMAIL_ALIASES, 0, NULL },
		{ "PUT", "/v1/aliases/me@s.example", WEBMAIL_ALIAS, 1, "me@s.example" },
		{ "PUT", "/v1/aliases/a%2Fb@s.example", WEBMAIL_ALIAS, 1, "a/b@s.example" },
		{ "GET", "/v1/sealed/bob%40x.example", WEBMAIL_SEALED, 1, "bob@x.example" },
		{ "POST", "/v1/sealed/a%2Fb@x.example/unlock", WEBMAIL_UNLOCK, 1, "a/b@x.example" },
		{ "POST", "/v1/sealed/b@x.example/resend", WEBMAIL_RESEND, 1, "b@x.example" },
		{ "POST", "/v1/sealed/b@x.example/revoke", WEBMAIL_REVOKE, 1, "b@x.example" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(webmail_request_read(&request, cases[i].method, cases[i].target) ==
				      WEBMAIL_GOOD,
			      "%s", cases[i].target);
		ck_assert_int_eq(request.call, cases[i].call);
		ck_assert_uint_eq(request.count, cases[i].count);
		if (request.count > 0)
			ck_assert_str_eq(request.address[request.count - 1], cases[i].address);
		ck_assert_str_ne(webmail_call_name(request.call), "");
	}
}
END_TEST

START_TEST(refuses_all_else)
{
	static const struct {
		const char *method, *target;
		enum webmail_verdict verdict;
	} cases[] = {
		{ "GET", "", WEBMAIL_NO_CALL },
		{ "GET", "/", WEBMAIL_NO_CALL },
		{ "GET", "/v1/recipients/", WEBMAIL_NO_CALL },
		{ "GET", "/v1/Recipients?a=a@b.example", WEBMAIL_NO_CALL },
		{ "GET", "http://x/v1/aliases", WEBMAIL_NO_CALL },
		{ "GET", "/v1/../v1/aliases", WEBMAIL_NO_CALL },
		{ "GET", "//v1/aliases", WEBMAIL_NO_CALL },
		{ "PUT", "/v1/aliases/", WEBMAIL_NO_CALL },
		{ "PUT", "/v1/aliases/a/b@s.example", WEBMAIL_NO_CALL },
		{ "POST", "/v1/sealed//unlock", WEBMAIL_NO_CALL },
		{ "POST", "/v1/sealed/a/b/unlock", WEBMAIL_NO_CALL },
		{ "POST", "/v1/sealed/a%2fb/unlock", WEBMAIL_BAD_ADDRESS },
		{ "POST", "/v1/sealed/unlock", WEBMAIL_OTHER_METHOD },
		{ "POST", "/v1/sealed/b@x/delete", WEBMAIL_NO_CALL },
		{ "POST", "/v1/recipients?a=a@b.example", WEBMAIL_OTHER_METHOD },
		{ "GET", "/v1/aliases/me@s.example", WEBMAIL_OTHER_METHOD },
		{ "GET", "/v1/sealed/b@x/unlock", WEBMAIL_OTHER_METHOD },
		{ "get", "/v1/aliases", WEBMAIL_OTHER_METHOD },
		{ "GET", "/v1/recipients", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/recipients?", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/recipients?a", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/recipients?b=a@b.example", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/recipients?a=a@b.example&", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/recipients?%61=a@b.example", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/recipients?a=a@b.example;a=c@d.example&x=1", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/aliases?", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/aliases?user=eve@example.com", WEBMAIL_BAD_QUERY },
		{ "PUT", "/v1/aliases/me@s.example?user=eve", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/sealed/a@b.example?sender=eve@x.example", WEBMAIL_BAD_QUERY },
		{ "GET", "/v1/sealed", WEBMAIL_NO_CALL },
		{ "GET", "/v1/recipients?a=", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=example.com", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=[mx.example.com]:25", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=@example.com", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me@", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me@b.example%00", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me@b.example%0astatus", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me%7f@b.example", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me%c2%85@b.example", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me%ff@b.example", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me%c0%80@b.example", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me%ed%a0%80@b.example", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me%e2%82@b.example", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me@b.example%", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me@b.example%4", WEBMAIL_BAD_ADDRESS },
		{ "GET", "/v1/recipients?a=me@b.example%4g", WEBMAIL_BAD_ADDRESS },
		{ "PUT", "/v1/aliases/s.example", WEBMAIL_BAD_ADDRESS },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(webmail_request_read(&request, cases[i].method, cases[i].target) ==
				      cases[i].verdict,
			      "%s %s", cases[i].method, cases[i].target);
}
END_TEST

START_TEST(has_bounds)
{
	static char target[WEBMAIL_TARGET_MAX];

	strcpy(target, "/v1/recipients?a=a@b.example");
	for (size_t i = 1; i < WEBMAIL_ADDRESSES_MAX; i++)
		strcat(target, "&a=a@b.example");
	ck_assert_int_eq(webmail_request_read(&request, "GET", target), WEBMAIL_GOOD);
	ck_assert_uint_eq(request.count, WEBMAIL_ADDRESSES_MAX);
	strcat(target, "&a=a@b.example");
	ck_assert_int_eq(webmail_request_read(&request, "GET", target), WEBMAIL_TOO_MANY);

	memset(target, 0, sizeof(target));
	strcpy(target, "/v1/recipients?a=a@");
	memset(target + strlen(target), 'b', WEBMAIL_ADDRESS_SIZE - 3);
	ck_assert_int_eq(webmail_request_read(&request, "GET", target), WEBMAIL_GOOD);
	strcat(target, "b");
	ck_assert_int_eq(webmail_request_read(&request, "GET", target), WEBMAIL_BAD_ADDRESS);
}
END_TEST

START_TEST(knows_users)
{
	static const struct {
		const char *value, *user; /* NULL: none */
	} cases[] = {
		{ "me@example.com", "me@example.com" },
		{ "me@EXAMPLE.com", "me@example.com" },
		{ "Me@example.com", NULL }, /* another account, to SASL and to the milter */
		{ "j.doe@B\xc3\xbc"
		  "cher.example",
		  "j.doe@xn--bcher-kva.example" },
		{ "", NULL },
		{ "me", NULL },
		{ "@example.com", NULL },
		{ "me@", NULL },
		{ "me+list@example.com", NULL },
		{ "<me@example.com>", NULL },
		{ " me@example.com", NULL },
		{ "me@example.com, eve@example.com", NULL },
		{ "me@example.com\r\nX: y", NULL },
		{ "me@[192.0.2.1]", NULL },
		{ "\"me\"@example.com", NULL },
		{ "@a:me@example.com", NULL },
		{ "eve%example.com@example.com", NULL },
		{ "here!me@example.com", NULL },
		{ "me@example.com@example.com", NULL },
		{ "m\xc3\xa9@example.com", NULL },
	};
	char user[ALIAS_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool taken = webmail_user_read(user, cases[i].value, "+");

		ck_assert_msg(taken == (cases[i].user != NULL), "%s", cases[i].value);
		ck_assert_str_eq(user, taken ? cases[i].user : "");
	}
	ck_assert(webmail_user_read(user, "me+list@example.com", ""));
}
END_TEST

START_TEST(gives_each_user_his_minute)
{
	struct webmail_quota *quota = webmail_quota_new(60);

	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 50, 0), 0);
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 10, 0), 0);
	/* One unit a second comes back. */
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 1, 0), 1);
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 10, 0), 10);
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 10, 9500), 1);
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 10, 10000), 0);
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 1, 10000), 1);
	/* Others are not concerned. */
	ck_assert_int_eq(webmail_quota_take(quota, "b@x", 60, 10000), 0);
	/* More than there ever is takes all of it. */
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 1000, 70000), 0);
	ck_assert_int_eq(webmail_quota_take(quota, "a@x", 1000, 70000), 60);
	webmail_quota_free(quota);
}
END_TEST

START_TEST(bounds_the_users)
{
	struct webmail_quota *quota = webmail_quota_new(60);
	char user[32];

	for (int i = 0; i < WEBMAIL_QUOTA_USERS; i++) {
		snprintf(user, sizeof(user), "u%d@x", i);
		ck_assert_int_eq(webmail_quota_take(quota, user, 1, 0), 0);
	}
	ck_assert_int_gt(webmail_quota_take(quota, "new@x", 1, 0), 0);
	ck_assert_int_eq(webmail_quota_take(quota, "u7@x", 1, 0), 0);
	ck_assert_int_eq(webmail_quota_take(quota, "new@x", 1, 1000), 0);
	webmail_quota_free(quota);
}
END_TEST

static const char *const pairs[] = { "s.example.com=example.com", "s.other.example=other.example" };

static void pair_up(struct settings *settings)
{
	const struct setting *setting = settings_find("secure_owner");
	struct setting_fault fault;

	settings_init(settings);
	ck_assert(setting->put(settings, setting, pairs, ARRAY_LEN(pairs), &fault));
}

START_TEST(tells_owners)
{
	const struct alias filed = { .enabled = true, .mailbox = "bob@elsewhere.example" };
	static const struct {
		const char *key;
		enum lookup found, owned;
		const char *mailbox;
	} cases[] = {
		{ "me@s.example.com", LOOKUP_ABSENT, LOOKUP_FOUND, "me@example.com" },
		{ "me@s.other.example", LOOKUP_ABSENT, LOOKUP_FOUND, "me@other.example" },
		{ "a@b@s.example.com", LOOKUP_ABSENT, LOOKUP_FOUND, "a@b@example.com" },
		{ "me@s.example.com", LOOKUP_FOUND, LOOKUP_FOUND, "bob@elsewhere.example" },
		{ "me@unpaired.example", LOOKUP_FOUND, LOOKUP_FOUND, "bob@elsewhere.example" },
		{ "me@unpaired.example", LOOKUP_ABSENT, LOOKUP_ABSENT, "" },
		{ "me@x.s.example.com", LOOKUP_ABSENT, LOOKUP_ABSENT, "" },
		{ "@s.example.com", LOOKUP_ABSENT, LOOKUP_ABSENT, "" },
		{ "me@s.example.com", LOOKUP_ERROR, LOOKUP_ERROR, "" },
	};
	struct settings settings;
	char mailbox[ALIAS_ADDRESS_SIZE];

	pair_up(&settings);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(alias_owner(mailbox, &settings, cases[i].key, cases[i].found,
					  &filed) == cases[i].owned,
			      "%s", cases[i].key);
		ck_assert_str_eq(mailbox, cases[i].mailbox);
	}
	settings_free(&settings);
}
END_TEST

START_TEST(tells_aliases)
{
	struct settings settings;
	char key[ALIAS_ADDRESS_SIZE];

	pair_up(&settings);
	ck_assert(alias_of_owner(key, &settings, 0, "me@example.com"));
	ck_assert_str_eq(key, "me@s.example.com");
	ck_assert(!alias_of_owner(key, &settings, 0, "me@other.example"));
	ck_assert_str_eq(key, "");
	ck_assert(alias_of_owner(key, &settings, 1, "me@other.example"));
	ck_assert_str_eq(key, "me@s.other.example");
	ck_assert(!alias_of_owner(key, &settings, 2, "me@example.com"));
	ck_assert(!alias_of_owner(key, &settings, 0, "me@s.example.com"));
	settings_free(&settings);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("webmail_request");
	TCase *tcase = tcase_create("webmail_request");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, takes_the_calls);
	tcase_add_test(tcase, refuses_all_else);
	tcase_add_test(tcase, has_bounds);
	tcase_add_test(tcase, knows_users);
	tcase_add_test(tcase, gives_each_user_his_minute);
	tcase_add_test(tcase, bounds_the_users);
	tcase_add_test(tcase, tells_owners);
	tcase_add_test(tcase, tells_aliases);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
