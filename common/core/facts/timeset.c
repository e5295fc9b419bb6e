/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/facts/timeset.h"

#include <string.h>

#include "base/utc.h"

static int64_t floor_div(int64_t time, int64_t bucket)
{
	return time / bucket - (time % bucket < 0);
}

/* Days by a constant, which is a multiplication: each look-up checks some hundred of them. */
static int64_t bucket_of(int64_t time, int64_t bucket)
{
	return bucket == UTC_DAY ? floor_div(time, UTC_DAY) : floor_div(time, bucket);
}

void timeset_add(struct timeset *set, int64_t time, int64_t bucket)
{
	int64_t *times = set->times, mine = bucket_of(time, bucket);
	size_t place =
		set->count; /* of the first moment whose bucket is not before that of `time` */

	while (place > 0 && bucket_of(times[place - 1], bucket) >= mine)
		place--;
	if (place < set->count && bucket_of(times[place], bucket) == mine) {
		if (time < times[place])
			times[place] = time;
	} else if (set->count < TIMESET_MAX) {
		memmove(&times[place + 1], &times[place], (set->count - place) * sizeof(*times));
		times[place] = time;
		set->count++;
	} else if (place > 0) {
		/* The earliest makes room. */
		memmove(&times[0], &times[1], (place - 1) * sizeof(*times));
		times[place - 1] = time;
	}
}

void timeset_merge(struct timeset *into, const struct timeset *from, int64_t bucket)
{
	for (size_t i = 0; i < from->count; i++)
		timeset_add(into, from->times[i], bucket);
}

int64_t timeset_first_after(const struct timeset *set, int64_t after)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->times[i] > after)
			return set->times[i];
	return 0;
}

bool timeset_equal(const struct timeset *a, const struct timeset *b)
{
	return a->count == b->count &&
	       memcmp(a->times, b->times, a->count * sizeof(a->times[0])) == 0;
}

bool timeset_valid(const struct timeset *set, int64_t bucket)
{
	if (set->count > TIMESET_MAX || (set->count > 0 && set->times[0] < 1))
		return false;
	for (size_t i = 1; i < set->count; i++) {
		int64_t later = set->times[i], earlier = set->times[i - 1];

		if (later <= earlier)
			return false;
		/* Division is only needed where they are close. */
		if (later - earlier < bucket &&
		    bucket_of(later, bucket) <= bucket_of(earlier, bucket))
			return false;
	}
	return true;
}
