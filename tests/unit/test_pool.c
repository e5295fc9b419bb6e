/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prober's workers, with jobs that do nothing but wait until they are told
 * (job.h is defined here), and with time that runs faster for who is idle.
 */
#include "prober/pool.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define MAX 100
#define IDLE_MS 100
#define AWAIT_MS 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static size_t running[LANE_COUNT], ran, started, opened, closed, woken;
static bool held[LANE_COUNT]; /* jobs of this lane do not end */

static bool staying; /* who is idle does not end */

/* Workers that are to end after POOL_IDLE_S seconds do so sooner; all else waits as long as it says. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
			   const struct timespec *until)
{
	struct timespec now, soon = *until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!staying && until->tv_sec - now.tv_sec > POOL_IDLE_S / 2) {
		soon = now;
		soon.tv_nsec += IDLE_MS * 1000000L;
		if (soon.tv_nsec >= 1000000000L) {
			soon.tv_sec++;
			soon.tv_nsec -= 1000000000L;
		}
	}
	return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &soon);
}

/* No more threads than this are to be had. */
static size_t threads_max = SIZE_MAX;
static size_t threads;

int pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *),
		   void *argument)
{
	int (*really)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	void *found = dlsym(RTLD_NEXT, "pthread_create");

	memcpy(&really, &found, sizeof(really));
	if (threads++ >= threads_max || really(id, attributes, start, argument) != 0)
		return EAGAIN;
	pthread_mutex_lock(&lock);
	started++;
	pthread_mutex_unlock(&lock);
	return 0;
}

struct job *job_new(enum job_kind kind, enum lane lane, void *task)
{
	struct job *job = mem_zero(1, sizeof(*job));

	job->kind = kind;
	job->lane = lane;
	job->task = task;
	return job;
}

void job_free(struct job *job)
{
	free(job);
}

void worker_open(struct worker *worker, const struct job_config *config)
{
	worker->config = config;
	pthread_mutex_lock(&lock);
	opened++;
	pthread_mutex_unlock(&lock);
}

void worker_close(struct worker *worker)
{
	(void)worker;
	pthread_mutex_lock(&lock);
	closed++;
	pthread_mutex_unlock(&lock);
}

void job_leave(struct worker *worker)
{
	(void)worker;
}

void job_run(struct worker *worker, struct job *job)
{
	(void)worker;
	pthread_mutex_lock(&lock);
	running[job->lane]++;
	pthread_cond_broadcast(&change);
	while (held[job->lane])
		pthread_cond_wait(&change, &lock);
	running[job->lane]--;
	ran++;
	pthread_cond_broadcast(&change);
	pthread_mutex_unlock(&lock);
}

static void wake(void *context)
{
	(void)context;
	pthread_mutex_lock(&lock);
	woken++;
	pthread_cond_broadcast(&change);
	pthread_mutex_unlock(&lock);
}

static void hold(enum lane lane, bool on)
{
	pthread_mutex_lock(&lock);
	held[lane] = on;
	pthread_cond_broadcast(&change);
	pthread_mutex_unlock(&lock);
}

/* Until the number is at least this. */
static void await(const size_t *number, size_t wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += AWAIT_MS / 1000;
	pthread_mutex_lock(&lock);
	while (*number < wanted)
		ck_assert_msg(pthread_cond_clockwait(&change, &lock, CLOCK_REALTIME, &until) == 0,
			      "%zu instead of %zu", *number, wanted);
	pthread_mutex_unlock(&lock);
}

/* How many threads there are that have not come to their end. */
static size_t workers(void)
{
	size_t count;

	pthread_mutex_lock(&lock);
	count = started - closed;
	pthread_mutex_unlock(&lock);
	return count;
}

static void await_workers(size_t most)
{
	for (int i = 0; i < AWAIT_MS / 10 && workers() > most; i++)
		usleep(10 * 1000);
	ck_assert_uint_le(workers(), most);
}

