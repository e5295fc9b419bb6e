/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/report.h"

#include <string.h>

#include "base/str.h"
#include "core/mailbox/mime.h"
#include "core/names/seal_address.h"

static bool begins(struct span text, const char *with)
{
	return str_starts_nocase_n(text.at, text.len, with);
}

/* A comment may follow the word (RFC 3464 2.1.1). */
static bool is_failed(struct span action)
{
	return begins(action, "failed") &&
	       (action.len == 6 || strchr(" \t\r(", action.at[6]) != NULL);
}

/*
 * The fields Action: of a delivery report, wherever they stand: a report on several recipients has
 * several. One without any says nothing that would be understood, and is taken for a failure.
 */
static bool has_failed(struct span body)
{
	bool more = body.len > 0, any = false;

	while (more) {
		struct span line = span_cut(&body, "\n", &more);

		if (!begins(line, "Action:"))
			continue;
		any = true;
		line.at += strlen("Action:");
		line.len -= strlen("Action:");
		if (is_failed(span_trim(line)))
			return true;
	}
	return !any;
}

static bool contains(struct span text, const char *what)
{
	while (text.len > 0 && !begins(text, what)) {
		text.at++;
		text.len--;
	}
	return text.len > 0;
}

static bool is_from(struct span message, const char *recipient)
{
	char author[SEAL_ADDRESS_SIZE], one[SEAL_ADDRESS_SIZE], other[SEAL_ADDRESS_SIZE];
	struct span value;
	struct buf name = { 0 };
	bool found = mime_find_header(message, "From", &value) &&
		     mime_first_address(value, author, &name);

	buf_free(&name);
	return found && seal_address_key(one, author, strlen(author)) &&
	       seal_address_key(other, recipient, strlen(recipient)) && strcmp(one, other) == 0;
}

bool report_is_failure(struct span message, bool null_sender, const char *recipient)
{
	struct span type = { "", 0 };
	size_t body = mime_body(message);

	if (!null_sender)
		return false;
	mime_find_header(message, "Content-Type", &type);
	if (!contains(type, "multipart/report"))
		return !is_from(message, recipient);
	return !contains(type, "disposition-notification") &&
	       has_failed((struct span){ message.at + body, message.len - body });
}

#define ID_MOST 64 /* octets in hexadecimal */

bool report_returned_id(struct span message, const char *domain, void *id, size_t size)
{
	size_t body = mime_body(message);
	struct span rest = { message.at + body, message.len - body };
	bool more = rest.len > 0, found;

	while (more) {
		struct span line = span_cut(&rest, "\n", &more), hex;
		char text[2 * ID_MOST + 1];

		if (!begins(line, "Message-ID:"))
			continue;
		span_cut(&line, "<", &found);
		hex = span_cut(&line, "@", &found);
		if (found && begins(line, domain) && line.len > strlen(domain) &&
		    line.at[strlen(domain)] == '>' && hex.len == 2 * size &&
		    str_copy_n(text, sizeof(text), hex.at, hex.len) && str_hex_read(id, size, text))
			return true;
	}
	return false;
}
