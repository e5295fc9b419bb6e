/* SPDX-License-Identifier: BSD-2-Clause */
/* A line on the prober's socket: what is understood is what would be said. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/protocol/prober_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct prober_message message;
	char refusal[REFUSAL_TEXT_SIZE];
	const char *key = message.nexthop.key;
	struct buf out = { 0 };

	if (!prober_message_parse(&message, (const char *)bytes, len))
		return 0;
	assert(len + 1 <= PROBER_LINE_MAX);
	if (message.word == PROBER_REFUSED) {
		refusal_format(refusal, &message.refusal);
		key = refusal;
	}
	prober_message_append(&out, message.word, key);
	assert(out.len == len + 1 && out.data[len] == '\n');
	assert(memcmp(out.data, bytes, len) == 0);
	buf_free(&out);
	return 0;
}
