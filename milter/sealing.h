/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sealing - what becomes of a message by its marks (core/mailbox/mark.h, MAILBOX.md section 1).
 *
 * A marked message goes to the intake of postseal-mailbox. Its recipients elsewhere become
 * addresses of mailbox_domain. Its marks become one encrypted token. Its envelope sender becomes
 * an address that map `transport` leads to the intake: so mail that aliases send elsewhere after
 * this is sealed as well.
 *
 * The token holds PINs: neither is ever logged.
 */
#ifndef POSTSEAL_MILTER_SEALING_H
#define POSTSEAL_MILTER_SEALING_H

#include "base/buf.h"
#include "base/span.h"
#include "core/mailbox/mark.h"
#include "io/crypto/seal_token.h"

struct sealing_recipient {
	char *argument;   /* as in RCPT; the MTA finds the recipient by it */
	char *parameters; /* those that hold for another address, too (RFC 3461 4), or "" */
	enum mark_place place;
};

/* Of one message; all zero before it. */
struct sealing {
	char *login;                     /* NULL: none */
	struct mailaddr sender;          /* all zero: the null sender, or not understood */
	char address[SEAL_ADDRESS_SIZE]; /* as it was written, or "" */
	bool sender_here, sender_local;
	struct mark mark;
	/* The recipients elsewhere; and for each, at the same index, its address. */
	size_t count;
	struct sealing_recipient *recipients;
	struct token_recipient *addresses;
	bool to_sealed, leaves, otherwise, unsealable;
	struct seal_print *print; /* of the message; NULL: nothing of it can be sealed */
};

/*
 * MAIL. `mailer`: {mail_mailer}, how mail to the sender's address would go. Without
 * `shows_body` nothing can be sealed: it waits.
 */
void sealing_begin(struct sealing *sealing, const struct settings *settings, const char *login,
		   const char *from, const char *mailer, bool shows_body);

/* What they show at RCPT. */
struct sealing_route {
	const char *rewritten, *mailer;
	struct span parameters; /* ESMTP's, C strings */
};
/* RCPT, of a recipient that is not refused for other reasons: refuse it, or remember it. */
void sealing_recipient(struct secure_answer *answer, struct sealing *sealing,
		       const struct settings *settings, const struct secure_client *client,
		       const struct sealing_route *route, const char *to);

void sealing_header(struct sealing *sealing, const struct settings *settings, const char *name,
		    const char *value);

/* A piece of the body. False: no more of it is wanted, for the mail is not marked. */
bool sealing_body(struct sealing *sealing, struct span octets);

/*
 * May it pass (*answer)? Its edits are appended as packets. `actions`: what the MTA lets us do.
 * *verdict: MARK_SEAL if it is sealed.
 */
void sealing_finish(struct secure_answer *answer, enum mark_verdict *verdict, struct buf *edits,
		    const struct sealing *sealing, const struct settings *settings,
		    const struct secure_client *client, bool sender_is_alias, uint32_t actions);
void sealing_end(struct sealing *sealing); /* leaves it zeroed */

#endif
