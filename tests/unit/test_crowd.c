/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/crowd.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Names made of a shape, each "#" of which is a number. */
static void add(struct crowd *crowd, const char *shape, int count)
{
	for (int i = 0; i < count; i++) {
		char key[64];
		size_t len = 0;

		for (const char *p = shape; *p != '\0'; p++)
			if (*p == '#')
				len += (size_t)snprintf(key + len, sizeof(key) - len, "%d", i);
			else
				key[len++] = *p;
		key[len] = '\0';
		crowd_add(crowd, key);
	}
}

/* Whatever shape the names have; each a crowd of its own, and no domain else is in it. */
START_TEST(slows_down_with_the_crowd)
{
	static const struct {
		const char *shape;
		int count;
		const char *key;
		int64_t days;
	} cases[] = {
		{ "n#.example.com", 1000, "n7.example.com", 1 },
		{ "n#.example.com", 1001, "n7.example.com", 2 },
		{ "n#.example.com", 20000, "n7.example.com", 20 },
		{ "n#.example.com", 20000, "other.example.com", 20 },
		/* each m# has slots of its own, which now and then are those of example.com */
		{ "n#.m#.example.com", 19900, "a.b.example.com", 20 },
		{ "n#.a.b.example.com", 3000, "x.example.com", 3 },
		{ "n#.example.com:587", 3000, "n7.example.com", 3 },
		{ "[n#.example.com]:587", 3000, "[n7.example.com]", 3 },
		{ "[192.0.2.#]", 3000, "[198.51.100.1]:25", 3 },
		{ "[2001:db8::#]", 3000, "[2001:db8::1]", 3 },
		/* the domain itself, and others below the same label */
		{ "n#.example.com", 20000, "example.com", 1 },
		{ "n#.example.com", 20000, "n7.example.net", 1 },
		{ "n#.com", 20000, "n7.com", 1 },
		{ "[192.0.2.#]", 3000, "[mx.example.com]", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crowd *crowd = crowd_new();

		add(crowd, cases[i].shape, cases[i].count);
		ck_assert_msg(crowd_days(crowd, cases[i].key) == cases[i].days, "case %zu: %d days",
			      i, (int)crowd_days(crowd, cases[i].key));
		crowd_free(crowd);
	}
}
END_TEST

/* A large ledger of all kinds: nobody is slowed down by names that are not below his. */
START_TEST(tells_domains_apart)
{
	struct crowd *crowd = crowd_new();
	int slowed = 0;

	add(crowd, "n#.crowd.example", 50000);
	add(crowd, "mail.d#.example", 100000);
	for (int i = 0; i < 1000; i++) {
		char key[64];

		snprintf(key, sizeof(key), "mail.d%d.example", i);
		slowed += crowd_days(crowd, key) > 1;
	}
	/* It may have got counts of others' besides. */
	ck_assert_int_ge(crowd_days(crowd, "n1.crowd.example"), 50);
	ck_assert_int_le(crowd_days(crowd, "n1.crowd.example"), 51);
	/* By chance one in two billion would be. */
	ck_assert_int_eq(slowed, 0);
	crowd_free(crowd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crowd");
	TCase *tcase = tcase_create("crowd");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, slows_down_with_the_crowd);
	tcase_add_test(tcase, tells_domains_apart);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
