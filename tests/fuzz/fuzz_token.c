/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens: what is taken is the one encoding of what it says. Codes and base64url, too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mailbox/b64.h"
#include "core/mailbox/code.h"
#include "core/mailbox/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_code(const char *text, size_t len)
{
	unsigned char secret[CODE_SECRET_SIZE], again[CODE_SECRET_SIZE];
	char code[CODE_SIZE];

	if (!code_parse(secret, text, len))
		return;
	code_format(code, secret);
	if (!code_parse(again, code, strlen(code)) || memcmp(secret, again, sizeof(again)) != 0)
		abort();
}

static void try_b64(const char *text, size_t len)
{
	struct buf octets = { 0 }, again = { 0 };

	if (b64_get(&octets, text, len)) {
		b64_put(&again, octets.data, octets.len);
		if (again.len != len || (len > 0 && memcmp(again.data, text, len) != 0))
			abort();
	}
	buf_free(&octets);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf again = { 0 };
	struct token token;

	try_code((const char *)data, len);
	try_b64((const char *)data, len);
	if (token_decode(&token, data, len)) {
		if (!token_encode(&again, &token) || again.len != len ||
		    memcmp(again.data, data, len) != 0)
			abort();
		token_free(&token);
	}
	buf_free(&again);
	return 0;
}
