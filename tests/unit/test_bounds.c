/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients of an HTTP server may take, all together: counted, and who gives way. */
#include "io/http/bounds.h"

#include <check.h>
#include <stdlib.h>

#define PLACES 4
#define HEADERS 1000
#define BODY 100000
#define RIGHT (BOUNDS_SMALL + BOUNDS_READ + BOUNDS_SMALL)
#define SHARE (HEADERS + BODY + BOUNDS_READ)
#define HELD (PLACES * RIGHT + 2 * SHARE)
#define WHOLE 300000
#define PATIENCE 10000

static struct bounds bounds;
static struct bounds_place place[PLACES + 1];

/* All connected at 0. */
static void set_up(void)
{
	ck_assert(bounds_init(&bounds, PLACES, HELD, HEADERS, BODY));
	bounds.whole = WHOLE;
	bounds.patience = PATIENCE;
	for (size_t i = 0; i < PLACES; i++)
		bounds_enter(&bounds, &place[i], 0);
}

START_TEST(bytes_have_to_suffice)
{
	struct bounds other;

	ck_assert(bounds_init(&other, PLACES, PLACES * RIGHT + SHARE, HEADERS, BODY));
	ck_assert_uint_eq(other.room_max, SHARE);
	ck_assert(!bounds_init(&other, PLACES, PLACES * RIGHT + SHARE - 1, HEADERS, BODY));
	ck_assert(!bounds_init(&other, PLACES, RIGHT, HEADERS, BODY));
}
END_TEST

START_TEST(large_requests_take_turns)
{
	for (size_t i = 0; i < PLACES; i++) {
		ck_assert(bounds_read(&bounds, &place[i], BOUNDS_SMALL, 1));
		ck_assert_uint_eq(place[i].share, 0);
	}
	/* The room is for two. */
	ck_assert(bounds_read(&bounds, &place[2], 1, 2));
	ck_assert(bounds_read(&bounds, &place[0], 1, 3));
	ck_assert(!bounds_read(&bounds, &place[3], 1, 4));
	ck_assert(!bounds_read(&bounds, &place[1], 1, 5));
	ck_assert_ptr_null(bounds_admit(&bounds, 6));
	ck_assert_uint_eq(bounds.room, 2 * SHARE);
	ck_assert_uint_eq(bounds.held, PLACES * (BOUNDS_SMALL + 1));
	/* Up to the end, and no further. */
	ck_assert(bounds_read(&bounds, &place[2], SHARE - BOUNDS_READ - 1, 7));
	ck_assert(bounds_read(&bounds, &place[2], BOUNDS_READ, 7));
	ck_assert(!bounds_read(&bounds, &place[2], 1, 7));
	bounds_handle(&bounds, &place[2]);
	ck_assert_ptr_null(bounds_admit(&bounds, 8));
	ck_assert(bounds_answer(&bounds, &place[2], 100, false, 8));
	ck_assert_ptr_null(bounds_admit(&bounds, 8));
	bounds_done(&bounds, &place[2], 0, 9);
	ck_assert_ptr_eq(bounds_admit(&bounds, 9), &place[3]);
	ck_assert_ptr_null(bounds_admit(&bounds, 9));
	/* Who has gone waits no longer. */
	bounds_leave(&bounds, &place[1]);
	bounds_leave(&bounds, &place[0]);
	ck_assert_ptr_null(bounds_admit(&bounds, 9));
	ck_assert_uint_eq(bounds.held, BOUNDS_SMALL + 1);
	ck_assert_uint_eq(bounds.room, SHARE);
}
END_TEST

/* A new one does not overtake those that wait, though there is room now. */
START_TEST(nobody_jumps_the_queue)
{
	for (size_t i = 0; i < 3; i++)
		ck_assert(bounds_read(&bounds, &place[i], BOUNDS_SMALL + 1, 1) == (i < 2));
	bounds_leave(&bounds, &place[0]);
	ck_assert(!bounds_read(&bounds, &place[3], BOUNDS_SMALL + 1, 2));
	ck_assert_ptr_eq(bounds_admit(&bounds, 3), &place[2]);
	/* One that turns out to be whole is handled without a turn. */
	bounds_handle(&bounds, &place[3]);
	bounds_leave(&bounds, &place[1]);
	ck_assert_ptr_null(bounds_admit(&bounds, 3));
}
END_TEST

