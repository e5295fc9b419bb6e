/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fleet_rank - who of the fleet looks at an MX host (doc/FLEET.md section 4).
 *
 * Rendezvous hashing: each member gets a number for each host, and the largest come first.
 * So all who see the same members agree without a word, and when one leaves, only what was
 * its own moves to others.
 *
 * The first of them is the host's owner and looks at it each day. What it sees is news to the
 * others, and spares them a look. The second is its deputy, and looks when there was no news
 * for FLEET_DEPUTY_AFTER; any other when there was none for FLEET_NEWS.
 *
 * News is spared looks, never a first one: what certificate a host showed is not shared. So
 * each member looks itself once in FLEET_OWN_LOOK, and always where its own latest look did
 * not end with TLS.
 */
#ifndef POSTSEAL_CORE_FLEET_RANK_H
#define POSTSEAL_CORE_FLEET_RANK_H

#include "core/facts/facts.h"
#include "core/fleet/fleet_state.h"

#define FLEET_DEPUTY_AFTER (INT64_C(25) * 3600)
#define FLEET_NEWS (INT64_C(26) * 3600)
#define FLEET_OWN_LOOK (7 * UTC_DAY)

/* Those heard of last; more are not kept. */
#define FLEET_MEMBERS_MAX 256

/* The fleet as a member sees it. A zeroed one is that of a host that shares with nobody. */
struct fleet_view {
	bool in_touch;              /* it shares, and nothing is wrong with that */
	char name[FLEET_NAME_SIZE]; /* our own */
	size_t count;
	struct fleet_member live[FLEET_MEMBERS_MAX]; /* ourselves among them */
};

/* Begins a view: `now` by this machine's clock. Then fleet_view_add for each member. */
void fleet_view_begin(struct fleet_view *view, const struct fleet_state *state, int64_t now);
/* One that was not heard of lately, by the engine's clock, does not count. */
void fleet_view_add(struct fleet_view *view, const struct fleet_state *state,
		    const struct fleet_member *member);

/*
 * The members for this host (a key as in record_host_key), the best first: at most `most`
 * of them, without the one named `except` (NULL: none). How many there are.
 */
size_t fleet_rank(const struct fleet_member *best[], size_t most, const struct fleet_view *view,
		  const char *host_key, const char *except);

/*
 * Whom we ask to look at this host, too: the best of the others, of different logins as far as
 * there are any. Who has broken into a host may give its login many names, and is one pair of eyes
 * all the same. How many there are.
 */
#define FLEET_EYES 2
size_t fleet_choose_eyes(const struct fleet_member *eyes[FLEET_EYES], const struct fleet_view *view,
			 const char *host_key);

/*
 * A look at this host is due. May it be left to others? Then until when, by what they told
 * last; else 0.
 */
int64_t fleet_spared_until(const struct fleet_view *view, const char *host_key,
			   const struct host_facts *host, int64_t now);

#endif
