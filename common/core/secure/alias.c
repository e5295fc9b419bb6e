/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/alias.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct {
	enum alias_level level;
	const char *name;
	const char *transport;
} levels[] = {
	{ ALIAS_ENCRYPT, "encrypt", "postseal-encrypt" },
	{ ALIAS_AUTHENTICATED, "authenticated", "postseal-authenticated" },
	{ ALIAS_VERIFY, "verify", "postseal-verify" },
	{ ALIAS_DANE_ONLY, "dane-only", "postseal-dane-only" },
};

static bool local_fits(const char *local)
{
	size_t len = strlen(local);

	return len > 0 && len <= ALIAS_LOCAL_MAX && str_all_graph(local, len);
}

bool alias_key(char dst[ALIAS_ADDRESS_SIZE], const struct mailaddr *addr)
{
	int len = -1;

	if (!addr->domain_is_literal && addr->domain[0] != '\0' && local_fits(addr->local))
		len = snprintf(dst, ALIAS_ADDRESS_SIZE, "%s@%s", addr->local, addr->domain);
	if (len > 0 && len < ALIAS_ADDRESS_SIZE)
		return true;
	dst[0] = '\0';
	return false;
}

bool alias_at_secure_domain(const struct settings *settings, const char *key)
{
	return string_list_has(&settings->secure_domains, strrchr(key, '@') + 1);
}

bool alias_sealed(const struct settings *settings, enum lookup found, const struct alias *alias,
		  enum alias_level *level)
{
	*level = found == LOOKUP_FOUND ? alias->level : ALIAS_ENCRYPT;
	if (settings->secure_aliases == SECURE_ALIASES_ANY)
		return true;
	return found == LOOKUP_FOUND && alias->enabled;
}

static const char *const otherwise_names[] = {
	[ALIAS_REFUSE] = "refuse", [ALIAS_MAILBOX] = "mailbox"
};

const char *alias_otherwise_name(enum alias_otherwise otherwise)
{
	return (size_t)otherwise < ARRAY_LEN(otherwise_names) ? otherwise_names[otherwise] : "?";
}

bool alias_otherwise_parse(enum alias_otherwise *otherwise, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(otherwise_names); i++) {
		if (strcmp(otherwise_names[i], name) == 0) {
			*otherwise = (enum alias_otherwise)i;
			return true;
		}
	}
	return false;
}

const char *alias_level_name(enum alias_level level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (levels[i].level == level)
			return levels[i].name;
	return "?";
}

bool alias_level_parse(enum alias_level *level, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*level = levels[i].level;
			return true;
		}
	}
	return false;
}

const char *alias_transport(enum alias_level level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (levels[i].level == level)
			return levels[i].transport;
	return "?";
}

bool alias_transport_parse(enum alias_level *level, const char *transport)
{
	size_t len = strcspn(transport, ":");

	if (transport[len] == ':' && transport[len + 1] != '\0')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strlen(levels[i].transport) == len &&
		    memcmp(levels[i].transport, transport, len) == 0) {
			*level = levels[i].level;
			return true;
		}
	}
	return false;
}

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

bool alias_of_owner(char key[ALIAS_ADDRESS_SIZE], const struct settings *settings, size_t pair,
		    const char *mailbox)
{
	struct pair domains;

	key[0] = '\0';
	if (pair >= settings->secure_owner.count)
		return false;
	domains = pair_at(settings, pair);
	return move(key, mailbox, domains.ordinary, domains.secure);
}

enum lookup alias_owner(char mailbox[ALIAS_ADDRESS_SIZE], const struct settings *settings,
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
