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
