/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session - what the milter remembers of one SMTP session, and its answers in
 * it. It knows no socket; connection.c brings the events.
 *
 * A session is connected once and sees messages one after the other. TLS is
 * looked at anew with each message: a client may start it at any time before
 * MAIL, with or without another EHLO after it, and what an earlier message saw
 * is void. One thread uses a session.
 *
 * Each refusal is logged with its client, sender and recipient.
 */
#ifndef POSTSEAL_MILTER_SESSION_H
#define POSTSEAL_MILTER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "core/names/ipaddr.h"
#include "core/secure/secure.h"

/* What the MTA's macros show at MAIL. NULL: not there. */
struct session_macros {
	const char *tls_version; /* {tls_version}: there while TLS is in use */
	const char *login;       /* {auth_authen}: there after SASL */
	const char *rewritten;   /* {mail_addr}: what the MTA made of the sender */
	const char *mailer;      /* {mail_mailer}: how mail to that address would go */
	const char *witness;     /* a macro that is always there, if we may see any */
	const char *cipher;      /* {cipher}, while TLS is in use */
	const char *cipher_bits; /* {cipher_bits}, the same */
	const char *mta;         /* j: what the MTA calls itself */
};

struct milter_session;

/*
 * `actions`: what the MTA lets us do, MILTER_MAY_... of core/protocol/milter_packet.h.
 * `addr` NULL: not an Internet address, so the client is not local. Settings outlive it.
 */
struct milter_session *session_new(const struct settings *settings, uint32_t actions,
				   const struct ipaddr *addr);
void session_free(struct milter_session *session); /* NULL is allowed */

/* MAIL: a message begins, for which these settings count. `from` is its argument as it came. */
void session_begin(struct secure_answer *answer, struct milter_session *session,
		   const struct settings *settings, const struct session_macros *macros,
		   const char *from);

/* What they show at RCPT. */
struct session_route {
	const char *rewritten;  /* {rcpt_addr}: what the MTA made of the recipient */
	const char *mailer;     /* {rcpt_mailer}: the service by which mail goes there, */
	const char *nexthop;    /* {rcpt_host}: and to which next hop */
	struct span parameters; /* RCPT's own, C strings */
};

/*
 * RCPT: may it go there? For a sender that is a secure alias this may have to
 * wait for the prober; over all recipients of a message little longer than
 * first_contact_wait.
 */
void session_recipient(struct secure_answer *answer, struct milter_session *session,
		       const struct session_route *route, const char *to);

/* DATA. `hidden`: the MTA will show nothing of this message's headers. */
void session_data(struct secure_answer *answer, struct milter_session *session, bool hidden);

/* One header of the message. May have to ask the socketmap server, as MAIL and RCPT do. */
void session_header(struct milter_session *session, const char *name, const char *value);

/*
 * The message is complete: may it pass? If so, what is to be done to it is appended to
 * *edits, as packets. The message is over then.
 */
void session_finish(struct secure_answer *answer, struct buf *edits,
		    struct milter_session *session);
/* The message is over before its end. */
void session_end(struct milter_session *session);

#endif
