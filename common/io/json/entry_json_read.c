/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of JSON to entries (entry_json.h). */
#include "io/json/entry_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "base/utc.h"

/*
 * Where one is, for the message: "mx_lookup.hosts[1].host".
 */

struct place {
	const struct place *above;
	const char *name;
	size_t index; /* with name NULL: of an element */
	char *error;
};

#define PLACE_SIZE 128
#define FOUND_SIZE 80
#define FOUND_TEXT 48 /* bytes of a text that are shown */

static void name_place(char dst[PLACE_SIZE], const struct place *place)
{
	size_t used;

	if (place == NULL) {
		dst[0] = '\0';
		return;
	}
	name_place(dst, place->above);
	used = strlen(dst);
	if (place->name == NULL)
		snprintf(dst + used, PLACE_SIZE - used, "[%zu]", place->index);
	else
		snprintf(dst + used, PLACE_SIZE - used, "%s%s", used > 0 ? "." : "", place->name);
}

static const char *describe(char dst[FOUND_SIZE], const json_t *found)
{
	char text[FOUND_TEXT];

	if (found == NULL)
		return "missing";
	switch (json_typeof(found)) {
	case JSON_STRING:
		str_printable(text, sizeof(text), json_string_value(found),
			      json_string_length(found));
		snprintf(dst, FOUND_SIZE, "\"%s\"", text);
		return dst;
	case JSON_INTEGER:
		snprintf(dst, FOUND_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(found));
		return dst;
	case JSON_REAL:
		snprintf(dst, FOUND_SIZE, "%g", json_real_value(found));
		return dst;
	case JSON_ARRAY:
		snprintf(dst, FOUND_SIZE, "a list of %zu", json_array_size(found));
		return dst;
	case JSON_OBJECT:
		return "an object";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		break;
	}
	return "null";
}

/* Always false. */
static bool refuse(const struct place *place, const json_t *found, const struct member *member)
{
	char where[PLACE_SIZE], what[FOUND_SIZE], expected[MEMBER_EXPECTED_SIZE];

	name_place(where, place);
	snprintf(place->error, ENTRY_ERROR_SIZE, "\"%s\" is %s; expected %s", where,
		 describe(what, found), member_expected(expected, member));
	return false;
}

static bool read_integer(int64_t *value, const json_t *json, int64_t min, int64_t max)
{
	if (!json_is_integer(json) || json_integer_value(json) < min ||
	    json_integer_value(json) > max)
		return false;
	*value = json_integer_value(json);
	return true;
}

