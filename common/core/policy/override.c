/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/override.h"

#include <string.h>

bool override_in_force(const struct override *override, int64_t now)
{
	return override->kind != OVERRIDE_NONE &&
	       (override->expires == 0 || now < override->expires);
}

const char *override_key(const struct nexthop *nexthop, const char *previous)
{
	if (previous == NULL)
		return nexthop->key;
	if (nexthop->kind != NEXTHOP_DOMAIN)
		return NULL;
	return previous == nexthop->key ? strchr(nexthop->name, '.') : strchr(previous + 1, '.');
}

bool override_offer(struct override *governs, const struct override *found, int64_t now)
{
	bool in_force = override_in_force(found, now);

	if (in_force || governs->kind == OVERRIDE_NONE)
		*governs = *found;
	return in_force;
}
