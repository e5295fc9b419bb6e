/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alias - the secure aliases that are on file (DESIGN.md section 7): whether each is
 * switched on, and how strictly its mail is sealed; and whose an alias is.
 *
 * An alias is known by its address without extension, local part in ASCII lower
 * case, domain folded: "me@secure.example.com". Postfix asks about addresses in
 * any spelling; alias_key makes them one.
 */
#ifndef POSTSEAL_CORE_ALIAS_H
#define POSTSEAL_CORE_ALIAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/names/mailaddr.h"
#include "core/settings/settings.h"

/* The expert levels, weakest first; each has a transport and a policy map of its own. */
enum alias_level {
	ALIAS_ENCRYPT = 1,       /* any TLS */
	ALIAS_AUTHENTICATED = 2, /* proven by DANE or MTA-STS */
	ALIAS_VERIFY = 3,        /* a certificate that an admin has put on file */
	ALIAS_DANE_ONLY = 4      /* proven by DANE */
};

/* What becomes of its mail where the level cannot be met. */
enum alias_otherwise {
	ALIAS_REFUSE = 0, /* it is refused, or comes back */
	ALIAS_MAILBOX = 1 /* it is sealed for the temporary mailbox */
};

/* RFC 5321 4.5.3.1: a local part of 64 bytes, "@", and the longest domain. */
#define ALIAS_LOCAL_MAX 64
#define ALIAS_ADDRESS_SIZE (ALIAS_LOCAL_MAX + 1 + DOMAIN_SIZE)

struct alias {
	bool enabled;
	bool removed; /* taken off file, which is remembered (acts.h); then it is not enabled */
	enum alias_level level;
	char mailbox[ALIAS_ADDRESS_SIZE]; /* whose it is: "me@example.com" */
	int64_t changed;                  /* seconds since 1970 */
	char author[64];                  /* who changed it last */
	enum alias_otherwise otherwise;
};

/*
 * The key of an address: false where it can be no alias (no domain, a literal,
 * a local part that is too long or not printable ASCII).
 */
bool alias_key(char dst[ALIAS_ADDRESS_SIZE], const struct mailaddr *addr);
/* Is the domain of this key, or of "@domain", one of secure_domains? */
bool alias_at_secure_domain(const struct settings *settings, const char *key);

/*
 * Is an address of a secure domain sealed, and how strictly? `found` and *alias
 * (FOUND only) are what the ledger says of it. Under `secure_aliases = "any"`
 * every address is, whether on file or not; under "enabled" one that is switched
 * on. *level is set when it is.
 */
bool alias_sealed(const struct settings *settings, enum lookup found, const struct alias *alias,
		  enum alias_level *level);

const char *alias_otherwise_name(enum alias_otherwise otherwise); /* "refuse", "mailbox" */
bool alias_otherwise_parse(enum alias_otherwise *otherwise, const char *name);

const char *alias_level_name(enum alias_level level); /* "encrypt", "dane-only", ... */
bool alias_level_parse(enum alias_level *level, const char *name);
/* The transport of master.cf that seals it: "postseal-encrypt". */
const char *alias_transport(enum alias_level level);
/* The reverse, with or without ":" after it; false for any other transport. */
bool alias_transport_parse(enum alias_level *level, const char *transport);

/*
 * Whose is a secure alias? This is the one rule that the milter applies to MAIL FROM, and
 * postseal-webmail to the user who asks.
 *
 * The file comes first: an alias on file is its mailbox's, and nobody else's. For the
 * rest the settings have pairs (`secure_owner`): with "secure.example.com=example.com",
 * me@secure.example.com is me@example.com's. Without a pair for its domain an alias
 * that is not on file is nobody's. me@other.example is never me@example.com.
 *
 * `key` as alias_key spells it; `found` and *alias (FOUND only) are what the ledger says
 * of it. FOUND: `mailbox` is whose it is. ABSENT: nobody's. ERROR: the file could not be
 * read, and who owns it cannot be told. Unless FOUND, `mailbox` is empty.
 */
enum lookup alias_owner(char mailbox[ALIAS_ADDRESS_SIZE], const struct settings *settings,
			const char *key, enum lookup found, const struct alias *alias);

/*
 * The other way round: the alias that `mailbox` (spelt as alias_key does) has by the
 * pair-th of secure_owner, unless the file says otherwise. False: none by that pair.
 */
bool alias_of_owner(char key[ALIAS_ADDRESS_SIZE], const struct settings *settings, size_t pair,
		    const char *mailbox);

#endif
