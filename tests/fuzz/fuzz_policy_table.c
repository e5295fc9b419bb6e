/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for smtp_tls_policy_maps: whatever they say, nothing in them lowers a requirement. */
#include <stdint.h>
#include <stdlib.h>

#include "core/protocol/policy_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct policy_table table = { .rest = { (const char *)data, len } };
	struct policy_entry entry;
	size_t before = 0;

	while (policy_table_next(&table, &entry)) {
		if (entry.line <= before || entry.line > table.line ||
		    entry.taken != (entry.why[0] == '\0') ||
		    ((entry.taken || entry.found_out) && entry.level <= LEVEL_NONE))
			abort();
		for (const char *at = entry.why; *at != '\0'; at++)
			if (*at < ' ' || *at > '~')
				abort();
		before = entry.line;
	}
	return 0;
}
