/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * span - a run of bytes inside somebody else's, and how parsers walk through
 * it. Nothing is copied or ended with a NUL; a span is valid as long as the
 * bytes it points into. `at` is never NULL, also where len is 0.
 */
#ifndef POSTSEAL_CORE_SPAN_H
#define POSTSEAL_CORE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *at;
	size_t len;
};

struct span span_of(const char *text); /* of a C string */

/* Here, so that the length of a constant `text` is one too: parsers live on these. */
static inline bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static inline bool span_starts(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && memcmp(s.at, text, len) == 0;
}

static inline bool span_ends(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && memcmp(s.at + s.len - len, text, len) == 0;
}

struct span span_trim(struct span s);      /* blanks and tabs at either end */
struct span span_trim_left(struct span s); /* at the beginning alone */

/* The first place where text stands in s, or NULL. text is not empty. */
const char *span_find(struct span s, const char *text);

/*
 * Cut *rest at the first `separator`: what stands before it is returned, what
 * comes after it stays in *rest. Without one, all of it is returned, *rest
 * is empty and *found false.
 */
struct span span_cut(struct span *rest, const char *separator, bool *found);

/* Drop `text` from the start of *rest; false, and nothing dropped, where it does not stand. */
static inline bool span_skip(struct span *rest, const char *text)
{
	size_t len = strlen(text);

	if (!span_starts(*rest, text))
		return false;
	rest->at += len;
	rest->len -= len;
	return true;
}

/* Take a decimal number of 1 to 18 digits, at most `max`, from the start of *rest. */
bool span_number(struct span *rest, uint64_t max, uint64_t *value);

#endif
