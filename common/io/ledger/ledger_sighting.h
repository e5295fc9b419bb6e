/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_sighting - what the ledger keeps for the second pair of eyes
 * (core/fleet/fleet_sighting.h): `sighting`, what this host saw and others are to look at,
 * and `look`, what others saw and this host is to look at; both by the key of the host's
 * record. postseal-share and postseal-prober hand them to one another.
 */
#ifndef POSTSEAL_IO_LEDGER_SIGHTING_H
#define POSTSEAL_IO_LEDGER_SIGHTING_H

#include "core/fleet/fleet_sighting.h"
#include "io/ledger/ledger.h"

/* The fleet as this host last heard of it; zeroed if it shares with nobody. False: broken. */
bool ledger_get_view(struct ledger_txn *txn, int64_t now, struct fleet_view *view);

/*
 * PLAIN was seen of the host with this history, at sighting->seen. *kept: it is for other eyes
 * first, and not to be learned now. False on failure, which has been logged; then abort.
 */
bool ledger_keep_sighting(struct ledger_txn *txn, const char *host_key,
			  const struct history *history, const struct fleet_sighting *sighting,
			  int64_t now, bool *kept);

/* As ledger_get_... and ledger_put_... of ledger.h. */
enum lookup ledger_get_sighting(struct ledger_txn *txn, const char *host_key,
				struct fleet_sighting *out);
bool ledger_put_sighting(struct ledger_txn *txn, const char *host_key,
			 const struct fleet_sighting *sighting);
bool ledger_remove_sighting(struct ledger_txn *txn, const char *host_key);

enum lookup ledger_get_look(struct ledger_txn *txn, const char *host_key, struct fleet_look *out);
bool ledger_put_look(struct ledger_txn *txn, const char *host_key, const struct fleet_look *look);
bool ledger_remove_look(struct ledger_txn *txn, const char *host_key);

/* All of them, at most FLEET_SIGHTINGS_MAX, so that they may be written meanwhile. */
struct ledger_sightings {
	size_t count;
	struct {
		char host[HOST_KEY_SIZE];
		struct fleet_sighting sighting;
	} at[FLEET_SIGHTINGS_MAX];
};
bool ledger_all_sightings(struct ledger_txn *txn, struct ledger_sightings *out);

struct ledger_looks {
	size_t count;
	struct {
		char host[HOST_KEY_SIZE];
		struct fleet_look look;
	} at[FLEET_SIGHTINGS_MAX];
};
bool ledger_all_looks(struct ledger_txn *txn, struct ledger_looks *out);

/* Is there any of either? Costs next to nothing. */
bool ledger_has_sightings(struct ledger_txn *txn);

#endif
