/* SPDX-License-Identifier: BSD-2-Clause */
/* Netstrings: what is taken is inside the bytes, and would be written the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/protocol/netstring.h"
#include "core/policy/request.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

/* A whole one is whole however much more arrives; a beginning of it is never an error. */
static void check_whole(const struct netstring *whole, const char *bytes, size_t len)
{
	struct netstring part;
	struct buf again = { 0 };

	must(whole->payload > bytes && whole->len <= REQUEST_MAX && whole->consumed <= len);
	must(whole->payload + whole->len + 1 == bytes + whole->consumed);
	netstring_append(&again, whole->payload, whole->len);
	must(again.len == whole->consumed && memcmp(again.data, bytes, again.len) == 0);
	must(netstring_decode(&part, bytes, whole->consumed, REQUEST_MAX) == NETSTRING_WHOLE);
	must(netstring_decode(&part, bytes, whole->consumed - 1, REQUEST_MAX) == NETSTRING_PARTIAL);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data;
	struct netstring out;

	while (len > 0) {
		enum netstring_result result = netstring_decode(&out, bytes, len, REQUEST_MAX);

		if (result == NETSTRING_PARTIAL)
			must(len < REQUEST_MAX + 7);
		if (result != NETSTRING_WHOLE)
			return 0;
		check_whole(&out, bytes, len);
		bytes += out.consumed;
		len -= out.consumed;
	}
	return 0;
}
