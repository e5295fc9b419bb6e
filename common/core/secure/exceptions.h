/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exceptions - who may write to a secure alias without TLS, and until when: an
 * admin's acts, for senders whose servers cannot do it yet.
 *
 * Anybody can claim to be a sender. So an exception opens the alias, in the clear, to all who
 * know of it. Therefore each exception ends by itself, and is for one alias, and for one sender
 * or one domain.
 *
 * The null sender is nobody, and no exception can be for it.
 */
#ifndef POSTSEAL_CORE_EXCEPTIONS_H
#define POSTSEAL_CORE_EXCEPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utc.h"
#include "core/secure/alias.h"
#include "core/facts/facts.h"

#define EXCEPTION_MAX 32 /* of one alias */
#define EXCEPTION_SPAN_DEFAULT (30 * UTC_DAY)
#define EXCEPTION_SPAN_MAX (366 * UTC_DAY)
#define EXCEPTION_AHEAD INT64_C(300)

struct exception {
	/* An address as alias_key spells it, but with its extension; or "@example.net",
	 * all senders at that domain, though not below it. */
	char sender[ALIAS_ADDRESS_SIZE];
	int64_t set;     /* it counts from then on, or EXCEPTION_AHEAD earlier, */
	int64_t expires; /* and no longer then; at most EXCEPTION_SPAN_MAX later */
	char author[64];
	char reason[DETAIL_SIZE]; /* "": none was given */
};

/* Those of one alias: ascending by sender, none twice. */
struct exceptions {
	size_t count;
	struct exception list[EXCEPTION_MAX];
};

/* Is it spelled as an exception's sender is? */
bool exception_names_sender(const char *sender);
/* The same from how an admin writes it, also "example.net" for the domain; false for none. */
bool exception_take_sender(char sender[ALIAS_ADDRESS_SIZE], const char *text);

/*
 * The sender of a message as exceptions know it. `argument` is that of MAIL FROM
 * and `rewritten` what the MTA made of it: both have to be the same address. False,
 * and sender empty, where they are not, for the null sender, and for all that
 * could be two things: then no exception is for it.
 */
bool exception_sender_of(char sender[ALIAS_ADDRESS_SIZE], const char *argument,
			 const char *rewritten);

bool exception_in_force(const struct exception *exception, int64_t now);
/* The one in force for a sender of exception_sender_of; the later to end of two. NULL: none. */
const struct exception *exceptions_find(const struct exceptions *exceptions, const char *sender,
					int64_t now);

/* The one for this very sender, in force or not; NULL: none. */
const struct exception *exceptions_get(const struct exceptions *exceptions, const char *sender);

/*
 * Put one in, in place of the sender's earlier one. Those that have ended by `now`
 * make room (0: none has). False, and nothing changed, when there is none.
 */
bool exceptions_put(struct exceptions *exceptions, const struct exception *exception, int64_t now);
/* False when there was none. */
bool exceptions_remove(struct exceptions *exceptions, const char *sender);

/*
 * The key of the map `exception`, and of its record: "ALIAS SENDER", as alias_key and
 * exception_sender_of spell them. False, and dst empty, when it does not fit.
 */
#define EXCEPTION_KEY_SIZE (2 * ALIAS_ADDRESS_SIZE)
bool exception_key(char *dst, size_t size, const char *alias, const char *sender);
/* The way back; false, and both empty, for any other spelling. */
bool exception_key_parse(char alias[ALIAS_ADDRESS_SIZE], char sender[ALIAS_ADDRESS_SIZE],
			 const char *key, size_t len);

#endif
