/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/clock.h for test_mailbox: the file $MOVED_CLOCK says by how many days wall time is off; then,
 * where a second number stands, by how many seconds the other clock is; and a third, if it is not 0,
 * is the second at which that one stands still.
 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct off {
	int days, seconds;
	int64_t stands;
};

static struct off off(void)
{
	const char *path = getenv("MOVED_CLOCK");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	struct off off = { 0, 0, 0 };

	if (file != NULL) {
		if (fscanf(file, "%d %d %" SCNd64, &off.days, &off.seconds, &off.stands) < 1)
			off = (struct off){ 0, 0, 0 };
		fclose(file);
	}
	return off;
}

int64_t clock_wall(void)
{
	return (int64_t)time(NULL) + off().days * INT64_C(86400);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
	const struct off moved = off();
	struct timespec now = { .tv_sec = (time_t)moved.stands };

	if (moved.stands == 0)
		clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec + moved.seconds) * 1000000 + now.tv_nsec / 1000;
}
