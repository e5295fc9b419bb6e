/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/netstring.h"

#include <string.h>

#include "base/str.h"

/*
 * The decimal length in bytes[0..len) and how many digits it has. Stops at the
 * first byte that is no digit; PARTIAL when all of them were.
 */
static enum netstring_result decode_length(size_t *value, size_t *digits, const char *bytes,
					   size_t len, size_t max)
{
	size_t n = 0, i;

	for (i = 0; i < len && bytes[i] >= '0' && bytes[i] <= '9'; i++) {
		size_t digit = (size_t)(bytes[i] - '0');

		if (i == 1 && bytes[0] == '0')
			return NETSTRING_MALFORMED;
		/* Compared without computing n * 10 + digit, which could overflow. */
		if (n > max / 10 || digit > max - n * 10)
			return NETSTRING_MALFORMED;
		n = n * 10 + digit;
	}
	if (i == len)
		return NETSTRING_PARTIAL;
	if (i == 0)
		return NETSTRING_MALFORMED;
	*value = n;
	*digits = i;
	return NETSTRING_WHOLE;
}

enum netstring_result netstring_decode(struct netstring *out, const char *bytes, size_t len,
				       size_t max_payload)
{
	enum netstring_result result;
	size_t payload_len, digits, start;

	result = decode_length(&payload_len, &digits, bytes, len, max_payload);
	if (result != NETSTRING_WHOLE)
		return result;
	if (bytes[digits] != ':')
		return NETSTRING_MALFORMED;
	start = digits + 1;
	/* Subtracting keeps this right for any max_payload. */
	if (len - start <= payload_len)
		return NETSTRING_PARTIAL;
	if (bytes[start + payload_len] != ',')
		return NETSTRING_MALFORMED;
	*out = (struct netstring){
		.payload = bytes + start,
		.len = payload_len,
		.consumed = start + payload_len + 1,
	};
	return NETSTRING_WHOLE;
}

void netstring_append(struct buf *out, const void *payload, size_t len)
{
	char *at = buf_reserve(out, STR_DECIMAL_SIZE + 1 + len + 1);
	size_t digits = strlen(str_decimal(at, len));

	at[digits] = ':';
	if (len > 0)
		memcpy(at + digits + 1, payload, len);
	at[digits + 1 + len] = ',';
	out->len += digits + 1 + len + 1;
}
