/* SPDX-License-Identifier: BSD-2-Clause */
/* tell - sends the notes of core/mailbox/notes.h: who is told what, and from whom it comes. */
#ifndef POSTSEAL_MAILBOX_TELL_H
#define POSTSEAL_MAILBOX_TELL_H

#include "core/mailbox/notes.h"
#include "mailbox/submit.h"

/*
 * `facts` has what differs: sender, name, recipient, in_reply_to, secret, pin, language,
 * date. `id` makes the Message-ID: the same id is the same note.
 */
enum submitted tell_sender(const struct home *home, enum note note, struct note_facts facts,
			   const char *id);
/* `bounce` is the extension of mailbox_bounce, or "". */
enum submitted tell_recipient(const struct home *home, enum note note, struct note_facts facts,
			      const char *id, const char *bounce);

#endif
