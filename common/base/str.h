/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * str - small string work that libc leaves to accident: bounded copies that
 * say when they did not fit, ASCII case that ignores the locale.
 */
#ifndef POSTSEAL_BASE_STR_H
#define POSTSEAL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number of elements of an array (not of a pointer). */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Copy a C string; false, and dst empty, when it does not fit with its NUL. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_copy_n(char *dst, size_t size, const char *src, size_t len);

/* The same for several C strings, the last of which is followed by NULL, put together. */
bool str_join(char *dst, size_t size, ...) __attribute__((sentinel));

/* A number in decimal, for where printf takes too long. Returns dst. */
#define STR_DECIMAL_SIZE 21 /* 2^64 has 20 digits */
char *str_decimal(char dst[STR_DECIMAL_SIZE], uint64_t value);

/* Of ASCII. */
static inline bool str_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Printable ASCII, with the blank and without it, whatever the locale. */
static inline bool str_is_print(char c)
{
	return c >= ' ' && c <= '~';
}

static inline bool str_is_graph(char c)
{
	return c > ' ' && c <= '~';
}

/* Is each of these bytes one of those? True if there are none. */
bool str_all_print(const char *s, size_t len);
bool str_all_graph(const char *s, size_t len);

/* ASCII only, whatever the locale. */
char str_lower_char(char c);
void str_lower(char *s);
bool str_equal_nocase(const char *a, const char *b);
bool str_starts_nocase(const char *s, const char *prefix);
/* The same of s[0..len), which need not end in a NUL. */
bool str_starts_nocase_n(const char *s, size_t len, const char *prefix);

/*
 * Copy len bytes so that they can be shown: printable ASCII as it is, all else
 * as \xNN. Always ends with a NUL; what does not fit is cut at a whole
 * character. Returns dst.
 */
char *str_printable(char *dst, size_t size, const char *src, size_t len);

/* How many bytes the character of UTF-8 at s[0..len) has, len > 0; 0: it is none (RFC 3629). */
size_t str_utf8_length(const char *s, size_t len);

/*
 * A decimal number of at most `max`, of all of s[0..len); no sign, no blanks,
 * not empty. False otherwise, and *value untouched.
 */
bool str_number(const char *s, size_t len, uint64_t max, uint64_t *value);

/* Hexadecimal digits in lower case: 2 len of them and a NUL. Returns dst. */
char *str_hex(char *dst, const void *octets, size_t len);
/* The octets of the first 2 len characters; false if one of them is no such digit. */
bool str_hex_read(void *octets, size_t len, const char *s);

#endif
