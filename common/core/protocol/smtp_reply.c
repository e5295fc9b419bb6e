/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/smtp_reply.h"

#include <string.h>

#include "base/str.h"

#define CODE_LEN 3
#define DIGITS "0123456789"

/* Three digits, and after them a blank, a hyphen or nothing. */
static bool is_reply_line(const char *line)
{
	return strspn(line, DIGITS) == CODE_LEN && strchr(" -", line[CODE_LEN]) != NULL;
}

/* The keyword comes after the code, and ends where Postfix sees it end. The first one is a name. */
static void note_keyword(struct smtp_reply *reply, const char *line)
{
	static const char keyword[] = "STARTTLS";
	size_t len;

	line += strspn(line, "- ");
	line += strcspn(line, "- ");
	line += *line != '\0';
	line += strspn(line, " =");
	len = strcspn(line, " =");
	if (len == 0 || reply->words++ == 0)
		return;
	if (len == sizeof(keyword) - 1 && str_starts_nocase(line, keyword))
		reply->starttls = true;
}

static void take_line(struct smtp_reply *reply)
{
	const char *line = reply->line;
	const char *text = is_reply_line(line) && line[CODE_LEN] != '\0' ? line + CODE_LEN + 1
			   : is_reply_line(line)                         ? line + CODE_LEN
									 : line;

	if (reply->lines++ == 0) {
		reply->masked = true;
		str_printable(reply->text, sizeof(reply->text), text, strlen(text));
	}
	if (reply->kept >= SMTP_LINE_MAX)
		return;
	reply->kept += strlen(line) + 1;
	reply->masked &= line[strspn(line, "20 *")] == '\0';
	note_keyword(reply, line);
}

/* True when it is the last one. */
static bool end_line(struct smtp_reply *reply)
{
	const char *line = reply->line;
	bool last;

	while (reply->len > 0 && line[reply->len - 1] == '\r')
		reply->len--;
	reply->line[reply->len] = '\0';
	/* Postfix makes them so before it looks, which lets no keyword end at a tab. */
	for (size_t i = 0; i < reply->len; i++)
		if (reply->line[i] < ' ' || reply->line[i] > '~')
			reply->line[i] = '?';
	take_line(reply);
	last = is_reply_line(line) && line[CODE_LEN] != '-';
	if (last)
		reply->code =
			(unsigned)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
	reply->len = 0;
	reply->cut = false;
	return last;
}

enum smtp_reply_state smtp_reply_feed(struct smtp_reply *reply, const char *bytes, size_t len,
				      size_t *used)
{
	for (*used = 0; *used < len;) {
		char c = bytes[(*used)++];

		if (++reply->bytes > SMTP_REPLY_MAX)
			return SMTP_REPLY_ENDLESS;
		if (c == '\n') {
			if (end_line(reply))
				return SMTP_REPLY_DONE;
			continue;
		}
		reply->cut |= c == '\0';
		if (!reply->cut && reply->len < SMTP_LINE_MAX)
			reply->line[reply->len++] = c;
	}
	return SMTP_REPLY_MORE;
}
