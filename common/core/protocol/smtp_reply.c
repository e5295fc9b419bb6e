/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/smtp_reply.h"

#include <string.h>

#include "base/str.h"

#define CODE_LEN 3

/* 2yz to 5yz (RFC 5321 4.2.1); 0 if it is none. */
static unsigned parse_code(const char *line, size_t len)
{
	if (len < CODE_LEN || line[0] < '2' || line[0] > '5')
		return 0;
	for (size_t i = 1; i < CODE_LEN; i++)
		if (line[i] < '0' || line[i] > '9')
			return 0;
	return (unsigned)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

/* The keyword ends where Postfix sees it end, at a blank or "=". */
static bool is_starttls(const char *text, size_t len)
{
	static const char keyword[] = "starttls";
	const size_t n = sizeof(keyword) - 1;

	if (!str_starts_nocase_n(text, len, keyword))
		return false;
	return len == n || text[n] == ' ' || text[n] == '\t' || text[n] == '=';
}

/* One line without its end. */
static enum smtp_reply_state feed_line(struct smtp_reply *reply, const char *line, size_t len)
{
	unsigned code = parse_code(line, len);
	/* "250" alone is "250 " (RFC 5321 4.2). */
	char mark = len > CODE_LEN ? line[CODE_LEN] : ' ';
	const char *text = len > CODE_LEN ? line + CODE_LEN + 1 : line + len;
	size_t text_len = len - (size_t)(text - line);

	if (code == 0 || memchr(line, '\0', len) != NULL || (mark != ' ' && mark != '-'))
		return SMTP_REPLY_MALFORMED;
	if (reply->lines == 0) {
		reply->code = code;
		str_printable(reply->text, sizeof(reply->text), text, text_len);
	} else if (code != reply->code) {
		return SMTP_REPLY_MALFORMED;
	} else if (is_starttls(text, text_len)) {
		reply->starttls = true;
	}
	if (++reply->lines > SMTP_LINES_MAX)
		return SMTP_REPLY_MALFORMED;
	return mark == ' ' ? SMTP_REPLY_DONE : SMTP_REPLY_MORE;
}

enum smtp_reply_state smtp_reply_feed(struct smtp_reply *reply, const char *bytes, size_t len,
				      size_t *used)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;

	*used = 0;
	while (state == SMTP_REPLY_MORE && *used < len) {
		const char *line = bytes + *used;
		const char *end = memchr(line, '\n', len - *used);
		size_t line_len = end != NULL ? (size_t)(end - line) : len - *used;

		if (line_len + 1 > SMTP_LINE_MAX)
			return SMTP_REPLY_MALFORMED;
		if (end == NULL)
			break;
		*used += line_len + 1;
		if (line_len > 0 && line[line_len - 1] == '\r')
			line_len--;
		state = feed_line(reply, line, line_len);
	}
	return state;
}
