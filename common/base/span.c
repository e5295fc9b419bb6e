/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/span.h"

#include <string.h>

#include "base/str.h"

struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim_left(struct span s)
{
	while (s.len > 0 && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	return s;
}

struct span span_trim(struct span s)
{
	s = span_trim_left(s);
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

const char *span_find(struct span s, const char *text)
{
	size_t len = strlen(text);

	while (s.len >= len) {
		const char *at = memchr(s.at, text[0], s.len - len + 1);

		if (at == NULL || memcmp(at, text, len) == 0)
			return at;
		s.len -= (size_t)(at + 1 - s.at);
		s.at = at + 1;
	}
	return NULL;
}

struct span span_cut(struct span *rest, const char *separator, bool *found)
{
	struct span head = *rest;
	const char *at = span_find(*rest, separator);
	size_t used = rest->len;

	*found = at != NULL;
	if (at != NULL) {
		head.len = (size_t)(at - rest->at);
		used = head.len + strlen(separator);
	}
	rest->at += used;
	rest->len -= used;
	return head;
}

bool span_number(struct span *rest, uint64_t max, uint64_t *value)
{
	size_t len = 0;

	while (len < rest->len && rest->at[len] >= '0' && rest->at[len] <= '9')
		len++;
	if (len > 18 || !str_number(rest->at, len, max, value))
		return false;
	rest->at += len;
	rest->len -= len;
	return true;
}
