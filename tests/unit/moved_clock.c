/* SPDX-License-Identifier: BSD-2-Clause */
/* base/clock.h for test_mailbox: wall time is so many days off as the file $MOVED_CLOCK says. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t days_off(void)
{
	const char *path = getenv("MOVED_CLOCK");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	int days = 0;

	if (file != NULL) {
		if (fscanf(file, "%d", &days) != 1)
			days = 0;
		fclose(file);
	}
	return days;
}

int64_t clock_wall(void)
{
	return (int64_t)time(NULL) + days_off() * 86400;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
