/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message - what a session (session.h) knows of its present message, and what is looked at in
 * headers. All zero between two messages.
 */
#ifndef POSTSEAL_MILTER_MESSAGE_H
#define POSTSEAL_MILTER_MESSAGE_H

#include "base/buf.h"
#include "core/secure/authres.h"
#include "core/secure/secure.h"
#include "milter/sealing.h"

/* How much of an address the log shows; RFC 5321 allows 256. */
#define MESSAGE_SHOWN_MAX 320
/* More forged headers, and the message is refused. */
#define MESSAGE_FORGED_MAX 64

struct message {
	char from[MESSAGE_SHOWN_MAX + 1]; /* its sender, for the log */
	char writer[ALIAS_ADDRESS_SIZE];  /* its sender as exceptions know it, or "" */
	bool logged_in;                   /* so its headers may name no alias but its sender's */

	/* Its sender, and what is on file of it, once that was asked. */
	bool from_secure; /* it is, or could be, a secure alias */
	struct secure_address sender;
	struct secure_record record;
	int64_t patience; /* ms for which its recipients may still wait for the prober */

	/* Of its headers: */
	bool waives_tls;            /* one asks for delivery without TLS */
	enum lookup names_stranger; /* FOUND, ERROR: one names, or may name, another alias ... */
	struct secure_address stranger;
	const char *stranger_header; /* ... and this is its name */
	int strangers_asked;

	struct sealing sealing; /* see sealing.h */

	/* For a secure alias: `authres` is put on top, and forged headers are removed. */
	bool tells_tls;
	char authserv_id[DOMAIN_SIZE];
	char authres[AUTHRES_SIZE]; /* "": nothing can be said */
	int authres_seen;
	size_t forged_count;
	int forged[MESSAGE_FORGED_MAX]; /* index among its name's, from 1, ascending */
};

/* Look at one header: whom does it name, does it waive TLS, is it forged? */
void message_header(struct message *message, const struct settings *settings, const char *name,
		    const char *value);

/* Prepare the Authentication-Results header: our name, and what it says of TLS. */
void message_prepare_authres(struct message *message, const struct settings *settings,
			     const char *mta, const struct authres_tls *tls);
/* Append the edits of these headers, as packets; false: the MTA does not allow them (`actions`). */
bool message_edit_authres(struct buf *edits, const struct message *message, uint32_t actions);

#endif
