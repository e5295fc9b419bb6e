/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/nexthop.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

#define SMTP_PORT 25
#define IPV6_PREFIX "IPv6:"
#define IPV6_PREFIX_LEN (sizeof(IPV6_PREFIX) - 1)

/* The IANA service names under which mail is sent. */
static const struct {
	const char *name;
	uint16_t port;
} services[] = {
	{ "smtp", 25 },   { "submission", 587 }, { "submissions", 465 },
	{ "smtps", 465 }, { "lmtp", 24 },
};

static enum nexthop_error parse_port(uint16_t *port, const char *text, size_t len)
{
	uint64_t number;

	if (len == 0)
		return NEXTHOP_MALFORMED;
	if (text[0] >= '0' && text[0] <= '9') {
		if (!str_number(text, len, UINT16_MAX, &number) || number == 0)
			return NEXTHOP_MALFORMED;
		*port = (uint16_t)number;
		return NEXTHOP_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (strlen(services[i].name) == len &&
		    str_starts_nocase_n(text, len, services[i].name)) {
			*port = services[i].port;
			return NEXTHOP_OK;
		}
	}
	return NEXTHOP_UNKNOWN_SERVICE;
}

/* What stands between the brackets: an address, or the name of a host. */
static bool parse_bracketed(struct nexthop *nexthop, const char *text, size_t len)
{
	bool tagged = str_starts_nocase_n(text, len, IPV6_PREFIX);
	size_t skip = tagged ? IPV6_PREFIX_LEN : 0;

	if (ipaddr_parse(&nexthop->address, text + skip, len - skip)) {
		char shown[IPADDR_SIZE];

		nexthop->kind = NEXTHOP_ADDRESS;
		return str_copy(nexthop->name, sizeof(nexthop->name),
				ipaddr_format(shown, &nexthop->address));
	}
	nexthop->kind = NEXTHOP_HOST;
	return domain_fold(nexthop->name, text, len);
}

static void spell(struct nexthop *nexthop)
{
	bool brackets = nexthop->kind == NEXTHOP_HOST || nexthop->kind == NEXTHOP_ADDRESS;
	char port[STR_DECIMAL_SIZE] = "";

	if (nexthop->kind == NEXTHOP_DOMAIN && nexthop->port == 0) {
		str_copy(nexthop->key, sizeof(nexthop->key), nexthop->name);
		return;
	}
	if (nexthop->port != 0)
		str_decimal(port, nexthop->port);
	str_join(nexthop->key, sizeof(nexthop->key),
		 nexthop->kind == NEXTHOP_PARENT ? "."
		 : brackets                      ? "["
						 : "",
		 nexthop->name, brackets ? "]" : "", nexthop->port != 0 ? ":" : "", port, NULL);
}

enum nexthop_error nexthop_parse(struct nexthop *nexthop, const char *text, size_t len)
{
	enum nexthop_error error;
	const char *port = NULL; /* behind its colon */
	const char *end = text + len;
	bool named;

	*nexthop = (struct nexthop){ 0 };
	if (len == 0)
		return NEXTHOP_MALFORMED;
	if (text[0] == '[') {
		const char *close = memchr(text, ']', len);

		if (close == NULL || (close + 1 < end && close[1] != ':'))
			return NEXTHOP_MALFORMED;
		port = close + 1 < end ? close + 2 : NULL;
		named = parse_bracketed(nexthop, text + 1, (size_t)(close - text) - 1);
	} else if (text[0] == '.') {
		nexthop->kind = NEXTHOP_PARENT;
		named = domain_fold(nexthop->name, text + 1, len - 1);
	} else {
		const char *colon = memchr(text, ':', len);

		port = colon != NULL ? colon + 1 : NULL;
		nexthop->kind = NEXTHOP_DOMAIN;
		named = domain_fold(nexthop->name, text,
				    colon != NULL ? (size_t)(colon - text) : len);
	}
	if (!named)
		return NEXTHOP_MALFORMED;
	if (port != NULL) {
		error = parse_port(&nexthop->port, port, (size_t)(end - port));
		if (error != NEXTHOP_OK)
			return error;
		if (nexthop->port == SMTP_PORT)
			nexthop->port = 0;
	}
	spell(nexthop);
	return NEXTHOP_OK;
}

uint16_t nexthop_port(const struct nexthop *nexthop, uint16_t default_port)
{
	return nexthop->port != 0 ? nexthop->port : default_port;
}
