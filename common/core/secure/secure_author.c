/* SPDX-License-Identifier: BSD-2-Clause */
/* Secure aliases in the headers that name authors. */
#include "core/secure/secure.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void classify(struct secure_address *address, const struct settings *settings,
		     const struct author *author)
{
	bool placeless = strchr(author->text, '@') == NULL;

	secure_classify(address, settings, SECURE_SENDER, author->text, NULL);
	if (address->kind == SECURE_ALIAS || (address->kind == SECURE_ORDINARY && !placeless))
		return;
	address->kind = secure_mention(settings, author->raw) ? SECURE_UNSURE : SECURE_ORDINARY;
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

/* The alias; or words in its place, if it cannot be told or shown. */
static void name_of(char *dst, size_t size, const struct secure_address *stranger)
{
	const struct mailaddr *alias = &stranger->alias;

	str_copy(dst, size, "that address");
	if (stranger->kind == SECURE_ALIAS && strlen(alias->local) <= 64 &&
	    strlen(alias->domain) <= 80 && str_all_graph(alias->local, strlen(alias->local)) &&
	    strchr(alias->local, '%') == NULL)
		snprintf(dst, size, "<%s@%s>", alias->local, alias->domain);
}

void secure_refuse_author(struct secure_answer *answer, const char *header,
			  const struct secure_address *stranger, enum lookup sealed)
{
	char name[160];

	if (sealed == LOOKUP_ERROR) {
		secure_answer_put_off(answer);
		snprintf(answer->text, SECURE_TEXT_SIZE,
			 "Cannot tell right now what the secure address in your header \"%s\" "
			 "demands. Try again later.",
			 header);
		snprintf(answer->cause, SECURE_CAUSE_SIZE,
			 "could not find out whether the alias in header %s is switched on",
			 header);
		return;
	}
	secure_answer_refuse(answer, "5.7.1");
	name_of(name, sizeof(name), stranger);
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "Your header \"%s\" names a secure address, but the envelope sender (MAIL FROM) "
		 "is another, so this mail would not be protected. Set your mail program to send "
		 "with envelope sender %s, or write from an ordinary address.",
		 header, name);
	snprintf(answer->cause, SECURE_CAUSE_SIZE,
		 "header %s names a secure address that is not "
		 "the sender",
		 header);
}