static bool read_number(void *at, const json_t *json, int64_t min)
{
	int64_t number;
	uint16_t value;

	if (!read_integer(&number, json, min, UINT16_MAX))
		return false;
	value = (uint16_t)number;
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_count(void *at, const json_t *json)
{
	int64_t value;

	if (!read_integer(&value, json, 0, INT64_MAX))
		return false;
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_moment(int64_t *value, const json_t *json)
{
	if (json_is_string(json))
		return utc_parse(json_string_value(json), value) && *value > 0;
	return read_integer(value, json, ENTRY_JSON_LAST_DATE + 1, INT64_MAX);
}

static bool read_date(void *at, const json_t *json)
{
	int64_t value = 0;

	if (!json_is_null(json) && !read_moment(&value, json))
		return false;
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_dates(struct timeset *set, const json_t *json, int64_t bucket)
{
	if (!json_is_array(json) || json_array_size(json) > TIMESET_MAX)
		return false;
	set->count = (uint8_t)json_array_size(json);
	for (size_t i = 0; i < set->count; i++)
		if (!read_moment(&set->times[i], json_array_get(json, i)))
			return false;
	return timeset_valid(set, bucket);
}

/* A number stands for a version that has no name. */
static bool version_of(uint16_t *version, const json_t *json)
{
	*version = 0;
	if (json_is_integer(json))
		return read_number(version, json, 1) &&
		       strcmp(tls_version_name(*version), "?") == 0;
	if (json_is_string(json))
		*version = tls_version_parse(json_string_value(json));
	return json_is_null(json) || *version != 0;
}

static bool read_version(void *at, const json_t *json)
{
	uint16_t version;

	if (!version_of(&version, json))
		return false;
	memcpy(at, &version, sizeof(version));
	return true;
}

/* null stands for the word "". */
static bool read_word(void *at, const json_t *json, const struct member *member)
{
	const char *found = json_is_string(json) ? json_string_value(json) : "";

	if (!json_is_null(json) && found[0] == '\0')
		return false;
	for (int word = (int)member->min; word <= (int)member->max; word++) {
		if (strcmp(member->word(word), found) == 0) {
			memcpy(at, &word, sizeof(word));
			return true;
		}
	}
	return false;
}

/* null stands for "". A NUL inside a text has been refused by jansson. */
static bool read_text(char *at, const json_t *json, const struct member *member)
{
	const char *text = json_is_string(json) ? json_string_value(json) : "";

	if ((!json_is_null(json) && text[0] == '\0') || !member_takes(member, text))
		return false;
	return str_copy(at, member->size, text);
}

static bool hex_value(char c, uint8_t *value)
{
	if (c >= '0' && c <= '9')
		*value = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*value = (uint8_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

static bool read_hex(uint8_t digest[SPKI_SIZE], const json_t *json)
{
	const char *text = json_string_value(json);
	uint8_t high, low;

	if (text == NULL || json_string_length(json) != RECORD_SPKI_HEX_SIZE - 1)
		return false;
	for (size_t i = 0; i < SPKI_SIZE; i++) {
		if (!hex_value(text[2 * i], &high) || !hex_value(text[2 * i + 1], &low))
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool read_digest(void *base, const json_t *json, const struct member *member)
{
	bool there = !json_is_null(json);

	if (member->count == MEMBER_ALWAYS)
		return read_hex((uint8_t *)base + member->offset, json);
	memcpy((char *)base + member->count, &there, sizeof(there));
	return !there || read_hex((uint8_t *)base + member->offset, json);
}

static bool read_bool(bool *at, const json_t *json)
{
	*at = json_is_true(json);
	return json_is_boolean(json);
}

/* A value that is neither an object nor a list of objects. */
static bool read_plain(void *base, const json_t *json, const struct member *member)
{
	void *at = (char *)base + member->offset;

	switch (member->type) {
	case MEMBER_BOOL:
		return read_bool(at, json);
	case MEMBER_NUMBER:
		return read_number(at, json, member->min);
	case MEMBER_COUNT:
		return read_count(at, json);
	case MEMBER_DATE:
		return read_date(at, json);
	case MEMBER_DATES:
		return read_dates(at, json, member->bucket);
	case MEMBER_VERSION:
		return read_version(at, json);
	case MEMBER_WORD:
		return read_word(at, json, member);
	case MEMBER_DIGEST:
		return read_digest(base, json, member);
	default:
		return read_text(at, json, member);
	}
}

static bool read_members(void *base, json_t *object, const struct member *members,
			 const struct place *above, char *error);

static bool read_value(void *base, json_t *json, const struct member *member,
		       const struct place *place);

static bool read_list(void *base, json_t *json, const struct member *member,
		      const struct place *place)
{
	char *first = (char *)base + member->offset;
	size_t count = json_array_size(json);

	if (!json_is_array(json) || count > member->size / member->stride)
		return refuse(place, json, member);
	memcpy((char *)base + member->count, &count, sizeof(count));
	for (size_t i = 0; i < count; i++) {
		struct place inner = { .above = place, .index = i, .error = place->error };

		if (!read_value(first + i * member->stride, json_array_get(json, i), member->inner,
				&inner))
			return false;
	}
	return true;
}

static bool read_value(void *base, json_t *json, const struct member *member,
		       const struct place *place)
{
	if (json != NULL && member->type == MEMBER_LIST)
		return read_list(base, json, member, place);
	if (json_is_object(json) && member->type == MEMBER_GROUP)
		return read_members((char *)base + member->offset, json, member->inner, place,
				    place->error);
	if (json == NULL || member->type == MEMBER_GROUP || !read_plain(base, json, member))
		return refuse(place, json, member);
	return true;
}

static bool is_member(const struct member *members, const char *name)
{
	for (const struct member *m = members; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return true;
	return false;
}

/* Always false. */
static bool refuse_unknown(json_t *object, const struct member *members, const struct place *above,
			   char *error)
{
	char where[PLACE_SIZE], shown[FOUND_TEXT];
	const char *name;
	json_t *value;

	name_place(where, above);
	json_object_foreach(object, name, value)
	{
		if (is_member(members, name))
			continue;
		snprintf(error, ENTRY_ERROR_SIZE,
			 "there is no member \"%s%s%s\"; postseal-ledger(5) "
			 "lists those that there are",
			 where, where[0] != '\0' ? "." : "",
			 str_printable(shown, sizeof(shown), name, strlen(name)));
		break;
	}
	return false;
}

static bool read_members(void *base, json_t *object, const struct member *members,
			 const struct place *above, char *error)
{
	size_t count = 0;

	for (const struct member *m = members; m->name != NULL; m++, count++) {
		struct place place = { .above = above, .name = m->name, .error = error };

		if (!read_value(base, json_object_get(object, m->name), m, &place))
			return false;
	}
	return json_object_size(object) == count || refuse_unknown(object, members, above, error);
}

/* What came later than the schema is there, so that it reads as one of now. */
static bool add_what_came_later(json_t *line, const struct member *members, int64_t schema)
{
	for (const struct member *m = members; m->name != NULL; m++) {
		if (m->since <= schema)
			continue;
		if (json_object_get(line, m->name) != NULL ||
		    json_object_set_new(line, m->name,
					m->type == MEMBER_WORD ? json_string(m->word((int)m->min))
							       : json_boolean(m->min != 0)) != 0)
			return false;
	}
	return true;
}

static bool kind_is_of(enum entry_kind kind, int64_t schema)
{
	if (kind == ENTRY_OLD_PINS || kind == ENTRY_OLD_EXCEPTIONS)
		return schema == ENTRY_SCHEMA_OLD;
	return schema == ENTRY_SCHEMA || (kind != ENTRY_PIN && kind != ENTRY_EXCEPTION);
}

/* Takes the member out of the line that says what it is. */
static bool take_kind(struct entry *entry, json_t *line, int64_t schema,
		      char error[ENTRY_ERROR_SIZE])
{
	const char *header = json_string_value(json_object_get(line, ENTRY_JSON_HEADER));
	const char *kind = json_string_value(json_object_get(line, ENTRY_JSON_KIND));
	char found[FOUND_SIZE];

	if (header != NULL && strcmp(header, ENTRY_JSON_HEADER_IS) == 0) {
		entry->kind = ENTRY_HEADER;
		return json_object_del(line, ENTRY_JSON_HEADER) == 0;
	}
	for (entry->kind = ENTRY_DOMAIN; entry->kind < ENTRY_ALL_KINDS; entry->kind++)
		if (kind != NULL && strcmp(kind, entry_kind_name(entry->kind)) == 0 &&
		    kind_is_of(entry->kind, schema))
			return json_object_del(line, ENTRY_JSON_KIND) == 0;
	snprintf(error, ENTRY_ERROR_SIZE,
		 "\"" ENTRY_JSON_KIND "\" is %s; expected \"domain\", \"host\", "
		 "\"override\", \"%s\", \"alias\", \"%s\", \"journal\" or \"end\"",
		 describe(found, json_object_get(line, ENTRY_JSON_KIND)),
		 schema == ENTRY_SCHEMA ? "pin" : "pins",
		 schema == ENTRY_SCHEMA ? "exception" : "exceptions");
	return false;
}

/* A later schema may have other members: then that is what is said. */
static bool read_header(struct entry *entry, json_t *line, char error[ENTRY_ERROR_SIZE])
{
	json_int_t schema = json_integer_value(json_object_get(line, "schema"));

	if (schema > ENTRY_SCHEMA) {
		snprintf(error, ENTRY_ERROR_SIZE,
			 "this was written by a newer postseal (schema %" JSON_INTEGER_FORMAT
			 "; this one, " POSTSEAL_VERSION ", reads up to %d); upgrade "
			 "this program",
			 schema, ENTRY_SCHEMA);
		return false;
	}
	if (!read_members(entry, line, entry_members(ENTRY_HEADER), NULL, error))
		return false;
	if (schema == ENTRY_SCHEMA || schema == ENTRY_SCHEMA_OLD)
		return true;
	snprintf(error, ENTRY_ERROR_SIZE,
		 "\"schema\" is %" JSON_INTEGER_FORMAT "; expected %d or %d", schema,
		 ENTRY_SCHEMA_OLD, ENTRY_SCHEMA);
	return false;
}

static bool read_entry(struct entry *entry, json_t *line, int64_t schema,
		       char error[ENTRY_ERROR_SIZE])
{
	char found[FOUND_SIZE];

	if (!json_is_object(line)) {
		snprintf(error, ENTRY_ERROR_SIZE, "the line is %s; expected an object",
			 describe(found, line));
		return false;
	}
	if (!take_kind(entry, line, schema, error))
		return false;
	if (entry->kind == ENTRY_HEADER)
		return read_header(entry, line, error);
	if (!add_what_came_later(line, entry_members(entry->kind), schema)) {
		snprintf(error, ENTRY_ERROR_SIZE, "it has a member that is of a later schema");
		return false;
	}
	if (!read_members(entry, line, entry_members(entry->kind), NULL, error))
		return false;
	if (entry->kind == ENTRY_DOMAIN)
		record_settle_history(&entry->of.domain);
	if (!entry_is_record(entry->kind) || entry_is_sound(entry))
		return true;
	snprintf(error, ENTRY_ERROR_SIZE, "the members do not go together; expected %s",
		 entry_rule(entry->kind));
	return false;
}

bool entry_json_read(struct entry *entry, const char *line, size_t len, int64_t schema,
		     char error[ENTRY_ERROR_SIZE])
{
	json_error_t fault;
	json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
	bool good;

	memset(entry, 0, sizeof(*entry));
	if (json == NULL) {
		char shown[ENTRY_ERROR_SIZE / 2];

		str_printable(shown, sizeof(shown), fault.text, strlen(fault.text));
		snprintf(error, ENTRY_ERROR_SIZE, "the line is not JSON: byte %d: %s",
			 fault.position, shown);
		return false;
	}
	good = read_entry(entry, json, schema, error);
	json_decref(json);
	return good;
}
