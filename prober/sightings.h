/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sightings - what the prober does with and for its fleet (core/fleet/fleet_rank.h and
 * fleet_sighting.h). A host that shares with nobody has none of this.
 *
 *   spare   a look at a host that others look at is left to them
 *   keep    TLS missing at a host that had it is first shown to others, and learned, or not,
 *           by what they say; after FLEET_SIGHTING_WAIT, by what a single host would do
 *   look    at once, at a host of which another member asks
 */
#ifndef POSTSEAL_PROBER_SIGHTINGS_H
#define POSTSEAL_PROBER_SIGHTINGS_H

#include "prober/prober.h"
#include "prober/tasks.h"

struct sightings; /* opaque */

struct sightings *sightings_new(struct prober *prober);
void sightings_free(struct sightings *sightings);

/* Are there others? */
bool sightings_in_fleet(const struct sightings *sightings);

/* A look at the host is due. Until when may it be left to others? 0: it may not. */
int64_t sightings_spare(const struct sightings *sightings, const char *host_key,
			const struct host_facts *host);

/*
 * The host with this history (before it is folded in) was `seen`. *learn: fold it in. False:
 * the transaction is broken.
 */
bool sightings_take(struct sightings *sightings, struct ledger_txn *txn,
		    const struct host_task *task, const struct history *history,
		    const struct observation *seen, bool *learn);

/*
 * The strip guard has changed its mind, at this host, or a sighting says what our path is: an
 * admin is told where that is news. As above.
 */
bool sightings_tell_path(struct sightings *sightings, struct ledger_txn *txn, const char *host_key);

/* Now and then: the others' words, the looks that they want, what nobody answered in time. */
void sightings_tick(struct sightings *sightings);

#endif
