/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * submit - gives mail to Postfix, by SMTP to `mailbox_submit`. Waits for its answer; for
 * threads that may.
 */
#ifndef POSTSEAL_MAILBOX_SUBMIT_H
#define POSTSEAL_MAILBOX_SUBMIT_H

#include "base/buf.h"
#include "mailbox/home.h"

enum submitted {
	SUBMIT_DONE,    /* Postfix has it */
	SUBMIT_REFUSED, /* and will not take it: 5xx */
	SUBMIT_LATER,   /* not this one, now: 4xx */
	SUBMIT_NOBODY   /* no Postfix that answers: nothing else would be taken either */
};

/* `from` "" is the empty envelope sender. `message` has CRLF line ends. All but DONE is logged. */
enum submitted submit_mail(const struct home *home, const char *from, const char *to,
			   const struct buf *message);

/* Several mails over one connection, which is made when it is needed. */
struct submit;
struct submit *submit_new(const struct home *home);
enum submitted submit_give(struct submit *submit, const char *from, const char *to,
			   const struct buf *message);
void submit_free(struct submit *submit);

#endif
