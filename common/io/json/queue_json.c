/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/queue_json.h"

#include <jansson.h>
#include <string.h>

#define ADDRESS_MAX 1000
#define TIME_MAX_JSON INT64_C(253402300799) /* the end of the year 9999 */

/* "" where it is missing; false where it is no text. */
static bool text_in(const char **text, const json_t *object, const char *name, size_t most)
{
	const json_t *value = json_object_get(object, name);

	*text = "";
	if (value == NULL)
		return true;
	if (!json_is_string(value) || json_string_length(value) > most)
		return false;
	*text = json_string_value(value);
	return true;
}

static bool read_recipient(struct waiting_recipient *out, const json_t *recipient)
{
	return json_is_object(recipient) &&
	       text_in(&out->address, recipient, "address", ADDRESS_MAX) &&
	       text_in(&out->reason, recipient, "delay_reason", QUEUE_JSON_LINE_MAX);
}

static bool read_mail(struct waiting_recipient *out, const json_t *json)
{
	const json_t *arrival = json_object_get(json, "arrival_time");

	if (!json_is_object(json) || !json_is_integer(arrival) ||
	    !text_in(&out->sender, json, "sender", ADDRESS_MAX))
		return false;
	out->arrival = json_integer_value(arrival);
	return out->arrival > 0 && out->arrival <= TIME_MAX_JSON;
}

bool queue_json_read(const char *line, size_t len, uint64_t mail,
		     void (*visit)(void *context, const struct waiting_recipient *recipient),
		     void *context)
{
	struct waiting_recipient out = { .mail = mail };
	json_t *json = len <= QUEUE_JSON_LINE_MAX
			       ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL)
			       : NULL;
	const json_t *list = json_object_get(json, "recipients"), *recipient;
	bool good = read_mail(&out, json) && json_is_array(list);
	size_t i;

	json_array_foreach(list, i, recipient) good = good && read_recipient(&out, recipient);
	if (good) {
		json_array_foreach(list, i, recipient)
		{
			read_recipient(&out, recipient);
			visit(context, &out);
		}
	}
	json_decref(json);
	return good;
}
