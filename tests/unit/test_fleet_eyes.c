/* SPDX-License-Identifier: BSD-2-Clause */
/* Who of a fleet looks at a host, and what is made of it that one of them saw no TLS. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/fleet/fleet_sighting.h"
#include "core/policy/fold.h"

#define NOW INT64_C(1800000000)
#define HOUR INT64_C(3600)

static struct fleet_view view;
static struct fleet_state state;

static void add(const char *name, int64_t seen)
{
	struct fleet_member member = { .seen = seen };

	str_copy(member.name, sizeof(member.name), name);
	fleet_view_add(&view, &state, &member);
}

/* We are m0, of so many. */
static void members(int count)
{
	state = (struct fleet_state){ .name = "m0", .exchanged = NOW };
	fleet_view_begin(&view, &state, NOW);
	for (int i = 0; i < count; i++) {
		char name[8];

		snprintf(name, sizeof(name), "m%d", i);
		add(name, NOW - 30);
	}
}

static const char *key_of(int i)
{
	static char key[32];

	snprintf(key, sizeof(key), "mx%d.example:25", i);
	return key;
}

static size_t rank(const struct fleet_member *best[], size_t most, int host)
{
	return fleet_rank(best, most, &view, key_of(host), NULL);
}

START_TEST(only_who_is_there_counts)
{
	members(2);
	add("gone", NOW - FLEET_LIVE - 1);
	add("here", NOW - FLEET_LIVE);
	ck_assert_uint_eq(view.count, 3);
	ck_assert(view.in_touch);
	for (int i = 0; i < 1000; i++)
		add("many", NOW);
	ck_assert_uint_eq(view.count, FLEET_MEMBERS_MAX);
	str_copy(state.trouble, sizeof(state.trouble), "the engine is down");
	fleet_view_begin(&view, &state, NOW);
	ck_assert(!view.in_touch);
	state.trouble[0] = '\0';
	state.exchanged = NOW - HOUR;
	fleet_view_begin(&view, &state, NOW);
	ck_assert(!view.in_touch);
	state.exchanged = 0;
	fleet_view_begin(&view, &state, NOW);
	ck_assert(!view.in_touch);
}
END_TEST

START_TEST(each_host_has_one_owner_and_all_agree)
{
	const struct fleet_member *best[3], *again[3];
	int owned[10] = { 0 };

	members(10);
	for (int i = 0; i < 10000; i++) {
		ck_assert_uint_eq(rank(best, 3, i), 3);
		ck_assert(best[0] != best[1] && best[1] != best[2] && best[0] != best[2]);
		owned[best[0]->name[1] - '0']++;
		/* The first of many is the first of any of them. */
		ck_assert_uint_eq(rank(again, 1, i), 1);
		ck_assert_ptr_eq(best[0], again[0]);
		ck_assert_uint_eq(fleet_rank(again, 2, &view, key_of(i), best[0]->name), 2);
		ck_assert_ptr_eq(again[0], best[1]);
		ck_assert_ptr_eq(again[1], best[2]);
	}
	/* Fairly: nobody has half more or less than a tenth. */
	for (int i = 0; i < 10; i++)
		ck_assert_msg(owned[i] > 500 && owned[i] < 1500, "m%d owns %d", i, owned[i]);
	/* In whatever order they are told. */
	for (int i = 0; i < 5; i++) {
		struct fleet_member other = view.live[i];
		char first[FLEET_NAME_SIZE];

		rank(best, 3, i);
		str_copy(first, sizeof(first), best[0]->name);
		view.live[i] = view.live[9 - i];
		view.live[9 - i] = other;
		rank(again, 3, i);
		ck_assert_str_eq(first, again[0]->name);
	}
	members(0);
	ck_assert_uint_eq(rank(best, 3, 1), 0);
	members(1);
	ck_assert_uint_eq(rank(best, 3, 1), 1);
	ck_assert_uint_eq(fleet_rank(best, 3, &view, key_of(1), "m0"), 0);
}
END_TEST

