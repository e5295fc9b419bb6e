/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts: which events are told, when, how often, and in which words. */
#include "core/alert/alert.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define T INT64_C(1767323045) /* Fri, 02 Jan 2026 03:04:05 +0000 */

static struct alerts all;
static struct alert_state state;
static struct buf text;

static void setup(void)
{
	state = (struct alert_state){ .seen = 10, .told = 0, .summed = T - UTC_DAY };
	text = (struct buf){ 0 };
	alerts_begin(&all, &state, T);
}

static void teardown(void)
{
	buf_free(&text);
}

static void note_at(uint64_t number, int64_t time, const char *event, const char *subject)
{
	struct journal_entry entry = { .time = time, .author = "prober" };

	ck_assert(str_copy(entry.event, sizeof(entry.event), event));
	ck_assert(str_copy(entry.subject, sizeof(entry.subject), subject));
	str_copy(entry.detail, sizeof(entry.detail), "no TLS since 2026-01-02T03:00:00Z");
	alerts_note(&all, number, &entry);
}

static void note(uint64_t number, const char *event, const char *subject)
{
	note_at(number, T, event, subject);
}

static void again(int64_t now)
{
	state = all.after;
	alerts_begin(&all, &state, now);
}

START_TEST(an_event_is_told_once)
{
	note(10, "downgrade", "seen.example");
	note(11, "downgrade", "new.example");
	note(12, "raised", "other.example");
	ck_assert_uint_eq(all.count, 1);
	ck_assert_str_eq(all.list[0].entry.subject, "new.example");
	ck_assert(alerts_due(&all));
	again(T + 120);
	note(12, "raised", "other.example");
	ck_assert_uint_eq(all.count, 0);
	ck_assert(!alerts_due(&all));
	ck_assert_uint_eq(all.after.seen, 12);
}
END_TEST

/* The journal may be years old; what is new is what comes after the first time. */
START_TEST(the_first_time_nothing_is_told)
{
	alerts_begin(&all, NULL, T);
	note(1, "downgrade", "old.example");
	alerts_note_locked(&all, T - 100, 5);
	ck_assert_uint_eq(all.count, 0);
	ck_assert(!alerts_summary_due(&all));
	again(T + 60);
	note(2, "downgrade", "new.example");
	alerts_note_locked(&all, T - 100, 5);
	ck_assert_uint_eq(all.count, 1);
}
END_TEST

START_TEST(what_comes_close_behind_waits)
{
	all.before.told = T - ALERT_GAP + 1;
	note(11, "downgrade", "a.example");
	ck_assert(!alerts_due(&all));
	all.before.told = T - ALERT_GAP;
	ck_assert(alerts_due(&all));
	/* A clock that was set back silences nobody. */
	all.before.told = T + UTC_DAY;
	ck_assert(alerts_due(&all));
}
END_TEST

/* The prober tells it anew when it is restarted. */
START_TEST(a_trouble_of_this_machine_lasts_until_it_ends)
{
	note(11, "resolver-insecure", "*");
	note(12, "resolver-silent", "*");
	ck_assert_uint_eq(all.count, 1);
	again(T + 1);
	note(13, "resolver-insecure", "*");
	ck_assert_uint_eq(all.count, 0);
	note(14, "resolver-good", "*");
	note(15, "stripping", "*");
	note(16, "resolver-silent", "*");
	ck_assert_uint_eq(all.count, 2);
	ck_assert(all.after.resolver && all.after.stripped);
	again(T + 2);
	note(17, "stripping-ended", "*");
	ck_assert(!all.after.stripped);
	ck_assert_uint_eq(all.count, 0);
}
END_TEST

START_TEST(what_was_imported_is_no_news)
{
	note_at(11, T - ALERT_STALE - 1, "downgrade", "old.example");
	ck_assert_uint_eq(all.count, 0);
	note_at(12, T - ALERT_STALE, "downgrade", "late.example");
	ck_assert_uint_eq(all.count, 1);
}
END_TEST

START_TEST(locked_senders_are_counted_from_the_daemons_start)
{
	alerts_note_locked(&all, T - 50, 3);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_uint_eq(all.list[0].count, 3);
	again(T);
	alerts_note_locked(&all, T - 50, 3);
	ck_assert_uint_eq(all.count, 0);
	again(T);
	alerts_note_locked(&all, T - 50, 5);
	ck_assert_uint_eq(all.list[0].count, 2);
	again(T);
	alerts_note_locked(&all, T - 1, 1); /* it was restarted */
	ck_assert_uint_eq(all.list[0].count, 1);
}
END_TEST

