/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acts - what an admin did, each as one record that says when: of overrides and
 * aliases one a next hop or address (facts.h, alias.h), of pins one a key on file, of
 * exceptions one a sender.
 *
 * What was taken away stays as a record that says so (an override of OVERRIDE_NONE,
 * a pin, alias or exception that is `removed`): else it came back with the next import from a
 * ledger that still has it. Of two records the one with the later stamp holds. A stamp is the
 * time, or one more than the latest that was seen (acts_stamp): so an act holds
 * against those before it even by a clock that is behind.
 */
#ifndef POSTSEAL_CORE_ACTS_H
#define POSTSEAL_CORE_ACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/utc.h"
#include "core/facts/facts.h"
#include "core/secure/exceptions.h"

/* So long what was taken away is remembered, ... */
#define ACTS_KEPT (400 * UTC_DAY)
/* ... so a file in which nothing is newer than this might bring back what is remembered no
 * longer: of such a file acts do not count. */
#define ACTS_OLD (300 * UTC_DAY)
/* What is dated later than now by more than this comes from a clock that is wrong. */
#define ACTS_AHEAD INT64_C(300)
/* By so much a clock may be behind, and what is forgotten by it is forgotten all the same. */
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
 * All that are on file for a next hop, gathered in any order: of more than PINS_MAX the
 * latest count. Make `pins.count` 0, show it each record, then read it.
 */
struct acts_pins {
	struct pins pins;
	int64_t set[PINS_MAX]; /* of pins.spki[i] */
};
void acts_add_pin(struct acts_pins *all, const struct pin_act *act);

/* The same of an alias: of more than EXCEPTION_MAX those that end last count. */
void acts_add_exception(struct exceptions *all, const struct exception_act *act);

#endif
