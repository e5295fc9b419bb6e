/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers Authentication-Results: what is said of others never counts as ours; and
 * whatever a cipher is called, what we write is read as ours.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/secure/authres.h"

#define ID "mx.example.com"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_prefixed(const char *prefix, const char *text, bool claims)
{
	size_t size = strlen(prefix) + strlen(text) + 1;
	char *value = mem_alloc(size);

	stpcpy(stpcpy(value, prefix), text);
	assert(authres_claims_tls(value, ID) == claims);
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_strndup((const char *)bytes, len), value[AUTHRES_SIZE];
	struct authres_tls tls = { text, text, text };

	authres_claims_tls(text, ID);
	check_prefixed("other.example; x-tls=pass; ", text, false);
	check_prefixed(ID "; x-tls=pass; ", text, true);
	authres_tls(value, ID, &tls);
	assert(authres_claims_tls(value, ID));
	assert(strpbrk(value, "\r\"\\(") == NULL && strchr(strchr(value, ';') + 1, ';') == NULL);
	free(text);
	return 0;
}
