/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"

#include <stdarg.h>
#include <string.h>

bool str_copy(char *dst, size_t size, const char *src)
{
	return str_copy_n(dst, size, src, strlen(src));
}

bool str_copy_n(char *dst, size_t size, const char *src, size_t len)
{
	if (size == 0)
		return false;
	if (len >= size) {
		dst[0] = '\0';
		return false;
	}
	memcpy(dst, src, len);
	dst[len] = '\0';
	return true;
}

bool str_join(char *dst, size_t size, ...)
{
	const char *part;
	size_t used = 0;
	bool fits = str_copy(dst, size, "");
	va_list parts;

	va_start(parts, size);
	while (fits && (part = va_arg(parts, const char *)) != NULL) {
		fits = str_copy(dst + used, size - used, part);
		used += strlen(part);
	}
	va_end(parts);
	if (!fits)
		str_copy(dst, size, "");
	return fits;
}

char *str_decimal(char dst[STR_DECIMAL_SIZE], uint64_t value)
{
	char digits[STR_DECIMAL_SIZE];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	return memcpy(dst, at, (size_t)(digits + sizeof(digits) - at));
}

char str_lower_char(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void str_lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = str_lower_char(*s);
}

bool str_equal_nocase(const char *a, const char *b)
{
	while (*a != '\0' && str_lower_char(*a) == str_lower_char(*b)) {
		a++;
		b++;
	}
	return *a == '\0' && *b == '\0';
}

bool str_starts_nocase(const char *s, const char *prefix)
{
	for (; *prefix != '\0'; s++, prefix++)
		if (str_lower_char(*s) != str_lower_char(*prefix))
			return false;
	return true;
}

bool str_starts_nocase_n(const char *s, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	if (len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (str_lower_char(s[i]) != str_lower_char(prefix[i]))
			return false;
	return true;
}

bool str_all_print(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!str_is_print(s[i]))
			return false;
	return true;
}

bool str_all_graph(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!str_is_graph(s[i]))
			return false;
	return true;
}

char *str_printable(char *dst, size_t size, const char *src, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)src[i];
		bool plain = str_is_print((char)c);

		if (used + (plain ? 1 : 4) >= size)
			break;
		if (plain) {
			dst[used++] = (char)c;
		} else {
			dst[used++] = '\\';
			dst[used++] = 'x';
			dst[used++] = hex[c >> 4];
			dst[used++] = hex[c & 0x0f];
		}
	}
	if (size > 0)
		dst[used] = '\0';
	return dst;
}

bool str_number(const char *s, size_t len, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit;

		if (s[i] < '0' || s[i] > '9')
			return false;
		digit = (uint64_t)(s[i] - '0');
		/* n 10 + digit <= max, without overflow on the way */
		if (digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}

size_t str_utf8_length(const char *s, size_t len)
{
	const unsigned char *at = (const unsigned char *)s;
	size_t need = at[0] < 0x80   ? 1
		      : at[0] < 0xc2 ? 0
		      : at[0] < 0xe0 ? 2
		      : at[0] < 0xf0 ? 3
		      : at[0] < 0xf5 ? 4
				     : 0;

	if (need == 0 || need > len)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than it need be, half of a pair, or beyond Unicode. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return need;
}

char *str_hex(char *dst, const void *octets, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = octets;

	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = digits[from[i] >> 4];
		dst[2 * i + 1] = digits[from[i] & 15];
	}
	dst[2 * len] = '\0';
	return dst;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_hex_read(void *octets, size_t len, const char *s)
{
	unsigned char *to = octets;

	for (size_t i = 0; i < len; i++) {
		int high = hex_value(s[2 * i]), low = high < 0 ? -1 : hex_value(s[2 * i + 1]);

		if (low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
