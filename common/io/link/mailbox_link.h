/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox_link - asks postseal-mailbox at its control socket (postseal-mailbox(8), "Control
 * socket"), from an event loop, which goes on meanwhile. For programs that may wait there is
 * mailbox_client.
 *
 * A connection carries one question. A few are open at once; the others wait for their turn,
 * first come, first served.
 */
#ifndef POSTSEAL_IO_MAILBOX_LINK_H
#define POSTSEAL_IO_MAILBOX_LINK_H

#include <stdint.h>

#include "io/link/mailbox_client.h"
#include "io/net/loop.h"

struct mailbox_link;

/*
 * `answer` is the line of JSON, without the newline, whatever it says; good until this returns.
 * NULL: there is none, and `error` says why.
 */
typedef void mailbox_link_fn(void *context, const char *answer, const char *error);

struct mailbox_link *mailbox_link_new(struct loop *loop);

/*
 * `heard` is called once for each question, from the loop and never from within this call: at
 * `deadline` (clock_mono_ms()) at the latest. The strings of `question` are not needed afterwards.
 */
void mailbox_link_ask(struct mailbox_link *link, const struct settings *settings,
		      const struct mailbox_question *question, int64_t deadline,
		      mailbox_link_fn *heard, void *context);

/* Who still waits is told that there is no answer; such a one must not ask again. NULL is allowed. */
void mailbox_link_free(struct mailbox_link *link);

#endif
