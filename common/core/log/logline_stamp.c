/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/log/logline.h"

/* How many years back a leap day can be: 1896 to 1904 is the longest gap. */
#define LEAP_GAP 8

/* Exactly `count` digits. */
static bool take_digits(struct span *rest, size_t count, int *value)
{
	uint64_t number;

	if (rest->len < count || !str_number(rest->at, count, 9999, &number))
		return false;
	rest->at += count;
	rest->len -= count;
	*value = (int)number;
	return true;
}

/* ".123456", or nothing. */
static bool take_fraction(struct span *rest)
{
	int digit;

	if (!span_skip(rest, "."))
		return true;
	if (!take_digits(rest, 1, &digit))
		return false;
	while (take_digits(rest, 1, &digit))
		;
	return true;
}

/* "00:09:47.123"; a leap second is the one before it. */
static bool take_clock(struct logline_stamp *stamp, struct span *rest)
{
	if (!take_digits(rest, 2, &stamp->hour) || !span_skip(rest, ":") ||
	    !take_digits(rest, 2, &stamp->minute) || !span_skip(rest, ":") ||
	    !take_digits(rest, 2, &stamp->second))
		return false;
	if (stamp->second == 60)
		stamp->second = 59;
	return stamp->hour <= 23 && stamp->minute <= 59 && stamp->second <= 59 &&
	       take_fraction(rest);
}

/* "Nov 22 00:09:47" or "Nov  2 00:09:47" (RFC 3164 4.1.2). */
static bool take_traditional(struct logline_stamp *stamp, struct span *rest)
{
	static const char months[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
	char name[5] = { 0 };
	const char *at;

	if (rest->len < sizeof(name))
		return false;
	memcpy(name, rest->at, 4);
	at = strstr(months, name);
	if (name[3] != ' ' || at == NULL || (at - months) % 4 != 0)
		return false;
	span_skip(rest, name);
	stamp->month = (int)(at - months) / 4 + 1;
	if (!take_digits(rest, span_skip(rest, " ") ? 1 : 2, &stamp->day))
		return false;
	return span_skip(rest, " ") && take_clock(stamp, rest);
}

/* "Z", "+01:00", "+0100", or nothing. */
static bool take_offset(struct logline_stamp *stamp, struct span *rest)
{
	int hours, minutes, sign;

	if (rest->len == 0 || rest->at[0] == ' ' || rest->at[0] == '\t')
		return true;
	stamp->zoned = true;
	if (span_skip(rest, "Z"))
		return true;
	sign = span_skip(rest, "+") ? 1 : span_skip(rest, "-") ? -1 : 0;
	if (sign == 0 || !take_digits(rest, 2, &hours))
		return false;
	span_skip(rest, ":");
	if (!take_digits(rest, 2, &minutes) || hours > 15 || minutes > 59)
		return false;
	stamp->offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* "2026-11-22T00:09:47.123456+01:00", or a blank for the "T" (RFC 3339 5.6). */
static bool take_iso(struct logline_stamp *stamp, struct span *rest)
{
	return take_digits(rest, 4, &stamp->year) && span_skip(rest, "-") &&
	       take_digits(rest, 2, &stamp->month) && span_skip(rest, "-") &&
	       take_digits(rest, 2, &stamp->day) &&
	       (span_skip(rest, "T") || span_skip(rest, " ")) && take_clock(stamp, rest) &&
	       stamp->year > 0 && take_offset(stamp, rest);
}

bool logline_take_stamp(struct logline_stamp *stamp, struct span *rest)
{
	bool iso = rest->len > 0 && rest->at[0] >= '0' && rest->at[0] <= '9';

	*stamp = (struct logline_stamp){ 0 };
	return (iso ? take_iso(stamp, rest) : take_traditional(stamp, rest)) &&
	       (rest->len == 0 || rest->at[0] == ' ' || rest->at[0] == '\t');
}

/* Its time in that year; false where the year has no such day, or it is later than `latest`. */
static bool in_year(const struct logline_stamp *stamp, int64_t year, int64_t latest,
		    logline_zone_fn *zone, int64_t *time)
{
	const struct utc_date date = {
		.year = year,
		.month = stamp->month,
		.day = stamp->day,
		.hour = stamp->hour,
		.minute = stamp->minute,
		.second = stamp->second,
	};
	int64_t local;

	/* No zone is a day ahead: what lies so far off need not be asked about. */
	if (!utc_from_date(&local, &date) || local - UTC_DAY > latest)
		return false;
	/* The offset is that of the moment itself, which the first guess comes close to. */
	*time = local - (stamp->zoned ? stamp->offset : zone(local - zone(local)));
	return *time <= latest;
}

int64_t logline_time(const struct logline_stamp *stamp, int64_t reference, logline_zone_fn *zone)
{
	int64_t latest = reference + LOGLINE_FUTURE;
	int64_t from = stamp->year != 0 ? stamp->year : utc_year(latest) + 1;
	int64_t to = stamp->year != 0 ? stamp->year : from - LEAP_GAP - 2;
	int64_t time;

	for (int64_t year = from; year >= to; year--)
		if (in_year(stamp, year, latest, zone, &time))
			return time > 0 ? time : 0;
	return 0;
}
