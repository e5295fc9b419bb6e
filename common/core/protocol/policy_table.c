/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/policy_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define SPACES " \t\r\f\v"

/*
 * Lines.
 */

static bool is_blank(char c)
{
	return c != '\0' && strchr(SPACES, c) != NULL;
}

static bool is_skipped(struct span line)
{
	while (line.len > 0 && is_blank(line.at[0])) {
		line.at++;
		line.len--;
	}
	return line.len == 0 || line.at[0] == '#';
}

static struct span next_line(struct policy_table *table)
{
	bool found;

	table->line++;
	return span_cut(&table->rest, "\n", &found);
}

/*
 * A logical line (postmap(1)): it begins with a character that is no blank, and goes on with all
 * lines that begin with one; empty lines and comments in between do not count. False at the end.
 * *len may be more than the room: then it is too long.
 */
static bool read_logical(struct policy_table *table, char room[POLICY_TABLE_LINE_MAX], size_t *len,
			 size_t *first)
{
	*len = 0;
	while (table->rest.len > 0) {
		struct policy_table before = *table;
		struct span line = next_line(table);

		if (is_skipped(line))
			continue;
		if (*len > 0 && !is_blank(line.at[0])) {
			*table = before;
			return true;
		}
		if (*len == 0)
			*first = table->line;
		if (line.len < POLICY_TABLE_LINE_MAX - 1 &&
		    *len < POLICY_TABLE_LINE_MAX - 1 - line.len)
			memcpy(room + *len, line.at, line.len);
		else
			*len = POLICY_TABLE_LINE_MAX;
		*len += line.len;
	}
	return *len > 0;
}

/*
 * What is in it.
 */

__attribute__((format(printf, 2, 3))) static void leave(struct policy_entry *entry,
							const char *format, ...)
{
	char text[DETAIL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_printable(entry->why, sizeof(entry->why), text, strlen(text));
	entry->taken = false;
}

/* The next word, which ends at a blank or a comma; braces hold one together (postconf(5)). */
static struct span next_word(struct span *rest)
{
	struct span word;
	size_t depth = 0;

	while (rest->len > 0 && (is_blank(rest->at[0]) || rest->at[0] == ',')) {
		rest->at++;
		rest->len--;
	}
	word = (struct span){ rest->at, 0 };
	while (rest->len > 0 && (depth > 0 || (!is_blank(rest->at[0]) && rest->at[0] != ','))) {
		if (rest->at[0] == '{')
			depth++;
		else if (rest->at[0] == '}' && depth > 0)
			depth--;
		rest->at++;
		rest->len--;
		word.len++;
	}
	return word;
}

/* Attributes that say nothing about how safe a connection is. */
static bool is_harmless(struct span word)
{
	static const char *const names[] = { "connection_reuse=", "policy_",
					     "mx_host_pattern=", "{ policy_", "{policy_" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (span_starts(word, names[i]))
			return true;
	}
	return false;
}

/* The names that `secure` means by itself (postconf(5), smtp_tls_secure_cert_match). */
static bool is_usual_match(struct span names)
{
	return span_is(names, "nexthop:dot-nexthop") || span_is(names, "dot-nexthop:nexthop");
}

static void read_attributes(struct policy_entry *entry, struct span rest)
{
	bool secure = entry->level == LEVEL_SECURE;
	struct span word;

	for (word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
		struct span value = word;

		if (is_harmless(word) || (secure && span_is(word, "servername=hostname")) ||
		    (secure && span_skip(&value, "match=") && is_usual_match(value)))
			continue;
		entry->found_out &= span_starts(word, "match=");
		if (entry->why[0] == '\0')
			leave(entry, "%.*s cannot be kept by a level alone", (int)word.len,
			      word.at);
	}
}

static void read_level(struct policy_entry *entry, struct span word)
{
	char name[32];

	if (!str_copy_n(name, sizeof(name), word.at, word.len))
		name[0] = '\0';
	if (word.len == 0)
		leave(entry, "no level");
	else if (strcmp(name, "none") == 0 || strcmp(name, "may") == 0)
		leave(entry, "\"%s\" would let mail leave without TLS", name);
	else if (strcmp(name, "verify") == 0)
		leave(entry, "\"verify\" believes names from unsigned DNS; postseal has no such "
			     "level");
	else if (strcmp(name, "fingerprint") == 0)
		leave(entry, "\"fingerprint\" needs keys on file (postseal pin add)");
	else if (!level_parse(&entry->level, name))
		leave(entry, "not DOMAIN LEVEL: \"%.*s\" is no level", (int)(word.len < 64 ? word.len : 64), word.at);
}

static void read_entry(struct policy_entry *entry, struct span text)
{
	struct span key = { text.at, 0 };

	while (key.len < text.len && !is_blank(text.at[key.len]))
		key.len++;
	text.at += key.len;
	text.len -= key.len;
	str_printable(entry->shown, sizeof(entry->shown), key.at, key.len);
	entry->level = LEVEL_NONE;
	entry->taken = true;
	if (nexthop_parse(&entry->nexthop, key.at, key.len) != NEXTHOP_OK) {
		leave(entry, "no next hop");
		return;
	}
	read_level(entry, next_word(&text));
	entry->found_out = entry->taken && entry->level != LEVEL_ENCRYPT &&
			   entry->nexthop.kind == NEXTHOP_DOMAIN;
	if (entry->taken)
		read_attributes(entry, text);
}

bool policy_table_next(struct policy_table *table, struct policy_entry *entry)
{
	char room[POLICY_TABLE_LINE_MAX] = "";
	size_t len;

	*entry = (struct policy_entry){ 0 };
	if (!read_logical(table, room, &len, &entry->line))
		return false;
	if (len >= POLICY_TABLE_LINE_MAX)
		leave(entry, "the line is too long");
	else if (memchr(room, '\0', len) != NULL)
		leave(entry, "the line holds a NUL");
	else
		read_entry(entry, (struct span){ room, len });
	return true;
}
