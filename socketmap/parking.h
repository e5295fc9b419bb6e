/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parking - questions that wait for the prober, and next hops that the prober was asked to look
 * at.
 *
 * Questions about one next hop share a room: the prober is asked once for all of them. When it
 * has news, they are answered from the ledger if the facts settle them by now. When it is done,
 * or `first_contact_wait` is over, or the prober is lost, they are answered with what is known
 * then. A room lasts until the prober is done with it, so for a busy domain that needs a refresh
 * the prober is asked once.
 *
 * The number of questions is bounded. The number of rooms is bounded by what the prober can look
 * at together, and by fair parts of that (share.h). What does not fit does not wait.
 */
#ifndef POSTSEAL_SOCKETMAP_PARKING_H
#define POSTSEAL_SOCKETMAP_PARKING_H

#include "base/buf.h"
#include "core/settings/settings.h"
#include "io/net/loop.h"
#include "socketmap/answer.h"
#include "socketmap/share.h"

struct parking;
struct parked; /* one waiting question */

/*
 * Called with the answer, when the parked question is gone: from the loop, never from within
 * parking_park. It may park again, and may call parking_leave for others.
 */
typedef void parking_answered_fn(void *context, const struct buf *reply);

/* All three must outlive it. */
struct parking *parking_new(struct loop *loop, const struct settings *settings,
			    struct answerer *answerer);
/* What is parked already keeps its deadline. */
void parking_reload(struct parking *parking, const struct settings *settings);
/* Nothing may be parked when it is called. */
void parking_free(struct parking *parking);

/*
 * Wait for an answer. NULL when there is nothing to wait for: the prober cannot be reached, or
 * there is no room left. Ends with a call of `answered`, or parking_leave.
 */
struct parked *parking_park(struct parking *parking, const struct question *question,
			    struct share_client *client, parking_answered_fn *answered,
			    void *context);
void parking_leave(struct parked *parked);

/*
 * Ask the prober to look at a question's next hop, without waiting for it. Not for a while after
 * it said that it could not write down what it found: the ledger would stay as old as it is, and
 * each question would make the prober do all of it again.
 */
void parking_refresh(struct parking *parking, const struct question *question,
		     struct share_client *client);

#endif
