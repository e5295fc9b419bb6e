/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * utc - RFC 3339 dates, as shown to people and written to exports:
 * 2026-01-02T03:04:05Z. Pure: no clock, no time zone.
 */
#ifndef POSTSEAL_BASE_UTC_H
#define POSTSEAL_BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>

#define UTC_SIZE 24 /* the date and its NUL, years 0000 to 9999 */
#define UTC_DAY INT64_C(86400)

/* Seconds since 1970 as a date in dst; outside years 0..9999 as "?". Returns dst. */
char *utc_format(char dst[UTC_SIZE], int64_t seconds);

/* "Fri, 02 Jan 2026 03:04:05 +0000" (RFC 5322 3.3) of a moment from 1970 to 9999. Returns dst. */
#define UTC_MAIL_SIZE 32
char *utc_format_mail(char dst[UTC_MAIL_SIZE], int64_t seconds);

/* The reverse of utc_format, for exactly this form; false, and *seconds untouched, otherwise. */
bool utc_parse(const char *text, int64_t *seconds);

/* A date that was written in another form; the year is counted as it is written. */
struct utc_date {
	int64_t year, month, day;     /* from 1 */
	int64_t hour, minute, second; /* from 0 */
};

/* Its seconds since 1970; false, and *seconds untouched, where there is no such date. */
bool utc_from_date(int64_t *seconds, const struct utc_date *date);
/* The year that a moment lies in. */
int64_t utc_year(int64_t seconds);

/* An age or a span for people: "12 s", "5 min", "3 h", "12 days". */
#define UTC_SPAN_SIZE 32
char *utc_span(char dst[UTC_SPAN_SIZE], int64_t seconds);

#endif
