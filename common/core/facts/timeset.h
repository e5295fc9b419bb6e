/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timeset - a bounded set of moments, of which the latest are kept.
 *
 * Moments in the same bucket (a second, a day) count once, as the earliest of
 * them. Which ones are kept depends on the moments alone, not on the order in
 * which they came or how often: adding is commutative and idempotent, so logs
 * can be replayed and ledgers merged.
 */
#ifndef POSTSEAL_CORE_TIMESET_H
#define POSTSEAL_CORE_TIMESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMESET_MAX 32

struct timeset {
	uint8_t count;              /* 0 .. TIMESET_MAX */
	int64_t times[TIMESET_MAX]; /* seconds since 1970, ascending, one a bucket */
};

/* bucket is in seconds and must be the same for every call on one set. */
void timeset_add(struct timeset *set, int64_t time, int64_t bucket);
void timeset_merge(struct timeset *into, const struct timeset *from, int64_t bucket);
/* Earliest kept moment later than `after`; 0 if there is none. */
int64_t timeset_first_after(const struct timeset *set, int64_t after);
bool timeset_equal(const struct timeset *a, const struct timeset *b);
/* True if ascending, one a bucket, none before 1: what a decoder must check. */
bool timeset_valid(const struct timeset *set, int64_t bucket);

#endif
