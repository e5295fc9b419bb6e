/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/mailaddr.h"

#include <string.h>

#include "base/str.h"

struct cursor {
	const char *at;
	const char *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(struct cursor *in)
{
	while (in->at < in->end && is_blank(in->at[0]))
		in->at++;
	while (in->at < in->end && is_blank(in->end[-1]))
		in->end--;
}

/* What may stand outside of quotes: RFC 5321 atext, any dots, UTF-8 (RFC 6531 3.3). */
static bool is_plain(char c)
{
	return !str_is_control(c) && strchr(" ()<>[]:;@\\,\"", c) == NULL;
}

/*
 * "@a,@b:" in front of the address (RFC 5321 4.1.2) says nothing about where it
 * goes: servers have to ignore it (appendix C). A literal in it would put a
 * colon where Postfix, too, looks for the route's end.
 */
static bool skip_route(struct cursor *in)
{
	const char *colon, *p;

	if (in->at[0] != '@')
		return true;
	colon = memchr(in->at, ':', (size_t)(in->end - in->at));
	if (colon == NULL)
		return false;
	for (p = in->at; p < colon; p++)
		if (!is_plain(*p) && *p != '@' && *p != ',')
			return false;
	in->at = colon + 1;
	return true;
}

struct local {
	char *text; /* LOCALPART_SIZE */
	size_t len;
};

static bool put(struct local *local, char c)
{
	if (local->len + 1 >= LOCALPART_SIZE)
		return false;
	local->text[local->len++] = c;
	return true;
}

/* A quoted string, RFC 5321 4.1.2, without its quotes and backslashes. */
static bool take_quoted(struct local *local, struct cursor *in)
{
	in->at++;
	while (in->at < in->end && in->at[0] != '"') {
		if (in->at[0] == '\\')
			in->at++;
		if (in->at == in->end || str_is_control(in->at[0]) || !put(local, in->at[0]))
			return false;
		in->at++;
	}
	if (in->at == in->end)
		return false;
	in->at++;
	return true;
}

/* Atoms and quoted strings in any order: "me", me, m"e" are all the mailbox me. */
static bool take_local(struct mailaddr *addr, struct cursor *in)
{
	struct local local = { .text = addr->local };

	while (in->at < in->end && in->at[0] != '@') {
		if (in->at[0] == '"') {
			if (!take_quoted(&local, in))
				return false;
		} else if (!is_plain(in->at[0]) || !put(&local, *in->at++)) {
			return false;
		}
	}
	str_lower(addr->local);
	return local.len > 0;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]", RFC 5321 4.1.3 */
static bool take_literal(struct mailaddr *addr, struct cursor *in)
{
	const char *p;

	if (in->end - in->at < 3 || in->end[-1] != ']')
		return false;
	for (p = in->at + 1; p < in->end - 1; p++)
		if (!is_plain(*p) && *p != ':')
			return false;
	addr->domain_is_literal = true;
	if (!str_copy_n(addr->domain, DOMAIN_SIZE, in->at + 1, (size_t)(in->end - in->at - 2)))
		return false;
	str_lower(addr->domain);
	return true;
}

static bool take_domain(struct mailaddr *addr, struct cursor *in)
{
	if (in->at == in->end)
		return true; /* a local part alone */
	in->at++;
	if (in->at == in->end)
		return false;
	if (in->at[0] == '[')
		return take_literal(addr, in);
	return domain_fold(addr->domain, in->at, (size_t)(in->end - in->at));
}

/* Names that Postfix never splits, though the delimiter is in them: split_addr(3). */
static bool is_whole(const char *local, const char *delimiters)
{
	static const char request[] = "-request";
	size_t len = strlen(local);

	if (strchr(delimiters, '-') == NULL)
		return false;
	return strcmp(local, "mailer-daemon") == 0 || strcmp(local, "double-bounce") == 0 ||
	       strncmp(local, "owner-", strlen("owner-")) == 0 ||
	       (len > strlen(request) && strcmp(local + len - strlen(request), request) == 0);
}

static void split_extension(struct mailaddr *addr, const char *delimiters)
{
	size_t len = strcspn(addr->local, delimiters);

	if (len == 0 || addr->local[len] == '\0' || is_whole(addr->local, delimiters))
		return;
	str_copy(addr->extension, LOCALPART_SIZE, addr->local + len + 1);
	addr->local[len] = '\0';
}

static enum mailaddr_error parse(struct mailaddr *addr, struct cursor in, const char *delimiters)
{
	trim(&in);
	if (in.at == in.end)
		return MAILADDR_MALFORMED;
	if (in.at[0] == '<') {
		if (in.end[-1] != '>')
			return MAILADDR_MALFORMED;
		in.at++;
		in.end--;
		trim(&in);
		if (in.at == in.end)
			return MAILADDR_NULL;
	}
	if (!skip_route(&in) || !take_local(addr, &in) || !take_domain(addr, &in))
		return MAILADDR_MALFORMED;
	split_extension(addr, delimiters);
	return MAILADDR_OK;
}

enum mailaddr_error mailaddr_parse(struct mailaddr *addr, const char *text, size_t len,
				   const char *delimiters)
{
	struct cursor in = { text, text + len };
	enum mailaddr_error error;

	memset(addr, 0, sizeof(*addr));
	error = parse(addr, in, delimiters);
	if (error != MAILADDR_OK)
		memset(addr, 0, sizeof(*addr));
	return error;
}
