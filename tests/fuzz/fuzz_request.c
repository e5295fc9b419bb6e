/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests: what is taken is exactly "MAP KEY" again, and holds no NUL; so is the key
 * of an exception, of which a sender is always one that an exception could name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/secure/exceptions.h"
#include "core/policy/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_exception(const struct request *request)
{
	char alias[ALIAS_ADDRESS_SIZE], sender[ALIAS_ADDRESS_SIZE], key[EXCEPTION_KEY_SIZE];

	if (!exception_key_parse(alias, sender, request->key, request->key_len))
		return;
	exception_key(key, sizeof(key), alias, sender);
	if (strlen(key) != request->key_len || memcmp(key, request->key, request->key_len) != 0 ||
	    !exception_names_sender(sender) || sender[0] == '@')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *payload = (const char *)data;
	struct request request;
	struct buf again = { 0 };

	if (request_parse(&request, payload, len) != REQUEST_OK)
		return 0;
	buf_printf(&again, "%s%s ", map_name(request.map), request.tlsrpt ? "+tlsrpt" : "");
	buf_append(&again, request.key, request.key_len);
	if (again.len != len || memcmp(again.data, payload, len) != 0)
		abort();
	if (memchr(payload, '\0', len) != NULL || (request.tlsrpt && !map_is_policy(request.map)))
		abort();
	if (request.map == MAP_EXCEPTION)
		try_exception(&request);
	buf_free(&again);
	return 0;
}
