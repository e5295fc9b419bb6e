/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/nexthop.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/names/mailaddr.h"

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
		return NEXTHOP_UNKNOWN_SERVICE;
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

static bool take_address(struct nexthop *nexthop, const char *text, size_t len)
{
	char shown[IPADDR_SIZE];

	if (!ipaddr_parse_numeric(&nexthop->address, text, len))
		return false;
	nexthop->kind = NEXTHOP_ADDRESS;
	return str_copy(nexthop->name, sizeof(nexthop->name),
			ipaddr_format(shown, &nexthop->address));
}

static enum nexthop_error take_name(struct nexthop *nexthop, enum nexthop_kind kind,
				    const char *text, size_t len)
{
	nexthop->kind = kind;
	if (domain_fold(nexthop->name, text, len))
		return NEXTHOP_OK;
	return domain_may_exist(text, len) ? NEXTHOP_UNKNOWN_NAME : NEXTHOP_MALFORMED;
}

/* What stands between the brackets: an address, or the name of a host. */
static enum nexthop_error take_bracketed(struct nexthop *nexthop, const char *text, size_t len)
{
	bool tagged = str_starts_nocase_n(text, len, IPV6_PREFIX);
	size_t skip = tagged ? IPV6_PREFIX_LEN : 0;

	if (take_address(nexthop, text + skip, len - skip))
		return NEXTHOP_OK;
	return take_name(nexthop, NEXTHOP_HOST, text, len);
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

/* [host], [host]:port; *port is what follows the colon, NULL where there is none. */
static enum nexthop_error parse_host(struct nexthop *nexthop, const char **port, const char *text,
				     const char *end)
{
	const char *close = memchr(text, ']', (size_t)(end - text));

	if (close == NULL || (close + 1 < end && close[1] != ':'))
		return NEXTHOP_MALFORMED;
	*port = close + 1 < end ? close + 2 : NULL;
	return take_bracketed(nexthop, text + 1, (size_t)(close - text) - 1);
}

/* domain, domain:port; *port as above. */
static enum nexthop_error parse_domain(struct nexthop *nexthop, const char **port, const char *text,
				       const char *end)
{
	const char *colon = memrchr(text, ':', (size_t)(end - text));
	size_t len = (size_t)((colon != NULL ? colon : end) - text);

	*port = colon != NULL ? colon + 1 : NULL;
	if (take_address(nexthop, text, len))
		return NEXTHOP_OK;
	return take_name(nexthop, NEXTHOP_DOMAIN, text, len);
}

enum nexthop_error nexthop_parse(struct nexthop *nexthop, const char *text, size_t len)
{
	enum nexthop_error error;
	const char *port = NULL, *end = text + len;

	*nexthop = (struct nexthop){ 0 };
	if (len == 0)
		return NEXTHOP_MALFORMED;
	if (text[0] == '[')
		error = parse_host(nexthop, &port, text, end);
	else if (text[0] == '.')
		error = take_name(nexthop, NEXTHOP_PARENT, text + 1, len - 1);
	else
		error = parse_domain(nexthop, &port, text, end);
	if (error != NEXTHOP_OK)
		return error;
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

/* user@[192.0.2.1] goes to that address only, user@example.com by MX. */
static bool address_nexthop(struct nexthop *nexthop, const char *text, size_t len)
{
	struct mailaddr addr;
	char hop[DOMAIN_SIZE + 2];

	if (mailaddr_parse(&addr, text, len, "") != MAILADDR_OK || addr.domain[0] == '\0')
		return false;
	snprintf(hop, sizeof(hop), addr.domain_is_literal ? "[%s]" : "%s", addr.domain);
	return nexthop_parse(nexthop, hop, strlen(hop)) == NEXTHOP_OK;
}

bool subject_parse(struct subject *subject, const char *text, size_t len)
{
	subject->is_address = memchr(text, '@', len) != NULL;
	if (subject->is_address)
		return address_nexthop(&subject->nexthop, text, len);
	return nexthop_parse(&subject->nexthop, text, len) == NEXTHOP_OK;
}