/* m1 .. m3 have one login, which may be in one hand. */
START_TEST(two_eyes_are_two_logins)
{
	const struct fleet_member *best[6], *eyes[FLEET_EYES];

	members(6);
	for (int i = 0; i < 6; i++)
		str_copy(view.live[i].login, sizeof(view.live[i].login),
			 i >= 1 && i <= 3 ? "one" : view.live[i].name);
	for (int i = 0; i < 500; i++) {
		ck_assert_uint_eq(fleet_choose_eyes(eyes, &view, key_of(i)), 2);
		ck_assert_str_ne(eyes[0]->login, eyes[1]->login);
		ck_assert_str_ne(eyes[0]->name, "m0");
		ck_assert_str_ne(eyes[1]->name, "m0");
		/* The best is asked in any case. */
		fleet_rank(best, 6, &view, key_of(i), "m0");
		ck_assert_ptr_eq(best[0], eyes[0]);
	}
	/* All with one login: two of them all the same. Of what is not known nothing is concluded. */
	for (int known = 0; known < 2; known++) {
		for (int i = 0; i < 6; i++)
			str_copy(view.live[i].login, sizeof(view.live[i].login),
				 known ? "one" : "");
		fleet_rank(best, 6, &view, key_of(1), "m0");
		ck_assert_uint_eq(fleet_choose_eyes(eyes, &view, key_of(1)), 2);
		ck_assert(eyes[0] == best[0] && eyes[1] == best[1]);
	}
	members(2);
	ck_assert_uint_eq(fleet_choose_eyes(eyes, &view, key_of(1)), 1);
	members(1);
	ck_assert_uint_eq(fleet_choose_eyes(eyes, &view, key_of(1)), 0);
}
END_TEST

START_TEST(who_leaves_takes_only_what_was_its_own)
{
	char owner[2000][8];
	const struct fleet_member *best[1];

	members(10);
	for (int i = 0; i < 2000; i++) {
		rank(best, 1, i);
		str_copy(owner[i], sizeof(owner[i]), best[0]->name);
	}
	members(9); /* without m9 */
	for (int i = 0; i < 2000; i++) {
		rank(best, 1, i);
		if (strcmp(owner[i], "m9") != 0)
			ck_assert_str_eq(best[0]->name, owner[i]);
	}
}
END_TEST

/*
 * Looks that are left to others.
 */

/* The first host of which we are the owner (0), its deputy (1), or neither (2). */
static int host_of_rank(size_t rank_wanted)
{
	const struct fleet_member *best[3];

	for (int i = 0;; i++) {
		size_t count = rank(best, 3, i);

		if (rank_wanted < count && strcmp(best[rank_wanted]->name, "m0") == 0)
			return i;
	}
}

START_TEST(news_spares_a_look)
{
	static const struct {
		size_t rank;
		int64_t news; /* seconds ago */
		int64_t own;
		enum observed last;
		int64_t until; /* seconds from now; 0: not spared */
	} cases[] = {
		/* The owner always looks. */
		{ 0, 0, 24 * HOUR, OBSERVED_TLS, 0 },
		{ 0, HOUR, 24 * HOUR, OBSERVED_TLS, 0 },
		/* The deputy after 25 hours, others after 26. */
		{ 1, HOUR, 24 * HOUR, OBSERVED_TLS, 24 * HOUR },
		{ 1, 25 * HOUR - 1, 24 * HOUR, OBSERVED_TLS, 1 },
		{ 1, 25 * HOUR, 24 * HOUR, OBSERVED_TLS, 0 },
		{ 2, HOUR, 24 * HOUR, OBSERVED_TLS, 25 * HOUR },
		{ 2, 26 * HOUR - 1, 24 * HOUR, OBSERVED_TLS, 1 },
		{ 2, 26 * HOUR, 24 * HOUR, OBSERVED_TLS, 0 },
		/* Not a first look, nor after one that did not end with TLS. */
		{ 2, HOUR, 24 * HOUR, OBSERVED_NOTHING, 0 },
		{ 2, HOUR, 24 * HOUR, OBSERVED_PLAIN, 0 },
		{ 2, HOUR, 24 * HOUR, OBSERVED_UNREACHABLE, 0 },
		{ 2, HOUR, 24 * HOUR, OBSERVED_TLS_FAILED, 0 },
		/* Once in a week each looks for itself. */
		{ 2, HOUR, 7 * 24 * HOUR - 5, OBSERVED_TLS, 5 },
		{ 2, HOUR, 7 * 24 * HOUR, OBSERVED_TLS, 0 },
		/* Of a clock that is ahead, here or there, nothing is believed. */
		{ 2, -HOUR, 24 * HOUR, OBSERVED_TLS, 0 },
		{ 2, HOUR, -HOUR, OBSERVED_TLS, 0 },
	};

	members(5);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host_facts host = { .last.observed = cases[i].last,
					   .last.time = NOW - cases[i].own,
					   .history.last_tls = NOW - cases[i].news };
		int at = host_of_rank(cases[i].rank);
		int64_t until = fleet_spared_until(&view, key_of(at), &host, NOW);

		ck_assert_msg(until == (cases[i].until != 0 ? NOW + cases[i].until : 0),
			      "case %d: %lld", (int)i, (long long)(until - NOW));
	}
	/* Nobody else, nothing spared. */
	{
		struct host_facts host = { .last.observed = OBSERVED_TLS,
					   .last.time = NOW - 24 * HOUR,
					   .history.last_tls = NOW - HOUR };
		int at = host_of_rank(2);

		ck_assert_int_gt(fleet_spared_until(&view, key_of(at), &host, NOW), NOW);
		view.in_touch = false;
		ck_assert_int_eq(fleet_spared_until(&view, key_of(at), &host, NOW), 0);
		members(1);
		ck_assert_int_eq(fleet_spared_until(&view, key_of(at), &host, NOW), 0);
	}
}
END_TEST

