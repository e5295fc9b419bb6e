/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_eyes - the second pair of eyes (core/fleet/fleet_sighting.h) in the database that
 * hosts share: sightings, what others saw, and who tells a downgrade. Each call is one or
 * two statements; their results are those of engine.h.
 */
#ifndef POSTSEAL_IO_ENGINE_EYES_H
#define POSTSEAL_IO_ENGINE_EYES_H

#include "core/fleet/fleet_sighting.h"
#include "io/engine/engine.h"

/*
 * Our sighting of this host, at `seen`, for these eyes ("": none): it is opened unless it
 * is already, with the eyes that it had then; and how it stands.
 */
enum engine_result engine_sight(struct engine *engine, const char *host_key, int64_t seen,
				const char *const eyes[FLEET_EYES], struct fleet_round *round);

/* What others want us to look at and heard no answer to, at most FLEET_SIGHTINGS_MAX. What
 * no host writes is passed over. */
struct engine_asks {
	size_t count;
	struct fleet_ask ask[FLEET_SIGHTINGS_MAX];
};
enum engine_result engine_asks(struct engine *engine, struct engine_asks *asks);
enum engine_result engine_answer(struct engine *engine, const struct fleet_ask *ask,
				 enum fleet_saw saw);

/*
 * May we tell that this host lost TLS? TLS was last seen there at `last_tls`: who told it
 * of something later tells it for all. Then the name is in `teller`; "": we may.
 */
enum engine_result engine_claim(struct engine *engine, const char *host_key, int64_t seen,
				int64_t last_tls, char teller[FLEET_NAME_SIZE]);

#endif
