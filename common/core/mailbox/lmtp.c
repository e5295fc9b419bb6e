/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/lmtp.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char *word;
	enum lmtp_verb verb;
} verbs[] = {
	{ "LHLO ", LMTP_LHLO }, { "MAIL FROM:", LMTP_MAIL }, { "RCPT TO:", LMTP_RCPT },
	{ "DATA", LMTP_DATA },  { "RSET", LMTP_RSET },       { "NOOP", LMTP_NOOP },
	{ "QUIT", LMTP_QUIT },
};

/* "<...>" with quoted strings in it; *rest begins after it. */
static bool take_path(struct span *rest, struct span *path)
{
	bool quoted = false;

	*rest = span_trim(*rest);
	if (rest->len == 0 || rest->at[0] != '<')
		return false;
	for (size_t i = 1; i < rest->len; i++) {
		char c = rest->at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == '>' && !quoted) {
			*path = (struct span){ rest->at + 1, i - 1 };
			rest->at += i + 1;
			rest->len -= i + 1;
			return true;
		}
	}
	return false;
}

/* Only SIZE matters here. Other parameters are passed over. */
static bool take_parameters(struct span rest, uint64_t *size)
{
	while (rest.len > 0) {
		bool found;
		struct span word = span_cut(&rest, " ", &found);

		if (str_starts_nocase_n(word.at, word.len, "SIZE=") &&
		    !str_number(word.at + 5, word.len - 5, UINT64_MAX / 2, size))
			return false;
	}
	return true;
}

struct lmtp_command lmtp_parse(struct span line)
{
	struct lmtp_command command = { .verb = LMTP_OTHER };
	struct span rest = line;

	if (memchr(line.at, '\0', line.len) != NULL || memchr(line.at, '\r', line.len) != NULL) {
		command.verb = LMTP_MALFORMED;
		return command;
	}
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (str_starts_nocase_n(line.at, line.len, verbs[i].word)) {
			size_t len = strlen(verbs[i].word);

			command.verb = verbs[i].verb;
			rest = (struct span){ line.at + len, line.len - len };
			break;
		}
	}
	if (command.verb == LMTP_MAIL || command.verb == LMTP_RCPT) {
		if (!take_path(&rest, &command.path) || !take_parameters(rest, &command.size) ||
		    (command.verb == LMTP_RCPT && command.path.len == 0))
			command.verb = LMTP_MALFORMED;
	} else if ((command.verb == LMTP_DATA || command.verb == LMTP_RSET ||
		    command.verb == LMTP_QUIT) &&
		   span_trim(rest).len > 0) {
		command.verb = LMTP_MALFORMED;
	}
	return command;
}

/* How much of CRLF . CRLF has been read. */
enum { LINE_START, TEXT, AFTER_CR, AFTER_DOT, AFTER_DOT_CR };

static void put(struct lmtp_text *text, struct buf *out, size_t most, const char *bytes, size_t len)
{
	if (out->len + len > most)
		text->too_large = true;
	if (!text->too_large)
		buf_append(out, bytes, len);
}

size_t lmtp_feed(struct lmtp_text *text, struct buf *out, size_t most, const char *bytes,
		 size_t len)
{
	size_t at = 0;

	while (at < len && !text->ended) {
		char c = bytes[at];

		switch (text->state) {
		case LINE_START:
			if (c == '.') {
				text->state = AFTER_DOT;
				at++;
				continue;
			}
			break;
		case AFTER_DOT:
			if (c == '\r') {
				text->state = AFTER_DOT_CR;
				at++;
				continue;
			}
			break; /* the dot that was added is gone */
		case AFTER_DOT_CR:
			if (c == '\n') {
				text->ended = true;
				return at + 1;
			}
			put(text, out, most, "\r", 1);
			text->state = AFTER_CR;
			break;
		case AFTER_CR:
			if (c == '\n') {
				put(text, out, most, "\n", 1);
				text->state = LINE_START;
				at++;
				continue;
			}
			break;
		default:
			break;
		}
		if (c == '\r') {
			put(text, out, most, "\r", 1);
			text->state = AFTER_CR;
			at++;
		} else {
			const char *cr = memchr(bytes + at, '\r', len - at);
			size_t run = cr != NULL ? (size_t)(cr - bytes) - at : len - at;

			put(text, out, most, bytes + at, run);
			text->state = TEXT;
			at += run;
		}
	}
	return at;
}