START_TEST(answers_find_room_or_not)
{
	for (size_t i = 0; i < PLACES; i++) {
		bounds_read(&bounds, &place[i], 100, 1);
		bounds_handle(&bounds, &place[i]);
	}
	ck_assert(bounds_answer(&bounds, &place[0], 2 * SHARE, false, 2));
	ck_assert(!bounds_answer(&bounds, &place[1], BOUNDS_SMALL + 1, false, 3));
	ck_assert_int_eq(place[1].state, BOUNDS_HANDLED);
	ck_assert(bounds_answer(&bounds, &place[1], BOUNDS_SMALL, false, 3));
	ck_assert(!bounds_answer(&bounds, &place[2], 2 * SHARE + 1, false, 3));
	/* What was done has to be said, whatever it takes. */
	ck_assert(bounds_answer(&bounds, &place[2], SHARE, true, 4));
	ck_assert_uint_eq(bounds.room, 3 * SHARE);
	ck_assert_uint_eq(bounds.held, 4 * 100 + 3 * SHARE + BOUNDS_SMALL);
	bounds_done(&bounds, &place[2], 0, 5);
	bounds_done(&bounds, &place[0], 7, 5);
	bounds_done(&bounds, &place[1], 0, 5);
	ck_assert_uint_eq(bounds.room, 0);
	ck_assert_uint_eq(bounds.held, 7 + 100);
	ck_assert_int_eq(place[0].state, BOUNDS_READING);
	ck_assert_int_eq(place[1].state, BOUNDS_IDLE);
}
END_TEST

START_TEST(a_place_is_given_up_late)
{
	bounds_read(&bounds, &place[0], 100, 5);
	bounds_handle(&bounds, &place[0]);
	bounds_read(&bounds, &place[1], 100, 7);
	bounds_read(&bounds, &place[2], 100, 6);
	bounds_enter(&bounds, &place[4], 9);
	ck_assert(bounds_crowded(&bounds));
	/* Idle since 0; then by when requests began; what is with its handler never. */
	ck_assert_ptr_null(bounds_slowest(&bounds, PATIENCE - 1));
	ck_assert_ptr_eq(bounds_slowest(&bounds, PATIENCE), &place[3]);
	bounds_leave(&bounds, &place[3]);
	ck_assert(!bounds_crowded(&bounds));
	ck_assert_ptr_null(bounds_slowest(&bounds, PATIENCE + 5));
	ck_assert_ptr_eq(bounds_slowest(&bounds, PATIENCE + 7), &place[1]);
	bounds_leave(&bounds, &place[1]);
	ck_assert_ptr_eq(bounds_slowest(&bounds, PATIENCE + 8), &place[2]);
	ck_assert(bounds_answer(&bounds, &place[0], 1, false, PATIENCE));
	ck_assert_ptr_eq(bounds_slowest(&bounds, PATIENCE + 8), &place[0]);
	bounds_done(&bounds, &place[0], 0, PATIENCE + 8);
	ck_assert_ptr_eq(bounds_slowest(&bounds, PATIENCE + 8), &place[2]);
}
END_TEST

START_TEST(room_is_given_up_late)
{
	bounds_read(&bounds, &place[3], BOUNDS_SMALL + 1, 0);
	bounds_read(&bounds, &place[0], 10, 1);
	bounds_handle(&bounds, &place[0]);
	ck_assert(bounds_answer(&bounds, &place[0], SHARE, false, 100));
	bounds_read(&bounds, &place[1], BOUNDS_SMALL + 1, 2);
	/* Counted from when it was got, not from when the request began. */
	ck_assert_ptr_null(bounds_holder(&bounds, PATIENCE - 1));
	ck_assert_ptr_eq(bounds_holder(&bounds, PATIENCE), &place[3]);
	bounds_handle(&bounds, &place[3]);
	ck_assert_ptr_null(bounds_holder(&bounds, PATIENCE + 99));
	ck_assert_ptr_eq(bounds_holder(&bounds, PATIENCE + 100), &place[0]);
	bounds_leave(&bounds, &place[0]);
	ck_assert_ptr_eq(bounds_admit(&bounds, 50000), &place[1]);
	ck_assert_ptr_null(bounds_holder(&bounds, 50000 + PATIENCE - 1));
	ck_assert_ptr_eq(bounds_holder(&bounds, 50000 + PATIENCE), &place[1]);
}
END_TEST

