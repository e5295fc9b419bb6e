/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/webmail_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/utc.h"

static const enum alias_level levels[] = { ALIAS_ENCRYPT, ALIAS_AUTHENTICATED, ALIAS_VERIFY,
					   ALIAS_DANE_ONLY };

static bool refuse(char error[WEBMAIL_JSON_ERROR_SIZE], const char *sentence)
{
	snprintf(error, WEBMAIL_JSON_ERROR_SIZE, "%s", sentence);
	return false;
}

/* An object whose members are all among `names` (NULL-terminated); NULL, and said why not. */
static json_t *read_object(const char *body, size_t len, const char *const *names,
			   char error[WEBMAIL_JSON_ERROR_SIZE])
{
	json_t *json = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const char *member;
	json_t *value;

	if (json == NULL || !json_is_object(json)) {
		refuse(error, "the body is no JSON object");
		json_decref(json);
		return NULL;
	}
	json_object_foreach(json, member, value)
	{
		size_t i = 0;

		while (names[i] != NULL && strcmp(names[i], member) != 0)
			i++;
		if (names[i] != NULL)
			continue;
		refuse(error, "the body has a member that is unknown here");
		json_decref(json);
		return NULL;
	}
	return json;
}

static bool read_change(struct webmail_change *change, const json_t *json,
			char error[WEBMAIL_JSON_ERROR_SIZE])
{
	const json_t *enabled = json_object_get(json, "enabled");
	const json_t *level = json_object_get(json, "level");
	const json_t *otherwise = json_object_get(json, "otherwise");

	if (!json_is_boolean(enabled))
		return refuse(error, "\"enabled\" has to be true or false");
	change->enabled = json_is_true(enabled);
	change->has_level = level != NULL;
	if (level != NULL && (!json_is_string(level) ||
			      !alias_level_parse(&change->level, json_string_value(level))))
		return refuse(error, "\"level\" has to be encrypt, authenticated, verify or "
				     "dane-only");
	change->has_otherwise = otherwise != NULL;
	if (otherwise != NULL &&
	    (!json_is_string(otherwise) ||
	     !alias_otherwise_parse(&change->otherwise, json_string_value(otherwise))))
		return refuse(error, "\"otherwise\" has to be refuse or mailbox");
	return true;
}

bool webmail_json_read_change(struct webmail_change *change, const char *body, size_t len,
			      char error[WEBMAIL_JSON_ERROR_SIZE])
{
	static const char *const members[] = { "enabled", "level", "otherwise", NULL };
	json_t *json = read_object(body, len, members, error);
	bool good;

	*change = (struct webmail_change){ .level = ALIAS_ENCRYPT };
	if (json == NULL)
		return false;
	good = read_change(change, json, error);
	json_decref(json);
	return good;
}

static void write_out(struct buf *out, json_t *json)
{
	char *text = json != NULL
			     ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)
			     : NULL;

	/* All text is UTF-8 by now, so what can fail is memory. */
	if (text == NULL)
		log_fatal("cannot write JSON: out of memory");
	buf_append_str(out, text);
	free(text);
	json_decref(json);
}

void webmail_json_error(struct buf *out, const char *word, const char *sentence)
{
	write_out(out, json_pack("{s:s, s:s}", "error", word, "text", sentence));
}

void webmail_json_no_status(struct buf *out, const char *address, const char *word,
			    const char *sentence)
{
	write_out(out, json_pack("{s:s, s:s, s:s}", "address", address, "error", word, "text",
				 sentence));
}

void webmail_json_alias(struct buf *out, const char *key, const struct alias *alias, bool sealed)
{
	char changed[UTC_SIZE] = "";

	if (alias != NULL)
		utc_format(changed, alias->changed);
	write_out(out,
		  json_pack("{s:s, s:b, s:b, s:s, s:s, s:b, s:s?, s:s?}", "address", key, "on_file",
			    alias != NULL, "enabled", alias != NULL && alias->enabled, "level",
			    alias_level_name(alias != NULL ? alias->level : ALIAS_ENCRYPT),
			    "otherwise",
			    alias_otherwise_name(alias != NULL ? alias->otherwise : ALIAS_REFUSE),
			    "sealed", sealed, "changed", alias != NULL ? changed : NULL, "author",
			    alias != NULL ? alias->author : NULL));
}

