/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * submit - gives a mail to Postfix, by SMTP to `mailbox_submit`. Waits for its answer; for
 * threads that may.
 */
#ifndef POSTSEAL_MAILBOX_SUBMIT_H
#define POSTSEAL_MAILBOX_SUBMIT_H

#include "base/buf.h"
#include "mailbox/home.h"

enum submitted {
	SUBMIT_DONE,    /* Postfix has it */
	SUBMIT_REFUSED, /* and will not take it: 5xx */
	SUBMIT_LATER    /* anything else; logged */
};

/* `from` "" is the empty envelope sender. `message` has CRLF line ends. */
enum submitted submit_mail(const struct home *home, const char *from, const char *to,
			   const struct buf *message);

#endif
