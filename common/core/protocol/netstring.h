/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netstring - "12:hello world!," (https://cr.yp.to/proto/netstrings.txt), the
 * framing of socketmap_table(5), decoded without copying.
 *
 * Strict: no leading zeros, no blanks, and a length above the limit is refused
 * as soon as its digits say so, before any of it is buffered.
 */
#ifndef POSTSEAL_CORE_NETSTRING_H
#define POSTSEAL_CORE_NETSTRING_H

#include <stddef.h>

#include "base/buf.h"

enum netstring_result {
	NETSTRING_WHOLE,    /* one is here */
	NETSTRING_PARTIAL,  /* more bytes are needed */
	NETSTRING_MALFORMED /* this stream cannot be resynchronised; close it */
};

struct netstring {
	const char *payload; /* points into the caller's bytes */
	size_t len;
	size_t consumed; /* framing and payload: where the next one starts */
};

/* Looks at bytes[0..len). *out is set for NETSTRING_WHOLE only. */
enum netstring_result netstring_decode(struct netstring *out, const char *bytes, size_t len,
				       size_t max_payload);

void netstring_append(struct buf *out, const void *payload, size_t len);

#endif
