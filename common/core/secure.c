/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/observation.h"

static bool in_secure_domain(const struct settings *settings, const struct mailaddr *addr)
{
	if (addr->domain_is_literal)
		return false;
	for (size_t i = 0; i < settings->secure_domains.count; i++)
		if (strcmp(settings->secure_domains.items[i], addr->domain) == 0)
			return true;
	return false;
}

/* Without a domain that would say where it goes. */
static bool is_placeless(const struct mailaddr *addr)
{
	return addr->domain[0] == '\0' || addr->domain_is_literal;
}

/* Postfix may take the local part for another address: allow_percent_hack,
 * swap_bangpath, resolve_dequoted_address. */
static bool has_inner_route(const struct mailaddr *addr)
{
	return strpbrk(addr->local, "@%!") != NULL || strpbrk(addr->extension, "@%!") != NULL;
}

static bool surely_elsewhere(const struct mailaddr *addr)
{
	if (is_placeless(addr))
		return strcmp(addr->local, "postmaster") == 0;
	return true;
}

static bool mentions_secure_domain(const struct settings *settings, const char *text)
{
	for (; *text != '\0'; text++)
		for (size_t i = 0; i < settings->secure_domains.count; i++)
			if (str_starts_nocase(text, settings->secure_domains.items[i]))
				return true;
	return false;
}

/* One address, as the client wrote it and as the MTA rewrote it. */
struct views {
	const char *argument;
	bool asked_ok, made_ok; /* could be parsed */
	struct mailaddr asked, made;
};

static bool parse(struct mailaddr *addr, const char *text)
{
	return mailaddr_parse(addr, text, strlen(text), SECURE_DELIMITERS) == MAILADDR_OK;
}

/* For what is at no secure domain in either view: is that certain? */
static bool is_ordinary(const struct settings *settings, const struct views *views)
{
	if (views->made_ok)
		return surely_elsewhere(&views->made) &&
		       (views->asked_ok || !mentions_secure_domain(settings, views->argument));
	return views->asked_ok && surely_elsewhere(&views->asked) &&
	       !has_inner_route(&views->asked);
}

void secure_classify(struct secure_address *address, const struct settings *settings,
		     const char *argument, const char *rewritten)
{
	struct views views = { .argument = argument };

	memset(address, 0, sizeof(*address));
	if (settings->secure_domains.count == 0)
		return; /* ORDINARY */
	views.asked_ok = parse(&views.asked, argument);
	views.made_ok = rewritten != NULL && parse(&views.made, rewritten);
	if (views.asked_ok && in_secure_domain(settings, &views.asked)) {
		address->kind = SECURE_ALIAS;
		address->alias = views.asked;
	} else if (views.made_ok && in_secure_domain(settings, &views.made)) {
		address->kind = SECURE_ALIAS;
		address->alias = views.made;
	} else if (!is_ordinary(settings, &views)) {
		address->kind = SECURE_UNSURE;
	}
}

bool secure_client_is_local(const struct settings *settings, const struct ipaddr *addr)
{
	for (size_t i = 0; i < settings->local_networks_count; i++)
		if (ipnet_contains(&settings->local_networks[i], addr))
			return true;
	return false;
}

static bool wants_tls(const struct settings *settings, const struct secure_address *address,
		      enum lookup enabled)
{
	switch (address->kind) {
	case SECURE_ORDINARY:
		return false;
	case SECURE_ALIAS:
		return settings->secure_aliases == SECURE_ALIASES_ANY || enabled != LOOKUP_ABSENT;
	case SECURE_UNSURE:
		break;
	}
	return true;
}

static bool good_tls(const struct settings *settings, const struct secure_client *client)
{
	return client->tls == SECURE_TLS_USED && client->version >= settings->secure_min_tls;
}

#define ONLY_ENCRYPTED "This address takes mail over encrypted connections only. "

/* The sender's admin reads this in a bounce, perhaps years later: say what to do. */
static void refuse_tls(struct secure_answer *answer, const struct settings *settings,
		       const struct secure_client *client)
{
	const char *least = tls_version_name(settings->secure_min_tls);

	answer->refused = true;
	answer->code = "550";
	answer->status = "5.7.10";
	switch (client->tls) {
	case SECURE_TLS_HIDDEN:
		answer->our_fault = true;
		snprintf(answer->text, sizeof(answer->text), ONLY_ENCRYPTED
			 "This server cannot tell whether yours is; please tell its postmaster.");
		snprintf(answer->cause, sizeof(answer->cause),
			 "the MTA does not show {tls_version} to this milter");
		break;
	case SECURE_TLS_NONE:
		snprintf(answer->text, sizeof(answer->text), ONLY_ENCRYPTED
			 "Your server did not use STARTTLS. Let it use %s or newer for outgoing "
			 "mail (Postfix: smtp_tls_security_level = may), then send again.", least);
		snprintf(answer->cause, sizeof(answer->cause), "no TLS");
		break;
	case SECURE_TLS_USED:
		snprintf(answer->text, sizeof(answer->text), ONLY_ENCRYPTED
			 "Your server used %s. Let it use %s or newer for outgoing mail, then "
			 "send again.",
			 client->version != 0 ? tls_version_name(client->version)
					      : "a version of TLS unknown here", least);
		snprintf(answer->cause, sizeof(answer->cause), "%s is less than secure_min_tls, %s",
			 client->version != 0 ? tls_version_name(client->version)
					      : "an unknown version of TLS", least);
		break;
	}
}

void secure_decide_recipient(struct secure_answer *answer, const struct settings *settings,
			     const struct secure_client *client,
			     const struct secure_address *recipient, enum lookup enabled)
{
	memset(answer, 0, sizeof(*answer));
	if (!wants_tls(settings, recipient, enabled) || client->local ||
	    good_tls(settings, client))
		return;
	refuse_tls(answer, settings, client);
}
