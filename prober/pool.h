/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - worker threads. Jobs go in, in order; done ones come out, and `wake` is
 * called (in the worker's thread) to say so.
 *
 * A worker spends its time waiting for servers. While there is little to do there are few
 * workers. A job that finds none free starts another, up to a bound. A worker that has had
 * nothing to do for a while ends.
 *
 * A host that says nothing holds a worker until its time is up. Hundreds of them must not
 * stall others, so lanes have limits. Quick jobs go first, and a quarter of the bound (at
 * least one, where the bound is two) is kept for them. At most a quarter is ever in the
 * background.
 */
#ifndef POSTSEAL_PROBER_POOL_H
#define POSTSEAL_PROBER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "prober/job.h"

/* So many workers are kept. Others end after this many seconds without a job. */
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
 * Begins no more jobs, and waits for the workers. False when some are still busy after
 * `timeout_ms`: then nothing that they use may be freed. True: all is freed, also jobs that
 * nobody took.
 */
bool pool_end(struct pool *pool, long timeout_ms);

#endif
