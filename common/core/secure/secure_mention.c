/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/secure.h"

#include <string.h>

#include "base/str.h"
#include "core/names/domain.h"

/* Comments within a domain are skipped as far as this: none is meant to be longer, */
#define COMMENT_MAX 256
/* nor are there more of them in one place. Without an end to it each letter within them
 * could be the beginning of another walk through all of them. */
#define FILLINGS_MAX 16

/* The length of blanks and a comment, which between the letters of a name are not part of it. */
static size_t filling(struct span in)
{
	const char *end;
	size_t len = 0;

	while (len < in.len &&
	       ((unsigned char)in.at[len] <= ' ' || in.at[len] == '"' || in.at[len] == '\\'))
		len++;
	if (len < in.len && in.at[len] == '(') {
		end = memchr(in.at + len, ')',
			     in.len - len < COMMENT_MAX ? in.len - len : COMMENT_MAX);
		if (end != NULL)
			return (size_t)(end + 1 - in.at);
	}
	return len;
}

static struct span skip_fillings(struct span in)
{
	size_t skipped;

	for (int i = 0; i < FILLINGS_MAX && (skipped = filling(in)) > 0; i++)
		in = (struct span){ in.at + skipped, in.len - skipped };
	return in;
}

static bool is_written_at(struct span in, const char *domain)
{
	while (*domain != '\0') {
		if (in.len == 0 || str_lower_char(in.at[0]) != *domain)
			return false;
		domain++;
		in = skip_fillings((struct span){ in.at + 1, in.len - 1 });
	}
	return true;
}

/* What comes after "@" may be a U-label; it ends where no name can go on. "": there is none. */
static void fold_at(char folded[DOMAIN_SIZE], struct span in)
{
	size_t len = 0;

	folded[0] = '\0';
	if (in.at[0] != '@')
		return;
	in = (struct span){ in.at + 1, in.len - 1 };
	while (len < in.len && len < (size_t)4 * DOMAIN_SIZE && (unsigned char)in.at[len] > ' ' &&
	       strchr("()<>[]:;@\\,\"", in.at[len]) == NULL)
		len++;
	domain_fold(folded, in.at, len);
}

static bool begins_with_one(const struct string_list *domains, struct span in)
{
	char meant[DOMAIN_SIZE], wide[DOMAIN_SIZE], other[DOMAIN_SIZE];

	fold_at(meant, in); /* once, and not for each domain: it is slow */
	domain_fold_2003(wide, meant);
	for (size_t i = 0; i < domains->count; i++)
		if (is_written_at(in, domains->items[i]) ||
		    (meant[0] != '\0' &&
		     strcmp(wide, domain_fold_2003(other, domains->items[i])) == 0))
			return true;
	return false;
}

bool secure_mention(const struct settings *settings, struct span in)
{
	for (; in.len > 0; in = (struct span){ in.at + 1, in.len - 1 })
		if (begins_with_one(&settings->secure_domains, in))
			return true;
	return false;
}
