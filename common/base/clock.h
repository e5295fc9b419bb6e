/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock - the one place where time comes from.
 *
 * Wall time (seconds since 1970, UTC) dates what is learned; it can jump.
 * Monotonic time (milliseconds) bounds waits; it cannot. Tests replace this
 * file at link time. Not for common/core, which is told the time.
 */
#ifndef POSTSEAL_BASE_CLOCK_H
#define POSTSEAL_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall(void);
int64_t clock_mono_ms(void);
/* The same in microseconds, to see how long something took. */
int64_t clock_mono_us(void);

#endif
