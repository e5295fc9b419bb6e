/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acts - what an admin did. Each act is a record that says when it was done. There is one for
 * each next hop that has an override, each alias (facts.h, alias.h), each key on file (a pin)
 * and each sender of an exception.
 *
 * What was taken away stays as a record that says so (an override of OVERRIDE_NONE,
 * a pin, alias or exception that is `removed`). Otherwise the next import
 * from a ledger that still has it would bring it back. Of two records the one with the later stamp holds. A stamp is the
 * time, or one more than the latest that was seen (acts_stamp): so an act holds
 * against those before it even if the clock is slow.
 */
#ifndef POSTSEAL_CORE_ACTS_H
#define POSTSEAL_CORE_ACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/utc.h"
#include "core/facts/facts.h"
#include "core/secure/exceptions.h"

/* What was taken away is remembered for this long, ... */
#define ACTS_KEPT (400 * UTC_DAY)
/* ... so a file in which nothing is newer than this might bring back what we remember no
 * longer. Acts in such a file do not count. */
#define ACTS_OLD (300 * UTC_DAY)
/* A date that is ahead of now by more than this comes from a wrong clock. */
#define ACTS_AHEAD INT64_C(300)
/* A clock may be slow by this much, and what it says is forgotten is forgotten. */
#define ACTS_BEHIND UTC_DAY

struct pin_act {
	uint8_t spki[SPKI_SIZE];
	bool removed;
	int64_t set; /* or removed; 0: before dates were kept */
	char author[64];
};

struct exception_act {
	bool removed; /* then `expires` is 0, and `set` says since when */
	struct exception exception;
};

/*
 * An entry of the journal: who did what to what, and when. The ledger keeps entries in the
 * order in which they were written and never changes one.
 */
struct journal_entry {
	int64_t time;               /* seconds since 1970 */
	char subject[NEXTHOP_SIZE]; /* next hop or host the entry is about */
	char event[32];             /* "raised", "downgrade", "forgotten", "override", ... */
	char author[64];            /* "prober", "learn", or the admin's login name */
	char detail[DETAIL_SIZE];
};

/* The stamp of an act at `now` that comes after one of `seen` (0: none). */
int64_t acts_stamp(int64_t now, int64_t seen);

/*
 * An admin makes us forget a domain, at `now`. First each of its MX hosts: the latest of
 * what they have shown goes into *seen. Then the domain
 * itself: nothing of all that counts any more. What is dated later than now by more than
 * ACTS_BEHIND is taken away instead, or nothing would count until then.
 */
void acts_forget_host(struct host_facts *host, int64_t now, int64_t *seen);
void acts_forget_domain(struct domain_facts *domain, int64_t now, int64_t seen);

/*
 * Gathers the pins of a next hop, in any order. If there are more than PINS_MAX, the latest
 * count. Set `pins.count` to 0, add each record, then read `pins`.
 */
struct acts_pins {
	struct pins pins;
	int64_t set[PINS_MAX]; /* of pins.spki[i] */
};
void acts_add_pin(struct acts_pins *all, const struct pin_act *act);

/* The same for an alias. If there are more than EXCEPTION_MAX, those that end last count. */
void acts_add_exception(struct exceptions *all, const struct exception_act *act);

#endif
