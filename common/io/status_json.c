/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/status_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/observation.h"

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

static json_t *host_json(const struct status_host *host)
{
	return json_pack("{s:s, s:b, s:b, s:o, s:o}",
			 "host", host->host,
			 "tls", host->tls,
			 "dane", host->dane,
			 "tls_version", text_or_null(tls_version_name(host->version)),
			 "cipher", text_or_null(host->cipher));
}

static json_t *hosts_json(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->hosts; i++)
		json_array_append_new(list, host_json(&status->host[i]));
	return list;
}

static json_t *status_object(const struct status *status, const char *address, size_t address_len,
			     const char *domain)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "address", address ? text_or_bytes(address, address_len) : json_null(),
			 "domain", domain,
			 "state", status_state_name(status->state),
			 "label", status_label(status->state),
			 "guaranteed", status->guaranteed,
			 "level", level_name(status->level),
			 "reason", text_or_bytes(status->reason, strlen(status->reason)),
			 "tls_version", text_or_null(tls_version_name(status->version)),
			 "cipher", text_or_null(status->cipher),
			 "first_tls", date_or_null(status->first_tls),
			 "last_tls", date_or_null(status->last_tls),
			 "checked", date_or_null(status->checked),
			 "downgrade_since", date_or_null(status->downgrade_since),
			 "mx", hosts_json(status));
}

void status_json_append(struct buf *out, const struct status *status, const char *address,
			size_t address_len, const char *domain)
{
	json_t *json = status_object(status, address, address_len, domain);
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	/* All text in it is UTF-8 by now, so what is left is memory. */
	if (text == NULL)
		log_fatal("domain=%s cannot be written as JSON: out of memory", domain);
	buf_append_str(out, text);
	free(text);
	json_decref(json);
}
