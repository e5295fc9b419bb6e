/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of the mailbox's API: what is taken has just the members that it may have. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mailbox/api_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned char id[16];
	const char *text = NULL;
	uint64_t number = 0;
	json_t *list = NULL, *body;
	bool has_number;
	const struct api_field fields[] = { { "id", API_OCTETS, id, sizeof(id), NULL },
					    { "text", API_TEXT, &text, 0, NULL },
					    { "size", API_NUMBER, &number, 0, &has_number },
					    { "letters", API_LIST, &list, 3, NULL } };

	body = api_read((struct span){ (const char *)data, len }, fields, ARRAY_LEN(fields));
	if (body == NULL)
		return 0;
	if (text == NULL || list == NULL || json_array_size(list) > 3 || number > INT64_MAX ||
	    json_object_size(body) != 3u + has_number)
		abort();
	json_decref(body);
	return 0;
}
