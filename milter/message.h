/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message - what a session (session.h) knows of the message under way. For session.c
 * and those that look at one part of it. All zero between two messages.
 */
#ifndef POSTSEAL_MILTER_MESSAGE_H
#define POSTSEAL_MILTER_MESSAGE_H

#include "base/buf.h"
#include "core/secure/authres.h"
#include "core/secure/secure.h"
#include "milter/sealing.h"

/* As much of an address as a line of the log has room for; RFC 5321 allows 256. */
#define MESSAGE_SHOWN_MAX 320
/* More forged headers, and the message is refused. */
#define MESSAGE_FORGED_MAX 64

struct message {
	char from[MESSAGE_SHOWN_MAX + 1]; /* its sender, for the log */
	char writer[ALIAS_ADDRESS_SIZE];  /* its sender as exceptions know it, or "" */
	bool logged_in;                   /* so its headers name no alias but its sender's */

	/* Its sender, and what is on file of it, as far as it was asked. */
	bool from_secure; /* it is, or could be, a secure alias */
	struct secure_address sender;
	struct secure_record record;
	int64_t patience; /* ms that its recipients may still wait for the prober */

	/* Of its headers: */
	bool waives_tls;            /* one asks for delivery without TLS */
	enum lookup names_stranger; /* FOUND, ERROR: one names, or may name, another alias, */
	struct secure_address stranger;
	const char *stranger_header; /* and this is how it is called */
	int strangers_asked;

	struct sealing sealing; /* what its marks make of it */

	/* It is for a secure alias: `authres` goes on top, and what is forged goes. */
	bool tells_tls;
	char authserv_id[DOMAIN_SIZE];
	char authres[AUTHRES_SIZE]; /* "": nothing can be said */
	int authres_seen;
	size_t forged_count;
	int forged[MESSAGE_FORGED_MAX]; /* index among those of its name, from 1, ascending */
};

/* Look at one header: whom it names, whether it waives TLS, whether it is forged. */
void message_header(struct message *message, const struct settings *settings, const char *name,
		    const char *value);

/* Under which name TLS is told, and how. */
void message_prepare_authres(struct message *message, const struct settings *settings,
			     const char *mta, const struct authres_tls *tls);
/* What is to be done to these headers, as packets; false: the MTA does not let us (`actions`). */
bool message_edit_authres(struct buf *edits, const struct message *message, uint32_t actions);

#endif
