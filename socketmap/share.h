/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * share - how much of the prober each may use, so that nobody crowds out the mail of others.
 *
 * The prober looks at SHARE_ALL next hops at a time. Of these, questions of one map, of one
 * client (a connection), and about names of one zone (the last two labels of a name, which may be
 * a wildcard's) have no more than a part each. What does not fit is not looked at now: the client
 * is answered with what is known, and asks again later.
 *
 * The parts are small for the resolver's sake. Each next hop is two questions to it at first (MX
 * and TXT), and those about names whose servers say nothing stay with it for seconds. Unbound has
 * 1024 at a time unless told otherwise (num-queries-per-thread), and drops what comes then. One
 * part takes half of that at most; the one of status, a quarter.
 *
 * Plain counting: no clock, no I/O.
 */
#ifndef POSTSEAL_SOCKETMAP_SHARE_H
#define POSTSEAL_SOCKETMAP_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "core/names/nexthop.h"
#include "core/policy/request.h"

#define SHARE_ALL 4096
#define SHARE_STATUS 128 /* symbols in a webmail: nobody's mail waits for them */
#define SHARE_DELIVERABLE 256
#define SHARE_CLIENT 128
#define SHARE_ZONE 256

struct share_zone;
LIST_HEAD(share_list, share);

/* One next hop that the prober has been asked to look at; embedded in what holds it. */
struct share {
	bool taken;
	enum map map;
	struct share_zone *zone;
	struct share_client *client; /* NULL: has left */
	LIST_ENTRY(share) in_client;
};

/* Embedded in a client; zeroed at first. */
struct share_client {
	size_t count;
	struct share_list list;
};

/* Zeroed at first. */
struct shares {
	size_t count, status, deliverable;
	struct share_zone *zones;
};

/* False, and nothing taken, where some part is used up. */
bool share_take(struct shares *shares, struct share *share, enum map map,
		const struct nexthop *nexthop, struct share_client *client);
/*
 * A question of this map is about the same next hop. It counts for the map that has the largest
 * part, so that mail never depends on who asked first.
 */
void share_join(struct shares *shares, struct share *share, enum map map);
void share_give_back(struct shares *shares, struct share *share);
/* The client is gone; the prober still looks at what it asked for. */
void share_leave(struct share_client *client);

#endif
