/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/authors.h"

#include "base/str.h"

const char *authors_header(const char *name)
{
	static const char *const headers[] = { "From", "Sender", "Resent-From", "Resent-Sender" };

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		size_t len = strlen(headers[i]);

		if (str_starts_nocase(name, headers[i]) &&
		    name[len + strspn(name + len, " \t")] == '\0')
			return headers[i];
	}
	return NULL;
}

void authors_begin(struct authors *walk, const char *value)
{
	walk->rest = span_of(value);
	walk->in_brackets = false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the comment that begins here (3.2.2); all there is if it has no end. */
static size_t comment_length(struct span in, bool *ends)
{
	size_t depth = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (in.at[i] == '\\')
			i++;
		else if (in.at[i] == '(')
			depth++;
		else if (in.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	*ends = false;
	return in.len;
}

/* Of a quoted string (3.2.4) or a literal (3.4.1), the same. */
static size_t enclosed_length(struct span in, char end, bool *ends)
{
	for (size_t i = 1; i < in.len; i++) {
		if (in.at[i] == '\\')
			i++;
		else if (in.at[i] == end)
			return i + 1;
	}
	*ends = false;
	return in.len;
}

/* The length of one of them, whatever is inside. *ends stays as it is if it has an end. */
static size_t token_length(struct span in, bool *ends)
{
	switch (in.at[0]) {
	case '(':
		return comment_length(in, ends);
	case '"':
		return enclosed_length(in, '"', ends);
	case '[':
		return enclosed_length(in, ']', ends);
	default:
		return 1;
	}
}

static struct span behind(struct span in, size_t len)
{
	return (struct span){ in.at + len, in.len - len };
}

/* A run up to what ends it, '\0' for the end of the value. */
struct piece {
	struct span raw;
	char end;
	bool has_at; /* outside of comments, quotes and literals */
	bool whole;  /* and all of those end */
};

static bool ends_piece(char c, bool in_brackets)
{
	return c == '<' || c == '>' || (!in_brackets && (c == ',' || c == ';' || c == ':'));
}

static void take_piece(struct piece *piece, struct authors *walk)
{
	struct span in = walk->rest;

	*piece = (struct piece){ .raw = in, .whole = true };
	while (in.len > 0 && !ends_piece(in.at[0], walk->in_brackets)) {
		piece->has_at |= in.at[0] == '@';
		in = behind(in, token_length(in, &piece->whole));
	}
	piece->raw.len -= in.len;
	if (in.len > 0) {
		piece->end = in.at[0];
		in = behind(in, 1);
	}
	walk->rest = in;
}

struct writer {
	char *text;
	size_t len;
	bool blank; /* since the last token that was written */
	bool sound;
};

static bool joins(char c)
{
	return c == '.' || c == '@' || c == ',' || c == ':';
}

/* Blanks and comments may stand at dots and "@" (4.4), not between two words. */
static void put(struct writer *out, struct span token)
{
	if (out->blank && out->len > 0 && !joins(out->text[out->len - 1]) && !joins(token.at[0]))
		out->sound = false;
	out->blank = false;
	for (size_t i = 0; i < token.len && out->sound; i++) {
		if (token.at[i] == '\r' || token.at[i] == '\n')
			continue; /* a fold within quotes */
		out->sound = out->len + 1 < AUTHOR_SIZE;
		if (out->sound)
			out->text[out->len++] = token.at[i];
	}
}

static void write_text(struct author *author, const struct piece *piece)
{
	struct writer out = { .text = author->text, .sound = piece->whole };
	bool ends = true;

	for (struct span in = piece->raw; in.len > 0 && out.sound;) {
		size_t len = token_length(in, &ends);

		if (is_blank(in.at[0]) || in.at[0] == '(')
			out.blank = true;
		else
			put(&out, (struct span){ in.at, len });
		in = behind(in, len);
	}
	author->text[out.sound ? out.len : 0] = '\0';
}

static bool is_empty(const struct piece *piece)
{
	bool ends = true;

	for (struct span in = piece->raw; in.len > 0; in = behind(in, token_length(in, &ends)))
		if (!is_blank(in.at[0]) && in.at[0] != '(')
			return false;
	return piece->whole;
}

/* The name of somebody, or of a group, as long as it does not look like an address. */
static bool is_name(const struct piece *piece, bool in_brackets)
{
	return !in_brackets && !piece->has_at && (piece->end == '<' || piece->end == ':');
}

bool authors_next(struct author *author, struct authors *walk)
{
	while (walk->rest.len > 0) {
		bool in_brackets = walk->in_brackets;
		struct piece piece;

		take_piece(&piece, walk);
		walk->in_brackets = piece.end == '<';
		if (is_empty(&piece) || is_name(&piece, in_brackets))
			continue;
		author->raw = piece.raw;
		write_text(author, &piece);
		return true;
	}
	return false;
}
