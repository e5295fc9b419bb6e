/* SPDX-License-Identifier: BSD-2-Clause */
/* A journal's export: the same entries come of it, in whatever pieces it comes in. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/log/sdjournal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const struct sdjournal_entry *entry)
{
	assert(entry->len < sizeof(entry->message));
	assert(entry->time >= 0);
	assert(memchr(entry->cursor, '\0', sizeof(entry->cursor)) != NULL);
	assert(memchr(entry->machine, '\0', sizeof(entry->machine)) != NULL);
	assert(memchr(entry->tag, '\0', sizeof(entry->tag)) != NULL);
	assert(entry->cursor[0] == '\0' ||
	       logplace_cursor_valid(entry->cursor, strlen(entry->cursor)));
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	return hash;
}

/* What came of it, as one number. */
static uint64_t read_in_steps(const char *bytes, size_t len, size_t step)
{
	struct sdjournal *reader = calloc(1, sizeof(*reader));
	enum sdjournal_result result = SDJOURNAL_MORE;
	uint64_t hash = 1;

	for (size_t at = 0; at < len && result != SDJOURNAL_MALFORMED;) {
		struct sdjournal_entry entry;
		size_t part = len - at < step ? len - at : step;
		size_t used;

		result = sdjournal_read(reader, bytes + at, part, &used, &entry);
		assert(used > 0 && used <= part);
		at += used;
		if (result != SDJOURNAL_ENTRY)
			continue;
		check(&entry);
		hash = mix(hash, entry.cursor, strlen(entry.cursor));
		hash = mix(hash, entry.machine, strlen(entry.machine));
		hash = mix(hash, entry.tag, strlen(entry.tag));
		hash = mix(hash, entry.message, entry.len);
		hash = mix(hash, &entry.pid, sizeof(entry.pid));
		hash = mix(hash, &entry.time, sizeof(entry.time));
	}
	free(reader);
	return result == SDJOURNAL_MALFORMED ? ~hash : hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t step;

	if (len < 2)
		return 0;
	step = (size_t)bytes[0] + 1;
	assert(read_in_steps((const char *)bytes + 1, len - 1, step) ==
	       read_in_steps((const char *)bytes + 1, len - 1, len - 1));
	return 0;
}
