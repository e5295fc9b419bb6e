/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of another program's cache: what is taken is a policy that holds now. */
#include <stdint.h>
#include <stdlib.h>

#include "core/protocol/sts.h"
#include "io/json/sts_cache_json.h"

#define NOW INT64_C(1768046400)

static void check(void *context, const struct sts_cache_row *row)
{
	(void)context;
	if (row->taken != (row->why[0] == '\0'))
		abort();
	if (row->taken &&
	    (sts_in_force(&row->facts, NOW) != STS_ENFORCE || row->facts.patterns == 0 ||
	     row->domain[0] == '\0' || row->facts.fetched <= 0))
		abort();
	for (const char *at = row->why; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char error[DETAIL_SIZE] = "";

	if (!sts_cache_json_read((const char *)data, len, NOW, check, NULL, error) &&
	    error[0] == '\0')
		abort();
	return 0;
}
