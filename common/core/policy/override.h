/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * override - which override of an admin governs a next hop.
 *
 * Its own does, if one is in force; else that of its nearest parent which is. So
 * what an override that has expired gives way to, is the next one above. Only plain
 * names, also with a port, have parents: Postfix asks no further about a [host].
 *
 * Whoever keeps the overrides asks for those at each of these keys, in this order:
 *
 *	struct override found, governs = { 0 };
 *	for (key = override_key(nexthop, NULL); key != NULL; key = override_key(nexthop, key))
 *		if (there is one at `key`, *found) && override_offer(&governs, &found, now))
 *			break;
 */
#ifndef POSTSEAL_CORE_OVERRIDE_H
#define POSTSEAL_CORE_OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/facts/facts.h"

bool override_in_force(const struct override *override, int64_t now);

/* The key after `previous`, or the first; NULL after the last. Points into *nexthop. */
const char *override_key(const struct nexthop *nexthop, const char *previous);

/*
 * Takes over *found if it governs. True if none further up can. One that has expired
 * is kept while nothing better is found, to be shown; it governs nothing.
 */
bool override_offer(struct override *governs, const struct override *found, int64_t now);

#endif
