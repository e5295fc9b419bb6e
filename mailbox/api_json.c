/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/api_json.h"

#include <string.h>

#include "core/mailbox/b64.h"

static bool take(json_t *value, const struct api_field *field)
{
	switch (field->kind) {
	case API_TEXT:
		if (!json_is_string(value) ||
		    strlen(json_string_value(value)) != json_string_length(value))
			return false;
		*(const char **)field->dst = json_string_value(value);
		return true;
	case API_OCTETS:
		return json_is_string(value) &&
		       b64_take(field->dst, field->size, json_string_value(value),
				json_string_length(value));
	case API_NUMBER:
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return false;
		*(uint64_t *)field->dst = (uint64_t)json_integer_value(value);
		return true;
	case API_LIST:
		if (!json_is_array(value) || json_array_size(value) > field->size)
			return false;
		*(json_t **)field->dst = value;
		return true;
	}
	return false;
}

bool api_read_object(json_t *object, const struct api_field *fields, size_t count)
{
	size_t known = 0;

	if (!json_is_object(object))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *value = json_object_get(object, fields[i].name);

		if (fields[i].present != NULL)
			*fields[i].present = value != NULL;
		else if (value == NULL)
			return false;
		if (value != NULL && !take(value, &fields[i]))
			return false;
		known += value != NULL;
	}
	return json_object_size(object) == known;
}

json_t *api_read(struct span body, const struct api_field *fields, size_t count)
{
	json_error_t error;
	json_t *object = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, &error);

	if (object == NULL || !api_read_object(object, fields, count)) {
		json_decref(object);
		return NULL;
	}
	return object;
}
