/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * override - which override of an admin governs a next hop.
 *
 * Its own does, if it is in force; else that of the nearest parent whose override is in
 * force. So an override that has expired gives way to the next one above. Only plain names,
 * with or without a port, have parents: Postfix asks no further about a [host].
 *
 * The owner of the overrides looks at each of these keys, in this order:
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
 * Takes over *found if it governs. True if none further up can govern. One that has
 * expired is kept, to be shown, while nothing better is found; it governs nothing.
 */
bool override_offer(struct override *governs, const struct override *found, int64_t now);

#endif
