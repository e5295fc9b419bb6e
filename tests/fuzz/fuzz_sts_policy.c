/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy's body; what was understood, written out again, must mean the same. */
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/protocol/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const struct sts_policy *policy)
{
	char folded[DOMAIN_SIZE];

	assert(policy->mode == STS_NONE || policy->mode == STS_TESTING ||
	       policy->mode == STS_ENFORCE);
	assert(policy->max_age >= 0 && policy->max_age <= STS_MAX_AGE_MAX);
	assert(policy->patterns <= STS_PATTERN_MAX);
	assert(policy->patterns > 0 || policy->mode == STS_NONE);
	assert(!policy->truncated || policy->patterns == STS_PATTERN_MAX);
	for (size_t i = 0; i < policy->patterns; i++) {
		const char *name = policy->pattern[i];

		if (strncmp(name, "*.", 2) == 0)
			name += 2;
		assert(domain_fold(folded, name, strlen(name)) && strcmp(folded, name) == 0);
		for (size_t k = 0; k < i; k++)
			assert(strcmp(policy->pattern[i], policy->pattern[k]) != 0);
	}
}

static void write_out(struct buf *out, const struct sts_policy *policy)
{
	buf_printf(out, "version: STSv1\r\nmode: %s\r\nmax_age: %" PRId64 "\r\n",
		   policy->mode == STS_NONE      ? "none"
		   : policy->mode == STS_TESTING ? "testing"
						 : "enforce",
		   policy->max_age);
	for (size_t i = 0; i < policy->patterns; i++)
		buf_printf(out, "mx: %s\r\n", policy->pattern[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct sts_policy first, again;
	char detail[DETAIL_SIZE];
	struct buf out = { 0 };

	if (!sts_policy_parse(&first, (const char *)bytes, len, detail)) {
		assert(detail[0] != '\0' && memchr(detail, '\0', DETAIL_SIZE) != NULL);
		return 0;
	}
	check(&first);
	write_out(&out, &first);
	if (!sts_policy_parse(&again, out.data, out.len, detail))
		abort();
	again.truncated = first.truncated;
	assert(memcmp(&first, &again, sizeof(first)) == 0);
	buf_free(&out);
	return 0;
}
