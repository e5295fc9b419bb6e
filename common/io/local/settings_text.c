/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/local/settings_file.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

struct cursor {
	char *at;
	const char *end;
	int line;
	bool in_word; /* the byte before belongs to an unquoted word */
};

static bool next_is(const struct cursor *c, char wanted)
{
	return c->end - c->at > 1 && c->at[1] == wanted;
}

static bool is_control(char byte)
{
	return str_is_control(byte) && byte != '\t';
}

static void blank_line_comment(struct cursor *c)
{
	while (c->at < c->end && *c->at != '\n')
		*c->at++ = ' ';
}

static const char *blank_block_comment(struct cursor *c)
{
	int first_line = c->line;

	c->at[0] = c->at[1] = ' ';
	for (c->at += 2; c->at < c->end; c->at++) {
		if (*c->at == '*' && next_is(c, '/')) {
			c->at[0] = c->at[1] = ' ';
			c->at += 2;
			return NULL;
		}
		if (*c->at == '\n')
			c->line++;
		else
			*c->at = ' ';
	}
	c->line = first_line;
	return "a comment that is never closed; expected */";
}

static const char *pass_string(struct cursor *c)
{
	char quote = *c->at;

	for (c->at++; c->at < c->end && *c->at != '\n'; c->at++) {
		if (*c->at == quote) {
			c->at++;
			return NULL;
		}
		if (is_control(*c->at))
			return "a control character in a string";
		if (*c->at == '\\') {
			if (!next_is(c, '\\') && !next_is(c, quote))
				return quote == '"'
					       ? "a backslash in a string; expected \\\" or \\\\"
					       : "a backslash in a string; expected \\' or \\\\";
			c->at++;
		} else if (quote == '"' && *c->at == '$' && next_is(c, '{')) {
			return "${ in a string; the environment is not looked at: "
			       "write the value, or use single quotes";
		}
	}
	return "a string that is not closed on its line";
}

static const char *pass_plain(struct cursor *c)
{
	char byte = *c->at;

	if (byte == '\n')
		c->line++;
	else if (byte == '*' || byte == '+' || byte == '(' || byte == ')' || byte == '|')
		return "one of * + ( ) | outside a string; expected quotes around the value";
	else if (byte == '$' && next_is(c, '{'))
		return "${ outside a string; the environment is not looked at: write the value";
	else if (is_control(byte) && byte != '\r')
		return "a control character";
	c->in_word = strchr(" \t\r\n={},", byte) == NULL;
	c->at++;
	return NULL;
}

const char *settings_text_clean(char *text, size_t len, int *line)
{
	struct cursor c = { .at = text, .end = text + len, .line = 1 };
	const char *problem = NULL;

	while (problem == NULL && c.at < c.end) {
		/* Within a word, as in a URL, // starts no comment. */
		bool slash = *c.at == '/' && !c.in_word;

		if (*c.at == '#' || (slash && next_is(&c, '/'))) {
			blank_line_comment(&c);
		} else if (slash && next_is(&c, '*')) {
			problem = blank_block_comment(&c);
		} else if (*c.at == '"' || *c.at == '\'') {
			problem = pass_string(&c);
			c.in_word = false;
		} else {
			problem = pass_plain(&c);
		}
	}
	*line = c.line;
	return problem;
}
