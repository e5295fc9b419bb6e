/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/subject.h"

#include <stdio.h>
#include <string.h>

#include "core/names/mailaddr.h"

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
