/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/aliases.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/secure/exceptions.h"
#include "core/policy/request.h"
#include "io/local/metrics_file.h"
#include "io/link/link.h"

/* Postfix itself gives the milter 30 seconds for an answer (milter_command_timeout). */
#define PATIENCE_MS 5000

struct alias_question {
	struct socketmap_client *client;
	const char *key;
	int64_t deadline;
};

/* socketmap_table(5); the value of an "OK" into value[0..size). */
static enum lookup read_reply(char *value, size_t size, const char *reply)
{
	if (strncmp(reply, "OK ", 3) == 0)
		return str_copy(value, size, reply + 3) ? LOOKUP_FOUND : LOOKUP_ERROR;
	return strncmp(reply, "NOTFOUND ", 9) == 0 ? LOOKUP_ABSENT : LOOKUP_ERROR;
}

static enum lookup ask(const struct alias_question *question, enum map map, char *value,
		       size_t size)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];
	struct buf reply = { 0 };
	enum lookup found = LOOKUP_ERROR;

	if (!socketmap_client_ask(question->client, map_name(map), question->key,
				  question->deadline, &reply, error)) {
		log_error("alias=%s map=%s %s", question->key, map_name(map), error);
	} else {
		found = read_reply(value, size, buf_cstr(&reply));
		if (found == LOOKUP_ERROR)
			log_error("alias=%s map=%s postseal-socketmap gave a bad answer: %s",
				  question->key, map_name(map), buf_cstr(&reply));
	}
	buf_free(&reply);
	metrics_add(M_UNASKED, found == LOOKUP_ERROR);
	return found;
}

static void ask_exception(struct secure_record *record, const struct alias_question *about,
			  const char *writer)
{
	char key[EXCEPTION_KEY_SIZE];
	struct alias_question question = *about;

	exception_key(key, sizeof(key), about->key, writer);
	question.key = key;
	switch (ask(&question, MAP_EXCEPTION, record->until, sizeof(record->until))) {
	case LOOKUP_FOUND:
		record->bound = LOOKUP_ABSENT;
		break;
	case LOOKUP_ABSENT:
		record->bound = LOOKUP_FOUND;
		break;
	case LOOKUP_ERROR:
		break;
	}
}

void aliases_look_up(struct secure_record *record, const struct settings *settings,
		     const struct mailaddr *alias, const char *writer)
{
	char key[ALIAS_ADDRESS_SIZE], transport[64], error[SOCKETMAP_CLIENT_ERROR_SIZE];
	struct alias_question question = { .key = key, .deadline = clock_mono_ms() + PATIENCE_MS };

	*record = secure_not_asked;
	record->bound = writer[0] != '\0' ? LOOKUP_ERROR : LOOKUP_FOUND;
	if (!alias_key(key, alias)) {
		record->enabled = record->owned = LOOKUP_ABSENT; /* nothing that can be on file */
		record->bound = LOOKUP_FOUND;
		return;
	}
	question.client = socketmap_client_open(settings, question.deadline, error);
	if (question.client == NULL) {
		log_error("alias=%s %s", key, error);
		metrics_count(M_UNASKED);
		return;
	}
	record->enabled = ask(&question, MAP_TRANSPORT, transport, sizeof(transport));
	if (record->enabled == LOOKUP_FOUND && !alias_transport_parse(&record->level, transport)) {
		log_error("alias=%s map=transport postseal-socketmap gave a bad answer: %s", key,
			  transport);
		record->enabled = LOOKUP_ERROR;
	}
	if (record->enabled != LOOKUP_ERROR)
		record->owned = ask(&question, MAP_ALIAS, record->mailbox, sizeof(record->mailbox));
	if (record->owned != LOOKUP_ERROR && writer[0] != '\0')
		ask_exception(record, &question, writer);
	socketmap_client_close(question.client);
}

enum lookup aliases_ask_otherwise(const struct settings *settings, const struct mailaddr *alias)
{
	char key[ALIAS_ADDRESS_SIZE], word[16], error[SOCKETMAP_CLIENT_ERROR_SIZE];
	struct alias_question question = { .key = key, .deadline = clock_mono_ms() + PATIENCE_MS };
	enum alias_otherwise otherwise;
	enum lookup found;

	if (!alias_key(key, alias))
		return LOOKUP_ABSENT;
	question.client = socketmap_client_open(settings, question.deadline, error);
	if (question.client == NULL) {
		log_error("alias=%s %s", key, error);
		metrics_count(M_UNASKED);
		return LOOKUP_ERROR;
	}
	found = ask(&question, MAP_OTHERWISE, word, sizeof(word));
	socketmap_client_close(question.client);
	if (found == LOOKUP_FOUND && !alias_otherwise_parse(&otherwise, word))
		return LOOKUP_ERROR;
	return found == LOOKUP_FOUND && otherwise != ALIAS_MAILBOX ? LOOKUP_ABSENT : found;
}

/* No reply in time is ordinary here: nobody can answer yet. */
void aliases_ask_prospect(struct aliases_prospect *prospect, const struct settings *settings,
			  enum alias_level level, const char *nexthop, int64_t deadline)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];
	const char *map = map_name(map_of_level(MAP_KIND_DELIVERABLE, level)), *reason = "";
	struct socketmap_client *client = socketmap_client_open(settings, deadline, error);
	struct buf reply = { 0 };

	*prospect = (struct aliases_prospect){ .prospect = PROSPECT_UNKNOWN };
	if (client == NULL) {
		log_error("domain=%s map=%s %s", nexthop, map, error);
		return;
	}
	if (!socketmap_client_ask(client, map, nexthop, deadline, &reply, error))
		log_info("domain=%s map=%s %s", nexthop, map, error);
	else if (strncmp(buf_cstr(&reply), "OK ", 3) != 0 ||
		 !reply_read_prospect(&prospect->prospect, &reason, buf_cstr(&reply) + 3))
		log_warning("domain=%s map=%s postseal-socketmap gave a bad answer: %s", nexthop,
			    map, buf_cstr(&reply));
	if (!str_copy(prospect->reason, sizeof(prospect->reason), reason) || reason[0] == '\0')
		str_copy(prospect->reason, sizeof(prospect->reason),
			 "its server cannot be reached that securely");
	buf_free(&reply);
	socketmap_client_close(client);
}
