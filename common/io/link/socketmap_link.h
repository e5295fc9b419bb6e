/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socketmap_link - asks the socketmap server, as Postfix asks it, from an event loop, which goes
 * on meanwhile. For programs that may wait there is socketmap_client.
 *
 * A list of keys has a connection of its own, for as long as it takes; an idle one would take a
 * place of Postfix's clients. A few lists are asked for at once, the others wait for their turn.
 */
#ifndef POSTSEAL_IO_SOCKETMAP_LINK_H
#define POSTSEAL_IO_SOCKETMAP_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "core/settings/settings.h"
#include "io/net/loop.h"

struct socketmap_link;

/* The reply to a key, as it came ("OK value", "NOTFOUND ", ...): in their order. */
typedef void socketmap_link_reply_fn(void *context, const char *reply, size_t len);
/* Last, and once: all have been replied to (NULL), or why not; `context` may be freed here. */
typedef void socketmap_link_over_fn(void *context, const char *error);

struct socketmap_link *socketmap_link_new(struct loop *loop);

/*
 * At `deadline` (clock_mono_ms()) it is over at the latest. From within this call nobody hears
 * anything. The keys are not needed afterwards; there is at least one.
 */
void socketmap_link_ask(struct socketmap_link *link, const struct settings *settings,
			const char *map, const char *const keys[], size_t count, int64_t deadline,
			socketmap_link_reply_fn *reply, socketmap_link_over_fn *over,
			void *context);

/* All are over now; who hears that must not ask again. NULL is allowed. */
void socketmap_link_free(struct socketmap_link *link);

#endif
