/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fleet_sighting - the second pair of eyes (doc/FLEET.md section 4).
 *
 * A host that had TLS is seen without it. Did it lose TLS, or is it taken away on our way to
 * it? A single host cannot tell. In a fleet, what was seen is first a sighting: it is kept
 * beside the history, two other members look at once, and what they saw decides:
 *
 *   one of them sees TLS     our own path is stripped: nothing is learned here
 *   all of them see none     a downgrade, which one member tells for all
 *   nobody looks in time     what a single host would have done
 *
 * A floor never depends on any of this: it stays, and mail waits meanwhile. All that is put
 * off is to learn that TLS is missing, and to call an admin.
 *
 *   observer   prober, or `learn`: keeps a sighting     share: asks, judges, claims
 *   an eye     share: keeps that a look is wanted       prober: looks      share: answers
 *   observer   prober: learns and tells, or does not
 *
 * Sightings and looks are in the ledger, by the key of the host's record, so whoever is
 * killed goes on later. What comes from the engine is hostile: a look is taken only at a host
 * that had TLS by our own ledger, and a false answer can but change what an admin is told.
 */
#ifndef POSTSEAL_CORE_FLEET_SIGHTING_H
#define POSTSEAL_CORE_FLEET_SIGHTING_H

#include "core/fleet/fleet_rank.h"
#include "core/fleet/fleet_row.h"
#include "core/record/record.h"

/* Others have so long to look, by the engine's clock; ... */
#define FLEET_ROUND_WAIT INT64_C(120)
/* ... and the prober waits so long for whatever word of it, by its own. */
#define FLEET_SIGHTING_WAIT INT64_C(180)
/* So many are kept at a time, of sightings and of looks. */
#define FLEET_SIGHTINGS_MAX 64
/* Next hops of a sighting that are told of it; of more, those that came first. */
#define FLEET_SIGHTING_DOMAINS 8

enum fleet_word {
	FLEET_WAITS,     /* for the others */
	FLEET_OURS,      /* others see TLS */
	FLEET_LOST,      /* TLS is gone, and we tell it */
	FLEET_LOST_TOLD, /* the same, and `teller` tells it */
	FLEET_ALONE      /* nobody else could say anything */
};

struct fleet_sighting {
	int64_t seen;
	enum fleet_word word;
	bool path;                    /* OURS: it counts as part of our path, which was told */
	char teller[FLEET_NAME_SIZE]; /* LOST_TOLD */
	size_t domains;
	char domain[FLEET_SIGHTING_DOMAINS][NEXTHOP_SIZE];
};

void fleet_sighting_put(struct buf *out, const struct fleet_sighting *sighting);
bool fleet_sighting_get(struct fleet_sighting *out, const void *bytes, size_t len);

/*
 * PLAIN was seen at `time` of a host with this history. Is it for other eyes first? Not if
 * the history knows that TLS is gone, if it was long ago (an old log), or without others.
 */
bool fleet_is_sighting(const struct fleet_view *view, const struct history *history, int64_t time,
		       int64_t now);

/* What an eye saw; in the engine, "tls", "plain", "nothing". */
enum fleet_saw { FLEET_SAW_NOT_YET, FLEET_SAW_TLS, FLEET_SAW_PLAIN, FLEET_SAW_NOTHING };

const char *fleet_saw_name(enum fleet_saw saw);

/* A look that another asked us for. */
struct fleet_look {
	int64_t wanted; /* when we heard of it */
	bool begun;
	enum fleet_saw saw;
};

void fleet_look_put(struct buf *out, const struct fleet_look *look);
bool fleet_look_get(struct fleet_look *out, const void *bytes, size_t len);

/* A round of the engine, as the observer reads it: who was asked, and what they answered. */
struct fleet_round {
	int64_t age; /* seconds since it was opened */
	struct {
		char name[FLEET_NAME_SIZE]; /* "": there is no such eye */
		enum fleet_saw saw;
	} eye[FLEET_EYES];
};

/* WAITS, OURS, LOST (which is still to be claimed) or ALONE. */
enum fleet_word fleet_judge(const struct fleet_round *round);

/* As the engine's client has it; strict: false for anything else. Age, eye, saw, eye, saw. */
#define FLEET_ROUND_COLUMNS (1 + 2 * FLEET_EYES)
bool fleet_round_read(struct fleet_round *round,
		      const struct fleet_text columns[FLEET_ROUND_COLUMNS]);

/* What an eye is asked: who asks, about which host, and which round that is. */
struct fleet_ask {
	char observer[FLEET_NAME_SIZE];
	char host[HOST_KEY_SIZE];
	int64_t seen;
};
#define FLEET_ASK_COLUMNS 3
bool fleet_ask_read(struct fleet_ask *ask, const struct fleet_text columns[FLEET_ASK_COLUMNS]);

#endif
