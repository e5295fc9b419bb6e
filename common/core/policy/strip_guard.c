/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/strip_guard.h"

#include <string.h>

#include "base/num.h"

static void drop(struct strip_guard *guard, size_t i)
{
	guard->count--;
	memmove(&guard->seen[i], &guard->seen[i + 1], (guard->count - i) * sizeof(guard->seen[0]));
}

/* Outside the window, on either side: a clock that jumped proves nothing. */
static bool outdated(int64_t time, int64_t now)
{
	return time < now - STRIP_WINDOW || time > now;
}

/* While STARTTLS is taken away none is outdated: who lost it has to show it again. */
static void drop_outdated_and(struct strip_guard *guard, uint64_t host, int64_t now)
{
	for (size_t i = guard->count; i-- > 0;)
		if (guard->seen[i].host == host ||
		    (!guard->stripped && outdated(guard->seen[i].time, now)))
			drop(guard, i);
}

static void add(struct strip_guard *guard, uint64_t host, int64_t now, bool lost)
{
	if (guard->count == STRIP_SEEN_MAX)
		drop(guard, 0);
	guard->seen[guard->count].host = host;
	guard->seen[guard->count].time = now;
	guard->seen[guard->count].lost = lost;
	guard->count++;
}

static bool most_lost_it(const struct strip_guard *guard)
{
	size_t lost = 0;

	for (size_t i = 0; i < guard->count; i++)
		lost += guard->seen[i].lost;
	return lost >= STRIP_HOSTS && lost > guard->count - lost;
}

enum strip_change strip_guard_note(struct strip_guard *guard, const char *host_key,
				   const struct history *history, const struct observation *seen,
				   int64_t now)
{
	bool was = guard->stripped;

	if (history->tls_days.count >= STRIP_LONG_DAYS &&
	    (seen->observed == OBSERVED_TLS || seen->observed == OBSERVED_PLAIN)) {
		/* A key that collides with another only makes the guard a little slower. */
		uint64_t host = num_fnv(NUM_FNV, host_key, strlen(host_key));

		drop_outdated_and(guard, host, now);
		add(guard, host, now, seen->observed == OBSERVED_PLAIN);
		guard->stripped = most_lost_it(guard);
	}
	if (guard->stripped == was)
		return STRIP_SAME;
	return guard->stripped ? STRIP_BEGAN : STRIP_ENDED;
}