/*
 * Sightings.
 */

static struct history history_with(int64_t tls, int64_t plain)
{
	struct history history = { 0 };

	if (tls != 0)
		fold_history(&history, &(struct observation){ .time = tls,
							      .observed = OBSERVED_TLS,
							      .version = 0x0304 });
	if (plain != 0)
		fold_history(&history,
			     &(struct observation){ .time = plain, .observed = OBSERVED_PLAIN });
	return history;
}

START_TEST(what_is_a_sighting)
{
	struct history floor = history_with(NOW - 5 * HOUR, 0), none = history_with(0, 0),
		       plain = history_with(0, NOW - HOUR),
		       lost = history_with(NOW - 5 * HOUR, NOW - HOUR),
		       back = history_with(NOW - HOUR, NOW - 5 * HOUR);

	members(3);
	ck_assert(fleet_is_sighting(&view, &floor, NOW, NOW));
	ck_assert(fleet_is_sighting(&view, &back, NOW, NOW));
	ck_assert(!fleet_is_sighting(&view, &none, NOW, NOW));
	ck_assert(!fleet_is_sighting(&view, &plain, NOW, NOW));
	ck_assert(!fleet_is_sighting(&view, &lost, NOW, NOW));
	/* From a log of yesterday. */
	ck_assert(!fleet_is_sighting(&view, &floor, NOW - FLEET_SIGHTING_WAIT, NOW));
	view.in_touch = false;
	ck_assert(!fleet_is_sighting(&view, &floor, NOW, NOW));
	members(1);
	ck_assert(!fleet_is_sighting(&view, &floor, NOW, NOW));
}
END_TEST

#define NONE FLEET_SAW_NOT_YET
#define TLS FLEET_SAW_TLS
#define PLAIN FLEET_SAW_PLAIN
#define NOTHING FLEET_SAW_NOTHING

