/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work - what must not hold the event loop: jobs that talk to Postfix or move megabytes, in
 * threads of their own. When one has run, `done` is called in the loop's thread.
 */
#ifndef POSTSEAL_MAILBOX_WORK_H
#define POSTSEAL_MAILBOX_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "io/net/loop.h"

struct work;
typedef void work_fn(void *job);

struct work *work_new(struct loop *loop, size_t threads, size_t most);
/* Jobs that run are waited for; of those that still wait, `done` alone is called. */
void work_free(struct work *work);
/* False, and nothing happens, when `most` jobs wait already. `run` and `done` own the job in
 * turn. */
bool work_add(struct work *work, work_fn *run, work_fn *done, void *job);

#endif
