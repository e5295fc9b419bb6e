/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/names.h"

#include <string.h>

#define LETTERS 8 /* of five bits each */
#define SUFFIX ".example"

/* One-to-one on 40 bits: an odd factor and a shifted xor can both be undone. */
static uint64_t scatter(uint64_t number)
{
	for (int round = 0; round < 2; round++) {
		number = number * UINT64_C(0x9e3779b97f4a7c15) % NAMES_MAX;
		number ^= number >> 20;
	}
	return number;
}

unsigned name_domain(char dst[NAME_SIZE], uint64_t number)
{
	uint64_t bits = scatter(number);

	for (int i = 0; i < LETTERS; i++, bits >>= 5)
		dst[i] = "abcdefghijklmnopqrstuvwxyz234567"[bits & 31];
	memcpy(dst + LETTERS, SUFFIX, sizeof(SUFFIX));
	return LETTERS + sizeof(SUFFIX) - 1;
}

uint64_t name_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}
