/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - worker threads. Jobs go in, in order; done ones come out, and `wake` is
 * called (in the worker's thread) to say so.
 *
 * Slow jobs (job_is_slow) never take all the workers: a quarter of them, at
 * least one, is kept for the quick ones, so that hundreds of hosts that say
 * nothing cannot stall a DNS look-up.
 */
#ifndef POSTSEAL_PROBER_POOL_H
#define POSTSEAL_PROBER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "prober/job.h"

struct pool;

/*
 * Starts `count` threads, one for each of workers[0..count), which stay the
 * caller's. With a single worker, slow jobs wait for quick ones only.
 */
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
