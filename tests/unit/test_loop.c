/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop: each test ends by an event, or by check's own time limit. */
#include "io/net/loop.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static int ends[2];

static void set_up(void)
{
	loop = loop_new();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static void tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
	loop_free(loop);
}

struct watch {
	struct loop_io *io;
	unsigned calls;
	unsigned ready; /* of all calls together */
};

static void read_and_write(void *context, int fd, unsigned ready)
{
	struct watch *watch = context;
	char byte;

	watch->calls++;
	watch->ready |= ready;
	if (ready & LOOP_WRITE)
		loop_io_set(watch->io, LOOP_READ);
	if (ready & LOOP_READ) {
		ck_assert_int_eq(read(fd, &byte, 1), 1);
		loop_stop(loop);
	}
}

START_TEST(watches_for_what_it_is_told)
{
	struct watch watch = { 0 };

	watch.io = loop_io_new(loop, ends[0], 0, read_and_write, &watch);
	loop_io_set(watch.io, LOOP_READ | LOOP_WRITE);
	ck_assert_int_eq(write(ends[1], "ab", 2), 2);
	loop_run(loop);
	ck_assert_uint_eq(watch.ready, LOOP_READ | LOOP_WRITE);
	/* Level-triggered: what was not read is reported again. */
	loop_run(loop);
	ck_assert_uint_ge(watch.calls, 2);
	loop_io_free(watch.io);
	loop_io_free(NULL);
}
END_TEST

static void must_not_be_called(void *context, int fd, unsigned ready)
{
	(void)context, (void)fd, (void)ready;
	ck_abort_msg("called for a descriptor that no one watches");
}

static void stop(void *context)
{
	unsigned *calls = context;

	(*calls)++;
	loop_stop(loop);
}

START_TEST(leaves_alone_what_it_is_told_to)
{
	struct loop_io *io = loop_io_new(loop, ends[0], LOOP_READ, must_not_be_called, NULL);
	unsigned calls = 0;
	struct loop_timer *timer = loop_timer_new(loop, stop, &calls);

	ck_assert_int_eq(write(ends[1], "a", 1), 1);
	loop_io_set(io, 0);
	loop_timer_arm(timer, 10);
	loop_run(loop);
	ck_assert_uint_eq(calls, 1);
	loop_io_free(io);
	loop_timer_free(timer);
}
END_TEST

static void free_itself(void *context, int fd, unsigned ready)
{
	struct watch *watch = context;

	(void)fd, (void)ready;
	loop_io_free(watch->io);
	watch->io = NULL;
	loop_stop(loop);
}

START_TEST(a_watcher_may_free_itself)
{
	struct watch watch = { 0 };

	watch.io = loop_io_new(loop, ends[0], LOOP_WRITE, free_itself, &watch);
	loop_run(loop);
	ck_assert_ptr_null(watch.io);
}
END_TEST

struct order {
	unsigned calls;
	unsigned early, late; /* which call it was */
};

static void be_early(void *context)
{
	struct order *order = context;

	order->early = ++order->calls;
}

static void be_late(void *context)
{
	struct order *order = context;

	order->late = ++order->calls;
	loop_stop(loop);
}

START_TEST(timers_go_off_in_order)
{
	struct order order = { 0 };
	struct loop_timer *early = loop_timer_new(loop, be_early, &order);
	struct loop_timer *late = loop_timer_new(loop, be_late, &order);

	loop_timer_arm(late, 1);
	loop_timer_arm(early, 10);
	loop_timer_arm(late, 50); /* moves it */
	loop_run(loop);
	ck_assert_uint_eq(order.early, 1);
	ck_assert_uint_eq(order.late, 2);
	loop_timer_free(early);
	loop_timer_free(late);
	loop_timer_free(NULL);
}
END_TEST

START_TEST(catches_signals)
{
	unsigned calls = 0;

	loop_signal(loop, SIGUSR1, stop, &calls);
	raise(SIGUSR1);
	loop_run(loop);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

struct batch {
	struct watch watch[2];
	unsigned batches;
};

static void count_read(void *context, int fd, unsigned ready)
{
	struct watch *watch = context;
	char byte;

	(void)ready;
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	watch->calls++;
}

static void stop_when_both_are_read(void *context)
{
	struct batch *batch = context;

	batch->batches++;
	ck_assert_uint_eq(batch->watch[0].calls, batch->watch[1].calls);
	if (batch->watch[0].calls == 2)
		loop_stop(loop);
}

START_TEST(tells_when_a_batch_is_done)
{
	struct batch batch = { 0 };

	loop_on_batch(loop, stop_when_both_are_read, &batch);
	for (int i = 0; i < 2; i++) {
		batch.watch[i].io =
			loop_io_new(loop, ends[i], LOOP_READ, count_read, &batch.watch[i]);
		ck_assert_int_eq(write(ends[i], "ab", 2), 2);
	}
	loop_run(loop);
	ck_assert_uint_ge(batch.batches, 2);
	for (int i = 0; i < 2; i++)
		loop_io_free(batch.watch[i].io);
}
END_TEST

static void *wake_often(void *unused)
{
	(void)unused;
	for (int i = 0; i < 1000; i++)
		loop_wake(loop);
	return NULL;
}

START_TEST(other_threads_wake_it)
{
	unsigned calls = 0;
	pthread_t threads[4];

	loop_on_wake(loop, stop, &calls);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, wake_often, NULL), 0);
	loop_run(loop);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_uint_ge(calls, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = tcase_create("loop");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, watches_for_what_it_is_told);
	tcase_add_test(tcase, leaves_alone_what_it_is_told_to);
	tcase_add_test(tcase, a_watcher_may_free_itself);
	tcase_add_test(tcase, timers_go_off_in_order);
	tcase_add_test(tcase, catches_signals);
	tcase_add_test(tcase, tells_when_a_batch_is_done);
	tcase_add_test(tcase, other_threads_wake_it);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
