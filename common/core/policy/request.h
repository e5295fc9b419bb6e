/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request - the words of socketmap_table(5): "map key" in, a reply out.
 */
#ifndef POSTSEAL_CORE_REQUEST_H
#define POSTSEAL_CORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/secure/alias.h"

/* Limits of socketmap_table(5), in bytes of payload. */
#define REQUEST_MAX 10000
#define REPLY_MAX 100000

/* DESIGN.md section 3. The policy maps stand first, weakest first. */
enum map {
	MAP_POLICY,
	MAP_POLICY_ENCRYPT,
	MAP_POLICY_AUTHENTICATED,
	MAP_POLICY_VERIFY,
	MAP_POLICY_DANE_ONLY,
	MAP_TRANSPORT,
	MAP_ALIAS,
	MAP_EXCEPTION,
	MAP_OTHERWISE,
	MAP_STATUS,
	MAP_MAILBOX,
	/* One for each policy map of a level, in the same order. */
	MAP_DELIVERABLE_ENCRYPT,
	MAP_DELIVERABLE_AUTHENTICATED,
	MAP_DELIVERABLE_VERIFY,
	MAP_DELIVERABLE_DANE_ONLY,
	MAP_COUNT
};

struct request {
	enum map map;
	bool tlsrpt;     /* the map's name ended in "+tlsrpt" */
	const char *key; /* points into the caller's bytes; not NUL-terminated */
	size_t key_len;
};

enum request_error {
	REQUEST_OK,
	REQUEST_MALFORMED, /* no blank between map and key, or a NUL byte */
	REQUEST_UNKNOWN_MAP
};

enum request_error request_parse(struct request *request, const char *payload, size_t len);

enum map_kind {
	MAP_KIND_POLICY,      /* of a next hop, in the words of smtp_tls_policy_maps */
	MAP_KIND_DELIVERABLE, /* of a next hop: can a level of secure aliases be met? */
	MAP_KIND_OTHER
};

/* The map's name without "+tlsrpt", as in DESIGN.md. */
const char *map_name(enum map map);
bool map_is_policy(enum map map);
bool map_is_deliverable(enum map map);
/* The level that it promises, or asks after; false, and *level untouched, for other maps. */
bool map_level(enum alias_level *level, enum map map);
/* The map of this kind (not OTHER) for that level. */
enum map map_of_level(enum map_kind kind, enum alias_level level);

#endif
