/* SPDX-License-Identifier: BSD-2-Clause */
/* notice - a note to a sender from the event loop, by a worker; tried some times. */
#ifndef POSTSEAL_MAILBOX_NOTICE_H
#define POSTSEAL_MAILBOX_NOTICE_H

#include "core/mailbox/notes.h"
#include "mailbox/home.h"
#include "mailbox/work.h"

void notice_send(struct work *work, const struct home *home, enum note note, const char *sender,
		 const char *recipient);

#endif
