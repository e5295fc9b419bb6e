/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/secure.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/names/nexthop.h"
#include "core/names/seal_address.h"
#include "core/facts/observation.h"
#include "core/secure/alias.h"

void secure_answer_refuse(struct secure_answer *answer, const char *status)
{
	*answer = (struct secure_answer){ .refused = true, .code = "550", .status = status };
}

void secure_answer_put_off(struct secure_answer *answer)
{
	*answer = (struct secure_answer){ .refused = true, .code = "451", .status = "4.7.1" };
}

bool secure_client_is_local(const struct settings *settings, const struct ipaddr *addr)
{
	for (size_t i = 0; i < settings->local_networks_count; i++)
		if (ipnet_contains(&settings->local_networks[i], addr))
			return true;
	return false;
}

const struct secure_record secure_not_asked = { LOOKUP_ERROR, ALIAS_ENCRYPT, LOOKUP_ERROR,
						"",           LOOKUP_FOUND,  "" };

enum lookup secure_is_sealed(const struct settings *settings, const struct secure_address *address,
			     const struct secure_record *record)
{
	switch (address->kind) {
	case SECURE_ORDINARY:
		return LOOKUP_ABSENT;
	case SECURE_ALIAS:
		return settings->secure_aliases == SECURE_ALIASES_ANY ? LOOKUP_FOUND
								      : record->enabled;
	case SECURE_UNSURE:
		break;
	}
	return LOOKUP_FOUND;
}

static bool good_tls(const struct settings *settings, const struct secure_client *client)
{
	return client->tls == SECURE_TLS_USED && client->version >= settings->secure_min_tls;
}

static const char *version_name(const struct secure_client *client)
{
	return client->version != 0 ? tls_version_name(client->version)
				    : "a version of TLS unknown here";
}

static void put_off(struct secure_answer *answer, const char *cause)
{
	secure_answer_put_off(answer);
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "Cannot tell right now what this secure address demands. Try again later.");
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "%s", cause);
}

#define SEALED_UNKNOWN "could not find out whether the alias is switched on"
#define EXCEPTION_UNKNOWN "could not find out whether the sender is an exception"
#define OWNER_UNKNOWN "could not find out who owns the alias"

/* Says who has to do what about TLS. The reader may see this in a bounce, far away and long
 * after. */
struct plea {
	const char *rule;
	const char *whose;
	const char *where; /* "" or, with a blank in front, where it is set */
};

static void refuse_tls(struct secure_answer *answer, const struct settings *settings,
		       const struct secure_client *client, const struct plea *plea)
{
	const char *least = tls_version_name(settings->secure_min_tls);
	char *text = answer->text, *cause = answer->cause;

	secure_answer_refuse(answer, "5.7.10");
	switch (client->tls) {
	case SECURE_TLS_HIDDEN:
		answer->our_fault = true;
		snprintf(text, SECURE_TEXT_SIZE,
			 "%s This server cannot tell whether yours is; "
			 "please tell its postmaster.",
			 plea->rule);
		snprintf(cause, SECURE_CAUSE_SIZE,
			 "the MTA does not show {tls_version} to this milter");
		break;
	case SECURE_TLS_NONE:
		snprintf(text, SECURE_TEXT_SIZE,
			 "%s %s did not use STARTTLS. Let it use %s or "
			 "newer%s, then send again.",
			 plea->rule, plea->whose, least, plea->where);
		snprintf(cause, SECURE_CAUSE_SIZE, "no TLS");
		break;
	case SECURE_TLS_USED:
		snprintf(text, SECURE_TEXT_SIZE,
			 "%s %s used %s. Let it use %s or newer%s, then "
			 "send again.",
			 plea->rule, plea->whose, version_name(client), least, plea->where);
		snprintf(cause, SECURE_CAUSE_SIZE, "%s is less than secure_min_tls, %s",
			 version_name(client), least);
		break;
	}
}

/* Only an alias has exceptions, and only for what is seen clearly. */
static enum lookup is_bound(const struct secure_client *client,
			    const struct secure_address *recipient,
			    const struct secure_record *record)
{
	if (recipient->kind != SECURE_ALIAS || client->tls == SECURE_TLS_HIDDEN)
		return LOOKUP_FOUND;
	return record->bound;
}

bool secure_let_in_by_exception(const struct settings *settings, const struct secure_client *client,
				const struct secure_address *recipient,
				const struct secure_record *record)
{
	return secure_is_sealed(settings, recipient, record) == LOOKUP_FOUND && !client->local &&
	       !good_tls(settings, client) && is_bound(client, recipient, record) == LOOKUP_ABSENT;
}

