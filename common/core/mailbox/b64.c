/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/b64.h"

#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *b64_text(char *dst, const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	char *at = dst;
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | in[i];
		for (have += 8; have >= 6; have -= 6)
			*at++ = letters[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*at++ = letters[bits << (6 - have) & 63];
	*at = '\0';
	return dst;
}

void b64_put(struct buf *out, const void *bytes, size_t len)
{
	b64_text(buf_reserve(out, B64_LEN(len) + 1), bytes, len);
	out->len += B64_LEN(len);
}

static int value_of(char c)
{
	const char *at = c != '\0' ? strchr(letters, c) : NULL;

	return at != NULL ? (int)(at - letters) : -1;
}

static bool decode(unsigned char *dst, const char *text, size_t len)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < len; i++) {
		int value = value_of(text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*dst++ = (unsigned char)(bits >> have);
		}
	}
	/* The bits left over are zero, and fewer than a letter has. */
	return len % 4 != 1 && (bits & ((1u << have) - 1)) == 0;
}

bool b64_get(struct buf *out, const char *text, size_t len)
{
	if (!decode((unsigned char *)buf_reserve(out, B64_OCTETS(len) + 1), text, len))
		return false;
	out->len += B64_OCTETS(len);
	return true;
}

bool b64_take(void *dst, size_t size, const char *text, size_t len)
{
	return len == B64_LEN(size) && decode(dst, text, len);
}
