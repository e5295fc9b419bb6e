/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers that name authors: the walk ends and goes forward only; what is found is
 * fit for mailaddr; an alias is found behind anything that ends by itself, and where it
 * is not, what swallowed it counts as one.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/secure/secure.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char domain[] = "secure.example.com";
static char *domains[] = { domain };
static char delimiter[] = "+";
static const struct settings settings = { .secure_domains = { .count = 1, .items = domains },
					  .recipient_delimiter = delimiter };
static const struct secure_address ordinary;

static void check_walk(const char *value)
{
	const char *end = value;
	struct authors walk;
	struct author author;

	authors_begin(&walk, value);
	while (authors_next(&author, &walk)) {
		assert(author.raw.at >= end && author.raw.len > 0);
		end = author.raw.at + author.raw.len;
		assert(end <= value + strlen(value));
		assert(memchr(author.text, '\0', sizeof(author.text)) != NULL);
		assert(strpbrk(author.text, "\r\n") == NULL);
	}
}

static bool names_alias(const char *value)
{
	struct secure_address stranger;
	struct secure_answer answer;
	struct authors walk;

	authors_begin(&walk, value);
	if (!secure_next_stranger(&stranger, &walk, &settings, &ordinary))
		return false;
	secure_refuse_author(&answer, "From", &stranger, LOOKUP_FOUND);
	for (const char *p = answer.text; *p != '\0'; p++)
		assert(*p >= ' ' && *p <= '~' && *p != '%');
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char behind[] = ", Me <me@secure.example.com>";
	char *text = mem_strndup((const char *)bytes, len);
	size_t used = strlen(text);
	char *value = mem_alloc(used + sizeof(behind));

	check_walk(text);
	names_alias(text);
	stpcpy(stpcpy(value, text), behind);
	assert((used > 0 && strchr(text, '\\') != NULL) || names_alias(value));
	free(value);
	free(text);
	return 0;
}
