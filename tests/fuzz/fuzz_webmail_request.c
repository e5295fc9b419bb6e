/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of webmails: a line "METHOD TARGET", and behind it the name of a user. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/webmail/webmail_request.h"

static void check_request(const struct webmail_request *request)
{
	if ((int)request->call < 0 || request->call >= WEBMAIL_CALLS ||
	    request->count > WEBMAIL_ADDRESSES_MAX)
		abort();
	/* Nothing that could be two questions, or a next hop, gets through. */
	for (size_t i = 0; i < request->count; i++) {
		const char *address = request->address[i], *at = strrchr(address, '@');

		if (at == NULL || at == address || at[1] == '\0' ||
		    strlen(address) >= WEBMAIL_ADDRESS_SIZE ||
		    strpbrk(address, "\r\n\t\x7f") != NULL)
			abort();
	}
}

static void check_user(const char *value)
{
	char user[ALIAS_ADDRESS_SIZE], again[ALIAS_ADDRESS_SIZE];

	if (!webmail_user_read(user, value, "+"))
		return;
	/* One spelling, which is itself a user. */
	if (!webmail_user_read(again, user, "+") || strcmp(user, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct webmail_request request;
	char *text = mem_strndup((const char *)data, len), *rest = text;
	char *line = strsep(&rest, "\n"), *method = strsep(&line, " ");

	if (line != NULL && webmail_request_read(&request, method, line) == WEBMAIL_GOOD)
		check_request(&request);
	if (rest != NULL)
		check_user(rest);
	free(text);
	return 0;
}
