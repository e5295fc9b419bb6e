/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/wkd.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/crypto/crypto.h"

static void place(struct buf *url, enum wkd_way way, const char *address)
{
	unsigned char hash[WKD_HASH_SIZE];
	struct wkd_name name;
	char taken[SEAL_ADDRESS_SIZE], host[DOMAIN_SIZE];

	ck_assert(seal_address_take(taken, address, strlen(address)));
	ck_assert(wkd_name(&name, taken));
	crypto_sha1(hash, name.folded, strlen(name.folded));
	ck_assert(wkd_host(host, way, &name));
	url->len = 0;
	buf_printf(url, "https://%s", host);
	wkd_path(url, way, &name, hash);
}

/* The example of the draft, section 3.1, and what gpg-wks-client --print-wkd-url says of others. */
START_TEST(says_where_a_key_stands)
{
	struct buf url = { 0 };

	place(&url, WKD_ADVANCED, "Joe.Doe@Example.ORG");
	ck_assert_str_eq(buf_cstr(&url),
			 "https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/"
			 "iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe");
	place(&url, WKD_DIRECT, "Joe.Doe@Example.ORG");
	ck_assert_str_eq(buf_cstr(&url), "https://example.org/.well-known/openpgpkey/hu/"
					 "iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe");
	/* Nothing of an address may be read as another part of the URL. */
	place(&url, WKD_DIRECT, "a/b?c#d+%&=@example.org");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&url), "?l=a%2Fb%3Fc%23d%2B%25%26%3D"));
	place(&url, WKD_DIRECT,
	      "jos\xc3\xa9@b\xc3\xbc"
	      "cher.example");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&url), "https://xn--bcher-kva.example/"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&url), "?l=jos%C3%A9"));
	buf_free(&url);
}
END_TEST

START_TEST(some_addresses_have_no_place)
{
	struct wkd_name name;
	char host[DOMAIN_SIZE], address[SEAL_ADDRESS_SIZE] = "a@";
	static const char *const none[] = { "\"a b\"@example.org", "@example.org", "example.org" };

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(!wkd_name(&name, none[i]), "%s", none[i]);
	/* A domain that is as long as one may be leaves no room for a label. */
	for (int i = 0; i < 4; i++)
		strcat(address, "123456789.123456789.123456789.123456789.123456789.123456789.");
	strcat(address, "example");
	ck_assert(wkd_name(&name, address));
	ck_assert(!wkd_host(host, WKD_ADVANCED, &name));
	ck_assert(wkd_host(host, WKD_DIRECT, &name));
}
END_TEST

START_TEST(no_and_dont_know_differ)
{
	static const struct {
		long status;
		enum lookup is;
	} cases[] = { { 0, LOOKUP_ERROR },    { 200, LOOKUP_ABSENT }, { 204, LOOKUP_ABSENT },
		      { 301, LOOKUP_ABSENT }, { 302, LOOKUP_ABSENT }, { 403, LOOKUP_ABSENT },
		      { 404, LOOKUP_ABSENT }, { 410, LOOKUP_ABSENT }, { 408, LOOKUP_ERROR },
		      { 425, LOOKUP_ERROR },  { 429, LOOKUP_ERROR },  { 500, LOOKUP_ERROR },
		      { 503, LOOKUP_ERROR },  { 100, LOOKUP_ERROR },  { 999, LOOKUP_ERROR } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(wkd_judge_status(cases[i].status) == cases[i].is, "%ld",
			      cases[i].status);
}
END_TEST

static enum lookup read_back(const char *said, size_t len, struct span *key, char *reason)
{
	*key = (struct span){ "", 0 };
	return wkd_answer_read(key, reason, said, len);
}

START_TEST(what_it_says_is_understood)
{
	struct buf out = { 0 };
	char reason[WKD_REASON_SIZE];
	struct span key;

	wkd_answer_put(&out, LOOKUP_FOUND, (struct span){ "a\nb\0c", 5 }, "");
	ck_assert_int_eq(read_back(out.data, out.len, &key, reason), LOOKUP_FOUND);
	ck_assert_uint_eq(key.len, 5);
	ck_assert_mem_eq(key.at, "a\nb\0c", 5);
	out.len = 0;
	wkd_answer_put(&out, LOOKUP_ABSENT, (struct span){ "", 0 }, "gone\nfound 1");
	ck_assert_int_eq(read_back(out.data, out.len, &key, reason), LOOKUP_ABSENT);
	ck_assert_str_eq(reason, "gone\\x0afound 1");
	out.len = 0;
	wkd_answer_put(&out, LOOKUP_ERROR, (struct span){ "", 0 }, "time-out");
	ck_assert_int_eq(read_back(out.data, out.len, &key, reason), LOOKUP_ERROR);
	ck_assert_str_eq(reason, "time-out");
	buf_free(&out);
}
END_TEST

/* What is cut or more than whole is never "none". */
START_TEST(what_is_not_whole_is_not_known)
{
	static const char *const said[] = {
		"",
		"none",
		"none x",
		"found 3\nab",
		"found 3\nabcd",
		"found 0\n",
		"found -1\nabc",
		"found 3 \nabc",
		"found 03x\nab",
		"found 65537\n",
		"none x\nrest",
		"unsure x\nrest",
		"NONE x\n",
		"nothing\n",
		"\n",
	};
	char reason[WKD_REASON_SIZE];
	struct span key;

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		ck_assert_msg(read_back(said[i], strlen(said[i]), &key, reason) == LOOKUP_ERROR,
			      "%s", said[i]);
		ck_assert(reason[0] != '\0');
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wkd");
	TCase *tcase = tcase_create("wkd");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, says_where_a_key_stands);
	tcase_add_test(tcase, some_addresses_have_no_place);
	tcase_add_test(tcase, no_and_dont_know_differ);
	tcase_add_test(tcase, what_it_says_is_understood);
	tcase_add_test(tcase, what_is_not_whole_is_not_known);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