START_TEST(a_request_ends_in_time)
{
	bounds_read(&bounds, &place[1], 10, 1000);
	bounds_read(&bounds, &place[1], 10, 1000 + WHOLE - 1);
	ck_assert_ptr_null(bounds_late(&bounds, 1000 + WHOLE - 1));
	ck_assert_ptr_eq(bounds_late(&bounds, 1000 + WHOLE), &place[1]);
	/* Neither its handler nor its answer makes it longer; the next request is another. */
	bounds_handle(&bounds, &place[1]);
	ck_assert_ptr_eq(bounds_late(&bounds, 1000 + WHOLE), &place[1]);
	bounds_answer(&bounds, &place[1], 10, false, 900 + WHOLE);
	ck_assert_ptr_eq(bounds_late(&bounds, 1000 + WHOLE), &place[1]);
	bounds_done(&bounds, &place[1], 0, 1000 + WHOLE);
	ck_assert_ptr_null(bounds_late(&bounds, 1000 + 2 * WHOLE));
	bounds_read(&bounds, &place[1], 10, 1000 + WHOLE);
	bounds_done(&bounds, &place[1], 10, 2000 + WHOLE);
	ck_assert_ptr_null(bounds_late(&bounds, 1999 + 2 * WHOLE));
	ck_assert_ptr_eq(bounds_late(&bounds, 2000 + 2 * WHOLE), &place[1]);
}
END_TEST

/* Whatever clients do, as long as each stops when it is told to, the bytes are kept. */
START_TEST(never_more_than_that)
{
	bool reads[PLACES] = { true, true, true, true };
	struct bounds_place *admitted;

	srand(1);
	for (int64_t now = 1; now < 1000000; now++) {
		size_t i = (size_t)rand() % PLACES, sum = 0, shares = 0;
		size_t some = (size_t)rand() % BOUNDS_READ + 1;

		switch (place[i].state) {
		case BOUNDS_IDLE:
		case BOUNDS_READING:
			if (reads[i] && rand() % 8 > 0)
				reads[i] = bounds_read(&bounds, &place[i], some, now);
			else
				bounds_handle(&bounds, &place[i]);
			break;
		case BOUNDS_WAITING:
			break;
		case BOUNDS_HANDLED:
			if (!bounds_answer(&bounds, &place[i], (size_t)rand() % BODY, false, now))
				ck_assert(bounds_answer(&bounds, &place[i], 0, false, now));
			break;
		case BOUNDS_ANSWERING:
			if (rand() % 8 > 0) {
				bounds_done(&bounds, &place[i], (size_t)rand() % BOUNDS_READ, now);
			} else {
				bounds_leave(&bounds, &place[i]);
				bounds_enter(&bounds, &place[i], now);
			}
			reads[i] = true;
			break;
		}
		while ((admitted = bounds_admit(&bounds, now)) != NULL)
			reads[admitted - place] = true;
		for (size_t k = 0; k < PLACES; k++) {
			sum += place[k].read + place[k].answer;
			shares += place[k].share;
		}
		if (sum != bounds.held || shares != bounds.room || sum > HELD)
			ck_abort_msg("%zu bytes are held, %zu counted; %zu shares, %zu counted",
				     sum, bounds.held, shares, bounds.room);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bounds");
	TCase *tcase = tcase_create("bounds");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, bytes_have_to_suffice);
	tcase_add_test(tcase, large_requests_take_turns);
	tcase_add_test(tcase, nobody_jumps_the_queue);
	tcase_add_test(tcase, answers_find_room_or_not);
	tcase_add_test(tcase, a_place_is_given_up_late);
	tcase_add_test(tcase, room_is_given_up_late);
	tcase_add_test(tcase, a_request_ends_in_time);
	tcase_add_test(tcase, never_more_than_that);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
