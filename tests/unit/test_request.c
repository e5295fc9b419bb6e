/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/request.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(takes_map_and_key)
{
	static const struct {
		const char *payload;
		enum map map;
		bool tlsrpt;
		const char *key;
	} cases[] = {
		{ "policy example.com", MAP_POLICY, false, "example.com" },
		{ "policy+tlsrpt example.com", MAP_POLICY, true, "example.com" },
		{ "policy-encrypt a", MAP_POLICY_ENCRYPT, false, "a" },
		{ "policy-encrypt+tlsrpt a", MAP_POLICY_ENCRYPT, true, "a" },
		{ "policy-dane-only a", MAP_POLICY_DANE_ONLY, false, "a" },
		{ "policy-dane-only+tlsrpt a", MAP_POLICY_DANE_ONLY, true, "a" },
		{ "policy-verify a", MAP_POLICY_VERIFY, false, "a" },
		{ "policy-verify+tlsrpt a", MAP_POLICY_VERIFY, true, "a" },
		{ "policy-authenticated a", MAP_POLICY_AUTHENTICATED, false, "a" },
		{ "policy-authenticated+tlsrpt a", MAP_POLICY_AUTHENTICATED, true, "a" },
		{ "transport a@example.com", MAP_TRANSPORT, false, "a@example.com" },
		{ "alias a@example.com", MAP_ALIAS, false, "a@example.com" },
		{ "otherwise a@example.com", MAP_OTHERWISE, false, "a@example.com" },
		{ "exception a@example.com b@example.net", MAP_EXCEPTION, false,
		  "a@example.com b@example.net" },
		{ "status a@example.com", MAP_STATUS, false, "a@example.com" },
		/* The first blank ends the map's name; the rest is the key as it is. */
		{ "status \"a b\"@example.com", MAP_STATUS, false, "\"a b\"@example.com" },
		{ "policy  example.com", MAP_POLICY, false, " example.com" },
		{ "policy ", MAP_POLICY, false, "" },
	};
	struct request request;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *payload = cases[i].payload;

		ck_assert_msg(request_parse(&request, payload, strlen(payload)) == REQUEST_OK, "%s",
			      payload);
		ck_assert_msg(request.map == cases[i].map, "%s", payload);
		ck_assert_msg(request.tlsrpt == cases[i].tlsrpt, "%s", payload);
		ck_assert_msg(request.key_len == strlen(cases[i].key) &&
				      memcmp(request.key, cases[i].key, request.key_len) == 0,
			      "%s", payload);
	}
}
END_TEST

START_TEST(knows_no_other_map)
{
	static const char *const cases[] = {
		"polic a",
		"policyy a",
		"exceptions a@example.com b@example.net",
		"exception+tlsrpt a@example.com b@example.net",
		"policy- a",
		"policy-enc a",
		"Policy a",
		"POLICY a",
		"policy+ a",
		"policy+tlsrp a",
		"policy+tlsrptt a",
		"+tlsrpt a",
		"policy+tlsrpt+tlsrpt a",
		"policy+TLSRPT a",
		/* Only answers of smtp_tls_policy_maps have attributes for it. */
		"status+tlsrpt a",
		"transport+tlsrpt a",
		"alias+tlsrpt a",
		"policy\texample.com a",
	};
	struct request request;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(request_parse(&request, cases[i], strlen(cases[i])) ==
				      REQUEST_UNKNOWN_MAP,
			      "%s", cases[i]);
}
END_TEST

START_TEST(refuses_what_is_no_request)
{
	static const struct {
		const char *payload;
		size_t len;
	} cases[] = {
		{ "", 0 },
		{ "policy", 6 },
		{ " example.com", 12 },
		{ " ", 1 },
		{ "policy exam\0ple.com", 19 },
		{ "pol\0icy a", 9 },
		{ "policy a\0", 9 },
		{ "\0", 1 },
	};
	struct request request;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(request_parse(&request, cases[i].payload, cases[i].len) ==
				      REQUEST_MALFORMED,
			      "case %zu", i);
}
END_TEST

START_TEST(names_every_map)
{
	struct request request;

	for (int i = 0; i < MAP_COUNT; i++) {
		char payload[64];

		snprintf(payload, sizeof(payload), "%s key", map_name((enum map)i));
		ck_assert_int_eq(request_parse(&request, payload, strlen(payload)), REQUEST_OK);
		ck_assert_int_eq(request.map, i);
		ck_assert_int_eq(map_is_policy((enum map)i),
				 strncmp(map_name((enum map)i), "policy", 6) == 0);
		ck_assert_int_eq(map_is_deliverable((enum map)i),
				 strncmp(map_name((enum map)i), "deliverable-", 12) == 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request");
	TCase *tcase = tcase_create("request");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, takes_map_and_key);
	tcase_add_test(tcase, knows_no_other_map);
	tcase_add_test(tcase, refuses_what_is_no_request);
	tcase_add_test(tcase, names_every_map);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
