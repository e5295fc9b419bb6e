/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_sighting.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/ledger/ledger_fleet.h"
#include "io/ledger/ledger_store.h"

static void put_sighting(struct buf *out, const void *record)
{
	fleet_sighting_put(out, record);
}

static bool get_sighting(void *record, const void *bytes, size_t len)
{
	return fleet_sighting_get(record, bytes, len);
}

static void put_look(struct buf *out, const void *record)
{
	fleet_look_put(out, record);
}

static bool get_look(void *record, const void *bytes, size_t len)
{
	return fleet_look_get(record, bytes, len);
}

static const struct record_codec sighting_codec = { sizeof(struct fleet_sighting), put_sighting,
						    get_sighting };
static const struct record_codec look_codec = { sizeof(struct fleet_look), put_look, get_look };
static const struct codec codec_sighting = { LEDGER_SIGHTING, &sighting_codec };
static const struct codec codec_look = { LEDGER_LOOK, &look_codec };

enum lookup ledger_get_sighting(struct ledger_txn *txn, const char *host_key,
				struct fleet_sighting *out)
{
	return ledger_load(txn, &codec_sighting, host_key, out);
}

bool ledger_put_sighting(struct ledger_txn *txn, const char *host_key,
			 const struct fleet_sighting *sighting)
{
	return ledger_store(txn, &codec_sighting, host_key, sighting);
}

bool ledger_remove_sighting(struct ledger_txn *txn, const char *host_key)
{
	return ledger_delete(txn, &codec_sighting, host_key);
}

enum lookup ledger_get_look(struct ledger_txn *txn, const char *host_key, struct fleet_look *out)
{
	return ledger_load(txn, &codec_look, host_key, out);
}

bool ledger_put_look(struct ledger_txn *txn, const char *host_key, const struct fleet_look *look)
{
	return ledger_store(txn, &codec_look, host_key, look);
}

bool ledger_remove_look(struct ledger_txn *txn, const char *host_key)
{
	return ledger_delete(txn, &codec_look, host_key);
}

bool ledger_has_sightings(struct ledger_txn *txn)
{
	return !ledger_holds_none(txn, LEDGER_SIGHTING) || !ledger_holds_none(txn, LEDGER_LOOK);
}

/*
 * All of them.
 */

static bool add_sighting(void *context, const char *name, const void *record)
{
	struct ledger_sightings *all = context;

	if (all->count == FLEET_SIGHTINGS_MAX ||
	    !str_copy(all->at[all->count].host, HOST_KEY_SIZE, name))
		return false;
	all->at[all->count++].sighting = *(const struct fleet_sighting *)record;
	return true;
}

bool ledger_all_sightings(struct ledger_txn *txn, struct ledger_sightings *out)
{
	struct fleet_sighting sighting;

	out->count = 0;
	return ledger_walk(txn, &codec_sighting, NULL, &sighting, add_sighting, out);
}

static bool add_look(void *context, const char *name, const void *record)
{
	struct ledger_looks *all = context;

	if (all->count == FLEET_SIGHTINGS_MAX ||
	    !str_copy(all->at[all->count].host, HOST_KEY_SIZE, name))
		return false;
	all->at[all->count++].look = *(const struct fleet_look *)record;
	return true;
}

bool ledger_all_looks(struct ledger_txn *txn, struct ledger_looks *out)
{
	struct fleet_look look;

	out->count = 0;
	return ledger_walk(txn, &codec_look, NULL, &look, add_look, out);
}

/*
 * The fleet, and what is a sighting in it.
 */

struct viewing {
	struct fleet_view *view;
	const struct fleet_state *state;
};

static bool add_member(void *context, const char *name, const void *member)
{
	const struct viewing *viewing = context;

	(void)name;
	fleet_view_add(viewing->view, viewing->state, member);
	return true;
}

bool ledger_get_view(struct ledger_txn *txn, int64_t now, struct fleet_view *view)
{
	struct fleet_state state;
	struct viewing viewing = { view, &state };
	enum lookup found = ledger_get_fleet(txn, &state);

	if (found != LOOKUP_FOUND) {
		memset(view, 0, sizeof(*view));
		return found == LOOKUP_ABSENT;
	}
	fleet_view_begin(view, &state, now);
	return ledger_each_member(txn, add_member, &viewing);
}

static bool has_room(struct ledger_txn *txn)
{
	struct ledger_sightings *all = mem_zero(1, sizeof(*all));
	bool room = ledger_all_sightings(txn, all) && all->count < FLEET_SIGHTINGS_MAX;

	free(all);
	return room;
}

/*
 * While one stands, what is seen once more is the same; once the others' time to look is
 * over, it is another round. What is known of our path holds until TLS is seen there.
 */
static bool keep(struct ledger_txn *txn, const char *host_key, bool is_sighting,
		 const struct fleet_sighting *sighting, bool *kept)
{
	struct fleet_sighting stands, next = *sighting;
	bool found = ledger_get_sighting(txn, host_key, &stands) == LOOKUP_FOUND;
	bool fresh = found && stands.seen > sighting->seen - FLEET_SIGHTING_WAIT;

	*kept = fresh || (found && stands.path) || (is_sighting && (found || has_room(txn)));
	if (fresh || !is_sighting || !*kept)
		return true;
	next.path = found && stands.path;
	return ledger_put_sighting(txn, host_key, &next);
}

bool ledger_keep_sighting(struct ledger_txn *txn, const char *host_key,
			  const struct history *history, const struct fleet_sighting *sighting,
			  int64_t now, bool *kept)
{
	struct fleet_view *view = mem_zero(1, sizeof(*view));
	/* A fleet that cannot be read is none: then it is learned as a single host does. */
	bool is_sighting = ledger_get_view(txn, now, view) &&
			   fleet_is_sighting(view, history, sighting->seen, now);

	free(view);
	return keep(txn, host_key, is_sighting, sighting, kept);
}
