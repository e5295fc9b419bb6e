/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * webmail_request - what a webmail may ask of postseal-webmail(8), taken apart: method,
 * path, query, and who the user is. Strict: what is not exactly one of the calls is none.
 */
#ifndef POSTSEAL_CORE_WEBMAIL_REQUEST_H
#define POSTSEAL_CORE_WEBMAIL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/secure/alias.h"

enum webmail_call {
	WEBMAIL_RECIPIENTS, /* GET  /v1/recipients?a=ADDRESS&a=... */
	WEBMAIL_ALIASES,    /* GET  /v1/aliases */
	WEBMAIL_ALIAS,      /* PUT  /v1/aliases/ADDRESS */
	WEBMAIL_SEALED,     /* GET  /v1/sealed/RECIPIENT */
	WEBMAIL_UNLOCK,     /* POST /v1/sealed/RECIPIENT/unlock */
	WEBMAIL_RESEND,     /* POST /v1/sealed/RECIPIENT/resend */
	WEBMAIL_REVOKE,     /* POST /v1/sealed/RECIPIENT/revoke */
	WEBMAIL_CALLS
};

/* Of map `status`, in bytes: 64 and 255 of RFC 5321, and the "@". */
#define WEBMAIL_ADDRESS_SIZE 321
#define WEBMAIL_ADDRESSES_MAX 100
/* Enough for so many of the longest addresses, percent-encoded. */
#define WEBMAIL_TARGET_MAX (3 * WEBMAIL_ADDRESS_SIZE * WEBMAIL_ADDRESSES_MAX)

struct webmail_request {
	enum webmail_call call;
	/* RECIPIENTS: 1 to WEBMAIL_ADDRESSES_MAX. ALIASES: 0. Else 1. */
	size_t count;
	char address[WEBMAIL_ADDRESSES_MAX][WEBMAIL_ADDRESS_SIZE];
};

enum webmail_verdict {
	WEBMAIL_GOOD,
	WEBMAIL_NO_CALL,      /* there is no such path */
	WEBMAIL_OTHER_METHOD, /* there is, with another method */
	WEBMAIL_BAD_QUERY,    /* its parameters are not those of the call */
	WEBMAIL_BAD_ADDRESS,  /* one of them is not one mail address */
	WEBMAIL_TOO_MANY      /* more than WEBMAIL_ADDRESSES_MAX */
};

/*
 * `method` in capitals; `target` as it stands in the request, percent-encoded ("+" is a
 * plus, as RFC 3986 has it). Unless GOOD, *request is undefined.
 *
 * An address here is one: a local part, an "@", a domain; UTF-8 without control
 * characters. Never a next hop such as [host]:port, by which users could have hosts and
 * ports looked at. Whether mail can go there is for postseal-socketmap to say.
 */
enum webmail_verdict webmail_request_read(struct webmail_request *request, const char *method,
					  const char *target);

/*
 * The value of X-Postseal-User as the user's mailbox, in the spelling of alias_key. False:
 * it is no address with a domain, is a route, or has an extension (`delimiters` as
 * recipient_delimiter), by which one user could be taken for two; or it has capitals before
 * the "@", by which two could be taken for one (secure_login_is in core/secure/secure.h).
 */
bool webmail_user_read(char user[ALIAS_ADDRESS_SIZE], const char *value, const char *delimiters);

const char *webmail_call_name(enum webmail_call call); /* "recipients", "unlock", ... */

#endif
