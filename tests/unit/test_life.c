/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of the temporary mailbox, as tables of facts and answers. */
#include "core/mailbox/life.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define DAY INT64_C(86400)
#define NOW (INT64_C(20000) * DAY)

static struct settings settings;

static void setup(void)
{
	settings_init(&settings);
}

static void teardown(void)
{
	settings_free(&settings);
}

START_TEST(who_may_see_a_letter)
{
	static const struct {
		enum mbox_box box;
		bool has_key, gate_open;
		enum life_access access;
	} cases[] = {
		{ MBOX_INBOX, true, true, LIFE_OPEN },  { MBOX_INBOX, true, false, LIFE_PIN },
		{ MBOX_INBOX, false, true, LIFE_LINK }, { MBOX_INBOX, false, false, LIFE_LINK },
		{ MBOX_SENT, true, false, LIFE_OPEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static struct mbox_letter letter;
		struct mbox_gate gate = { .open = cases[i].gate_open };

		letter = (struct mbox_letter){ .box = cases[i].box, .has_key = cases[i].has_key };
		ck_assert_msg(life_access(&letter, &gate) == cases[i].access, "case %zu", i);
	}
}
END_TEST

START_TEST(tries_are_counted_first)
{
	struct mbox_gate gate = { 0 };

	for (uint32_t i = 0; i < 10; i++) {
		ck_assert_uint_eq(life_tries_left(&gate, 10), 10 - i);
		ck_assert_int_eq(life_begin_try(&gate, 10), LIFE_TRY);
	}
	ck_assert(life_is_locked(&gate, 10));
	ck_assert_int_eq(life_begin_try(&gate, 10), LIFE_LOCKED);
	ck_assert_uint_eq(gate.tries, 10);
	/* The last one may have been right. */
	life_give_back_try(&gate);
	ck_assert_int_eq(life_begin_try(&gate, 10), LIFE_TRY);
	life_open_gate(&gate);
	ck_assert_int_eq(life_begin_try(&gate, 10), LIFE_FREE);
	ck_assert(!life_is_locked(&gate, 10));
	life_give_back_try(&gate);
	ck_assert_uint_eq(gate.tries, 0);
}
END_TEST

START_TEST(opening_a_gate_erases_the_pin)
{
	struct mbox_gate gate = { .has_pin = true, .tries = 3, .told = true };
	static const unsigned char zeros[MBOX_PIN_SIZE];

	memset(gate.pin, 1, sizeof(gate.pin));
	life_open_gate(&gate);
	ck_assert(gate.open && !gate.has_pin && !gate.told && gate.tries == 0);
	ck_assert_mem_eq(gate.pin, zeros, sizeof(zeros));
}
END_TEST

START_TEST(what_a_pin_does)
{
	static const struct {
		enum mailbox_pin setting;
		bool opened, exists, open, chosen, required;
		enum life_pin is;
	} cases[] = {
		/* A sender's first letter. */
		{ MAILBOX_PIN_REQUIRE, false, false, true, false, false, LIFE_PIN_NEW },
		{ MAILBOX_PIN_REQUIRE, true, false, true, false, false, LIFE_PIN_NEW },
		{ MAILBOX_PIN_ALLOW, false, false, true, false, false, LIFE_PIN_NONE },
		{ MAILBOX_PIN_ALLOW, false, false, true, true, false, LIFE_PIN_NEW },
		{ MAILBOX_PIN_OFF, false, false, true, true, false, LIFE_PIN_NONE },
		/* From a secure alias one is always needed. */
		{ MAILBOX_PIN_OFF, false, false, true, false, true, LIFE_PIN_NEW },
		/* Before it was used. */
		{ MAILBOX_PIN_REQUIRE, false, true, false, false, false, LIFE_PIN_KEPT },
		{ MAILBOX_PIN_REQUIRE, true, true, false, true, false, LIFE_PIN_REPLACED },
		{ MAILBOX_PIN_OFF, false, true, false, true, false, LIFE_PIN_REPLACED },
		/* After. */
		{ MAILBOX_PIN_REQUIRE, true, true, true, true, true, LIFE_PIN_PASSED },
		/* A closed mailbox whose first letter needed none. */
		{ MAILBOX_PIN_ALLOW, false, true, true, true, false, LIFE_PIN_NEW },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mbox_gate gate = { .open = cases[i].open };
		struct mbox_mailbox box = { .opened = cases[i].opened ? NOW : 0 };

		settings.mailbox_pin = cases[i].setting;
		ck_assert_msg(life_pin_for(&settings, &box, cases[i].exists, &gate, cases[i].chosen,
					   cases[i].required) == cases[i].is,
			      "case %zu", i);
	}
}
END_TEST

/* Nothing that the domain's web server says gets around a PIN, or an open mailbox. */
START_TEST(no_key_is_looked_for_where_a_pin_guards)
{
	static const struct {
		bool box, opened, gate, open, chosen, required, is;
	} cases[] = {
		/* Nobody wrote to this address yet. */
		{ false, false, false, false, false, false, true },
		{ false, false, false, false, true, false, false },
		{ false, false, false, false, false, true, false },
		/* Another sender did. */
		{ true, false, false, false, false, false, true },
		/* This one did, with a PIN and without. */
		{ true, false, true, false, false, false, false },
		{ true, false, true, true, false, false, true },
		/* It is open. */
		{ true, true, false, false, false, false, false },
		{ true, true, true, true, false, false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mbox_gate gate = { .open = cases[i].open };
		struct mbox_mailbox box = { .opened = cases[i].opened ? NOW : 0 };

		ck_assert_msg(life_may_look_up(cases[i].box ? &box : NULL,
					       cases[i].gate ? &gate : NULL, cases[i].chosen,
					       cases[i].required) == cases[i].is,
			      "case %zu", i);
	}
}
END_TEST

START_TEST(when_a_mailbox_ends)
{
	static const struct {
		int64_t created, opened, active, letter, unopened, expire, ends; /* days */
	} cases[] = {
		{ 10, 0, 0, 10, 90, 90, 100 },
		{ 10, 0, 0, 50, 90, 90, 140 },
		{ 10, 20, 20, 10, 90, 90, 110 },
		{ 10, 20, 60, 10, 90, 90, 150 },
		{ 10, 20, 60, 70, 90, 90, 160 },
		/* Short patience with those who do not come; but a letter lives its time. */
		{ 10, 20, 20, 10, 90, 7, 100 },
		{ 10, 20, 20, 30, 90, 7, 120 },
		{ 10, 20, 300, 30, 90, 7, 307 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mbox_mailbox box = { .created = cases[i].created * DAY,
					    .opened = cases[i].opened * DAY,
					    .active = cases[i].active * DAY,
					    .last_letter = cases[i].letter * DAY };
		int64_t ends = cases[i].ends * DAY;

		settings.mailbox_unopened = cases[i].unopened;
		settings.mailbox_expire = cases[i].expire;
		ck_assert_msg(life_ends(&settings, &box) == ends, "case %zu: %d", i,
			      (int)(life_ends(&settings, &box) / DAY));
		ck_assert(!life_has_ended(&settings, &box, ends - 1));
		ck_assert(life_has_ended(&settings, &box, ends));
		ck_assert(life_warn_is_due(&settings, &box, ends - 14 * DAY) ==
			  (cases[i].opened != 0));
		ck_assert(!life_warn_is_due(&settings, &box, ends - 14 * DAY - 1));
		box.warned = ends - 14 * DAY;
		ck_assert(!life_warn_is_due(&settings, &box, ends - DAY));
		life_login(&box, ends - DAY);
		ck_assert_int_eq(box.warned, 0);
	}
}
END_TEST

START_TEST(replies_have_a_quota)
{
	static struct mbox_letter letter = { .box = MBOX_INBOX, .has_key = true };
	static struct mbox_letter sent = { .box = MBOX_SENT, .has_key = true };
	struct mbox_gate open = { .open = true }, closed = { 0 };
	struct mbox_mailbox box = { .opened = 1 };

	settings.mailbox_replies_per_day = 2;
	ck_assert_int_eq(life_may_reply(&settings, &box, &letter, &open, NOW), LIFE_REPLY_YES);
	ck_assert_int_eq(life_may_reply(&settings, &box, &letter, &closed, NOW),
			 LIFE_REPLY_WITHHELD);
	ck_assert_int_eq(life_may_reply(&settings, &box, &sent, &open, NOW), LIFE_REPLY_NOT_INBOX);
	life_count_reply(&box, NOW);
	life_count_reply(&box, NOW + DAY / 2);
	ck_assert_int_eq(life_may_reply(&settings, &box, &letter, &open, NOW + DAY - 1),
			 LIFE_REPLY_QUOTA);
	ck_assert_int_eq(life_reply_wait(&box, NOW + DAY - 1), 1);
	ck_assert_int_eq(life_may_reply(&settings, &box, &letter, &open, NOW + DAY),
			 LIFE_REPLY_YES);
	/* A clock that was set back does not shut anybody up. */
	ck_assert_uint_eq(life_replies_left(&settings, &box, NOW - 1), 2);
	box.retired = true;
	ck_assert_int_eq(life_may_reply(&settings, &box, &letter, &open, NOW + DAY),
			 LIFE_REPLY_RETIRED);
}
END_TEST

START_TEST(tokens_grow_old)
{
	ck_assert(life_token_is_fresh(NOW, NOW));
	ck_assert(life_token_is_fresh(NOW + 3600, NOW));
	ck_assert(!life_token_is_fresh(NOW + 3601, NOW));
	ck_assert(life_token_is_fresh(NOW - 30 * DAY + 1, NOW));
	ck_assert(!life_token_is_fresh(NOW - 30 * DAY, NOW));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("life");
	TCase *tcase = tcase_create("life");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_may_see_a_letter);
	tcase_add_test(tcase, tries_are_counted_first);
	tcase_add_test(tcase, opening_a_gate_erases_the_pin);
	tcase_add_test(tcase, what_a_pin_does);
	tcase_add_test(tcase, no_key_is_looked_for_where_a_pin_guards);
	tcase_add_test(tcase, when_a_mailbox_ends);
	tcase_add_test(tcase, replies_have_a_quota);
	tcase_add_test(tcase, tokens_grow_old);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
