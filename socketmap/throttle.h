/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * throttle - at most one log line of a kind in THROTTLE_MS, and how many were
 * held back since: what a client does a thousand times a second is news once.
 *
 * A zeroed struct is ready for use.
 */
#ifndef POSTSEAL_SOCKETMAP_THROTTLE_H
#define POSTSEAL_SOCKETMAP_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_MS 10000

struct throttle {
	bool used;
	int64_t since; /* when the latest line was let through */
	unsigned held; /* lines held back since then */
};

#define THROTTLE_NOTE_SIZE 48

/*
 * May a line be written now (clock_mono_ms)? If so, `note` is what to end it
 * with: " (17 more like it before)", or "" if none was held back.
 */
bool throttle_pass(struct throttle *throttle, int64_t now_ms, char note[THROTTLE_NOTE_SIZE]);

#endif
