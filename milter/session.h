/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session - what the milter remembers of one SMTP session, and its answers in
 * it. Knows nothing of libmilter; filter.c brings the events.
 *
 * A session is connected once and sees messages one after the other. TLS is
 * looked at anew with each message: a client may start it at any time before
 * MAIL, with or without another EHLO after it, and what an earlier message saw
 * is void. One thread at a time uses a session, not always the same one.
 *
 * Each refusal is logged with its client, sender and recipient.
 */
#ifndef POSTSEAL_MILTER_SESSION_H
#define POSTSEAL_MILTER_SESSION_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/secure/authres.h"
#include "core/secure/secure.h"

/* What the MTA's macros show at MAIL. NULL: not there. */
struct session_macros {
	const char *tls_version; /* {tls_version}: there while TLS is in use */
	const char *login;       /* {auth_authen}: there after SASL */
	const char *rewritten;   /* {mail_addr}: what the MTA made of the sender */
	const char *witness;     /* a macro that is always there, if we may see any */
	const char *cipher;      /* {cipher}, while TLS is in use */
	const char *cipher_bits; /* {cipher_bits}, the same */
	const char *mta;         /* j: what the MTA calls itself */
};

struct session;

/* `address` NULL, or of a family without networks: the client is not local. */
struct session *session_new(const struct settings *settings, const struct sockaddr *address);
void session_free(struct session *session); /* NULL is allowed */

/* MAIL: a message begins. `from` is its argument as it came. */
void session_begin(struct secure_answer *answer, struct session *session,
		   const struct settings *settings, const struct session_macros *macros,
		   const char *from);

/* What they show at RCPT. */
struct session_route {
	const char *rewritten; /* {rcpt_addr}: what the MTA made of the recipient */
	const char *mailer;    /* {rcpt_mailer}: the service by which mail goes there, */
	const char *nexthop;   /* {rcpt_host}: and to which next hop */
};

/*
 * RCPT: may it go there? For a sender that is a secure alias this may have to
 * wait for the prober; over all recipients of a message little longer than
 * first_contact_wait.
 */
void session_recipient(struct secure_answer *answer, struct session *session,
		       const struct settings *settings, const struct session_route *route,
		       const char *to);
/* One header of the message. May have to ask the socketmap server, as MAIL and RCPT do. */
void session_header(struct session *session, const struct settings *settings, const char *name,
		    const char *value);

/* More of them, and the message is refused. */
#define SESSION_FORGED_MAX 64

/* What is to be done to the headers AUTHRES_HEADER of a message that may pass. */
struct session_edit {
	size_t forged_count;
	int forged[SESSION_FORGED_MAX]; /* to be removed: the how-manieth, from 1, ascending */
	char authres[AUTHRES_SIZE];     /* to be put on top; "": nothing */
};

/* The message is complete: may it pass? */
void session_finish(struct secure_answer *answer, struct session_edit *edit,
		    struct session *session);
/* The message is over, one way or the other. */
void session_end(struct session *session);

#endif
