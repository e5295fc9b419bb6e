/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint - where to listen or connect, as Postfix writes it:
 * "inet:127.0.0.1:7672", "inet:[::1]:7672", "inet:localhost:7672" (taken as
 * 127.0.0.1), "unix:/path".
 */
#ifndef POSTSEAL_CORE_ENDPOINT_H
#define POSTSEAL_CORE_ENDPOINT_H

#include <stdbool.h>

#include "core/names/ipaddr.h"

#define ENDPOINT_PATH_SIZE 108 /* sun_path */

struct endpoint {
	bool is_unix;
	char path[ENDPOINT_PATH_SIZE]; /* unix: absolute */
	struct ipaddr addr;            /* inet */
	uint16_t port;
};

bool endpoint_parse(struct endpoint *endpoint, const char *text);

#endif