void secure_decide_recipient(struct secure_answer *answer, const struct settings *settings,
			     const struct secure_client *client,
			     const struct secure_address *recipient,
			     const struct secure_record *record)
{
	static const struct plea plea = {
		"This address takes mail over encrypted connections only.",
		"Your server",
		" for outgoing mail (Postfix: smtp_tls_security_level = may)",
	};
	enum lookup sealed = secure_is_sealed(settings, recipient, record);

	memset(answer, 0, sizeof(*answer));
	if (sealed == LOOKUP_ABSENT || client->local || good_tls(settings, client))
		return;
	if (sealed == LOOKUP_ERROR)
		put_off(answer, SEALED_UNKNOWN);
	else if (is_bound(client, recipient, record) == LOOKUP_FOUND)
		refuse_tls(answer, settings, client, &plea);
	else if (is_bound(client, recipient, record) == LOOKUP_ERROR)
		put_off(answer, EXCEPTION_UNKNOWN);
}

bool secure_login_is(const char *login, const char *local, const char *domain)
{
	const char *at = strrchr(login, '@');
	size_t len = at != NULL ? (size_t)(at - login) : strlen(login);
	char folded[DOMAIN_SIZE];

	if (strlen(local) != len || memcmp(local, login, len) != 0)
		return false;
	return at == NULL
		       ? domain[0] == '\0'
		       : domain_fold(folded, at + 1, strlen(at + 1)) && strcmp(folded, domain) == 0;
}

/* FOUND: the login owns the alias; ERROR: could not tell. */
static enum lookup owns(const struct settings *settings, const char *login,
			const struct mailaddr *alias, const struct secure_record *record)
{
	char key[ALIAS_ADDRESS_SIZE], mailbox[ALIAS_ADDRESS_SIZE];
	struct alias on_file = { 0 };
	struct mailaddr box = *alias; /* me+list@ is me's */
	enum lookup owned;

	if (secure_login_is(login, alias->local, alias->domain))
		return LOOKUP_FOUND;
	str_copy(on_file.mailbox, sizeof(on_file.mailbox), record->mailbox);
	alias_key(key, alias);
	owned = alias_owner(mailbox, settings, key, record->owned, &on_file);
	if (owned == LOOKUP_ERROR ||
	    (owned == LOOKUP_FOUND &&
	     mailaddr_parse(&box, mailbox, strlen(mailbox), "") != MAILADDR_OK))
		return LOOKUP_ERROR;
	return secure_login_is(login, box.local, strchr(login, '@') == NULL ? "" : box.domain)
		       ? LOOKUP_FOUND
		       : LOOKUP_ABSENT;
}

static bool has_login(const char *login)
{
	return login != NULL && login[0] != '\0';
}

static enum lookup is_owner(const struct settings *settings, const struct secure_client *client,
			    const char *login, const struct secure_address *sender,
			    const struct secure_record *record)
{
	/* An MTA that hides TLS hides logins, too: leave that to refuse_tls. */
	if (!has_login(login))
		return client->tls == SECURE_TLS_HIDDEN ? LOOKUP_FOUND : LOOKUP_ABSENT;
	if (sender->kind != SECURE_ALIAS)
		return LOOKUP_ABSENT;
	return owns(settings, login, &sender->alias, record);
}

static void refuse_stranger(struct secure_answer *answer, const char *login)
{
	secure_answer_refuse(answer, "5.7.1");
	if (!has_login(login)) {
		snprintf(answer->text, SECURE_TEXT_SIZE,
			 "Mail from this address is taken only from its owner, who has to log in.");
		snprintf(answer->cause, SECURE_CAUSE_SIZE, "not logged in");
	} else {
		snprintf(answer->text, SECURE_TEXT_SIZE,
			 "Mail from this address is taken only from its owner, and it is not known "
			 "as yours.");
		snprintf(answer->cause, SECURE_CAUSE_SIZE, "login=<%.100s> does not own it", login);
	}
}

void secure_decide_sender(struct secure_answer *answer, const struct settings *settings,
			  const struct secure_client *client, const char *login,
			  const struct secure_address *sender, const struct secure_record *record)
{
	static const struct plea plea = {
		"Mail from this address is taken over encrypted connections only.",
		"Your mail program",
		"",
	};
	enum lookup sealed = secure_is_sealed(settings, sender, record);
	enum lookup owner = is_owner(settings, client, login, sender, record);
	bool tls = client->local || good_tls(settings, client);

	memset(answer, 0, sizeof(*answer));
	if (sealed == LOOKUP_ABSENT || (client->local && !has_login(login)) ||
	    (owner == LOOKUP_FOUND && tls))
		return;
	if (sealed == LOOKUP_ERROR)
		put_off(answer, SEALED_UNKNOWN);
	else if (owner == LOOKUP_ABSENT)
		refuse_stranger(answer, login);
	else if (!tls)
		refuse_tls(answer, settings, client, &plea);
	else
		put_off(answer, OWNER_UNKNOWN);
}

