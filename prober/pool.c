/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/metrics_file.h"

/* TLS and a resolver's reply need far less; threads get 8 MiB otherwise. */
#define STACK_SIZE ((size_t)512 * 1024)

struct pool {
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t work;
	pthread_cond_t idle;
	struct job_list queue[LANE_COUNT], done;
	size_t running[LANE_COUNT];
	size_t slow_max, background_max;
	size_t threads; /* still there */
	bool ending;
	size_t count;
	pthread_t *ids;
	struct seat *seats;
	void (*wake)(void *context);
	void *context;
};

/* What a thread is started with. */
struct seat {
	struct pool *pool;
	struct worker *worker;
};

static bool room(const struct pool *pool, enum lane lane)
{
	if (lane == LANE_QUICK)
		return true;
	if (lane == LANE_BACKGROUND && pool->running[lane] == pool->background_max)
		return false;
	return pool->running[LANE_SLOW] + pool->running[LANE_BACKGROUND] < pool->slow_max;
}

/* The next job that may be begun now; NULL: none. */
static struct job *next_job(struct pool *pool)
{
	for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
		struct job *job = STAILQ_FIRST(&pool->queue[lane]);

		if (job == NULL || !room(pool, lane))
			continue;
		STAILQ_REMOVE_HEAD(&pool->queue[lane], next);
		pool->running[lane]++;
		metrics_drop(METRIC1(QUEUED, lane));
		metrics_count(METRIC1(BUSY, lane));
		return job;
	}
	return NULL;
}

static void finish(struct pool *pool, struct job *job)
{
	pool->running[job->lane]--;
	metrics_drop(METRIC1(BUSY, job->lane));
	/* There is room now for one that could not be begun; this worker may take another. */
	if (job->lane != LANE_QUICK)
		pthread_cond_signal(&pool->work);
	STAILQ_INSERT_TAIL(&pool->done, job, next);
	pool->wake(pool->context);
}

static void *work(void *argument)
{
	struct seat *seat = argument;
	struct pool *pool = seat->pool;

	pthread_mutex_lock(&pool->lock);
	while (!pool->ending) {
		struct job *job = next_job(pool);

		if (job == NULL) {
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		job_run(seat->worker, job);
		pthread_mutex_lock(&pool->lock);
		finish(pool, job);
	}
	pool->threads--;
	pthread_cond_signal(&pool->idle);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* All signals are the main thread's; and SIGPIPE, for OpenSSL's sake, nobody's. */
static void start_threads(struct pool *pool, struct worker *workers)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	for (size_t i = 0; i < pool->count; i++) {
		int error;

		pool->seats[i] = (struct seat){.pool = pool, .worker = &workers[i]};
		error = pthread_create(&pool->ids[i], &attributes, work, &pool->seats[i]);
		if (error != 0)
			log_fatal("cannot start worker %zu of %zu: %s; lower probe_workers", i + 1,
				  pool->count, strerror(error));
	}
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct pool *pool_new(struct worker *workers, size_t count, void (*wake)(void *context),
		      void *context)
{
	struct pool *pool = mem_zero(1, sizeof(*pool));
	pthread_condattr_t monotonic;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (enum lane lane = 0; lane < LANE_COUNT; lane++)
		STAILQ_INIT(&pool->queue[lane]);
	STAILQ_INIT(&pool->done);
	pool->slow_max = count < 2 ? 1 : count < 4 ? count - 1 : count - count / 4;
	pool->background_max = count < 4 ? 1 : count / 4;
	pool->threads = pool->count = count;
	pool->ids = mem_zero(count, sizeof(*pool->ids));
	pool->seats = mem_zero(count, sizeof(*pool->seats));
	pool->wake = wake;
	pool->context = context;
	start_threads(pool, workers);
	metrics_set(M_WORKERS, count);
	return pool;
}

void pool_submit(struct pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->queue[job->lane], job, next);
	metrics_count(METRIC1(QUEUED, job->lane));
	pthread_cond_signal(&pool->work);
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

/* False when threads are left at the end of that time. */
static bool wait_for_threads(struct pool *pool, long timeout_ms)
{
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->work);
	while (pool->threads > 0 && error == 0)
		error = pthread_cond_timedwait(&pool->idle, &pool->lock, &until);
	error = pool->threads > 0;
	pthread_mutex_unlock(&pool->lock);
	return error == 0;
}

bool pool_end(struct pool *pool, long timeout_ms)
{
	bool idle = wait_for_threads(pool, timeout_ms);

	for (size_t i = 0; i < pool->count; i++) {
		if (idle)
			pthread_join(pool->ids[i], NULL);
		else
			pthread_detach(pool->ids[i]);
	}
	if (!idle)
		return false;
	for (enum lane lane = 0; lane < LANE_COUNT; lane++)
		free_jobs(&pool->queue[lane]);
	free_jobs(&pool->done);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->idle);
	pthread_mutex_destroy(&pool->lock);
	free(pool->ids);
	free(pool->seats);
	free(pool);
	return true;
}
