/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints: what is taken means the same when it is written out and read again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/names/ipaddr.h"

static void write_out(char *dst, size_t size, const struct endpoint *endpoint)
{
	char host[IPADDR_SIZE];

	if (endpoint->is_unix)
		snprintf(dst, size, "unix:%s", endpoint->path);
	else
		snprintf(dst, size, endpoint->addr.len == 4 ? "inet:%s:%u" : "inet:[%s]:%u",
			 ipaddr_format(host, &endpoint->addr), endpoint->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = mem_strndup((const char *)data, len);
	char canonical[ENDPOINT_PATH_SIZE + IPADDR_SIZE];
	struct endpoint endpoint, again;

	if (endpoint_parse(&endpoint, text)) {
		write_out(canonical, sizeof(canonical), &endpoint);
		if (!endpoint_parse(&again, canonical) ||
		    memcmp(&endpoint, &again, sizeof(endpoint)) != 0)
			abort();
		if (!endpoint.is_unix && endpoint.port == 0)
			abort();
	}
	free(text);
	return 0;
}
