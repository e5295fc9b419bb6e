/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/postconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define TEXT_SIZE 512
#define BLANKS " \t\r\n"

/*
 * Entries.
 */

static bool read_line(struct postconf_entry *entry, struct span line)
{
	bool found;
	struct span rest = line;
	struct span name = span_trim(span_cut(&rest, " =", &found));
	struct span value = span_trim(rest);

	if (!found || name.len == 0 || memchr(line.at, '\0', line.len) != NULL)
		return false;
	entry->name = mem_strndup(name.at, name.len);
	entry->value = mem_strndup(value.at, value.len);
	return true;
}

bool postconf_read(struct postconf *postconf, const char *text, size_t len)
{
	struct span rest = { text, len };
	size_t room = 0;

	*postconf = (struct postconf){ 0 };
	while (rest.len > 0) {
		bool ended;
		struct span line = span_cut(&rest, "\n", &ended);

		if (postconf->count == room) {
			room = room == 0 ? 64 : 2 * room;
			postconf->entries =
				mem_resize(postconf->entries, room, sizeof(postconf->entries[0]));
		}
		if (!ended || postconf->count == POSTCONF_ENTRIES_MAX ||
		    !read_line(&postconf->entries[postconf->count], line)) {
			postconf_free(postconf);
			return false;
		}
		postconf->count++;
	}
	return true;
}

void postconf_free(struct postconf *postconf)
{
	for (size_t i = 0; i < postconf->count; i++) {
		free(postconf->entries[i].name);
		free(postconf->entries[i].value);
	}
	free(postconf->entries);
	*postconf = (struct postconf){ 0 };
}

const char *postconf_get(const struct postconf *postconf, const char *name)
{
	for (size_t i = 0; i < postconf->count; i++) {
		if (strcmp(postconf->entries[i].name, name) == 0)
			return postconf->entries[i].value;
	}
	return NULL;
}

/*
 * Lists.
 */

static bool is_separator(char c)
{
	return c != '\0' && strchr(BLANKS ",", c) != NULL;
}

/* Bytes up to where the braces that open s are closed; all, if they never are. */
static size_t braced_len(struct span s)
{
	int depth = 0;

	for (size_t i = 0; i < s.len; i++) {
		depth += s.at[i] == '{' ? 1 : s.at[i] == '}' ? -1 : 0;
		if (depth == 0)
			return i + 1;
	}
	return s.len;
}

static size_t bare_len(struct span s)
{
	size_t len = 0;

	while (len < s.len && !is_separator(s.at[len])) {
		struct span from = { s.at + len, s.len - len };

		len += s.at[len] == '{' ? braced_len(from) : 1; /* as in type:{ ... } */
	}
	return len;
}

static void drop(struct span *s, size_t len)
{
	s->at += len;
	s->len -= len;
}

bool postconf_item(struct span *rest, struct span *item)
{
	while (rest->len > 0 && is_separator(rest->at[0]))
		drop(rest, 1);
	if (rest->len == 0)
		return false;
	*item = (struct span){ rest->at, bare_len(*rest) };
	drop(rest, item->len);
	if (item->at[0] == '{' && braced_len(*item) == item->len) {
		bool closed = item->len > 1 && item->at[item->len - 1] == '}';

		*item = span_trim((struct span){ item->at + 1, item->len - (closed ? 2 : 1) });
	}
	return true;
}

/*
 * Servers.
 */

static bool parse_path(struct endpoint *endpoint, const char *path,
		       const struct postconf_view *view)
{
	char text[TEXT_SIZE];
	int len;

	if (path[0] == '/' && !view->chrooted)
		len = snprintf(text, sizeof(text), "unix:%s", path);
	else
		len = snprintf(text, sizeof(text), "unix:%s%s%s", view->queue_directory,
			       path[0] == '/' ? "" : "/", path);
	return len > 0 && (size_t)len < sizeof(text) && endpoint_parse(endpoint, text);
}

static bool parse_server(struct endpoint *endpoint, struct span server,
			 const struct postconf_view *view)
{
	char text[TEXT_SIZE];

	if (!str_copy_n(text, sizeof(text), server.at, server.len) || strlen(text) != server.len)
		return false;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(endpoint, text + 5, view);
	return endpoint_parse(endpoint, text);
}

bool postconf_socketmap(struct endpoint *endpoint, struct span *map, struct span item,
			const struct postconf_view *view)
{
	struct postconf_view outside = *view;
	size_t name;

	if (span_skip(&item, "proxy:"))
		outside.chrooted = false;
	if (!span_skip(&item, "socketmap:"))
		return false;
	for (name = item.len; name > 0 && item.at[name - 1] != ':'; name--)
		;
	if (name == 0 || name == item.len)
		return false;
	*map = (struct span){ item.at + name, item.len - name };
	return parse_server(endpoint, (struct span){ item.at, name - 1 }, &outside);
}

/* Of "default_action=..." among a milter's options; only in braces may blanks stand around "=". */
static struct span action_of(struct span options)
{
	struct span option, value = { options.at, 0 };

	while (postconf_item(&options, &option)) {
		bool found;
		struct span name = span_trim(span_cut(&option, "=", &found));

		if (found && span_is(name, "default_action"))
			value = span_trim(option);
	}
	return value;
}

bool postconf_milter(struct endpoint *endpoint, struct span *default_action, struct span item,
		     const struct postconf_view *view)
{
	size_t len = 0;

	while (len < item.len && !is_separator(item.at[len]))
		len++;
	*default_action = action_of((struct span){ item.at + len, item.len - len });
	return parse_server(endpoint, (struct span){ item.at, len }, view);
}

int postconf_version(const char *mail_version)
{
	struct span rest = span_of(mail_version);
	uint64_t major, minor;

	if (!span_number(&rest, 99, &major) || !span_skip(&rest, ".") ||
	    !span_number(&rest, 99, &minor))
		return 0;
	return (int)(major * 100 + minor);
}

bool postconf_has(const char *list, const char *wanted)
{
	struct span rest = span_of(list), item;

	while (postconf_item(&rest, &item)) {
		if (span_is(item, wanted))
			return true;
	}
	return false;
}
