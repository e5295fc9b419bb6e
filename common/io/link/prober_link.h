/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prober_link - asking the prober over its local socket (core/protocol/prober_words.h),
 * from an event loop. The connection is made when first needed and made again,
 * with a growing pause, when it is lost.
 */
#ifndef POSTSEAL_IO_PROBER_LINK_H
#define POSTSEAL_IO_PROBER_LINK_H

#include <stdbool.h>

#include "core/protocol/prober_words.h"
#include "io/net/loop.h"

struct prober_link;

typedef void prober_link_fn(void *context, enum prober_word word, const struct nexthop *nexthop);
/* The prober is gone; what was asked before will not be answered. */
typedef void prober_link_lost_fn(void *context);

struct prober_link *prober_link_new(struct loop *loop, const char *runtime_dir,
				    prober_link_fn *heard, prober_link_lost_fn *lost,
				    void *context);
/* False when the prober cannot be reached now; `lost` is then not called for it. */
bool prober_link_ask(struct prober_link *link, enum prober_word word, const char *key);
void prober_link_free(struct prober_link *link);

#endif