static size_t number_running(enum lane lane)
{
	size_t number;

	pthread_mutex_lock(&lock);
	number = running[lane];
	pthread_mutex_unlock(&lock);
	return number;
}

static void submit(struct pool *pool, enum lane lane, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pool_submit(pool, job_new(JOB_SMTP, lane, NULL));
}

static void setup(void)
{
	memset(running, 0, sizeof(running));
	memset(held, 0, sizeof(held));
	ran = opened = closed = woken = threads = 0;
	threads_max = SIZE_MAX;
	staying = false;
}

static size_t take(struct pool *pool)
{
	struct job_list done = STAILQ_HEAD_INITIALIZER(done);
	struct job *job;
	size_t count = 0;

	pool_take(pool, &done);
	while ((job = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, next);
		job_free(job);
		count++;
	}
	return count;
}

START_TEST(there_are_few_workers_while_there_is_little_to_do)
{
	struct pool *pool = pool_new(NULL, MAX, wake, NULL);

	ck_assert_uint_eq(workers(), POOL_KEPT);
	for (size_t i = 1; i <= 50; i++) {
		submit(pool, LANE_SLOW, 1);
		await(&ran, i);
	}
	/* The one that is about to be free may have been passed over now and then. */
	await_workers(2 * POOL_KEPT);
	ck_assert(pool_end(pool, AWAIT_MS));
	ck_assert_uint_eq(opened, closed);
}
END_TEST

START_TEST(each_job_finds_a_worker_up_to_the_bound)
{
	struct pool *pool = pool_new(NULL, MAX, wake, NULL);

	hold(LANE_SLOW, true);
	hold(LANE_QUICK, true);
	submit(pool, LANE_SLOW, 2 * MAX);
	await(&running[LANE_SLOW], MAX - MAX / 4);
	submit(pool, LANE_QUICK, 2 * MAX);
	await(&running[LANE_QUICK], MAX / 4);
	ck_assert_uint_eq(workers(), MAX);
	ck_assert_uint_eq(number_running(LANE_SLOW), MAX - MAX / 4);
	ck_assert_uint_eq(number_running(LANE_QUICK), MAX / 4);
	hold(LANE_QUICK, false);
	await(&ran, 2 * MAX);
	ck_assert_uint_eq(number_running(LANE_SLOW), MAX - MAX / 4);
	hold(LANE_SLOW, false);
	await(&ran, 4 * MAX);
	ck_assert(pool_end(pool, AWAIT_MS));
	ck_assert_uint_eq(opened, closed);
}
END_TEST

START_TEST(the_background_has_a_quarter)
{
	struct pool *pool = pool_new(NULL, MAX, wake, NULL);

	hold(LANE_BACKGROUND, true);
	submit(pool, LANE_BACKGROUND, 2 * MAX);
	await(&running[LANE_BACKGROUND], MAX / 4);
	/* Nobody was started who could not begin anything. */
	await_workers(MAX / 4 + POOL_KEPT);
	hold(LANE_SLOW, true);
	submit(pool, LANE_SLOW, MAX);
	await(&running[LANE_SLOW], MAX - 2 * (MAX / 4));
	submit(pool, LANE_QUICK, 10);
	await(&ran, 10);
	ck_assert_uint_eq(number_running(LANE_BACKGROUND), MAX / 4);
	ck_assert_uint_eq(number_running(LANE_SLOW), MAX - 2 * (MAX / 4));
	hold(LANE_SLOW, false);
	hold(LANE_BACKGROUND, false);
	await(&ran, 10 + 3 * MAX);
	ck_assert(pool_end(pool, AWAIT_MS));
}
END_TEST

