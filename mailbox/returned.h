/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * returned - a guest's reply that Postfix took, and that came back to mailbox_from later: the
 * sender's mail goes on to where there is no TLS, say, or where nobody takes it. The guest was
 * told that it was sent; it lies in Sent, and its addressee hears that it is there.
 */
#ifndef POSTSEAL_MAILBOX_RETURNED_H
#define POSTSEAL_MAILBOX_RETURNED_H

#include "base/span.h"
#include "base/lookup.h"
#include "mailbox/home.h"

/* `message` came with no sender. FOUND: it returns a reply, and the addressee is told, once.
 * ABSENT: it does not, or that was told already. ERROR: not now. */
enum lookup returned_reply(struct home *home, struct span message);

#endif
