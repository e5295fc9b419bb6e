/* SPDX-License-Identifier: BSD-2-Clause */
/* A place in a log as text: what is understood is written in the same way again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/log/logplace.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char text[LOGPLACE_TEXT_SIZE];
	struct logplace place;

	if (!logplace_parse(&place, (const char *)bytes, len))
		return 0;
	logplace_format(text, &place);
	assert(strlen(text) == len && memcmp(text, bytes, len) == 0);
	return 0;
}
