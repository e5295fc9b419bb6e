/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates, of exports and of overrides: what is taken is written the same again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"
#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Any moment, as a date: shown, and if it can be, read again. */
static void check_moment(const uint8_t *bytes, size_t len)
{
	char date[UTC_SIZE], span[UTC_SPAN_SIZE];
	int64_t moment = 0, again;

	memcpy(&moment, bytes, len < sizeof(moment) ? len : sizeof(moment));
	utc_format(date, moment);
	assert(strlen(utc_span(span, moment)) < UTC_SPAN_SIZE);
	if (strcmp(date, "?") != 0)
		assert(utc_parse(date, &again) && again == moment);
}

static void check_number(const char *text, size_t len)
{
	struct span rest = { .at = text, .len = len };
	uint64_t value;

	if (span_number(&rest, 1000, &value))
		assert(value <= 1000 && rest.len < len && rest.at == text + (len - rest.len));
	else
		assert(rest.at == text && rest.len == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_strndup((const char *)bytes, len);
	char date[UTC_SIZE];
	int64_t moment;

	check_moment(bytes, len);
	check_number((const char *)bytes, len);
	if (utc_parse(text, &moment))
		assert(strcmp(utc_format(date, moment), text) == 0);
	free(text);
	return 0;
}
