/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/request.h"

#include <string.h>

#define TLSRPT_SUFFIX "+tlsrpt"

#define NO_LEVEL 0
#define POLICY(suffix, level)                           \
	{                                               \
		"policy" suffix, MAP_KIND_POLICY, level \
	}
#define DELIVERABLE(suffix, level)                                \
	{                                                         \
		"deliverable" suffix, MAP_KIND_DELIVERABLE, level \
	}
#define OTHER(name)                            \
	{                                      \
		name, MAP_KIND_OTHER, NO_LEVEL \
	}

static const struct {
	const char *name;
	enum map_kind kind;
	int level; /* enum alias_level, or NO_LEVEL */
} maps[MAP_COUNT] = {
	[MAP_POLICY] = POLICY("", NO_LEVEL),
	[MAP_POLICY_ENCRYPT] = POLICY("-encrypt", ALIAS_ENCRYPT),
	[MAP_POLICY_AUTHENTICATED] = POLICY("-authenticated", ALIAS_AUTHENTICATED),
	[MAP_POLICY_VERIFY] = POLICY("-verify", ALIAS_VERIFY),
	[MAP_POLICY_DANE_ONLY] = POLICY("-dane-only", ALIAS_DANE_ONLY),
	[MAP_TRANSPORT] = OTHER("transport"),
	[MAP_ALIAS] = OTHER("alias"),
	[MAP_EXCEPTION] = OTHER("exception"),
	[MAP_OTHERWISE] = OTHER("otherwise"),
	[MAP_STATUS] = OTHER("status"),
	[MAP_MAILBOX] = OTHER("mailbox"),
	[MAP_DELIVERABLE_ENCRYPT] = DELIVERABLE("-encrypt", ALIAS_ENCRYPT),
	[MAP_DELIVERABLE_AUTHENTICATED] = DELIVERABLE("-authenticated", ALIAS_AUTHENTICATED),
	[MAP_DELIVERABLE_VERIFY] = DELIVERABLE("-verify", ALIAS_VERIFY),
	[MAP_DELIVERABLE_DANE_ONLY] = DELIVERABLE("-dane-only", ALIAS_DANE_ONLY),
};

/* A map's name is configuration, not input of users: case matters, as in Postfix. */
static bool map_find(enum map *map, const char *name, size_t len)
{
	for (size_t i = 0; i < MAP_COUNT; i++) {
		if (strlen(maps[i].name) == len && memcmp(maps[i].name, name, len) == 0) {
			*map = (enum map)i;
			return true;
		}
	}
	return false;
}

static bool cut_tlsrpt(const char *name, size_t *len)
{
	const size_t suffix = strlen(TLSRPT_SUFFIX);

	if (*len <= suffix || memcmp(name + *len - suffix, TLSRPT_SUFFIX, suffix) != 0)
		return false;
	*len -= suffix;
	return true;
}

enum request_error request_parse(struct request *request, const char *payload, size_t len)
{
	const char *blank;
	size_t name_len;

	if (len == 0 || memchr(payload, '\0', len) != NULL)
		return REQUEST_MALFORMED;
	blank = memchr(payload, ' ', len);
	if (blank == NULL || blank == payload)
		return REQUEST_MALFORMED;
	name_len = (size_t)(blank - payload);
	request->key = blank + 1;
	request->key_len = len - name_len - 1;
	request->tlsrpt = cut_tlsrpt(payload, &name_len);
	if (!map_find(&request->map, payload, name_len))
		return REQUEST_UNKNOWN_MAP;
	if (request->tlsrpt && !map_is_policy(request->map))
		return REQUEST_UNKNOWN_MAP;
	return REQUEST_OK;
}

const char *map_name(enum map map)
{
	return maps[map].name;
}

bool map_is_policy(enum map map)
{
	return map < MAP_COUNT && maps[map].kind == MAP_KIND_POLICY;
}

bool map_is_deliverable(enum map map)
{
	return map < MAP_COUNT && maps[map].kind == MAP_KIND_DELIVERABLE;
}

bool map_level(enum alias_level *level, enum map map)
{
	if (maps[map].level == NO_LEVEL)
		return false;
	*level = (enum alias_level)maps[map].level;
	return true;
}

enum map map_of_level(enum map_kind kind, enum alias_level level)
{
	enum map map = MAP_POLICY;

	while (map < MAP_COUNT - 1 && (maps[map].kind != kind || maps[map].level != (int)level))
		map++;
	return map;
}