enum secure_way secure_way(enum alias_level *level, const char *mailer)
{
	if (mailer == NULL)
		return SECURE_WAY_OTHER;
	if (alias_transport_parse(level, mailer))
		return SECURE_WAY_SEALED;
	return strcmp(mailer, "smtp") == 0 ? SECURE_WAY_OPEN : SECURE_WAY_OTHER;
}

/* Is the next hop the recipient's own domain, and not a relay of ours? */
static bool leads_home(const char *domain, const char *nexthop)
{
	struct nexthop hop;

	return nexthop_parse(&hop, nexthop, strlen(nexthop)) == NEXTHOP_OK &&
	       strcmp(hop.name, domain) == 0;
}

/* Of an address that the reader can copy, the sealed one; of others, the way to write it. */
static void say_how_to_seal(char dst[120], const struct settings *settings, const char *made)
{
	char sealed[SEAL_ADDRESS_SIZE] = "";
	const char *domain = settings->mailbox_domain;
	bool plain = true;

	str_copy(dst, 120, "Write");
	if (domain == NULL || domain[0] == '\0' || strlen(domain) > 60)
		return;
	seal_address_encode(sealed, made, strlen(made), domain);
	for (const char *p = sealed; *p != '\0'; p++)
		plain = plain && str_is_graph(*p) && *p != '%';
	if (!plain || sealed[0] == '\0' || strlen(sealed) > 80)
		snprintf(sealed, sizeof(sealed), "NAME=DOMAIN@%s", domain);
	snprintf(dst, 120, "To seal it, write to %s. Or write", sealed);
}

void secure_refuse_destination(struct secure_answer *answer, const struct settings *settings,
			       const char *recipient, const char *rewritten, const char *nexthop,
			       const char *reason)
{
	const char *made = rewritten != NULL && rewritten[0] != '\0' ? rewritten : recipient;
	struct mailaddr to;
	char relayed[160] = "", instead[120];

	if (mailaddr_parse(&to, made, strlen(made), "") == MAILADDR_OK &&
	    !leads_home(to.domain, nexthop))
		snprintf(relayed, sizeof(relayed),
			 "Mail for %.50s goes by a relay here: ", to.domain);
	say_how_to_seal(instead, settings, made);
	secure_answer_refuse(answer, "5.7.10");
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "%s%.150s; mail from a secure address cannot go there. %s from an ordinary "
		 "address, or ask your postmaster.",
		 relayed, reason, instead);
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "%.150s", reason);
}

bool secure_tells_tls(const struct secure_client *client, const struct secure_address *recipient)
{
	return recipient->kind == SECURE_ALIAS && client->tls == SECURE_TLS_USED && !client->local;
}

bool secure_header_waives_tls(const char *name)
{
	static const char waiver[] = "TLS-Required";

	/* Postfix, too, takes blanks in front of the colon. */
	return str_starts_nocase(name, waiver) &&
	       name[strlen(waiver) + strspn(name + strlen(waiver), " \t")] == '\0';
}

void secure_refuse_waiver(struct secure_answer *answer)
{
	secure_answer_refuse(answer, "5.7.10");
	snprintf(
		answer->text, SECURE_TEXT_SIZE,
		"Mail from a secure address leaves over encrypted connections only, and its header "
		"\"TLS-Required\" asks for the opposite. Send it without that header.");
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "header TLS-Required");
}

void secure_refuse_unseen(struct secure_answer *answer)
{
	secure_answer_put_off(answer);
	answer->our_fault = true;
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "This server hands mail to a filter before anybody can look at its headers, so it "
		 "cannot take this mail to or from a secure address. Please tell its postmaster.");
	snprintf(answer->cause, SECURE_CAUSE_SIZE,
		 "the MTA does not show the headers of this message to this milter "
		 "(smtpd_proxy_filter; see postseal-milter(8))");
}

void secure_put_off_edit(struct secure_answer *answer)
{
	secure_answer_put_off(answer);
	answer->our_fault = true;
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "This server cannot change the headers of this mail as it must. Try again later.");
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "the MTA does not let this milter edit it");
}

void secure_refuse_forgery(struct secure_answer *answer)
{
	secure_answer_refuse(answer, "5.7.1");
	snprintf(answer->text, SECURE_TEXT_SIZE,
		 "This message has too many headers \"Authentication-Results\" in the name of the "
		 "server that it is sent to. Send it without them.");
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "too many forged Authentication-Results");
}
