/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * num - small arithmetic: bounds of 64-bit numbers and moments, and FNV-1a.
 */
#ifndef POSTSEAL_BASE_NUM_H
#define POSTSEAL_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

static inline int64_t num_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t num_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* min <= max. */
static inline int64_t num_clamp(int64_t value, int64_t min, int64_t max)
{
	return value < min ? min : value > max ? max : value;
}

/* The earlier of two moments, where 0 stands for never. */
static inline int64_t num_earlier(int64_t a, int64_t b)
{
	return a == 0 || b == 0 ? a + b : num_min(a, b);
}

/*
 * FNV-1a of 64 bits (draft-eastlake-fnv). It tells things apart that nobody gains by
 * confusing: never use it where somebody could choose a collision to do harm.
 * Start with NUM_FNV, and add bytes in as many steps as you like.
 */
#define NUM_FNV UINT64_C(0xcbf29ce484222325)

static inline uint64_t num_fnv(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
