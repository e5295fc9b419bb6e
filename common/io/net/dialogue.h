/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dialogue - asks servers of this machine from an event loop, which goes on meanwhile. Each
 * dialogue has a connection of its own. A few are open at once; the others wait for their turn,
 * first come, first served.
 */
#ifndef POSTSEAL_IO_DIALOGUE_H
#define POSTSEAL_IO_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/names/ipaddr.h"
#include "io/net/loop.h"

struct dialogues;

struct dialogues *dialogues_new(struct loop *loop, size_t open_at_once);

enum dialogue_sense {
	DIALOGUE_GOES_ON, /* there is more to hear */
	DIALOGUE_IS_OVER, /* all has been said */
	DIALOGUE_IS_WRONG /* this cannot be understood */
};

struct dialogue_ears {
	/* Each time that more has come: *in is all that was not consumed. What is put into *out is
	 * said next. */
	enum dialogue_sense (*hear)(void *context, struct buf *in, struct buf *out);
	/* Last, and once: 0, or the errno that ended it. `context` may be freed here. */
	void (*over)(void *context, int why);
};

/*
 * Says what is in *out, and takes it, to the first of `endpoints` that can be connected to. From
 * within this call nobody hears anything. At `deadline` (clock_mono_ms()) it is over at the
 * latest, whether it had its turn or not.
 */
void dialogue_begin(struct dialogues *dialogues, const struct endpoint *endpoints, size_t count,
		    struct buf *out, int64_t deadline, const struct dialogue_ears *ears,
		    void *context);

/* All are over now (ECANCELED); who hears that must not begin another. NULL is allowed. */
void dialogues_free(struct dialogues *dialogues);

#endif
