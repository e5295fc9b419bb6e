/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fleet/fleet_rank.h"

#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* Who has read nothing for so long is not in touch, whatever it says of itself. */
#define TOUCH (FLEET_CLOCK_OFF + INT64_C(300))

void fleet_view_begin(struct fleet_view *view, const struct fleet_state *state, int64_t now)
{
	memset(view, 0, sizeof(*view));
	str_copy(view->name, sizeof(view->name), state->name);
	view->in_touch = state->trouble[0] == '\0' && state->exchanged != 0 &&
			 state->exchanged > now - TOUCH && state->exchanged < now + TOUCH;
}

void fleet_view_add(struct fleet_view *view, const struct fleet_state *state,
		    const struct fleet_member *member)
{
	if (view->count < FLEET_MEMBERS_MAX && fleet_member_is_live(member, state))
		view->live[view->count++] = *member;
}

/* FNV leaves the last bytes in the low bits: they are spread over all (as splitmix64 does). */
static uint64_t spread(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

static uint64_t weight(const char *host_key, const char *name)
{
	uint64_t hash = num_fnv(NUM_FNV, host_key, strlen(host_key) + 1);

	return spread(num_fnv(hash, name, strlen(name)));
}

/* Of two that weigh the same, one has to come first everywhere. */
static bool goes_before(const char *host_key, const struct fleet_member *a,
			const struct fleet_member *b)
{
	uint64_t weight_a = weight(host_key, a->name), weight_b = weight(host_key, b->name);

	return weight_a != weight_b ? weight_a > weight_b : strcmp(a->name, b->name) < 0;
}

size_t fleet_rank(const struct fleet_member *best[], size_t most, const struct fleet_view *view,
		  const char *host_key, const char *except)
{
	size_t count = 0;

	for (size_t i = 0; i < view->count; i++) {
		const struct fleet_member *member = &view->live[i];
		size_t at = count;

		if (except != NULL && strcmp(member->name, except) == 0)
			continue;
		while (at > 0 && goes_before(host_key, member, best[at - 1]))
			at--;
		if (at == most)
			continue;
		count = count < most ? count + 1 : most;
		memmove(&best[at + 1], &best[at], (count - at - 1) * sizeof(best[0]));
		best[at] = member;
	}
	return count;
}

/* Nobody has a login that is not known in common with another. */
static bool is_of_login(const struct fleet_member *a, const struct fleet_member *b)
{
	return a == b || (a->login[0] != '\0' && strcmp(a->login, b->login) == 0);
}

static bool is_of_one(const struct fleet_member *member, const struct fleet_member *const *eyes,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_of_login(member, eyes[i]))
			return true;
	return false;
}

size_t fleet_choose_eyes(const struct fleet_member *eyes[FLEET_EYES], const struct fleet_view *view,
			 const char *host_key)
{
	const struct fleet_member *best[FLEET_MEMBERS_MAX];
	size_t others = fleet_rank(best, FLEET_MEMBERS_MAX, view, host_key, view->name), count = 0;

	for (size_t i = 0; i < others && count < FLEET_EYES; i++)
		if (!is_of_one(best[i], eyes, count))
			eyes[count++] = best[i];
	/* All have one login: then the second eye is better than none. */
	for (size_t i = 0; i < others && count < FLEET_EYES; i++)
		if (best[i] != eyes[0])
			eyes[count++] = best[i];
	return count;
}

/* How old news may be that spares us a look; 0: none does. */
static int64_t patience(const struct fleet_view *view, const char *host_key)
{
	const struct fleet_member *best[2];
	size_t count = fleet_rank(best, ARRAY_LEN(best), view, host_key, NULL);

	if (count > 0 && strcmp(best[0]->name, view->name) == 0)
		return 0;
	return count > 1 && strcmp(best[1]->name, view->name) == 0 ? FLEET_DEPUTY_AFTER
								   : FLEET_NEWS;
}

int64_t fleet_spared_until(const struct fleet_view *view, const char *host_key,
			   const struct host_facts *host, int64_t now)
{
	int64_t news = num_max(host->history.last_tls, host->history.last_plain), until;

	if (!view->in_touch || view->count < 2 || host->last.observed != OBSERVED_TLS ||
	    host->last.time > now || host->last.time + FLEET_OWN_LOOK <= now || news > now)
		return 0;
	until = news + patience(view, host_key);
	/* Not later than our own look falls due. */
	until = num_min(until, host->last.time + FLEET_OWN_LOOK);
	return until > now ? until : 0;
}
