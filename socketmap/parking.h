/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parking - questions that wait for the prober, and what the prober has been
 * asked to look at.
 *
 * Questions about one next hop share a room: the prober is asked once for all
 * of them. When it has news they are answered from the ledger if the facts
 * settle them by now; when it is done, or `first_contact_wait` is over, or the
 * prober is lost, with what is known then. A room lasts until the prober is
 * done with it, so a busy domain that wants a refresh is asked for once.
 *
 * The number of questions is bounded, and so is that of rooms, by what the prober looks
 * at together and by fair parts of it (share.h); what does not fit does not wait.
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
 * The answer is here; the parked question is gone. Called from the loop, never
 * from within parking_park. It may park again, and may leave for others.
 */
typedef void parking_answered_fn(void *context, const struct buf *reply);

/* All three must outlive it. */
struct parking *parking_new(struct loop *loop, const struct settings *settings,
			    struct answerer *answerer);
/* What is parked already keeps its deadline. */
void parking_reload(struct parking *parking, const struct settings *settings);
/* Nothing may be parked any more. */
void parking_free(struct parking *parking);

/*
 * Wait for an answer. NULL when there is nothing to wait for: no prober to be
 * reached, or no room left. Ends with a call of `answered`, or parking_leave.
 */
struct parked *parking_park(struct parking *parking, const struct question *question,
			    struct share_client *client, parking_answered_fn *answered,
			    void *context);
void parking_leave(struct parked *parked);

/*
 * Have the prober look at a question's next hop, without waiting for it. Not for a
 * while after it said that it could not write down what it found: what is in the
 * ledger stays as old as it is, and each question would have all of it done again.
 */
void parking_refresh(struct parking *parking, const struct question *question,
		     struct share_client *client);

#endif