START_TEST(the_verdict)
{
	static const struct {
		int eyes;
		enum fleet_saw saw[2];
		int64_t age;
		enum fleet_word word;
	} cases[] = {
		{ 2, { NONE, NONE }, 0, FLEET_WAITS },
		{ 2, { NONE, NONE }, FLEET_ROUND_WAIT - 1, FLEET_WAITS },
		{ 2, { NONE, NONE }, FLEET_ROUND_WAIT, FLEET_ALONE },
		/* TLS anywhere, at any time, whatever the other says. */
		{ 2, { TLS, NONE }, 1, FLEET_OURS },
		{ 2, { NONE, TLS }, 1, FLEET_OURS },
		{ 2, { TLS, PLAIN }, 1, FLEET_OURS },
		{ 2, { PLAIN, TLS }, 1, FLEET_OURS },
		{ 2, { NOTHING, TLS }, 1, FLEET_OURS },
		{ 2, { PLAIN, TLS }, 1000, FLEET_OURS },
		{ 2, { TLS, TLS }, 1, FLEET_OURS },
		/* Both see none; or one, and the other cannot tell. */
		{ 2, { PLAIN, PLAIN }, 1, FLEET_LOST },
		{ 2, { PLAIN, NOTHING }, 1, FLEET_LOST },
		{ 2, { NOTHING, PLAIN }, 1, FLEET_LOST },
		/* One sees none: the other has its time, and no more. */
		{ 2, { PLAIN, NONE }, FLEET_ROUND_WAIT - 1, FLEET_WAITS },
		{ 2, { NONE, PLAIN }, FLEET_ROUND_WAIT - 1, FLEET_WAITS },
		{ 2, { PLAIN, NONE }, FLEET_ROUND_WAIT, FLEET_LOST },
		{ 2, { NONE, PLAIN }, FLEET_ROUND_WAIT, FLEET_LOST },
		/* Nobody can tell. */
		{ 2, { NOTHING, NONE }, FLEET_ROUND_WAIT - 1, FLEET_WAITS },
		{ 2, { NOTHING, NONE }, FLEET_ROUND_WAIT, FLEET_ALONE },
		{ 2, { NOTHING, NOTHING }, 1, FLEET_ALONE },
		/* Two hosts are a fleet, too. */
		{ 1, { TLS, NONE }, 1, FLEET_OURS },
		{ 1, { PLAIN, NONE }, 1, FLEET_LOST },
		{ 1, { NOTHING, NONE }, 1, FLEET_ALONE },
		{ 1, { NONE, NONE }, 1, FLEET_WAITS },
		/* What nobody was asked does not count. */
		{ 1, { PLAIN, TLS }, 1, FLEET_LOST },
		{ 0, { TLS, TLS }, 0, FLEET_ALONE },
		{ 0, { PLAIN, PLAIN }, 0, FLEET_ALONE },
		{ 0, { NONE, NONE }, 0, FLEET_ALONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fleet_round round = { .age = cases[i].age };

		for (int e = 0; e < 2; e++) {
			round.eye[e].saw = cases[i].saw[e];
			if (e < cases[i].eyes)
				str_copy(round.eye[e].name, sizeof(round.eye[e].name), "m1");
		}
		ck_assert_msg(fleet_judge(&round) == cases[i].word, "case %d: %d", (int)i,
			      (int)fleet_judge(&round));
	}
}
END_TEST

START_TEST(records_have_one_reading)
{
	struct fleet_sighting sighting = { .seen = NOW,
					   .word = FLEET_LOST_TOLD,
					   .path = true,
					   .teller = "m1.example",
					   .domains = 2,
					   .domain = { "a.example", "[b.example]:587" } },
			      s;
	struct fleet_look look = { .wanted = NOW, .begun = true, .saw = PLAIN }, l;
	struct buf bytes = { 0 };

	fleet_sighting_put(&bytes, &sighting);
	ck_assert(fleet_sighting_get(&s, bytes.data, bytes.len));
	ck_assert(s.seen == NOW && s.word == FLEET_LOST_TOLD && s.path);
	ck_assert_str_eq(s.teller, sighting.teller);
	ck_assert_uint_eq(s.domains, 2);
	ck_assert_str_eq(s.domain[0], sighting.domain[0]);
	ck_assert_str_eq(s.domain[1], sighting.domain[1]);
	for (size_t i = 0; i < bytes.len; i++)
		ck_assert(!fleet_sighting_get(&s, bytes.data, i));
	buf_append(&bytes, "", 1);
	ck_assert(!fleet_sighting_get(&s, bytes.data, bytes.len));
	bytes.len = 0;
	str_copy(sighting.teller, sizeof(sighting.teller), "no name");
	fleet_sighting_put(&bytes, &sighting);
	ck_assert(!fleet_sighting_get(&s, bytes.data, bytes.len));
	bytes.len = 0;
	fleet_look_put(&bytes, &look);
	ck_assert(fleet_look_get(&l, bytes.data, bytes.len));
	ck_assert(l.wanted == NOW && l.begun && l.saw == PLAIN);
	for (size_t i = 0; i < bytes.len; i++)
		ck_assert(!fleet_look_get(&l, bytes.data, i));
	buf_free(&bytes);
}
END_TEST

static struct fleet_text text_of(const char *text)
{
	return (struct fleet_text){ text, text != NULL ? strlen(text) : 0 };
}

START_TEST(rounds_are_read_strictly)
{
	static const struct {
		const char *column[FLEET_ROUND_COLUMNS];
		bool good;
	} cases[] = {
		{ { "0", "m1", NULL, "m2", NULL }, true },
		{ { "119", "m1", "tls", "", NULL }, true },
		{ { "119", "", NULL, "", NULL }, true },
		{ { "7", "m1", "plain", "m2", "nothing" }, true },
		{ { "-1", "m1", NULL, "m2", NULL }, false },
		{ { NULL, "m1", NULL, "m2", NULL }, false },
		{ { "1.5", "m1", NULL, "m2", NULL }, false },
		{ { "0", NULL, NULL, "m2", NULL }, false },
		{ { "0", "m 1", NULL, "m2", NULL }, false },
		{ { "0", "m1", "TLS", "m2", NULL }, false },
		{ { "0", "m1", "", "m2", NULL }, false },
		{ { "0", "m1", "tl", "m2", NULL }, false },
		{ { "0", "m1", "tls", "m2\n", NULL }, false },
	};
	struct fleet_text columns[FLEET_ROUND_COLUMNS];
	struct fleet_round round;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int c = 0; c < FLEET_ROUND_COLUMNS; c++)
			columns[c] = text_of(cases[i].column[c]);
		ck_assert_msg(fleet_round_read(&round, columns) == cases[i].good, "case %d",
			      (int)i);
	}
	for (enum fleet_saw saw = TLS; saw <= NOTHING; saw++) {
		columns[0] = text_of("1");
		columns[1] = columns[3] = text_of("m1");
		columns[2] = columns[4] = text_of(fleet_saw_name(saw));
		ck_assert(fleet_round_read(&round, columns));
		ck_assert_int_eq(round.eye[0].saw, saw);
		ck_assert_int_eq(round.eye[1].saw, saw);
	}
	ck_assert_str_eq(fleet_saw_name(NONE), "");
}
END_TEST