START_TEST(reads_as_it_should)
{
	note(11, "downgrade", "lost.example");
	alerts_title(&text, &all, "mail.example.com");
	ck_assert_str_eq(buf_cstr(&text),
			 "postseal on mail.example.com: lost.example no longer offers TLS");
	text.len = 0;
	alerts_text(&text, &all, "mail.example.com");
	ck_assert_str_eq(
		buf_cstr(&text),
		"postseal on mail.example.com has seen:\n\n"
		"* lost.example no longer offers TLS\n"
		"  2026-01-02T03:04:05Z\n"
		"  no TLS since 2026-01-02T03:00:00Z\n\n"
		"  Mail that needs its TLS waits in Postfix's queue; nothing is sent in the\n"
		"  clear. See what was seen with `postseal list --state downgrade` and\n"
		"  `postseal explain DOMAIN`. Ask its postmaster by another way. If it has\n"
		"  given up TLS for good: `postseal forget DOMAIN`. Mail to it then leaves in\n"
		"  the clear.\n\n"
		"Each event is told once. What happens within 15 minutes is told at once.\n");
}
END_TEST

/* Each kind has words, and what to do; of many only some are named. */
START_TEST(many_are_told_together)
{
	char name[32];

	note(11, "stripping", "*");
	note(12, "resolver-silent", "*");
	alerts_note_locked(&all, T, 1);
	for (int i = 0; i < ALERT_MAX; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		note(13 + (uint64_t)i, "downgrade", name);
	}
	alerts_title(&text, &all, "h");
	ck_assert_str_eq(buf_cstr(&text), "postseal on h: 23 events");
	text.len = 0;
	alerts_text(&text, &all, "h");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "* something in our own network"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "* the DNS resolver does not answer"));
	ck_assert_ptr_nonnull(
		strstr(buf_cstr(&text), "* too many wrong PINs of sealed mail, 1 time\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "postseal doctor"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "postseal mailbox unlock"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "* d16.example"));
	ck_assert_ptr_null(strstr(buf_cstr(&text), "* d17.example"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "And 3 more;"));
}
END_TEST

START_TEST(a_week_is_summed_up)
{
	ck_assert(!alerts_summary_due(&all));
	state.summed = T - ALERT_WEEK;
	alerts_begin(&all, &state, T);
	ck_assert(alerts_summary_due(&all));
	note_at(1, T - ALERT_WEEK, "raised", "before.example");
	note_at(2, T - ALERT_WEEK + 1, "raised", "a.example");
	note_at(3, T - 5, "raised", "b.example");
	note_at(4, T - 4, "downgrade", "c.example");
	note_at(5, T - 4, "something-else", "d.example");
	ck_assert_uint_eq(all.count, 0);
	alerts_summary_text(&text, &all, "h");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "       2  reached over TLS for the first"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "       1  no longer offered TLS\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "some time:\n  c.example\n"));
	text.len = 0;
	alerts_begin(&all, &state, T);
	alerts_summary_text(&text, &all, "h");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "Nothing that would"));
}
END_TEST

START_TEST(is_a_mail)
{
	alert_mail(&text, "you@example.com", "what happened", "text\n", T);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "From: postseal <postmaster@example.com>\n"
						      "To: <you@example.com>\n"
						      "Subject: what happened\n"
						      "Date: Fri, 02 Jan 2026 03:04:05 +0000\n"
						      "Message-ID: <postseal-alert.1767323045."));
	ck_assert_ptr_nonnull(
		strstr(buf_cstr(&text), "@example.com>\nAuto-Submitted: auto-generated"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "7bit\n\ntext\n"));
}
END_TEST

START_TEST(the_state_is_kept)
{
	const struct alert_state in = { 300, T, T - 1, true, false, T - 2, 7 };
	struct alert_state out;

	alert_state_put(&text, &in);
	ck_assert(alert_state_get(&out, text.data, text.len));
	ck_assert(in.seen == out.seen && in.told == out.told && in.summed == out.summed);
	ck_assert(out.resolver && !out.stripped);
	ck_assert(in.mailbox_started == out.mailbox_started && in.locked == out.locked);
	for (size_t len = 0; len < text.len; len++)
		ck_assert(!alert_state_get(&out, text.data, len));
	buf_append(&text, "", 1);
	ck_assert(!alert_state_get(&out, text.data, text.len));
	text.data[1]++;
	ck_assert(!alert_state_get(&out, text.data, text.len - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alert");
	TCase *tc = tcase_create("alert");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_event_is_told_once);
	tcase_add_test(tc, the_first_time_nothing_is_told);
	tcase_add_test(tc, what_comes_close_behind_waits);
	tcase_add_test(tc, a_trouble_of_this_machine_lasts_until_it_ends);
	tcase_add_test(tc, what_was_imported_is_no_news);
	tcase_add_test(tc, locked_senders_are_counted_from_the_daemons_start);
	tcase_add_test(tc, reads_as_it_should);
	tcase_add_test(tc, many_are_told_together);
	tcase_add_test(tc, a_week_is_summed_up);
	tcase_add_test(tc, is_a_mail);
	tcase_add_test(tc, the_state_is_kept);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
