/* SPDX-License-Identifier: BSD-2-Clause */
/* zone - this machine's time zone. Not for several threads. */
#ifndef POSTSEAL_BASE_ZONE_H
#define POSTSEAL_BASE_ZONE_H

#include <stdint.h>

/* Seconds by which local time is ahead of UTC, at a moment given in UTC. */
int64_t zone_offset(int64_t utc);

#endif
