/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utc.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * Days since 1970 to a date of the proleptic Gregorian calendar and back. The
 * year is counted from March, so that the leap day is its last day.
 */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

/* `count` digits and what comes after them. Returns where the next ones go. */
static char *put(char *at, int64_t value, int count, char behind)
{
	for (int i = count - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
	at[count] = behind;
	return at + count + 1;
}

/* Not by printf(3): exports are made of these. */
char *utc_format(char dst[UTC_SIZE], int64_t seconds)
{
	int64_t rest = seconds % UTC_DAY; /* from the remainder: any moment may be asked for */
	int64_t days = seconds / UTC_DAY - (rest < 0);
	int64_t year, month, day;
	char *at = dst;

	if (rest < 0)
		rest += UTC_DAY;
	date_from_days(days, &year, &month, &day);
	if (year < 0 || year > 9999) {
		memcpy(dst, "?", 2);
		return dst;
	}
	at = put(at, year, 4, '-');
	at = put(at, month, 2, '-');
	at = put(at, day, 2, 'T');
	at = put(at, rest / 3600, 2, ':');
	at = put(at, rest / 60 % 60, 2, ':');
	at = put(at, rest % 60, 2, 'Z');
	*at = '\0';
	return dst;
}

/* `count` digits at text as a number; false if one is none. */
static bool digits(const char *text, int count, int64_t *value)
{
	*value = 0;
	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

bool utc_from_date(int64_t *seconds, const struct utc_date *date)
{
	int64_t days, year, month, day;

	if (date->month < 1 || date->month > 12 || date->hour > 23 || date->minute > 59 ||
	    date->second > 59)
		return false;
	days = days_from_date(date->year, date->month, date->day);
	/* The 31st of a shorter month comes back as another day. */
	date_from_days(days, &year, &month, &day);
	if (day != date->day || month != date->month)
		return false;
	*seconds = days * UTC_DAY + date->hour * 3600 + date->minute * 60 + date->second;
	return true;
}

int64_t utc_year(int64_t seconds)
{
	int64_t year, month, day;

	date_from_days(seconds / UTC_DAY - (seconds % UTC_DAY < 0), &year, &month, &day);
	return year;
}

char *utc_format_mail(char dst[UTC_MAIL_SIZE], int64_t seconds)
{
	static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char date[UTC_SIZE];
	int month;

	utc_format(date, seconds);
	month = (date[5] - '0') * 10 + date[6] - '0' - 1;
	snprintf(dst, UTC_MAIL_SIZE, "%.3s, %.2s %.3s %.4s %.8s +0000",
		 days + seconds / UTC_DAY % 7 * 3, date + 8, months + (ptrdiff_t)month * 3, date,
		 date + 11);
	return dst;
}

bool utc_parse(const char *text, int64_t *seconds)
{
	struct utc_date date = { 0 };

	if (strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[19] != 'Z')
		return false;
	return digits(text, 4, &date.year) && digits(text + 5, 2, &date.month) &&
	       digits(text + 8, 2, &date.day) && digits(text + 11, 2, &date.hour) &&
	       digits(text + 14, 2, &date.minute) && digits(text + 17, 2, &date.second) &&
	       utc_from_date(seconds, &date);
}

char *utc_span(char dst[UTC_SPAN_SIZE], int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 120)
		snprintf(dst, UTC_SPAN_SIZE, "%" PRId64 " s", seconds);
	else if (seconds < 120 * 60)
		snprintf(dst, UTC_SPAN_SIZE, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * UTC_DAY)
		snprintf(dst, UTC_SPAN_SIZE, "%" PRId64 " h", seconds / 3600);
	else
		snprintf(dst, UTC_SPAN_SIZE, "%" PRId64 " days", seconds / UTC_DAY);
	return dst;
}
