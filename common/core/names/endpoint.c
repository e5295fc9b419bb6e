/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/endpoint.h"

#include <string.h>

#include "base/str.h"

static bool parse_unix(struct endpoint *endpoint, const char *path)
{
	/* "/" alone, or a path that ends in one, names a directory. */
	if (path[0] != '/' || path[strlen(path) - 1] == '/')
		return false;
	endpoint->is_unix = true;
	return str_copy(endpoint->path, sizeof(endpoint->path), path);
}

static bool parse_host(struct ipaddr *addr, const char *host, size_t len)
{
	bool is_v6;

	/* No look-up: what is bound must not depend on /etc/hosts or on DNS. */
	if (len == strlen("localhost") && str_starts_nocase(host, "localhost"))
		return ipaddr_parse(addr, "127.0.0.1", strlen("127.0.0.1"));
	is_v6 = len > 2 && host[0] == '[' && host[len - 1] == ']';
	if (is_v6) {
		host++;
		len -= 2;
	}
	/* The written form has to tell the family, or "::1:7672" could mean anything. */
	return (memchr(host, ':', len) != NULL) == is_v6 && ipaddr_parse(addr, host, len);
}

static bool parse_inet(struct endpoint *endpoint, const char *text)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (colon == NULL || !parse_host(&endpoint->addr, text, (size_t)(colon - text)))
		return false;
	if (!str_number(colon + 1, strlen(colon + 1), UINT16_MAX, &port) || port == 0)
		return false;
	endpoint->port = (uint16_t)port;
	return true;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(endpoint, text + 5);
	if (strncmp(text, "inet:", 5) == 0)
		return parse_inet(endpoint, text + 5);
	return false;
}
