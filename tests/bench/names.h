/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names - the domains that the benchmarks fill the ledger with and ask for.
 *
 * The same number makes the same name, and neighbouring numbers make names that
 * lie far apart in the ledger: filling it in the order of the numbers is filling
 * it in no order.
 */
#ifndef POSTSEAL_BENCH_NAMES_H
#define POSTSEAL_BENCH_NAMES_H

#include <stdint.h>

#define NAME_SIZE 24
#define NAMES_MAX (UINT64_C(1) << 40)

/* "q7mz3kxa.example"; number < NAMES_MAX. Returns its length. */
unsigned name_domain(char dst[NAME_SIZE], uint64_t number);

/* A pseudo-random sequence (splitmix64); *state is the seed. */
uint64_t name_random(uint64_t *state);

#endif
