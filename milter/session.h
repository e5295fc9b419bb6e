/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session - what the milter remembers of one SMTP session, and what it answers. It has no socket;
 * connection.c calls it.
 *
 * A session has one client and sees messages one after the other. TLS is looked at again with
 * each message: a client may start it at any time before MAIL, with or without another EHLO, so
 * what an earlier message saw is void. One thread uses a session.
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
	const char *tls_version; /* {tls_version}: set while TLS is in use */
	const char *login;       /* {auth_authen}: set after SASL */
	const char *rewritten;   /* {mail_addr}: what the MTA made of the sender */
	const char *mailer;      /* {mail_mailer}: how mail to that address would go */
	const char *witness;     /* a macro that is always set, if we may see any */
	const char *cipher;      /* {cipher}, while TLS is in use */
	const char *cipher_bits; /* {cipher_bits}, the same */
	const char *mta;         /* j: what the MTA calls itself */
};

struct milter_session;

/*
 * `actions`: what the MTA lets us do, MILTER_MAY_... of core/protocol/milter_packet.h.
 * `shows_body`: session_body is called with all that it wants. `addr` NULL: not an Internet
 * address, so the client is not local. Settings outlive it.
 */
struct milter_session *session_new(const struct settings *settings, uint32_t actions,
				   bool shows_body, const struct ipaddr *addr);
void session_free(struct milter_session *session); /* NULL is allowed */

/* MAIL: a message begins, for which these settings count. `from` is its argument as it came. */
void session_begin(struct secure_answer *answer, struct milter_session *session,
		   const struct settings *settings, const struct session_macros *macros,
		   const char *from);

/* What they show at RCPT. */
struct session_route {
	const char *rewritten;  /* {rcpt_addr}: what the MTA made of the recipient */
	const char *mailer;     /* {rcpt_mailer}: the service by which mail goes there ... */
	const char *nexthop;    /* {rcpt_host}: ... and the next hop */
	struct span parameters; /* RCPT's own, C strings */
};

/*
 * RCPT: may it go there? For a sender that is a secure alias this may wait for the prober, but
 * for all recipients of a message together little longer than first_contact_wait.
 */
void session_recipient(struct secure_answer *answer, struct milter_session *session,
		       const struct session_route *route, const char *to);

/* DATA. `hidden`: the MTA will show nothing of this message's headers. */
void session_data(struct secure_answer *answer, struct milter_session *session, bool hidden);

/* One header of the message. This may ask the socketmap server, as MAIL and RCPT do. */
void session_header(struct milter_session *session, const char *name, const char *value);

/* A piece of its body, after all headers. False: no more of it is wanted. */
bool session_body(struct milter_session *session, struct span octets);

/*
 * The message is complete: may it pass? If so, its edits are appended to *edits, as packets. This
 * ends the message.
 */
void session_finish(struct secure_answer *answer, struct buf *edits,
		    struct milter_session *session);
/* The message ends early. */
void session_end(struct milter_session *session);

#endif
