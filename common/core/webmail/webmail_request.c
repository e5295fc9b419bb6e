/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/webmail/webmail_request.h"

#include <string.h>

#include "base/span.h"
#include "base/str.h"

static const struct {
	const char *method;
	const char *path; /* "*" stands for a piece of it */
	const char *parameter;
	const char *name;
} calls[WEBMAIL_CALLS] = {
	[WEBMAIL_RECIPIENTS] = { "GET", "/v1/recipients", "a", "recipients" },
	[WEBMAIL_ALIASES] = { "GET", "/v1/aliases", NULL, "aliases" },
	[WEBMAIL_ALIAS] = { "PUT", "/v1/aliases/*", NULL, "alias" },
	[WEBMAIL_SEALED] = { "GET", "/v1/sealed/*", NULL, "sealed" },
	[WEBMAIL_UNLOCK] = { "POST", "/v1/sealed/*/unlock", NULL, "unlock" },
	[WEBMAIL_RESEND] = { "POST", "/v1/sealed/*/resend", NULL, "resend" },
	[WEBMAIL_REVOKE] = { "POST", "/v1/sealed/*/revoke", NULL, "revoke" },
};

const char *webmail_call_name(enum webmail_call call)
{
	return calls[call].name;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c != '\0' ? strchr(digits, str_lower_char(c)) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* Percent-encoded text as a C string; false: no such text, a NUL in it, or too long. */
static bool decode(char *dst, size_t size, struct span text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '%') {
			if (text.len - i < 3 || hex(text.at[i + 1]) < 0 || hex(text.at[i + 2]) < 0)
				return false;
			c = (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2]));
			i += 2;
		}
		if (c == '\0' || len + 1 == size)
			return false;
		dst[len++] = c;
	}
	dst[len] = '\0';
	return true;
}

/* Valid UTF-8 that neither C0, DEL nor C1 controls stand in. */
static bool is_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text), step;

	for (size_t i = 0; i < len; i += step) {
		step = str_utf8_length(text + i, len - i);
		if (step == 0 || s[i] < 0x20 || s[i] == 0x7f || (s[i] == 0xc2 && s[i + 1] < 0xa0))
			return false;
	}
	return true;
}

static bool read_address(char dst[WEBMAIL_ADDRESS_SIZE], struct span text)
{
	const char *at;

	if (!decode(dst, WEBMAIL_ADDRESS_SIZE, text) || !is_text(dst))
		return false;
	at = strrchr(dst, '@');
	return at != NULL && at > dst && at[1] != '\0';
}

/* Is this path of that shape? Then *piece is what stands for its "*", never empty. */
static bool path_is(struct span path, const char *shape, struct span *piece)
{
	const char *star = strchr(shape, '*');
	size_t before = star != NULL ? (size_t)(star - shape) : 0;

	if (star == NULL)
		return span_is(path, shape);
	if (path.len <= before || memcmp(path.at, shape, before) != 0 || !span_ends(path, star + 1))
		return false;
	*piece = (struct span){ path.at + before, path.len - before };
	if (piece->len <= strlen(star + 1))
		return false;
	piece->len -= strlen(star + 1);
	return memchr(piece->at, '/', piece->len) == NULL;
}

static enum webmail_verdict read_parameters(struct webmail_request *request, const char *name,
					    struct span query)
{
	bool more = query.len > 0, equals;

	while (more) {
		struct span value = span_cut(&query, "&", &more);
		struct span key = span_cut(&value, "=", &equals);

		if (!equals || !span_is(key, name))
			return WEBMAIL_BAD_QUERY;
		if (request->count == WEBMAIL_ADDRESSES_MAX)
			return WEBMAIL_TOO_MANY;
		if (!read_address(request->address[request->count++], value))
			return WEBMAIL_BAD_ADDRESS;
	}
	return request->count > 0 ? WEBMAIL_GOOD : WEBMAIL_BAD_QUERY;
}

static enum webmail_verdict read_call(struct webmail_request *request, struct span piece,
				      struct span query, bool asks)
{
	const char *parameter = calls[request->call].parameter;

	request->count = 0;
	if (piece.len > 0 && !read_address(request->address[request->count++], piece))
		return WEBMAIL_BAD_ADDRESS;
	if (parameter == NULL)
		return asks ? WEBMAIL_BAD_QUERY : WEBMAIL_GOOD;
	return read_parameters(request, parameter, query);
}

enum webmail_verdict webmail_request_read(struct webmail_request *request, const char *method,
					  const char *target)
{
	enum webmail_verdict verdict = WEBMAIL_NO_CALL;
	struct span query = span_of(target), path, piece = { "", 0 };
	bool asks;

	path = span_cut(&query, "?", &asks);
	for (size_t i = 0; i < WEBMAIL_CALLS; i++) {
		if (!path_is(path, calls[i].path, &piece))
			continue;
		verdict = WEBMAIL_OTHER_METHOD;
		if (strcmp(calls[i].method, method) != 0)
			continue;
		request->call = (enum webmail_call)i;
		return read_call(request, piece, query, asks);
	}
	return verdict;
}

bool webmail_user_read(char user[ALIAS_ADDRESS_SIZE], const char *value, const char *delimiters)
{
	struct mailaddr addr;

	user[0] = '\0';
	/* What mailaddr_parse understands beyond a bare address is nobody's name. */
	if (value[0] == '@' || strpbrk(value, "<>\"%! \t,:;") != NULL)
		return false;
	if (mailaddr_parse(&addr, value, strlen(value), delimiters) != MAILADDR_OK ||
	    addr.extension[0] != '\0' || !alias_key(user, &addr))
		return false;
	/* As of a login that sends mail: "ME@example.com" is another account than "me@". */
	if (strncmp(value, user, strlen(addr.local)) == 0)
		return true;
	user[0] = '\0';
	return false;
}
