/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request - the words of socketmap_table(5): "map key" in, a reply out.
 */
#ifndef POSTSEAL_CORE_REQUEST_H
#define POSTSEAL_CORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

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

/* The map's name without "+tlsrpt", as in DESIGN.md. */
const char *map_name(enum map map);
bool map_is_policy(enum map map);
bool map_is_deliverable(enum map map);

#endif
