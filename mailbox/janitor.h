/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * janitor - what happens by itself: mailboxes end, recipients are warned, senders are told,
 * and what is left over is swept. In a thread of its own.
 */
#ifndef POSTSEAL_MAILBOX_JANITOR_H
#define POSTSEAL_MAILBOX_JANITOR_H

#include "mailbox/home.h"

struct janitor;

struct janitor *janitor_start(struct home *home);
void janitor_stop(struct janitor *janitor);
/* Everything once, now; how many mailboxes have ended. Any thread. */
size_t janitor_sweep(struct home *home);

/*
 * Deletes a mailbox for good: its records first, together with a note that its key is
 * to be shredded, then the key, then the files. What is interrupted, the next sweep ends.
 */
bool mailbox_end(struct home *home, const struct handle *mailbox);

#endif
