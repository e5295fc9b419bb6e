/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal_address - addresses of mail that is sealed: bob@example.net, the same as an
 * address of `mailbox_domain`, bob=example.net@sealed.example.com, and the one
 * spelling by which a mailbox is known.
 *
 * Text is an address of the SMTP envelope with or without angle brackets: a dot
 * string or one quoted string, "@" and a domain; UTF-8 allowed (RFC 6531), other octets
 * beyond ASCII not. What is quoted in part, source routes, literals and comments are
 * refused: who writes them is told so. So is what has no room in NFC.
 */
#ifndef POSTSEAL_CORE_SEAL_ADDRESS_H
#define POSTSEAL_CORE_SEAL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lookup.h"
#include "core/names/domain.h"

/* RFC 5321 4.5.3.1 has 64 and 255; what is encoded has both in its local part. */
#define SEAL_LOCAL_MAX 400
#define SEAL_ADDRESS_SIZE (SEAL_LOCAL_MAX * 2 + DOMAIN_SIZE + 4)

/*
 * The address as it is written here: local part as it was, quoted where it has to
 * be, domain folded. False, and dst empty, if it is none.
 */
bool seal_address_take(char dst[SEAL_ADDRESS_SIZE], const char *text, size_t len);

/*
 * The same with the local part in NFC (Unicode Standard Annex 15) and ASCII lower case: by this a
 * mailbox is known. The key of a key is that key. What one of the two takes, the other takes.
 */
bool seal_address_key(char dst[SEAL_ADDRESS_SIZE], const char *text, size_t len);

/* What stands after the last "@"; the whole where there is none. */
const char *seal_address_domain(const char *address);

/* bob@example.net -> bob=example.net@mailbox_domain */
bool seal_address_encode(char dst[SEAL_ADDRESS_SIZE], const char *text, size_t len,
			 const char *mailbox_domain);

/*
 * The reverse. FOUND: real is bob@example.net. ABSENT: the address is of another
 * domain than mailbox_domain. ERROR: it is of this domain, and stands for nobody.
 */
enum lookup seal_address_decode(char real[SEAL_ADDRESS_SIZE], const char *text, size_t len,
				const char *mailbox_domain);

#endif
