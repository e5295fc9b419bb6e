/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/owner.h"

#include <string.h>

#include "base/str.h"

/* A pair of the settings, which are folded: "SECURE=ORDINARY". */
struct pair {
	char secure[DOMAIN_SIZE];
	const char *ordinary;
};

static struct pair pair_at(const struct settings *settings, size_t i)
{
	const char *text = settings->secure_owner.items[i], *equals = strchr(text, '=');
	struct pair pair = { .ordinary = equals + 1 };

	str_copy_n(pair.secure, sizeof(pair.secure), text, (size_t)(equals - text));
	return pair;
}

/* The same local part at domain `to`; false where `address` is not at `from`. */
static bool move(char dst[ALIAS_ADDRESS_SIZE], const char *address, const char *from,
		 const char *to)
{
	const char *at = strrchr(address, '@');
	char local[ALIAS_ADDRESS_SIZE];

	dst[0] = '\0';
	return at != NULL && at > address && strcmp(at + 1, from) == 0 &&
	       str_copy_n(local, sizeof(local), address, (size_t)(at - address)) &&
	       str_join(dst, ALIAS_ADDRESS_SIZE, local, "@", to, NULL);
}

bool secure_owner_alias(char key[ALIAS_ADDRESS_SIZE], const struct settings *settings, size_t pair,
			const char *mailbox)
{
	struct pair domains;

	key[0] = '\0';
	if (pair >= settings->secure_owner.count)
		return false;
	domains = pair_at(settings, pair);
	return move(key, mailbox, domains.ordinary, domains.secure);
}

enum lookup secure_owner_of(char mailbox[ALIAS_ADDRESS_SIZE], const struct settings *settings,
			    const char *key, enum lookup found, const struct alias *alias)
{
	mailbox[0] = '\0';
	if (found == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	if (found == LOOKUP_FOUND)
		return str_copy(mailbox, ALIAS_ADDRESS_SIZE, alias->mailbox) ? LOOKUP_FOUND
									     : LOOKUP_ERROR;
	for (size_t i = 0; i < settings->secure_owner.count; i++) {
		struct pair domains = pair_at(settings, i);

		if (move(mailbox, key, domains.secure, domains.ordinary))
			return LOOKUP_FOUND;
	}
	return LOOKUP_ABSENT;
}
