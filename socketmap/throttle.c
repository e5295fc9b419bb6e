/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/throttle.h"

#include <stdio.h>

bool throttle_pass(struct throttle *throttle, int64_t now_ms, char note[THROTTLE_NOTE_SIZE])
{
	if (throttle->used && now_ms - throttle->since < THROTTLE_MS) {
		throttle->held++;
		return false;
	}
	note[0] = '\0';
	if (throttle->held > 0)
		snprintf(note, THROTTLE_NOTE_SIZE, " (%u more like it before)", throttle->held);
	*throttle = (struct throttle){ .used = true, .since = now_ms };
	return true;
}
