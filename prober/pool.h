/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - worker threads. Jobs go in, in order; done ones come out, and `wake` is
 * called (in the worker's thread) to say so.
 *
 * A worker spends its time waiting for others. So there are few of them while
 * there is little to do; for each job that finds none free another is started,
 * up to a bound, and one that has had nothing to do for a while ends.
 *
 * A host that says nothing holds a worker until its time is up. So that
 * hundreds of them stall nobody else, lanes have limits: quick jobs go first
 * and a quarter of the bound (at least one, where it is two) is kept for them;
 * and no more than a quarter ever is in the background.
 */
#ifndef POSTSEAL_PROBER_POOL_H
#define POSTSEAL_PROBER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "prober/job.h"

/* Workers that are kept, and the seconds after which more than these end. */
#define POOL_KEPT 4
#define POOL_IDLE_S 20

struct pool;

/* At most `max` workers at a time. `config` must outlive the pool. */
struct pool *pool_new(const struct job_config *config, size_t max, void (*wake)(void *context),
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