START_TEST(idle_workers_end_and_come_back)
{
	struct pool *pool = pool_new(NULL, MAX, wake, NULL);

	for (size_t round = 1; round <= 3; round++) {
		hold(LANE_SLOW, true);
		submit(pool, LANE_SLOW, 50);
		await(&running[LANE_SLOW], 50);
		ck_assert_uint_ge(workers(), 50);
		hold(LANE_SLOW, false);
		await(&ran, 50 * round);
		await_workers(POOL_KEPT);
		ck_assert_uint_eq(workers(), POOL_KEPT);
	}
	ck_assert(pool_end(pool, AWAIT_MS));
	ck_assert_uint_gt(opened, 2 * 50);
	ck_assert_uint_eq(opened, closed);
}
END_TEST

START_TEST(what_is_done_can_be_taken)
{
	struct pool *pool = pool_new(NULL, MAX, wake, NULL);
	size_t taken = 0, turns;

	submit(pool, LANE_QUICK, 1000);
	for (turns = 1; taken < 1000; turns++) {
		await(&woken, turns);
		taken += take(pool);
		/* Whoever is done after this wakes us again. */
		if (taken == 1000)
			break;
	}
	ck_assert_uint_eq(taken, 1000);
	ck_assert_uint_eq(take(pool), 0);
	ck_assert(pool_end(pool, AWAIT_MS));
}
END_TEST

START_TEST(the_smallest_pools_do_all_kinds_of_work)
{
	for (size_t max = 1; max <= 5; max++) {
		struct pool *pool = pool_new(NULL, max, wake, NULL);
		size_t before = ran;

		submit(pool, LANE_BACKGROUND, 20);
		submit(pool, LANE_SLOW, 20);
		submit(pool, LANE_QUICK, 20);
		await(&ran, before + 60);
		await_workers(max);
		ck_assert(pool_end(pool, AWAIT_MS));
	}
}
END_TEST

/* A limit of the system: less at a time, and still a part for what is quick. */
START_TEST(what_threads_there_are_have_to_do)
{
	struct pool *pool;

	/* Another in the place of one that had ended would be one too many. */
	staying = true;
	threads_max = 8;
	pool = pool_new(NULL, MAX, wake, NULL);
	submit(pool, LANE_SLOW, 50);
	await(&ran, 50);
	hold(LANE_QUICK, true);
	submit(pool, LANE_QUICK, MAX);
	await(&running[LANE_QUICK], 8);
	hold(LANE_QUICK, false);
	await(&ran, 50 + MAX);
	ck_assert_uint_eq(workers(), 8);
	hold(LANE_SLOW, true);
	submit(pool, LANE_SLOW, MAX);
	await(&running[LANE_SLOW], 6);
	submit(pool, LANE_QUICK, 100);
	await(&ran, 150 + MAX);
	ck_assert_uint_eq(number_running(LANE_SLOW), 6);
	hold(LANE_SLOW, false);
	await(&ran, 150 + 2 * MAX);
	ck_assert(pool_end(pool, AWAIT_MS));
}
END_TEST

START_TEST(nobody_is_waited_for_without_end)
{
	struct pool *pool = pool_new(NULL, MAX, wake, NULL);

	hold(LANE_SLOW, true);
	submit(pool, LANE_SLOW, 10);
	await(&running[LANE_SLOW], 10);
	ck_assert(!pool_end(pool, 1000));
	hold(LANE_SLOW, false);
	ck_assert(pool_end(pool, AWAIT_MS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tests = tcase_create("pool");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, there_are_few_workers_while_there_is_little_to_do);
	tcase_add_test(tests, each_job_finds_a_worker_up_to_the_bound);
	tcase_add_test(tests, the_background_has_a_quarter);
	tcase_add_test(tests, idle_workers_end_and_come_back);
	tcase_add_test(tests, what_is_done_can_be_taken);
	tcase_add_test(tests, the_smallest_pools_do_all_kinds_of_work);
	tcase_add_test(tests, what_threads_there_are_have_to_do);
	tcase_add_test(tests, nobody_is_waited_for_without_end);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
