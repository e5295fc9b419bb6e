/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - worker threads. Jobs go in, in order; done ones come out, and `wake` is
 * called (in the worker's thread) to say so.
 *
 * A host that says nothing holds a worker until its time is up. So that
 * hundreds of them stall nobody else, lanes have limits: quick jobs go first
 * and a quarter of the workers (at least one, where there are two) is kept for
 * them; and no more than a quarter ever is in the background.
 */
#ifndef POSTSEAL_PROBER_POOL_H
#define POSTSEAL_PROBER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "prober/job.h"

struct pool;

/* Starts `count` threads, one for each of workers[0..count), which stay the caller's. */
struct pool *pool_new(struct worker *workers, size_t count, void (*wake)(void *context),
		      void *context);

void pool_submit(struct pool *pool, struct job *job);

/* Moves all done jobs into *done, which must be initialised. */
void pool_take(struct pool *pool, struct job_list *done);

/*
 * No more jobs are begun, and workers are waited for. False when some are still
 * busy after `timeout_ms`: then nothing that they use may be freed. True: all
 * is freed, jobs that nobody took too.
 */
bool pool_end(struct pool *pool, long timeout_ms);

#endif
