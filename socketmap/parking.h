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

/*
 * How would a sealed mail to an address go? postseal-mailbox knows that: map
 * `mailbox` (MAILBOX.md section 7). Its answer is waited for without holding up others.
 *
 *   OK openpgp       encrypted with a key that is on file
 *   OK mailbox       to the mailbox that the recipient has
 *   OK new-mailbox   to a mailbox that is made for it
 *   OK off           mail is not sealed here: `mailbox_domain` is not set
 *   TEMP             it cannot be told now
 */
struct sealing;
struct sealing_wait; /* one question */

/* The reply is here, and the question gone. Called from the loop, never within sealing_ask. */
typedef void sealing_fn(void *context, const struct buf *reply);

/* Both must outlive it. */
struct sealing *sealing_new(struct loop *loop, const struct settings *settings);
void sealing_reload(struct sealing *sealing, const struct settings *settings);
/* Nobody may wait any more. NULL is allowed. */
void sealing_free(struct sealing *sealing);

/* A mail address, as seal_address_key writes it. */
struct sealing_wait *sealing_ask(struct sealing *sealing, const char *address, sealing_fn *answered,
				 void *context);
/* The asker has gone: nobody is called. */
void sealing_leave(struct sealing_wait *wait);

#endif
