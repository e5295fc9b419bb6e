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

/* Index of the first moment whose bucket is not before that of `time`. */
static size_t place_of(const struct timeset *set, int64_t time, int64_t bucket)
{
	size_t i = set->count;

	while (i > 0 && bucket_of(set->times[i - 1], bucket) >= bucket_of(time, bucket))
		i--;
	return i;
}

static void insert(struct timeset *set, size_t place, int64_t time)
{
	memmove(&set->times[place + 1], &set->times[place],
		(set->count - place) * sizeof(set->times[0]));
	set->times[place] = time;
	set->count++;
}

/* Make room by dropping the earliest, which lies before `place` (place > 0). */
static void insert_dropping_first(struct timeset *set, size_t place, int64_t time)
{
	memmove(&set->times[0], &set->times[1], (place - 1) * sizeof(set->times[0]));
	set->times[place - 1] = time;
}

void timeset_add(struct timeset *set, int64_t time, int64_t bucket)
{
	size_t place = place_of(set, time, bucket);

	if (place < set->count && bucket_of(set->times[place], bucket) == bucket_of(time, bucket)) {
		if (time < set->times[place])
			set->times[place] = time;
		return;
	}
	if (set->count < TIMESET_MAX)
		insert(set, place, time);
	else if (place > 0)
		insert_dropping_first(set, place, time);
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

/* In a later bucket? Division is only needed where they are close. */
static bool in_later_bucket(int64_t later, int64_t earlier, int64_t bucket)
{
	return later > earlier &&
	       (later - earlier >= bucket || bucket_of(later, bucket) > bucket_of(earlier, bucket));
}

bool timeset_valid(const struct timeset *set, int64_t bucket)
{
	if (set->count > TIMESET_MAX || (set->count > 0 && set->times[0] < 1))
		return false;
	for (size_t i = 1; i < set->count; i++)
		if (!in_later_bucket(set->times[i], set->times[i - 1], bucket))
			return false;
	return true;
}
