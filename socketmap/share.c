/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/share.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/mem.h"
#include "base/str.h"

struct share_zone {
	char name[DOMAIN_SIZE];
	size_t count;
	UT_hash_handle hh;
};

/* "example.com" of "a.b.example.com"; an address is a zone of its own. */
static const char *zone_name(const struct nexthop *nexthop)
{
	const char *name = nexthop->name, *dot = strrchr(name, '.');

	if (nexthop->kind == NEXTHOP_ADDRESS || dot == NULL)
		return name;
	while (dot > name && dot[-1] != '.')
		dot--;
	return dot;
}

/*
 * How much a map uses of the part that it has for itself, which is *most; NULL: it has no part of
 * its own.
 */
static size_t *part_of(struct shares *shares, enum map map, size_t *most)
{
	if (map == MAP_STATUS) {
		*most = SHARE_STATUS;
		return &shares->status;
	}
	*most = SHARE_DELIVERABLE;
	return map_is_deliverable(map) ? &shares->deliverable : NULL;
}

static bool is_used_up(struct shares *shares, enum map map, const struct share_zone *zone,
		       const struct share_client *client)
{
	size_t most;
	const size_t *part = part_of(shares, map, &most);

	return shares->count >= SHARE_ALL || (part != NULL && *part >= most) ||
	       client->count >= SHARE_CLIENT || (zone != NULL && zone->count >= SHARE_ZONE);
}

static struct share_zone *add_zone(struct shares *shares, const char *name)
{
	struct share_zone *zone = mem_zero(1, sizeof(*zone));

	str_copy(zone->name, sizeof(zone->name), name);
	HASH_ADD_STR(shares->zones, name, zone);
	return zone;
}

static void count_for_map(struct shares *shares, enum map map, bool more)
{
	size_t most, *part = part_of(shares, map, &most);

	if (part != NULL)
		*part += more ? (size_t)1 : (size_t)-1;
}

bool share_take(struct shares *shares, struct share *share, enum map map,
		const struct nexthop *nexthop, struct share_client *client)
{
	const char *name = zone_name(nexthop);
	struct share_zone *zone;

	HASH_FIND_STR(shares->zones, name, zone);
	if (is_used_up(shares, map, zone, client))
		return false;
	share->taken = true;
	share->map = map;
	share->zone = zone != NULL ? zone : add_zone(shares, name);
	share->zone->count++;
	share->client = client;
	client->count++;
	LIST_INSERT_HEAD(&client->list, share, in_client);
	count_for_map(shares, map, true);
	shares->count++;
	return true;
}

/* The largest part first. */
static int rank(enum map map)
{
	return map == MAP_STATUS ? 2 : map_is_deliverable(map);
}

void share_join(struct shares *shares, struct share *share, enum map map)
{
	if (rank(map) >= rank(share->map))
		return;
	count_for_map(shares, share->map, false);
	count_for_map(shares, map, true);
	share->map = map;
}

static void forget_client(struct share *share)
{
	if (share->client == NULL)
		return;
	LIST_REMOVE(share, in_client);
	share->client->count--;
	share->client = NULL;
}

void share_give_back(struct shares *shares, struct share *share)
{
	if (!share->taken)
		return;
	forget_client(share);
	if (--share->zone->count == 0) {
		HASH_DEL(shares->zones, share->zone);
		free(share->zone);
	}
	count_for_map(shares, share->map, false);
	shares->count--;
	*share = (struct share){ 0 };
}

void share_leave(struct share_client *client)
{
	struct share *share;

	while ((share = LIST_FIRST(&client->list)) != NULL)
		forget_client(share);
}
