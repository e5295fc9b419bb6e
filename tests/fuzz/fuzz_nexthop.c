/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix or a person names: names, next hops, subjects. What is taken has one
 * spelling, which is taken again and means the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/names/domain.h"
#include "core/names/nexthop.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_name(const char *text, size_t len)
{
	char name[DOMAIN_SIZE], again[DOMAIN_SIZE];

	if (!domain_fold(name, text, len)) {
		assert(name[0] == '\0');
		return;
	}
	assert(name[0] != '\0' && strlen(name) < DOMAIN_SIZE);
	for (const char *p = name; *p != '\0'; p++)
		assert(*p > ' ' && *p <= '~' && !(*p >= 'A' && *p <= 'Z'));
	assert(domain_fold(again, name, strlen(name)) && strcmp(name, again) == 0);
}

static void check_nexthop(const struct nexthop *nexthop)
{
	struct nexthop again;

	assert(strlen(nexthop->key) < NEXTHOP_SIZE);
	assert(nexthop_parse(&again, nexthop->key, strlen(nexthop->key)) == NEXTHOP_OK);
	assert(again.kind == nexthop->kind && strcmp(again.name, nexthop->name) == 0);
	assert(nexthop_port(&again, 25) == nexthop_port(nexthop, 25));
	assert(strcmp(again.key, nexthop->key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	struct nexthop nexthop;
	struct subject subject;
	bool is_nexthop = nexthop_parse(&nexthop, text, len) == NEXTHOP_OK;

	check_name(text, len);
	if (is_nexthop)
		check_nexthop(&nexthop);
	if (subject_parse(&subject, text, len))
		check_nexthop(&subject.nexthop);
	else
		assert(!is_nexthop || subject.is_address);
	return 0;
}
