/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of the maps deliverable-LEVEL: what of them reaches an SMTP reply is fit for it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/policy/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *value = mem_strndup((const char *)bytes, len);
	enum prospect prospect;
	const char *reason;

	if (reply_read_prospect(&prospect, &reason, value)) {
		assert(prospect <= PROSPECT_NONE);
		assert(reason[0] == '\0' || (reason > value && reason <= value + strlen(value)));
		for (; *reason != '\0'; reason++)
			assert(*reason >= ' ' && *reason <= '~' && *reason != '%');
	}
	free(value);
	return 0;
}
