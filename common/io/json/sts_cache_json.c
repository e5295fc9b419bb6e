/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/sts_cache_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/protocol/sts.h"
#include "core/record/acts.h"

static void leave(struct sts_cache_row *row, const char *why)
{
	row->taken = false;
	str_printable(row->why, sizeof(row->why), why, strlen(why));
}

/* A value that may stand in a line of a policy: nothing in it begins another line. */
static bool add_line(struct buf *body, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	char shown[DOMAIN_SIZE + 8];

	if (text == NULL || json_string_length(value) != strlen(text) ||
	    strcmp(str_printable(shown, sizeof(shown), text, strlen(text)), text) != 0)
		return false;
	buf_printf(body, "%s: %s\n", name, text);
	return true;
}

/* The policy as it was published, so that what is read of it obeys the same rules. */
static bool write_body(struct buf *body, const json_t *policy)
{
	const json_t *mx = json_object_get(policy, "mx"), *one;
	const json_t *age = json_object_get(policy, "max_age");
	size_t i;

	if (!add_line(body, "version", json_object_get(policy, "version")) ||
	    !add_line(body, "mode", json_object_get(policy, "mode")) || !json_is_integer(age))
		return false;
	json_array_foreach(mx, i, one)
	{
		if (!add_line(body, "mx", one))
			return false;
	}
	buf_printf(body, "max_age: %" PRId64 "\n", (int64_t)json_integer_value(age));
	return true;
}

static void take_policy(struct sts_cache_row *row, const json_t *object, int64_t now)
{
	struct sts_policy policy;
	struct buf body = { 0 };
	bool good = json_is_object(object) && write_body(&body, object) &&
		    sts_policy_parse(&policy, buf_cstr(&body), body.len, row->why);

	buf_free(&body);
	if (!good) {
		leave(row, row->why[0] != '\0' ? row->why : "no policy");
		return;
	}
	row->facts.mode = policy.mode;
	row->facts.max_age = policy.max_age;
	row->facts.until = row->facts.fetched + policy.max_age;
	row->facts.patterns = policy.patterns;
	memcpy(row->facts.pattern, policy.pattern, sizeof(policy.pattern));
	row->why[0] = '\0';
	if (policy.mode != STS_ENFORCE)
		leave(row, "its mode is not enforce");
	else if (row->facts.until <= now)
		leave(row, "it has expired");
	else
		row->taken = true;
}

/* SQLite keeps the policy as text. */
static void take_body(struct sts_cache_row *row, const json_t *value, int64_t now)
{
	json_t *inner = json_is_string(value)
				? json_loadb(json_string_value(value), json_string_length(value),
					     JSON_REJECT_DUPLICATES, NULL)
				: NULL;

	take_policy(row, json_is_string(value) ? inner : value, now);
	json_decref(inner);
}

static void take_row(struct sts_cache_row *row, const json_t *json, int64_t now)
{
	const json_t *domain = json_object_get(json, "domain"), *ts = json_object_get(json, "ts");
	const json_t *id = json_object_get(json, "pol_id");

	if (!json_is_string(domain)) {
		leave(row, "no domain");
		return;
	}
	str_printable(row->shown, sizeof(row->shown), json_string_value(domain),
		      json_string_length(domain));
	if (!domain_fold(row->domain, json_string_value(domain), json_string_length(domain)))
		leave(row, "no domain");
	else if (!json_is_integer(ts) || json_integer_value(ts) <= 0)
		leave(row, "no time");
	else if (json_integer_value(ts) > now + ACTS_AHEAD)
		leave(row, "its time is in the future");
	else if (json_string_value(id) == NULL || json_string_length(id) >= STS_ID_SIZE ||
		 !str_copy(row->facts.id, sizeof(row->facts.id), json_string_value(id)) ||
		 row->facts.id[strspn(row->facts.id, "abcdefghijklmnopqrstuvwxyz"
						     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] !=
			 '\0')
		leave(row, "no id");
	else {
		row->facts.fetched = json_integer_value(ts);
		take_body(row, json_object_get(json, "pol_body"), now);
	}
}

struct reading {
	size_t number;
	int64_t now;
	void (*visit)(void *context, const struct sts_cache_row *row);
	void *context;
};

static void visit_row(struct reading *reading, const json_t *json)
{
	struct sts_cache_row row = { .number = ++reading->number };

	take_row(&row, json, reading->now);
	reading->visit(reading->context, &row);
}

static void visit_value(struct reading *reading, const json_t *json)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(json))
		visit_row(reading, json);
	json_array_foreach(json, i, one) visit_row(reading, one);
}

bool sts_cache_json_read(const char *text, size_t len, int64_t now,
			 void (*visit)(void *context, const struct sts_cache_row *row),
			 void *context, char error[DETAIL_SIZE])
{
	struct reading reading = { .now = now, .visit = visit, .context = context };
	size_t at = 0;

	for (;;) {
		json_error_t why;
		json_t *json;

		while (at < len && text[at] != '\0' && strchr(" \t\r\n", text[at]) != NULL)
			at++;
		if (at == len)
			return true;
		json = json_loadb(text + at, len - at,
				  JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &why);
		if (json == NULL) {
			char said[JSON_ERROR_TEXT_LENGTH];

			snprintf(error, DETAIL_SIZE, "row %zu: %s", reading.number + 1,
				 str_printable(said, sizeof(said), why.text, strlen(why.text)));
			return false;
		}
		visit_value(&reading, json);
		json_decref(json);
		at += (size_t)why.position;
	}
}
