/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which message is the reply to our question: two messages, the question's length in
 * front. Only one that repeats id and question is, and that one always.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/dns/dns_exchange.h"

#define HEADER_LEN 12

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The question itself, with the bit that makes it a reply. */
static void check_own(const uint8_t *query, size_t len)
{
	uint8_t *own = mem_alloc(len + 1);

	memcpy(own, query, len);
	own[2] |= 0x80;
	if (dns_is_reply(query, len, query, len) || dns_is_reply(query, len, own, len)) {
		assert(own[4] == 0 && own[5] == 1);
		assert(dns_is_reply(query, len, own, len));
		own[1] ^= 1;
		assert(!dns_is_reply(query, len, own, len));
	}
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t query_len = len > 0 ? bytes[0] : 0;
	const uint8_t *query = bytes + 1, *reply = query + query_len;
	size_t reply_len;

	/* Ours: a header and one question. */
	if (query_len < HEADER_LEN || len < 1 + query_len)
		return 0;
	reply_len = len - 1 - query_len;
	check_own(query, query_len);
	if (dns_is_reply(query, query_len, reply, reply_len))
		assert(reply_len >= HEADER_LEN && memcmp(query, reply, 2) == 0);
	return 0;
}
