/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/clock.h for test_mailbox: the file $MOVED_CLOCK says by how many days wall time is off, and
 * then, where a second number stands, by how many seconds the other clock is.
 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct off {
	int days, seconds;
};

static struct off off(void)
{
	const char *path = getenv("MOVED_CLOCK");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	struct off off = { 0, 0 };

	if (file != NULL) {
		if (fscanf(file, "%d %d", &off.days, &off.seconds) < 1)
			off = (struct off){ 0, 0 };
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
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec + off().seconds) * 1000000 + now.tv_nsec / 1000;
}
