/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of `postqueue -j`, and what is gathered of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/json/queue_json.h"

static void add(void *context, const struct waiting_recipient *recipient)
{
	waiting_add(context, recipient, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct waiting waiting = { .lifetime = 432000, .bounce_lifetime = 432000 };

	queue_json_read((const char *)data, len, 1, add, &waiting);
	for (size_t i = 0; i < waiting.count; i++) {
		const struct waiting_domain *domain = &waiting.domains[i];

		if (domain->mails != 1 || domain->returns < domain->oldest)
			abort();
		for (const char *at = domain->reason; *at != '\0'; at++)
			if (*at < ' ' || *at > '~')
				abort();
	}
	waiting_free(&waiting);
	return 0;
}
