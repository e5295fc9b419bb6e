/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/pin.h"

#include <string.h>

bool pin_is_digits(const char *pin)
{
	size_t len = strspn(pin, "0123456789");

	return pin[len] == '\0' && len >= PIN_MIN && len <= PIN_DIGITS_MAX;
}

/* 12345678, 87654321, 89012345 */
static bool is_run(const char *pin, int step)
{
	for (; pin[1] != '\0'; pin++) {
		if ((pin[1] - pin[0] + 10) % 10 != (step + 10) % 10)
			return false;
	}
	return true;
}

static size_t different_digits(const char *pin)
{
	unsigned seen = 0;
	size_t count = 0;

	for (; *pin != '\0'; pin++)
		seen |= 1u << (*pin - '0');
	for (; seen != 0; seen &= seen - 1)
		count++;
	return count;
}

static bool is_repeated(const char *pin, size_t len)
{
	for (size_t group = 1; group <= len / 2; group++) {
		if (len % group == 0 && memcmp(pin, pin + group, len - group) == 0)
			return true;
	}
	return false;
}

static unsigned number(const char *digits, size_t len)
{
	unsigned n = 0;

	while (len-- > 0)
		n = n * 10 + (unsigned)(*digits++ - '0');
	return n;
}

static bool is_day(unsigned day, unsigned month)
{
	return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

static bool is_year(unsigned year)
{
	return year >= 1920 && year <= 2099;
}

/* DDMMYYYY, MMDDYYYY, YYYYMMDD, YYYYDDMM; DDMMYY and its kin are for six digits. */
static bool is_date(const char *pin, size_t len)
{
	unsigned a = number(pin, 2), b = number(pin + 2, 2);

	if (len == 6)
		return is_day(a, b) || is_day(b, a) || is_day(number(pin + 4, 2), b);
	if (len != 8)
		return false;
	return (is_year(number(pin + 4, 4)) && (is_day(a, b) || is_day(b, a))) ||
	       (is_year(number(pin, 4)) && (is_day(number(pin + 6, 2), number(pin + 4, 2)) ||
					    is_day(number(pin + 4, 2), number(pin + 6, 2))));
}

const char *pin_weakness(const char *pin, size_t least)
{
	size_t len = strlen(pin);

	if (!pin_is_digits(pin))
		return "has to be of 4 to 16 digits";
	if (len < least)
		return "is too short";
	if (is_run(pin, 1) || is_run(pin, -1))
		return "counts up or down";
	if (different_digits(pin) < 3)
		return "has fewer than three different digits";
	if (is_repeated(pin, len))
		return "repeats itself";
	if (is_date(pin, len))
		return "looks like a date";
	return NULL;
}

bool pin_make(char pin[PIN_SIZE], size_t length, const unsigned char *octets)
{
	for (size_t i = 0; i < length; i++) {
		if (octets[i] >= 250)
			return false;
		pin[i] = (char)('0' + octets[i] % 10);
	}
	pin[length] = '\0';
	return pin_weakness(pin, length) == NULL;
}
