/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey - what the facts about a domain amount to, counted once, so that each
 * rule of `decide` reads as a sentence; and which override of an admin governs.
 *
 * A host whose address look-up says "no such host", or never succeeded, is left
 * out, as Postfix leaves it out. One whose look-ups merely fail now stands with
 * what was last known: a failure must not weaken an answer.
 */
#ifndef POSTSEAL_CORE_SURVEY_H
#define POSTSEAL_CORE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/facts/facts.h"
#include "core/settings/settings.h"

struct survey {
	size_t hosts; /* MX hosts that count */
	/* How many of those, by TLSA; they add up to `hosts`. */
	size_t usable;
	size_t unusable;
	size_t absent;
	size_t failed;     /* never known, and the latest look-up failed */
	size_t unasked;    /* never looked up yet */
	size_t unresolved; /* hosts whose address was never looked up yet; not in `hosts` */
	size_t unseen;     /* hosts that count, to which no one has spoken SMTP yet */
	bool sts_unasked;  /* MTA-STS applies and was never looked up yet */
	bool sts_failing;  /* the same, and its look-up has failed for less than STS_PASSING */
	bool sts_enforced; /* a policy in mode enforce is in force */
	bool sts_due;      /* it is time to look whether there is a newer policy */
	bool mx_unasked;   /* never looked up, or never with success and not failed */
	bool floor;
	bool stale; /* some fact is due for a refresh */
};

/* Does this host not count? */
bool survey_leaves_out(const struct host_facts *host);

/*
 * With keys on file, which name does Postfix send to a host (SNI)? The answer has
 * `servername=hostname` where each host that counts has usable TLSA records: then the
 * prober sends names as well (RFC 7672 8.1), and a certificate may depend on that.
 */
bool survey_pins_by_name(const struct facts *facts);
/* Did the prober look at host[i] as Postfix will, and so see the key that Postfix will see? */
bool survey_key_as_postfix(const struct settings *settings, const struct facts *facts, size_t i);

void survey_facts(struct survey *survey, const struct settings *settings, const struct facts *facts,
		  int64_t now);

/*
 * Which override of an admin governs a next hop?
 *
 * Its own does, if it is in force; else that of the nearest parent whose override is in
 * force. So an override that has expired gives way to the next one above. Only plain names,
 * with or without a port, have parents: Postfix asks no further about a [host].
 *
 * The owner of the overrides looks at each of these keys, in this order:
 *
 *	struct override found, governs = { 0 };
 *	for (key = override_key(nexthop, NULL); key != NULL; key = override_key(nexthop, key))
 *		if (there is one at `key`, *found) && override_offer(&governs, &found, now))
 *			break;
 */
bool override_in_force(const struct override *override, int64_t now);

/* The key after `previous`, or the first; NULL after the last. Points into *nexthop. */
const char *override_key(const struct nexthop *nexthop, const char *previous);

/*
 * Takes over *found if it governs. True if none further up can govern. One that has
 * expired is kept, to be shown, while nothing better is found; it governs nothing.
 */
bool override_offer(struct override *governs, const struct override *found, int64_t now);

#endif