START_TEST(asks_are_read_strictly)
{
	static const struct {
		const char *column[FLEET_ASK_COLUMNS];
		bool good;
	} cases[] = {
		{ { "m1", "mx.example:25", "1800000000" }, true },
		{ { "m1", "[192.0.2.1]:25", "1" }, true },
		{ { "m1", "192.0.2.1:25", "1" }, false },
		{ { "", "mx.example:25", "1" }, false },
		{ { NULL, "mx.example:25", "1" }, false },
		{ { "m1;", "mx.example:25", "1" }, false },
		{ { "m1", "mx.example", "1" }, false },
		{ { "m1", "mx.example:0", "1" }, false },
		{ { "m1", "mx.example:65536", "1" }, false },
		{ { "m1", "MX.example:25", "1" }, false },
		{ { "m1", "mx.example.:25", "1" }, false },
		{ { "m1", "mx.example:25 ", "1" }, false },
		{ { "m1", "../etc:25", "1" }, false },
		{ { "m1", NULL, "1" }, false },
		{ { "m1", "mx.example:25", "-1" }, false },
		{ { "m1", "mx.example:25", "9223372036854775808" }, false },
		{ { "m1", "mx.example:25", NULL }, false },
	};
	struct fleet_text columns[FLEET_ASK_COLUMNS];
	struct fleet_ask ask;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int c = 0; c < FLEET_ASK_COLUMNS; c++)
			columns[c] = text_of(cases[i].column[c]);
		ck_assert_msg(fleet_ask_read(&ask, columns) == cases[i].good, "case %d", (int)i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fleet_eyes");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, only_who_is_there_counts);
	tcase_add_test(tcase, each_host_has_one_owner_and_all_agree);
	tcase_add_test(tcase, two_eyes_are_two_logins);
	tcase_add_test(tcase, who_leaves_takes_only_what_was_its_own);
	tcase_add_test(tcase, news_spares_a_look);
	tcase_add_test(tcase, what_is_a_sighting);
	tcase_add_test(tcase, the_verdict);
	tcase_add_test(tcase, records_have_one_reading);
	tcase_add_test(tcase, rounds_are_read_strictly);
	tcase_add_test(tcase, asks_are_read_strictly);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
