/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/authres.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define ID "mx.xn--bcher-kva.example"

START_TEST(tells_of_tls)
{
	static const struct {
		struct authres_tls tls;
		const char *value;
	} cases[] = {
		{ { "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256" },
		  ID "; x-tls=pass smtp.version=TLSv1.3\n\tsmtp.cipher=TLS_AES_256_GCM_SHA384 "
		     "smtp.bits=256" },
		{ { "TLSv1.2", NULL, NULL }, ID "; x-tls=pass smtp.version=TLSv1.2" },
		/* what is no token would need quotes, and is not what a cipher is called */
		{ { "TLSv1.2", "a b", "" }, ID "; x-tls=pass smtp.version=TLSv1.2" },
		{ { "TLSv1.2", "a;dkim=pass", "1\r\nX: y" },
		  ID "; x-tls=pass smtp.version=TLSv1.2" },
		{ { "", "x\xc3\xa9", "1" }, ID "; x-tls=pass smtp.bits=1" },
	};
	char value[AUTHRES_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		authres_tls(value, ID, &cases[i].tls);
		ck_assert_str_eq(value, cases[i].value);
		ck_assert(authres_claims_tls(value, ID));
	}
	authres_tls(value, ID, NULL);
	ck_assert_str_eq(value, ID "; x-tls=none");
	ck_assert(authres_claims_tls(value, ID));
}
END_TEST

START_TEST(the_longest_fits)
{
	char id[DOMAIN_SIZE], longest[64], value[AUTHRES_SIZE];
	struct authres_tls tls = { longest, longest, longest };

	memset(id, 'a', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	memset(longest, 'b', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	tls.version = "TLSv1.3";
	authres_tls(value, id, &tls);
	ck_assert_uint_lt(strlen(value), sizeof(value) - 1);
	ck_assert_str_eq(value + strlen(value) - 63, longest);
}
END_TEST

START_TEST(knows_what_is_forged)
{
	static const char *const forged[] = {
		ID "; x-tls=pass",
		"MX.XN--Bcher-Kva.example; X-TLS=pass",
		"mx.b\xc3\xbc"
		"cher.example.; x-tls=pass",
		ID ";x-tls=fail",
		ID " 1; x-tls=pass",
		ID ";\r\n\tdkim=pass header.d=example.com;\r\n\tx-tls = pass",
		"\r\n\t" ID "\r\n\t; x-tls=pass",
		"(a (nested) \\) comment) " ID " (and another) 1 (more); x-tls/1=pass",
		"\"" ID "\"; x-tls=pass",
		"\"mx.xn--bcher-\\kva.example\"; x-tls=pass",
		ID "; none; x-tls=pass",
		/* whose these are, nobody can tell */
		"; x-tls=pass",
		"(" ID "; x-tls=pass",
		"\"" ID "; x-tls=pass",
		ID ", x-tls=pass",
		"x-tls=pass",
		"other.example " ID "; x-tls=pass",
		"other.example\x01; x-tls=pass",
	};
	static const char *const others[] = {
		"",
		ID,
		ID "; none",
		ID "; dkim=pass header.d=example.com",
		"other.example; x-tls=pass",
		"other.example 1; x-tls=pass; dkim=pass header.d=" ID,
		"(" ID ") other.example; x-tls=pass",
		"\"other.example\"; x-tls=pass",
		"sub." ID "; x-tls=pass",
		"mx; x-tls=pass",
	};

	for (size_t i = 0; i < ARRAY_LEN(forged); i++)
		ck_assert_msg(authres_claims_tls(forged[i], ID), "%s", forged[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		ck_assert_msg(!authres_claims_tls(others[i], ID), "%s", others[i]);
}
END_TEST

START_TEST(knows_the_header)
{
	ck_assert(authres_is_header("Authentication-Results"));
	ck_assert(authres_is_header("authentication-RESULTS \t"));
	ck_assert(!authres_is_header("ARC-Authentication-Results"));
	ck_assert(!authres_is_header("Authentication-Results-X"));
	ck_assert(!authres_is_header("Authentication-Result"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authres");
	TCase *tests = tcase_create("authres");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, tells_of_tls);
	tcase_add_test(tests, the_longest_fits);
	tcase_add_test(tests, knows_what_is_forged);
	tcase_add_test(tests, knows_the_header);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
