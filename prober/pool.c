/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/pool.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/local/metrics_file.h"

/* TLS and a resolver's reply need far less; threads get 8 MiB otherwise. */
#define STACK_SIZE ((size_t)512 * 1024)
#define ARENA_KEEPS (128 * 1024)

enum slot_state {
	SLOT_EMPTY, /* no thread, and none to be joined */
	SLOT_TAKEN,
	SLOT_LEFT /* its thread has ended, or is about to, and is to be joined */
};

/* One worker's. */
struct slot {
	struct pool *pool;
	enum slot_state state;
	pthread_t id;
	pthread_cond_t call;
	bool called;
	LIST_ENTRY(slot) in_idle;
};

struct pool {
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t left;  /* a worker has gone */
	struct job_list queue[LANE_COUNT], done;
	size_t queued[LANE_COUNT], running[LANE_COUNT];
	size_t slow_max, background_max;
	LIST_HEAD(, slot) idle; /* the one that was busy last is called first */
	size_t coming;          /* workers that were called and have not looked yet */
	size_t workers;         /* slots that are taken */
	atomic_size_t closing;  /* workers that have left and still free what they used; no lock */
	size_t max;             /* never more of them */
	bool ending;
	size_t count;
	struct slot *slots;
	pthread_condattr_t monotonic;
	pthread_attr_t attributes;
	const struct job_config *config;
	void (*wake)(void *context);
	void *context;
};

static void *work(void *argument);

static void bound(struct pool *pool, size_t max)
{
	pool->max = max;
	pool->slow_max = max < 2 ? 1 : max < 4 ? max - 1 : max - max / 4;
	pool->background_max = max < 4 ? 1 : max / 4;
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* More may be running than a bound that was lowered meanwhile. */
static size_t left(size_t most, size_t used)
{
	return most > used ? most - used : 0;
}

/* How many jobs of each lane may be begun now, besides those that are running. */
static size_t room(const struct pool *pool, enum lane lane)
{
	size_t background = pool->running[LANE_BACKGROUND];
	size_t slow = left(pool->slow_max, pool->running[LANE_SLOW] + background);

	if (lane == LANE_QUICK)
		return SIZE_MAX;
	return lane == LANE_SLOW ? slow : lesser(slow, left(pool->background_max, background));
}

/* How many of those that wait could be begun by workers who have nothing to do. */
static size_t beginnable(const struct pool *pool)
{
	size_t background = lesser(pool->queued[LANE_BACKGROUND], room(pool, LANE_BACKGROUND));

	return pool->queued[LANE_QUICK] +
	       lesser(pool->queued[LANE_SLOW] + background, room(pool, LANE_SLOW));
}

/* NULL: none may be begun. */
static struct job *next_job(struct pool *pool)
{
	for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
		struct job *job = STAILQ_FIRST(&pool->queue[lane]);

		if (job == NULL || room(pool, lane) == 0)
			continue;
		STAILQ_REMOVE_HEAD(&pool->queue[lane], next);
		pool->queued[lane]--;
		pool->running[lane]++;
		metrics_drop(METRIC1(QUEUED, lane));
		metrics_count(METRIC1(BUSY, lane));
		return job;
	}
	return NULL;
}

/*
 * Workers come and go.
 */

/* One whose thread is still to be joined will do: it has ended, or will in a moment. */
static struct slot *free_slot(struct pool *pool)
{
	struct slot *slot = pool->slots;

	while (slot->state == SLOT_TAKEN)
		slot++;
	if (slot->state == SLOT_LEFT)
		pthread_join(slot->id, NULL);
	slot->state = SLOT_EMPTY;
	return slot;
}

/* All signals are the main thread's; and SIGPIPE, for OpenSSL's sake, nobody's. */
static int start_thread(struct pool *pool, struct slot *slot)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&slot->id, &pool->attributes, work, slot);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* What cannot be had is not tried again: with fewer workers all takes longer, no more. */
static void start_worker(struct pool *pool)
{
	struct slot *slot = free_slot(pool);
	int error = start_thread(pool, slot);

	if (error == 0) {
		slot->state = SLOT_TAKEN;
		pool->workers++;
		pool->coming++;
		return;
	}
	if (pool->workers == 0)
		log_fatal("cannot start a worker: %s", strerror(error));
	log_warning("cannot start worker %zu of %zu: %s; lower probe_workers, or raise the limit "
		    "(ulimit -u, TasksMax=)",
		    pool->workers + 1, pool->max, strerror(error));
	bound(pool, pool->workers);
}

/* One that has nothing to do, or a new one, as long as there may be more. */
static void call_worker(struct pool *pool)
{
	struct slot *slot = LIST_FIRST(&pool->idle);

	if (slot != NULL) {
		LIST_REMOVE(slot, in_idle);
		slot->called = true;
		pool->coming++;
		pthread_cond_signal(&slot->call);
	} else if (pool->workers < pool->max) {
		start_worker(pool);
	}
}

static struct timespec after_ms(long milliseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	return until;
}

/* Until there may be something to do. False when this worker is to go. */
static bool await_call(struct pool *pool, struct slot *slot)
{
	struct timespec until = after_ms(POOL_IDLE_S * 1000L);

	slot->called = false;
	LIST_INSERT_HEAD(&pool->idle, slot, in_idle);
	while (!slot->called) {
		int error = pthread_cond_timedwait(&slot->call, &pool->lock, &until);

		if (slot->called || error != ETIMEDOUT)
			continue;
		if (pool->workers > POOL_KEPT) {
			LIST_REMOVE(slot, in_idle);
			return false;
		}
		until = after_ms(POOL_IDLE_S * 1000L);
	}
	pool->coming--;
	return true;
}

/*
 * At most one job more can be begun now. This worker looks for it next, unless it has
 * still to take leave of a server: then another one is called.
 */
