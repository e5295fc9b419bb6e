/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fresh - keys K of letters in closed mailboxes, in memory alone, so that a later link
 * of the same sender opens earlier letters, too: then a link mail that is lost costs
 * nothing while another arrives.
 *
 * Nothing of it is ever on disk. After a restart of the daemon an earlier letter opens with
 * the links that had been sent by then. A key is forgotten when the mailbox opens or
 * ends. Any thread.
 */
#ifndef POSTSEAL_MAILBOX_FRESH_H
#define POSTSEAL_MAILBOX_FRESH_H

#include <stdbool.h>

#include "core/mailbox/frame.h"

struct fresh;

struct fresh *fresh_new(void);
void fresh_free(struct fresh *fresh);
void fresh_keep(struct fresh *fresh, const struct handle *mailbox, const struct handle *letter,
		const unsigned char k[FRAME_KEY_SIZE]);
bool fresh_find(struct fresh *fresh, const struct handle *letter, unsigned char k[FRAME_KEY_SIZE]);
void fresh_forget(struct fresh *fresh, const struct handle *mailbox);

#endif
