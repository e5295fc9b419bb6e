/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/exceptions.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/*
 * One that has one spelling: not what Postfix could take for a route to somewhere
 * else, nor what has to be quoted.
 */
static bool is_plain(const struct mailaddr *addr)
{
	return !addr->domain_is_literal && addr->domain[0] != '\0' &&
	       strpbrk(addr->local, "@%!\"\\(),:;<>[]") == NULL;
}

/* An extension is part of who it is: a+list@ is not a@. */
static bool take_address(char sender[ALIAS_ADDRESS_SIZE], const char *text, size_t len)
{
	struct mailaddr addr;

	sender[0] = '\0';
	return mailaddr_parse(&addr, text, len, "") == MAILADDR_OK && is_plain(&addr) &&
	       alias_key(sender, &addr);
}

bool exception_take_sender(char sender[ALIAS_ADDRESS_SIZE], const char *text)
{
	const char *domain = text[0] == '@' ? text + 1 : text;

	if (strchr(domain, '@') != NULL)
		return take_address(sender, text, strlen(text));
	sender[0] = '@';
	if (domain_fold(sender + 1, domain, strlen(domain)))
		return true;
	sender[0] = '\0';
	return false;
}

bool exception_names_sender(const char *sender)
{
	char again[ALIAS_ADDRESS_SIZE];

	return exception_take_sender(again, sender) && strcmp(again, sender) == 0;
}

bool exception_sender_of(char sender[ALIAS_ADDRESS_SIZE], const char *argument,
			 const char *rewritten)
{
	char made[ALIAS_ADDRESS_SIZE];

	if (rewritten != NULL && take_address(made, rewritten, strlen(rewritten)) &&
	    take_address(sender, argument, strlen(argument)) && strcmp(sender, made) == 0)
		return true;
	sender[0] = '\0';
	return false;
}

bool exception_in_force(const struct exception *exception, int64_t now)
{
	/* One that comes after another bears a later date, whatever the clock says (acts.h). */
	return exception->set <= now + EXCEPTION_AHEAD && now < exception->expires;
}

/* Where it is, or belongs; *there says which. */
static size_t place(const struct exceptions *exceptions, const char *sender, bool *there)
{
	size_t i = 0;

	while (i < exceptions->count && strcmp(exceptions->list[i].sender, sender) < 0)
		i++;
	*there = i < exceptions->count && strcmp(exceptions->list[i].sender, sender) == 0;
	return i;
}

const struct exception *exceptions_get(const struct exceptions *exceptions, const char *sender)
{
	bool there;
	size_t at = place(exceptions, sender, &there);

	return there ? &exceptions->list[at] : NULL;
}

static const struct exception *find_one(const struct exceptions *exceptions, const char *sender,
					int64_t now)
{
	const struct exception *found = exceptions_get(exceptions, sender);

	return found != NULL && exception_in_force(found, now) ? found : NULL;
}

const struct exception *exceptions_find(const struct exceptions *exceptions, const char *sender,
					int64_t now)
{
	const char *domain = strchr(sender, '@');
	const struct exception *own = find_one(exceptions, sender, now);
	const struct exception *all = NULL;

	if (domain != NULL && domain != sender)
		all = find_one(exceptions, domain, now);
	if (own == NULL || all == NULL)
		return own != NULL ? own : all;
	return all->expires > own->expires ? all : own;
}

static void take_out(struct exceptions *exceptions, size_t at)
{
	exceptions->count--;
	memmove(&exceptions->list[at], &exceptions->list[at + 1],
		(exceptions->count - at) * sizeof(exceptions->list[0]));
}

static void drop_ended(struct exceptions *exceptions, int64_t now)
{
	for (size_t i = exceptions->count; i-- > 0;)
		if (exceptions->list[i].expires <= now)
			take_out(exceptions, i);
}

bool exceptions_put(struct exceptions *exceptions, const struct exception *exception, int64_t now)
{
	bool there;
	size_t at = place(exceptions, exception->sender, &there);

	if (!there && exceptions->count == EXCEPTION_MAX) {
		drop_ended(exceptions, now);
		if (exceptions->count == EXCEPTION_MAX)
			return false;
		at = place(exceptions, exception->sender, &there);
	}
	if (!there) {
		memmove(&exceptions->list[at + 1], &exceptions->list[at],
			(exceptions->count - at) * sizeof(exceptions->list[0]));
		exceptions->count++;
	}
	exceptions->list[at] = *exception;
	return true;
}

bool exceptions_remove(struct exceptions *exceptions, const char *sender)
{
	bool there;
	size_t at = place(exceptions, sender, &there);

	if (there)
		take_out(exceptions, at);
	return there;
}

bool exception_key(char *dst, size_t size, const char *alias, const char *sender)
{
	return str_join(dst, size, alias, " ", sender, NULL);
}

/* A name of a domain is no sender here. */
static bool take_spelled(char dst[ALIAS_ADDRESS_SIZE], const char *text, size_t len)
{
	return take_address(dst, text, len) && strlen(dst) == len && memcmp(dst, text, len) == 0;
}

bool exception_key_parse(char alias[ALIAS_ADDRESS_SIZE], char sender[ALIAS_ADDRESS_SIZE],
			 const char *key, size_t len)
{
	const char *blank = memchr(key, ' ', len);
	size_t alias_len = blank != NULL ? (size_t)(blank - key) : 0;

	if (blank != NULL && take_spelled(alias, key, alias_len) &&
	    take_spelled(sender, blank + 1, len - alias_len - 1))
		return true;
	alias[0] = sender[0] = '\0';
	return false;
}