static void finish(struct pool *pool, struct job *job, bool leaves)
{
	bool first = STAILQ_EMPTY(&pool->done);

	pool->running[job->lane]--;
	metrics_drop(METRIC1(BUSY, job->lane));
	STAILQ_INSERT_TAIL(&pool->done, job, next);
	if (leaves && beginnable(pool) > pool->coming)
		call_worker(pool);
	/* Whoever has not taken the others yet was told of them. */
	if (first)
		pool->wake(pool->context);
}

static void give_memory_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/*
 * What hundreds of workers have used. Other C libraries do so unasked; glibc keeps the free end of
 * each thread's arena up to a threshold, and raises that by itself if nobody sets it (mallopt(3)).
 *
 * Where another allocator is in glibc's place, such as a sanitizer's, the first call of malloc_trim
 * sets up what it looks at, without a lock: that call must not be one of two workers' at a time.
 */
static void keep_little_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, ARENA_KEEPS);
#endif
	give_memory_back();
}

static void *work(void *argument)
{
	struct slot *slot = argument;
	struct pool *pool = slot->pool;
	struct worker worker = { 0 };
	bool stays = true;

	worker_open(&worker, pool->config);
	pthread_mutex_lock(&pool->lock);
	pool->coming--;
	while (stays && !pool->ending) {
		struct job *job = next_job(pool);

		if (job == NULL) {
			stays = await_call(pool, slot);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		job_run(&worker, job);
		pthread_mutex_lock(&pool->lock);
		finish(pool, job, worker.talk != NULL);
		pthread_mutex_unlock(&pool->lock);
		job_leave(&worker);
		pthread_mutex_lock(&pool->lock);
	}
	pool->workers--;
	pool->closing++;
	slot->state = SLOT_LEFT;
	pthread_cond_signal(&pool->left);
	pthread_mutex_unlock(&pool->lock);
	worker_close(&worker);
	/* Of many that leave at once: before the last has freed all, much would stay. */
	if (atomic_fetch_sub(&pool->closing, 1) == 1)
		give_memory_back();
	return NULL;
}

/*
 * The pool.
 */

static void prepare_threads(struct pool *pool)
{
	pthread_attr_init(&pool->attributes);
	pthread_attr_setstacksize(&pool->attributes, STACK_SIZE);
	pthread_condattr_init(&pool->monotonic);
	pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->left, &pool->monotonic);
	for (size_t i = 0; i < pool->count; i++) {
		pool->slots[i].pool = pool;
		pthread_cond_init(&pool->slots[i].call, &pool->monotonic);
	}
}

struct pool *pool_new(const struct job_config *config, size_t max, void (*wake)(void *context),
		      void *context)
{
	struct pool *pool = mem_zero(1, sizeof(*pool));

	for (enum lane lane = 0; lane < LANE_COUNT; lane++)
		STAILQ_INIT(&pool->queue[lane]);
	STAILQ_INIT(&pool->done);
	LIST_INIT(&pool->idle);
	bound(pool, max);
	keep_little_memory();
	pool->count = max;
	pool->slots = mem_zero(max, sizeof(*pool->slots));
	pool->config = config;
	pool->wake = wake;
	pool->context = context;
	metrics_set(M_WORKERS, max);
	prepare_threads(pool);
	pthread_mutex_lock(&pool->lock);
	while (pool->workers < pool->max && pool->workers < POOL_KEPT)
		start_worker(pool);
	pthread_mutex_unlock(&pool->lock);
	return pool;
}

void pool_submit(struct pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->queue[job->lane], job, next);
	pool->queued[job->lane]++;
	metrics_count(METRIC1(QUEUED, job->lane));
	if (beginnable(pool) > pool->coming)
		call_worker(pool);
	pthread_mutex_unlock(&pool->lock);
}

void pool_take(struct pool *pool, struct job_list *done)
{
	pthread_mutex_lock(&pool->lock);
	STAILQ_CONCAT(done, &pool->done);
	pthread_mutex_unlock(&pool->lock);
}

static void free_jobs(struct job_list *list)
{
	struct job *job;

	while ((job = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		job_free(job);
	}
}

/* False when workers are left at the end of that time. */
static bool dismiss_workers(struct pool *pool, long timeout_ms)
{
	struct timespec until = after_ms(timeout_ms);
	bool gone;
	int error = 0;

	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	while (!LIST_EMPTY(&pool->idle))
		call_worker(pool);
	while (pool->workers > 0 && error == 0)
		error = pthread_cond_timedwait(&pool->left, &pool->lock, &until);
	gone = pool->workers == 0;
	pthread_mutex_unlock(&pool->lock);
	return gone;
}

/* Those who have gone; also from a pool that some stay in. */
static void join_workers(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < pool->count; i++) {
		if (pool->slots[i].state != SLOT_LEFT)
			continue;
		pthread_join(pool->slots[i].id, NULL);
		pool->slots[i].state = SLOT_EMPTY;
	}
	pthread_mutex_unlock(&pool->lock);
}

bool pool_end(struct pool *pool, long timeout_ms)
{
	bool gone = dismiss_workers(pool, timeout_ms);

	join_workers(pool);
	if (!gone)
		return false;
	for (size_t i = 0; i < pool->count; i++)
		pthread_cond_destroy(&pool->slots[i].call);
	for (enum lane lane = 0; lane < LANE_COUNT; lane++)
		free_jobs(&pool->queue[lane]);
	free_jobs(&pool->done);
	pthread_cond_destroy(&pool->left);
	pthread_condattr_destroy(&pool->monotonic);
	pthread_attr_destroy(&pool->attributes);
	pthread_mutex_destroy(&pool->lock);
	free(pool->slots);
	free(pool);
	return true;
}
