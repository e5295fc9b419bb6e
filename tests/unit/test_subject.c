/* SPDX-License-Identifier: BSD-2-Clause */
/* What people ask about, and where its mail goes. */
#include "core/names/nexthop.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct {
	const char *text;
	const char *key; /* NULL: neither an address nor a next hop */
	bool is_address;
} cases[] = {
	{ "me@example.com", "example.com", true },
	{ "<me@Example.COM.>", "example.com", true },
	{ "\"a@b\"@example.com", "example.com", true },
	{ "me@b\xc3\xbc"
	  "cher.example",
	  "xn--bcher-kva.example", true },
	{ "me@[192.0.2.1]", "[192.0.2.1]", true },
	{ "me@[IPv6:2001:db8::1]", "[2001:db8::1]", true },
	{ "example.com", "example.com", false },
	{ "[mx.example.com]:587", "[mx.example.com]:587", false },
	{ "example.com:submission", "example.com:587", false },
	{ ".example.com", ".example.com", false },
	{ "[192.0.2.1]", "[192.0.2.1]", false },
	{ "", NULL, false },
	{ "@", NULL, true },
	{ "me@", NULL, true },
	{ "<>", NULL, false },
	{ "me@a@example.com", NULL, true },
	{ "me@example..com", NULL, true },
	{ "two words", NULL, false },
	{ "example.com:nosuch", NULL, false },
};

START_TEST(parses)
{
	struct subject subject;
	const char *text = cases[_i].text;

	if (cases[_i].key == NULL) {
		ck_assert_msg(!subject_parse(&subject, text, strlen(text)), "%s", text);
		return;
	}
	ck_assert_msg(subject_parse(&subject, text, strlen(text)), "%s", text);
	ck_assert_str_eq(subject.nexthop.key, cases[_i].key);
	ck_assert_int_eq(subject.is_address, cases[_i].is_address);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("subject");
	Suite *suite = suite_create("subject");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, parses, 0, (int)ARRAY_LEN(cases));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
