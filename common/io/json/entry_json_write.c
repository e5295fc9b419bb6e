/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries to lines of JSON (entry_json.h). */
#include "io/json/entry_json.h"

#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/utc.h"

/*
 * All text is printable ASCII, so what can fail is memory, and that is found out
 * at the end.
 */

static int64_t get_int64(const void *at)
{
	int64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint16_t get_u16(const void *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static int get_word(const void *at)
{
	int value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static json_t *object_of(const struct member *members, const void *base);

static json_t *text_json(const char *text)
{
	return text[0] != '\0' ? json_string_nocheck(text) : json_null();
}

static json_t *date_json(int64_t seconds)
{
	char date[UTC_SIZE];

	if (seconds > ENTRY_JSON_LAST_DATE)
		return json_integer(seconds);
	return seconds != 0 ? json_string_nocheck(utc_format(date, seconds)) : json_null();
}

static json_t *dates_json(const struct timeset *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(list, date_json(set->times[i]));
	return list;
}

static json_t *version_json(uint16_t version)
{
	const char *name = tls_version_name(version);

	return strcmp(name, "?") == 0 ? json_integer(version) : text_json(name);
}

static json_t *digest_json(const uint8_t digest[SPKI_SIZE])
{
	char hex[RECORD_SPKI_HEX_SIZE];

	record_spki_hex(hex, digest);
	return json_string_nocheck(hex);
}

static bool digest_is_there(const struct member *member, const void *base)
{
	bool there = true;

	if (member->count != MEMBER_ALWAYS)
		memcpy(&there, (const char *)base + member->count, sizeof(there));
	return there;
}

static json_t *value_of(const struct member *member, const void *base);

static json_t *list_of(const struct member *member, const void *base)
{
	const char *first = (const char *)base + member->offset;
	json_t *list = json_array();
	size_t count;

	memcpy(&count, (const char *)base + member->count, sizeof(count));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, value_of(member->inner, first + i * member->stride));
	return list;
}

static json_t *value_of(const struct member *member, const void *base)
{
	const void *at = (const char *)base + member->offset;

	switch (member->type) {
	case MEMBER_BOOL:
		return json_boolean(*(const bool *)at);
	case MEMBER_NUMBER:
		return json_integer(get_u16(at));
	case MEMBER_COUNT:
		return json_integer(get_int64(at));
	case MEMBER_DATE:
		return date_json(get_int64(at));
	case MEMBER_DATES:
		return dates_json(at);
	case MEMBER_VERSION:
		return version_json(get_u16(at));
	case MEMBER_WORD:
		return text_json(member->word(get_word(at)));
	case MEMBER_TEXT:
	case MEMBER_NAME:
	case MEMBER_HOST:
	case MEMBER_PATTERN:
	case MEMBER_NEXTHOP:
	case MEMBER_ADDRESS:
	case MEMBER_SENDER:
		return text_json(at);
	case MEMBER_DIGEST:
		return digest_is_there(member, base) ? digest_json(at) : json_null();
	case MEMBER_GROUP:
		return object_of(member->inner, at);
	case MEMBER_LIST:
		return list_of(member, base);
	}
	return NULL;
}

static void add_members(json_t *object, const struct member *members, const void *base)
{
	for (const struct member *m = members; m->name != NULL; m++)
		json_object_set_new_nocheck(object, m->name, value_of(m, base));
}

static json_t *object_of(const struct member *members, const void *base)
{
	json_t *object = json_object();

	add_members(object, members, base);
	return object;
}

json_t *entry_json_part(enum entry_part part, const void *base)
{
	return object_of(entry_part_members(part), base);
}

static int append_piece(const char *bytes, size_t len, void *out)
{
	buf_append(out, bytes, len);
	return 0;
}

void entry_json_append(struct buf *out, const struct entry *entry)
{
	bool header = entry->kind == ENTRY_HEADER;
	json_t *json = json_object();

	json_object_set_new_nocheck(
		json, header ? ENTRY_JSON_HEADER : ENTRY_JSON_KIND,
		json_string_nocheck(header ? ENTRY_JSON_HEADER_IS : entry_kind_name(entry->kind)));
	add_members(json, entry_members(entry->kind), entry);
	if (json_dump_callback(json, append_piece, out, JSON_COMPACT | JSON_ENSURE_ASCII) != 0)
		log_fatal("cannot write JSON: out of memory");
	json_decref(json);
}
