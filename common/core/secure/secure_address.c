/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses are secure aliases, and which could be (secure.h). */
#include "core/secure/secure.h"

#include <string.h>

#include "base/str.h"

/* If so, the domain becomes that secure domain: to Postfix, other spellings are the same. */
static bool in_secure_domain(const struct settings *settings, struct mailaddr *addr)
{
	char wide[DOMAIN_SIZE], other[DOMAIN_SIZE];

	if (addr->domain_is_literal)
		return false;
	domain_fold_2003(wide, addr->domain);
	for (size_t i = 0; i < settings->secure_domains.count; i++) {
		const char *domain = settings->secure_domains.items[i];

		if (strcmp(domain, addr->domain) == 0 ||
		    strcmp(domain_fold_2003(other, domain), wide) == 0) {
			str_copy(addr->domain, DOMAIN_SIZE, domain);
			return true;
		}
	}
	return false;
}

/* Postfix may take the local part for another address: allow_percent_hack,
 * swap_bangpath, resolve_dequoted_address. */
static bool has_inner_route(const struct mailaddr *addr)
{
	return strpbrk(addr->local, "@%!") != NULL || strpbrk(addr->extension, "@%!") != NULL;
}

/* If an address has no domain, only the MTA knows where mail for it goes. */
static bool surely_elsewhere(const struct mailaddr *addr)
{
	bool placeless = addr->domain[0] == '\0' || addr->domain_is_literal;

	return !placeless || strcmp(addr->local, "postmaster") == 0;
}

/* One address, as the client wrote it and as the MTA rewrote it. */
struct views {
	const char *argument, *rewritten;
	bool asked_ok, made_ok; /* could be parsed */
	struct mailaddr asked, made;
};

static bool parse(struct mailaddr *addr, const struct settings *settings, const char *text)
{
	return mailaddr_parse(addr, text, strlen(text), settings->recipient_delimiter) ==
	       MAILADDR_OK;
}

/* It is at no secure domain in either view. Is that certain? */
static bool is_ordinary_recipient(const struct settings *settings, const struct views *views)
{
	if (views->made_ok)
		return surely_elsewhere(&views->made) &&
		       (views->asked_ok || !secure_mention(settings, span_of(views->argument)));
	return views->asked_ok && surely_elsewhere(&views->asked) &&
	       !has_inner_route(&views->asked);
}

/* A sender is only what it claims to be: where mail for it would go does not matter. */
static bool is_ordinary_sender(const struct settings *settings, const struct views *views)
{
	if (!views->asked_ok && secure_mention(settings, span_of(views->argument)))
		return false;
	if (views->rewritten != NULL)
		return views->made_ok || !secure_mention(settings, span_of(views->rewritten));
	return views->asked_ok && !has_inner_route(&views->asked);
}

/* Of an argument that could not be parsed, any sign of a secure domain counts. */
static bool has_route(const struct views *views)
{
	const char *at = strchr(views->argument, '@');

	if (views->asked_ok)
		return has_inner_route(&views->asked);
	return strpbrk(views->argument, "%!") != NULL ||
	       (at != NULL && strchr(at + 1, '@') != NULL);
}

/*
 * The MTA says where a sender's route leads. But in its queue the sender stays as it came, and
 * the mail leaves as strictly as that name demands. Is it the same alias?
 */
static bool stays_the_same(const struct views *views)
{
	return !has_route(views) || (strcmp(views->asked.local, views->made.local) == 0 &&
				     strcmp(views->asked.domain, views->made.domain) == 0);
}

void secure_classify(struct secure_address *address, const struct settings *settings,
		     enum secure_role role, const char *argument, const char *rewritten)
{
	struct views views = { .argument = argument };
	struct mailaddr any;
	bool routed; /* by its local part, who knows where to */

	memset(address, 0, sizeof(*address));
	if (settings->secure_domains.count == 0 ||
	    mailaddr_parse(&any, argument, strlen(argument), "") == MAILADDR_NULL)
		return; /* ORDINARY */
	views.asked_ok = parse(&views.asked, settings, argument);
	if (rewritten != NULL && rewritten[0] != '\0') {
		views.rewritten = rewritten;
		views.made_ok = parse(&views.made, settings, rewritten);
	}
	routed = views.rewritten == NULL && has_inner_route(&views.asked);
	/* What the MTA made of it is where it goes, and comes first. */
	if (views.made_ok && in_secure_domain(settings, &views.made)) {
		address->kind = role == SECURE_SENDER && !stays_the_same(&views) ? SECURE_UNSURE
										 : SECURE_ALIAS;
		address->alias = views.made;
	} else if (views.asked_ok && in_secure_domain(settings, &views.asked)) {
		address->kind = routed ? SECURE_UNSURE : SECURE_ALIAS;
		address->alias = views.asked;
	} else if (role == SECURE_SENDER ? !is_ordinary_sender(settings, &views)
					 : !is_ordinary_recipient(settings, &views)) {
		address->kind = SECURE_UNSURE;
	}
}
