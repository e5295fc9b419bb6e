/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests: what is taken is exactly "MAP KEY" again, and holds no NUL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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
	buf_free(&again);
	return 0;
}
