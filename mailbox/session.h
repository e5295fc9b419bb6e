/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session - who is logged in, who holds a ticket, and which networks have tried too often.
 * In memory alone, of the loop's thread: after a restart people log in anew. Of a
 * token only its SHA-256 is kept.
 */
#ifndef POSTSEAL_MAILBOX_SESSION_H
#define POSTSEAL_MAILBOX_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mailbox/b64.h"
#include "core/mailbox/frame.h"
#include "core/names/ipaddr.h"
#include "core/names/seal_address.h"

#define SESSION_TOKEN_SIZE (B64_LEN(32) + 1)
#define SESSION_SHARE_SIZE 32
#define TICKET_SECONDS 900

struct sessions;

struct session_info {
	struct handle mailbox;
	/* Random, made with the session and forgotten with it: under this the browser encrypts
	 * what it keeps of the private key for a reload. */
	unsigned char share[SESSION_SHARE_SIZE];
	/* Of a ticket alone. */
	struct handle link;
	char sender[SEAL_ADDRESS_SIZE];
};

struct sessions *sessions_new(int64_t idle_seconds);
void sessions_set_idle(struct sessions *sessions, int64_t idle_seconds); /* from the next use on */
void sessions_free(struct sessions *sessions);

/* Puts a new token into `token`. `ticket`: lasts TICKET_SECONDS; else `idle` after last use. */
void session_make(struct sessions *sessions, const struct session_info *info, bool ticket,
		  char token[SESSION_TOKEN_SIZE]);
/*
 * Who has this token? NULL: nobody any more. `touch` prolongs a session. Seconds that
 * are left in *left. Valid until the next call of any function here.
 */
const struct session_info *session_find(struct sessions *sessions, const char *token, bool ticket,
					bool touch, int64_t *left);
void session_end(struct sessions *sessions, const char *token);
/*
 * Networks: an IPv4 address, or an IPv6 /64. A failure costs more and more seconds in
 * which nothing else is answered; it is forgotten after an hour, and never locks anybody
 * out for longer than a minute.
 */
#define NETWORK_WRONG 10u /* a wrong password or PIN, an unknown link */
#define NETWORK_ASK 1u    /* a question that costs us something */
/* Seconds to wait; 0: go on. */
int64_t network_wait(struct sessions *sessions, const char *address);
void network_count(struct sessions *sessions, const char *address, unsigned points);

#endif
