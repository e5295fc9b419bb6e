/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fleet_state - what a host remembers of its fleet, in its ledger: how far it has read,
 * and who the others are. While there is such a record, this host shares, and changes
 * are noted in the outbox.
 */
#ifndef POSTSEAL_CORE_FLEET_STATE_H
#define POSTSEAL_CORE_FLEET_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/utc.h"
#include "core/record/acts.h"

#define FLEET_ID_SIZE 16
#define FLEET_NAME_SIZE 65 /* 1 to 64 of letters, digits, '.', '-', '_' */

#define FLEET_TROUBLE_SIZE 300

bool fleet_name_good(const char *name, size_t len);

struct fleet_state {
	char name[FLEET_NAME_SIZE];      /* share_name, under which it shared last */
	uint8_t instance[FLEET_ID_SIZE]; /* random: tells two hosts of one name apart */
	uint8_t epoch[FLEET_ID_SIZE];    /* of the engine; zeroes: never spoken to */
	/* All batches up to this one were read; its nonce says that it is still the same. */
	uint64_t n;
	uint8_t nonce[FLEET_ID_SIZE];
	/* The same of the latest batch that this host told, which may be one after that: a
	 * backup from between the two lacks what nobody notes any more. 0: none. */
	uint64_t told;
	uint8_t told_nonce[FLEET_ID_SIZE];
	int64_t exchanged; /* by the engine's clock, when all was last read; 0: never */
	int64_t round;     /* by the same, when what can wait was last sent; 0: never */
	bool sweep;        /* all that is held is to be sent, not just what is in the outbox */
	bool acts;         /* the engine takes this host's acts */
	char trouble[FLEET_TROUBLE_SIZE]; /* why it does not share just now; "": it does */
};

void fleet_state_put(struct buf *out, const struct fleet_state *state);
bool fleet_state_get(struct fleet_state *out, const void *bytes, size_t len);

/* What can wait is sent once in a day. */
#define FLEET_ROUND UTC_DAY
/* A clock that is off by more than this does not publish. */
#define FLEET_CLOCK_OFF INT64_C(60)

/*
 * Was the last exchange so long ago that what it holds of admins' acts may have been taken
 * away since, and that forgotten (acts.h)? `now` by the engine's clock.
 */
bool fleet_state_is_old(const struct fleet_state *state, int64_t now);

/* A member of the fleet, as it told of itself. */
struct fleet_member {
	char name[FLEET_NAME_SIZE];
	char login[64]; /* whose name it is, by the engine's word; "": not known */
	uint8_t instance[FLEET_ID_SIZE];
	int64_t seen; /* by the engine's clock */
	uint64_t n;   /* had read so far then */
	bool acts;
	char version[32];
	/* What it holds, and how many records it has still to tell. FLEET_UNTOLD: it does not say. */
	int64_t domains, hosts, waiting;
};
#define FLEET_UNTOLD INT64_C(-1)

/* Has not been heard of for longer: it is not there, or cannot reach the engine. */
#define FLEET_LIVE INT64_C(90)
/* By the engine's clock, which was at state->exchanged when we last read. */
bool fleet_member_is_live(const struct fleet_member *member, const struct fleet_state *state);

void fleet_member_put(struct buf *out, const struct fleet_member *member);
bool fleet_member_get(struct fleet_member *out, const void *bytes, size_t len);

#endif
