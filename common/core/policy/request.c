/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/request.h"

#include <string.h>

#define TLSRPT_SUFFIX "+tlsrpt"

static const char *const names[MAP_COUNT] = {
	[MAP_POLICY] = "policy",
	[MAP_POLICY_ENCRYPT] = "policy-encrypt",
	[MAP_POLICY_AUTHENTICATED] = "policy-authenticated",
	[MAP_POLICY_VERIFY] = "policy-verify",
	[MAP_POLICY_DANE_ONLY] = "policy-dane-only",
	[MAP_TRANSPORT] = "transport",
	[MAP_ALIAS] = "alias",
	[MAP_EXCEPTION] = "exception",
	[MAP_OTHERWISE] = "otherwise",
	[MAP_STATUS] = "status",
	[MAP_DELIVERABLE_ENCRYPT] = "deliverable-encrypt",
	[MAP_DELIVERABLE_AUTHENTICATED] = "deliverable-authenticated",
	[MAP_DELIVERABLE_VERIFY] = "deliverable-verify",
	[MAP_DELIVERABLE_DANE_ONLY] = "deliverable-dane-only",
};

/* A map's name is configuration, not input of users: case matters, as in Postfix. */
static bool map_find(enum map *map, const char *name, size_t len)
{
	for (size_t i = 0; i < MAP_COUNT; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
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
	return names[map];
}

bool map_is_policy(enum map map)
{
	return map <= MAP_POLICY_DANE_ONLY;
}

bool map_is_deliverable(enum map map)
{
	return map >= MAP_DELIVERABLE_ENCRYPT && map <= MAP_DELIVERABLE_DANE_ONLY;
}
