/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/status_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/facts/observation.h"

/* One byte can become "\xNN". */
#define PRINTABLE_WORST 4

/* Bytes that are no UTF-8 are shown as the log would show them. */
static json_t *text_or_bytes(const char *bytes, size_t len)
{
	json_t *json = json_stringn(bytes, len);

	if (json == NULL) {
		char *shown = mem_alloc(len * PRINTABLE_WORST + 1);

		json = json_string(str_printable(shown, len * PRINTABLE_WORST + 1, bytes, len));
		free(shown);
	}
	return json;
}

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? text_or_bytes(text, strlen(text)) : json_null();
}

static json_t *date_or_null(int64_t seconds)
{
	char date[UTC_SIZE];

	return seconds != 0 ? json_string(utc_format(date, seconds)) : json_null();
}

/* All text is UTF-8 by now, so what can fail is memory. */
static void put(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		log_fatal("json=%s out of memory", name);
}

/* The latest handshake's version and cipher, of a host or of the whole domain. */
static void put_tls(json_t *object, uint16_t version, const char *cipher)
{
	put(object, "tls_version", text_or_null(tls_version_name(version)));
	put(object, "cipher", text_or_null(cipher));
}

static json_t *hosts_json(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->hosts; i++) {
		const struct status_host *host = &status->host[i];
		json_t *object = json_object();

		put(object, "host", json_string(host->host));
		put(object, "tls", json_boolean(host->tls));
		put(object, "dane", json_boolean(host->dane));
		put_tls(object, host->version, host->cipher);
		json_array_append_new(list, object);
	}
	return list;
}

void status_json_append(struct buf *out, const struct status *status, const char *address,
			size_t address_len, const char *domain)
{
	json_t *json = json_object();
	char *text;

	put(json, "address", address ? text_or_bytes(address, address_len) : json_null());
	put(json, "domain", json_string(domain));
	put(json, "state", json_string(status_state_name(status->state)));
	put(json, "label", json_string(status_label(status->state)));
	put(json, "guaranteed", json_boolean(status->guaranteed));
	put(json, "level", json_string(level_name(status->level)));
	put(json, "reason", text_or_bytes(status->reason, strlen(status->reason)));
	put_tls(json, status->version, status->cipher);
	put(json, "first_tls", date_or_null(status->first_tls));
	put(json, "last_tls", date_or_null(status->last_tls));
	put(json, "checked", date_or_null(status->checked));
	put(json, "downgrade_since", date_or_null(status->downgrade_since));
	put(json, "mx", hosts_json(status));
	text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text == NULL)
		log_fatal("domain=%s status: out of memory", domain);
	buf_append_str(out, text);
	free(text);
	json_decref(json);
}

const char *status_json_way(const char *word)
{
	static const char *const ways[] = { "openpgp", "mailbox", "new-mailbox" };

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (strcmp(word, ways[i]) == 0)
			return ways[i];
	}
	return NULL;
}

const char *status_json_seal(const char *answer)
{
	json_t *json = json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
	const char *told = json_string_value(json_object_get(json, "seal"));
	const char *way = told != NULL ? status_json_way(told) : NULL;

	json_decref(json);
	return way;
}

void status_json_put_seal(struct buf *line, const char *way)
{
	if (line->len == 0 || line->data[line->len - 1] != '}')
		return;
	line->len--;
	if (way != NULL)
		buf_printf(line, ",\"seal\":\"%s\"}", way);
	else
		buf_append_str(line, ",\"seal\":null}");
}
