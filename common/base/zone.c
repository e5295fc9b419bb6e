/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/zone.h"

#include <time.h>

static int64_t ask_zone(int64_t utc)
{
	time_t moment = (time_t)utc;
	struct tm tm;

	return localtime_r(&moment, &tm) != NULL ? tm.tm_gmtoff : 0;
}

/* Clocks are changed at a quarter of an hour of UTC, not within one. */
#define ZONE_SPAN 900
#define ZONES 4

/* Each line asks, and most of them the same. */
int64_t zone_offset(int64_t utc)
{
	static struct {
		int64_t span; /* 0: none yet */
		int64_t offset;
	} zones[ZONES];
	int64_t span = utc / ZONE_SPAN;

	if (span <= 0)
		return ask_zone(utc);
	if (zones[span % ZONES].span != span) {
		zones[span % ZONES].span = span;
		zones[span % ZONES].offset = ask_zone(utc);
	}
	return zones[span % ZONES].offset;
}
