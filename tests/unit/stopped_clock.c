/* SPDX-License-Identifier: BSD-2-Clause */
/* base/clock.h for test_cli: it is always noon of 10 January 2026, UTC. */
#include "base/clock.h"

#include <time.h>

int64_t clock_wall(void)
{
	return INT64_C(1768046400);
}

/* Waits still end. */
int64_t clock_mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
	return clock_mono_ms() * 1000;
}