void webmail_json_seal(struct buf *out, const struct settings *settings, const char *proposal)
{
	struct buf pin = { 0 };
	const struct setting *setting = settings_find("mailbox_pin");

	if (settings->mailbox_domain[0] == '\0') {
		buf_append_str(out, "null");
		return;
	}
	setting->show(settings, setting, &pin);
	write_out(out,
		  json_pack("{s:s, s:s, s:I, s:s}", "domain", settings->mailbox_domain, "pin",
			    buf_cstr(&pin), "pin_length", (json_int_t)settings->mailbox_pin_length,
			    "pin_proposal", proposal));
	buf_free(&pin);
}

static json_t *load(const char *answer)
{
	return json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
}

static const char *string_in(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

bool webmail_json_done(const char *answer, char word[WEBMAIL_JSON_WORD_SIZE],
		       char sentence[WEBMAIL_JSON_ERROR_SIZE])
{
	json_t *json = load(answer);
	bool done = json_is_true(json_object_get(json, "ok"));

	snprintf(word, WEBMAIL_JSON_WORD_SIZE, "%s", string_in(json, "error"));
	snprintf(sentence, WEBMAIL_JSON_ERROR_SIZE, "%s", string_in(json, "text"));
	if (!done && (word[0] == '\0' || sentence[0] == '\0')) {
		snprintf(word, WEBMAIL_JSON_WORD_SIZE, "not-now");
		refuse(sentence, "postseal-mailbox cannot be asked just now");
	}
	json_decref(json);
	return done;
}

static json_t *date_json(const json_t *seconds)
{
	char date[UTC_SIZE];
	json_int_t value = json_integer_value(seconds);

	return value > 0 ? json_string(utc_format(date, value)) : json_null();
}

static json_t *letters_json(const json_t *letters)
{
	json_t *list = json_array();
	const json_t *letter;
	size_t i;

	json_array_foreach(letters, i, letter) json_array_append_new(
		list,
		json_pack("{s:o, s:s, s:b}", "sealed", date_json(json_object_get(letter, "date")),
			  "message_id", string_in(letter, "message_id"), "read",
			  json_is_true(json_object_get(letter, "read"))));
	return list;
}

/* How far it has come for this sender: the sender's gate decides. */
static const char *sealed_state(const json_t *box, const json_t *gate)
{
	if (strcmp(string_in(box, "state"), "retired") == 0)
		return "retired";
	if (json_is_true(json_object_get(gate, "locked")))
		return "locked";
	if (json_integer_value(json_object_get(box, "opened")) == 0)
		return "waiting";
	return gate == NULL || json_is_true(json_object_get(gate, "open")) ? "opened" : "waiting";
}

bool webmail_json_sealed(struct buf *out, const char *sender, const char *show, const char *pin)
{
	json_t *json = load(show), *pinned = pin != NULL ? load(pin) : NULL;
	const json_t *box = json_object_get(json, "box");
	const json_t *gate = json_array_get(json_object_get(json, "senders"), 0);
	bool good = json_is_true(json_object_get(json, "ok")) && json_is_object(box);

	if (good)
		write_out(out,
			  json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "sender", sender,
				    "recipient", string_in(box, "mailbox"), "state",
				    sealed_state(box, gate), "opened",
				    date_json(json_object_get(box, "opened")), "expires",
				    date_json(json_object_get(box, "expires")), "tries_left",
				    gate != NULL ? json_integer(json_integer_value(
							   json_object_get(gate, "tries_left")))
						 : json_null(),
				    "pin",
				    json_is_true(json_object_get(pinned, "ok"))
					    ? json_string(string_in(pinned, "pin"))
					    : json_null(),
				    "letters", letters_json(json_object_get(json, "letters"))));
	json_decref(json);
	json_decref(pinned);
	return good;
}

void webmail_json_text(struct buf *out, const char *text)
{
	write_out(out, json_string(text));
}

void webmail_json_levels(struct buf *out)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		json_array_append_new(list, json_string(alias_level_name(levels[i])));
	write_out(out, list);
}
