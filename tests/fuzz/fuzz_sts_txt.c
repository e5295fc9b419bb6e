/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of TXT records, one a line (what is left after the last newline is one too). */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/protocol/sts.h"

#define RECORDS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sts_txt records[RECORDS_MAX] = { 0 };
	const char *at = (const char *)bytes;
	const char *end = at + len;
	size_t count = 0;
	size_t claims = 0;
	char id[STS_ID_SIZE];
	char detail[DETAIL_SIZE];

	while (at < end && count < RECORDS_MAX) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		records[count++] = (struct sts_txt){ at, (size_t)(stop - at) };
		claims += stop - at >= 8 && memcmp(at, "v=STSv1;", 8) == 0;
		at = stop + (stop < end);
	}
	if (!sts_txt_id(id, records, count, detail)) {
		assert(id[0] == '\0');
		assert((detail[0] == '\0') == (claims == 0));
		return 0;
	}
	assert(claims == 1 && detail[0] == '\0');
	assert(strlen(id) >= 1 && strlen(id) < STS_ID_SIZE);
	for (const char *c = id; *c != '\0'; c++)
		assert((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
		       (*c >= 'A' && *c <= 'Z'));
	return 0;
}
