/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/refusals.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/span.h"

static const char *const causes[] = {
	[REFUSAL_NO_TLS] = "no-tls",
	[REFUSAL_OLD_TLS] = "old-tls",
	[REFUSAL_HIDDEN_TLS] = "hidden-tls",
};

#define UNKNOWN_CLIENT "unknown"

const char *refusal_cause_name(enum refusal_cause cause)
{
	return causes[cause];
}

static bool parse_cause(enum refusal_cause *cause, const char *text, size_t len)
{
	for (size_t i = REFUSAL_NO_TLS; i < ARRAY_LEN(causes); i++) {
		if (strlen(causes[i]) == len && memcmp(causes[i], text, len) == 0) {
			*cause = (enum refusal_cause)i;
			return true;
		}
	}
	return false;
}

static enum refusal_cause cause_of(const struct secure_client *client)
{
	switch (client->tls) {
	case SECURE_TLS_NONE:
		return REFUSAL_NO_TLS;
	case SECURE_TLS_USED:
		return REFUSAL_OLD_TLS;
	case SECURE_TLS_HIDDEN:
		break;
	}
	return REFUSAL_HIDDEN_TLS;
}

static bool is_alias(const char *text)
{
	char key[ALIAS_ADDRESS_SIZE];
	struct mailaddr addr;

	return mailaddr_parse(&addr, text, strlen(text), "") == MAILADDR_OK &&
	       alias_key(key, &addr) && strcmp(key, text) == 0;
}

bool refusal_of(struct refusal *refusal, const struct secure_answer *answer,
		const struct secure_client *client, const struct secure_address *recipient,
		const char *client_name, const char *from)
{
	if (!answer->refused || answer->code[0] != '5' || recipient->kind != SECURE_ALIAS ||
	    !alias_key(refusal->alias, &recipient->alias) || !is_alias(refusal->alias))
		return false;
	refusal->cause = cause_of(client);
	str_copy(refusal->client, sizeof(refusal->client), client_name);
	str_printable(refusal->sender, sizeof(refusal->sender), from, strlen(from));
	return true;
}

void refusal_format(char dst[REFUSAL_TEXT_SIZE], const struct refusal *refusal)
{
	str_join(dst, REFUSAL_TEXT_SIZE, refusal->alias, " ", causes[refusal->cause], " ",
		 refusal->client, " <", refusal->sender, ">", NULL);
}

bool refusal_is_client(const char *text)
{
	char canonical[IPADDR_SIZE];
	struct ipaddr addr;

	if (strcmp(text, UNKNOWN_CLIENT) == 0)
		return true;
	return ipaddr_parse(&addr, text, strlen(text)) &&
	       strcmp(ipaddr_format(canonical, &addr), text) == 0;
}

/* What stands before the next blank; false if there is none. */
static bool cut(struct span *word, struct span *rest)
{
	bool found;

	*word = span_cut(rest, " ", &found);
	return found;
}

bool refusal_parse(struct refusal *refusal, const char *text, size_t len)
{
	struct span rest = { text, len }, alias, cause, client;

	if (!str_all_print(text, len) || !cut(&alias, &rest) || !cut(&cause, &rest) ||
	    !cut(&client, &rest) || rest.len < 2 || rest.at[0] != '<' ||
	    rest.at[rest.len - 1] != '>')
		return false;
	return parse_cause(&refusal->cause, cause.at, cause.len) &&
	       str_copy_n(refusal->alias, sizeof(refusal->alias), alias.at, alias.len) &&
	       str_copy_n(refusal->client, sizeof(refusal->client), client.at, client.len) &&
	       str_copy_n(refusal->sender, sizeof(refusal->sender), rest.at + 1, rest.len - 2) &&
	       is_alias(refusal->alias) && refusal_is_client(refusal->client);
}

static void add(int64_t *count)
{
	if (*count < REFUSALS_COUNT_MAX)
		++*count;
}

/* Where it is, or belongs; *there says which. */
static size_t place(const struct refusals *refusals, const char *sender, bool *there)
{
	size_t i = 0;

	while (i < refusals->count && strcmp(refusals->list[i].sender, sender) < 0)
		i++;
	*there = i < refusals->count && strcmp(refusals->list[i].sender, sender) == 0;
	return i;
}

static void make_room(struct refusals *refusals, size_t at, const char *sender)
{
	memmove(&refusals->list[at + 1], &refusals->list[at],
		(refusals->count - at) * sizeof(refusals->list[0]));
	refusals->count++;
	refusals->list[at] = (struct refused_sender){ 0 };
	str_copy(refusals->list[at].sender, REFUSAL_SENDER_SIZE, sender);
}

void refusals_add(struct refusals *refusals, const struct refusal *refusal, int64_t now)
{
	struct refused_sender *refused;
	bool there;
	size_t at = place(refusals, refusal->sender, &there);

	if (!there && refusals->count == REFUSALS_MAX) {
		add(&refusals->others);
		return;
	}
	if (!there)
		make_room(refusals, at, refusal->sender);
	refused = &refusals->list[at];
	add(&refused->count);
	if (refused->last > now)
		return;
	refused->last = now;
	refused->cause = refusal->cause;
	str_copy(refused->client, sizeof(refused->client), refusal->client);
}

bool refusals_any(const struct refusals *refusals)
{
	return refusals->count > 0 || refusals->others > 0;
}

static void subtract(int64_t *count, int64_t told)
{
	*count = *count > told ? *count - told : 0;
}

void refusals_tell(struct refusals *refusals, const struct refusals *told, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < refusals->count; i++) {
		struct refused_sender *refused = &refusals->list[i];
		bool there;
		size_t at = place(told, refused->sender, &there);

		if (there)
			subtract(&refused->count, told->list[at].count);
		if (refused->count > 0)
			refusals->list[kept++] = *refused;
	}
	refusals->count = kept;
	subtract(&refusals->others, told->others);
	refusals->told = now;
}

bool refusals_may_tell(int64_t told, int64_t now)
{
	return told > now || now - told >= REFUSALS_PAUSE;
}
