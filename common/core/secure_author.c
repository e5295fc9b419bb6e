/* SPDX-License-Identifier: BSD-2-Clause */
/* Secure aliases in the headers that name authors. */
#include "core/secure.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* Comments within a domain are skipped as far as this: none is meant to be longer. */
#define COMMENT_MAX 256

/* The length of what stands between the letters of a name and is not part of it. */
static size_t filling(struct span in)
{
	const char *end;
	size_t len = 0;

	while (len < in.len && ((unsigned char)in.at[len] <= ' ' || in.at[len] == '"' ||
				in.at[len] == '\\'))
		len++;
	if (len < in.len && in.at[len] == '(') {
		end = memchr(in.at + len, ')', in.len - len < COMMENT_MAX ? in.len - len : COMMENT_MAX);
		if (end != NULL)
			return (size_t)(end + 1 - in.at);
	}
	return len;
}

static bool is_written_at(struct span in, const char *domain)
{
	while (*domain != '\0') {
		size_t skipped;

		if (in.len == 0 || str_lower_char(in.at[0]) != *domain)
			return false;
		domain++;
		in = (struct span){ in.at + 1, in.len - 1 };
		while (*domain != '\0' && (skipped = filling(in)) > 0)
			in = (struct span){ in.at + skipped, in.len - skipped };
	}
	return true;
}

/* What may be a U-label stands behind "@", and up to what is of no name. */
static bool is_meant_at(struct span in, const char *domain)
{
	char folded[DOMAIN_SIZE];
	size_t len = 0;

	if (in.len == 0 || in.at[0] != '@')
		return false;
	in = (struct span){ in.at + 1, in.len - 1 };
	while (len < in.len && len < (size_t)4 * DOMAIN_SIZE && (unsigned char)in.at[len] > ' ' &&
	       strchr("()<>[]:;@\\,\"", in.at[len]) == NULL)
		len++;
	return domain_fold(folded, in.at, len) && strcmp(folded, domain) == 0;
}

static bool mentions_secure_domain(const struct settings *settings, struct span in)
{
	for (; in.len > 0; in = (struct span){ in.at + 1, in.len - 1 })
		for (size_t i = 0; i < settings->secure_domains.count; i++)
			if (is_written_at(in, settings->secure_domains.items[i]) ||
			    is_meant_at(in, settings->secure_domains.items[i]))
				return true;
	return false;
}

static void classify(struct secure_address *address, const struct settings *settings,
		     const struct author *author)
{
	bool placeless = strchr(author->text, '@') == NULL;

	secure_classify(address, settings, SECURE_SENDER, author->text, NULL);
	if (address->kind == SECURE_ALIAS || (address->kind == SECURE_ORDINARY && !placeless))
		return;
	address->kind = mentions_secure_domain(settings, author->raw) ? SECURE_UNSURE
								      : SECURE_ORDINARY;
}

static bool same_alias(const struct secure_address *a, const struct secure_address *b)
{
	return a->kind == SECURE_ALIAS && b->kind == SECURE_ALIAS &&
	       strcmp(a->alias.local, b->alias.local) == 0 &&
	       strcmp(a->alias.domain, b->alias.domain) == 0;
}

bool secure_next_stranger(struct secure_address *stranger, struct authors *walk,
			  const struct settings *settings, const struct secure_address *sender)
{
	struct author author;

	if (settings->secure_domains.count == 0)
		return false;
	while (authors_next(&author, walk)) {
		classify(stranger, settings, &author);
		if (stranger->kind != SECURE_ORDINARY && !same_alias(stranger, sender))
			return true;
	}
	return false;
}

static bool is_fit_for_reply(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == '%')
			return false;
	return true;
}

/* The alias, or what stands for one that cannot be told, or shown. */
static void name_of(char *dst, size_t size, const struct secure_address *stranger)
{
	const struct mailaddr *alias = &stranger->alias;

	str_copy(dst, size, "that address");
	if (stranger->kind == SECURE_ALIAS && strlen(alias->local) <= 64 &&
	    strlen(alias->domain) <= 80 && is_fit_for_reply(alias->local))
		snprintf(dst, size, "<%s@%s>", alias->local, alias->domain);
}

void secure_refuse_author(struct secure_answer *answer, const char *header,
			  const struct secure_address *stranger, enum lookup sealed)
{
	char name[160];

	memset(answer, 0, sizeof(*answer));
	answer->refused = true;
	name_of(name, sizeof(name), stranger);
	if (sealed == LOOKUP_ERROR) {
		answer->code = "451";
		answer->status = "4.7.1";
		snprintf(answer->text, SECURE_TEXT_SIZE,
			 "Cannot tell right now what the secure address in your header \"%s\" "
			 "demands. Try again later.", header);
		snprintf(answer->cause, SECURE_CAUSE_SIZE,
			 "could not find out whether the alias in header %s is switched on", header);
		return;
	}
	answer->code = "550";
	answer->status = "5.7.1";
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "Your header \"%s\" names a secure address, but the envelope sender (MAIL FROM) "
		 "is another, so this mail would not be protected. Set your mail program to send "
		 "with envelope sender %s, or write from an ordinary address.", header, name);
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "header %s names a secure address that is not "
		 "the sender", header);
}
