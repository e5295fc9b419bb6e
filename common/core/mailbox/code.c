/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/code.h"

#include <string.h>

#include "base/str.h"

#define SECRET_LETTERS 26
#define CHECK_PRIME 1021 /* the largest below 32 * 32 */

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static unsigned checksum(const unsigned char value[SECRET_LETTERS])
{
	unsigned check = 0;

	for (size_t i = 0; i < SECRET_LETTERS; i++)
		check = (check * 32 + value[i]) % CHECK_PRIME;
	return check;
}

char *code_format(char dst[CODE_SIZE], const unsigned char secret[CODE_SECRET_SIZE])
{
	unsigned char value[SECRET_LETTERS] = { 0 };
	unsigned bits = 0, have = 2, at = 0, check; /* 130 bits, of which the first two are 0 */

	for (size_t i = 0; i < CODE_SECRET_SIZE; i++) {
		bits = bits << 8 | secret[i];
		for (have += 8; have >= 5; have -= 5)
			value[at++] = bits >> (have - 5) & 31;
	}
	check = checksum(value);
	for (size_t i = 0; i < SECRET_LETTERS; i++)
		dst[i] = letters[value[i]];
	dst[SECRET_LETTERS] = letters[check / 32];
	dst[SECRET_LETTERS + 1] = letters[check % 32];
	dst[CODE_LETTERS] = '\0';
	return dst;
}

char *code_format_grouped(char dst[CODE_GROUPED_SIZE], const unsigned char secret[CODE_SECRET_SIZE])
{
	char plain[CODE_SIZE];
	char *at = dst;

	code_format(plain, secret);
	for (size_t i = 0; i < CODE_LETTERS; i++) {
		if (i > 0 && i % 4 == 0)
			*at++ = '-';
		*at++ = plain[i];
	}
	*at = '\0';
	return dst;
}

/* -1: no letter of a code. */
static int value_of(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c != '\0' ? strchr(letters, c) : NULL;
	return at != NULL ? (int)(at - letters) : -1;
}

static bool read_values(unsigned char value[CODE_LETTERS], const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		int v = value_of(text[i]);

		if (text[i] == ' ' || text[i] == '-')
			continue;
		if (v < 0 || count == CODE_LETTERS)
			return false;
		value[count++] = (unsigned char)v;
	}
	return count == CODE_LETTERS;
}

bool code_parse(unsigned char secret[CODE_SECRET_SIZE], const char *text, size_t len)
{
	unsigned char value[CODE_LETTERS];
	unsigned bits = 0, have = 0, at = 0;

	if (str_starts_nocase_n(text, len, "v1.")) {
		text += 3;
		len -= 3;
	}
	if (!read_values(value, text, len) || value[0] > 7 ||
	    checksum(value) != value[SECRET_LETTERS] * 32u + value[SECRET_LETTERS + 1])
		return false;
	for (size_t i = 0; i < SECRET_LETTERS; i++) {
		bits = bits << 5 | value[i];
		have += i == 0 ? 3 : 5;
		if (have >= 8) {
			have -= 8;
			secret[at++] = (unsigned char)(bits >> have);
		}
	}
	return true;
}
