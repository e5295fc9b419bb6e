/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailaddr - an address of the SMTP envelope (RFC 5321 4.1.2, RFC 6531), taken
 * apart for one purpose: to know to which domain and mailbox it really goes.
 */
#ifndef POSTSEAL_CORE_MAILADDR_H
#define POSTSEAL_CORE_MAILADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/names/domain.h"

#define LOCALPART_SIZE 257 /* more than RFC 5321's 64: Postfix takes longer ones */

enum mailaddr_error {
	MAILADDR_OK,
	MAILADDR_NULL,     /* "<>" */
	MAILADDR_MALFORMED /* not to be understood: treat as secure, never as ordinary */
};

struct mailaddr {
	char local[LOCALPART_SIZE];     /* unquoted, ASCII lower case, without extension */
	char extension[LOCALPART_SIZE]; /* what stood after the delimiter; "" if none */
	char domain[DOMAIN_SIZE];       /* folded; "" for a local part alone */
	bool domain_is_literal;         /* [192.0.2.1]: text in domain */
};

/*
 * text[0..len): with or without angle brackets, source route ("@a,@b:user@c"),
 * quoting. `delimiters` as Postfix's recipient_delimiter ("+", "+-", or "").
 * Routes inside the local part (user%host@here, host!user) are Postfix's to
 * rewrite; such an address at a secure domain stays at that domain here.
 *
 * More than RFC 5321 allows is understood where it leaves no doubt: dots in
 * any place of the local part, a local part quoted in part, blanks at either
 * end. Comments, several "@", bare IP addresses and all else that Postfix may
 * or may not make sense of are MALFORMED. Then, and for NULL, *addr is zeroed.
 */
enum mailaddr_error mailaddr_parse(struct mailaddr *addr, const char *text, size_t len,
				   const char *delimiters);

#endif
