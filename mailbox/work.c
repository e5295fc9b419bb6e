/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

struct job {
	work_fn *run, *done;
	void *job;
	STAILQ_ENTRY(job) next;
};
STAILQ_HEAD(jobs, job);

struct work {
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct jobs waiting, finished;
	size_t count, most, threads;
	bool stopping;
	pthread_t *thread;
};

static struct job *take(struct jobs *from)
{
	struct job *job = STAILQ_FIRST(from);

	if (job != NULL)
		STAILQ_REMOVE_HEAD(from, next);
	return job;
}

static void *run_all(void *argument)
{
	struct work *work = argument;

	pthread_mutex_lock(&work->lock);
	for (;;) {
		struct job *job;

		while (!work->stopping && STAILQ_EMPTY(&work->waiting))
			pthread_cond_wait(&work->more, &work->lock);
		if (work->stopping)
			break;
		job = take(&work->waiting);
		pthread_mutex_unlock(&work->lock);
		job->run(job->job);
		pthread_mutex_lock(&work->lock);
		STAILQ_INSERT_TAIL(&work->finished, job, next);
		loop_wake(work->loop);
	}
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

static void on_wake(void *context)
{
	struct work *work = context;
	struct job *job;

	for (;;) {
		pthread_mutex_lock(&work->lock);
		job = take(&work->finished);
		work->count -= job != NULL;
		pthread_mutex_unlock(&work->lock);
		if (job == NULL)
			return;
		job->done(job->job);
		free(job);
	}
}

struct work *work_new(struct loop *loop, size_t threads, size_t most)
{
	struct work *work = mem_zero(1, sizeof(*work));

	work->loop = loop;
	work->most = most;
	work->threads = threads;
	work->thread = mem_zero(threads, sizeof(*work->thread));
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->more, NULL);
	STAILQ_INIT(&work->waiting);
	STAILQ_INIT(&work->finished);
	loop_on_wake(loop, on_wake, work);
	for (size_t i = 0; i < threads; i++) {
		if (pthread_create(&work->thread[i], NULL, run_all, work) != 0)
			log_fatal("work: no thread");
	}
	return work;
}

void work_free(struct work *work)
{
	struct job *job;

	if (work == NULL)
		return;
	pthread_mutex_lock(&work->lock);
	work->stopping = true;
	pthread_cond_broadcast(&work->more);
	pthread_mutex_unlock(&work->lock);
	for (size_t i = 0; i < work->threads; i++)
		pthread_join(work->thread[i], NULL);
	on_wake(work);
	while ((job = take(&work->waiting)) != NULL) {
		job->done(job->job);
		free(job);
	}
	loop_on_wake(work->loop, NULL, NULL);
	free(work->thread);
	free(work);
}

bool work_add(struct work *work, work_fn *run, work_fn *done, void *job)
{
	bool fits;

	pthread_mutex_lock(&work->lock);
	fits = work->count < work->most;
	if (fits) {
		struct job *one = mem_zero(1, sizeof(*one));

		*one = (struct job){ .run = run, .done = done, .job = job };
		STAILQ_INSERT_TAIL(&work->waiting, one, next);
		work->count++;
		pthread_cond_signal(&work->more);
	}
	pthread_mutex_unlock(&work->lock);
	return fits;
}
