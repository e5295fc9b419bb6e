/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sealing - how a sealed mail to an address would go, which postseal-mailbox knows: map
 * `mailbox` (MAILBOX.md section 7). Its answer is waited for without holding up others.
 *
 *   OK openpgp       encrypted with a key that is on file
 *   OK mailbox       to the mailbox that the recipient has
 *   OK new-mailbox   to a mailbox that is made for it
 *   OK off           mail is not sealed here: `mailbox_domain` is not set
 *   TEMP             it cannot be told now
 */
#ifndef POSTSEAL_SOCKETMAP_SEALING_H
#define POSTSEAL_SOCKETMAP_SEALING_H

#include "base/buf.h"
#include "core/settings/settings.h"
#include "io/net/loop.h"

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
