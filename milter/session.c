/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/session.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/observation.h"
#include "milter/aliases.h"

/* As much of an address as a line of the log has room for; RFC 5321 allows 256. */
#define SHOWN_MAX 320

struct session {
	char name[IPADDR_SIZE]; /* of the client: its address, or "unknown" */
	struct secure_client client;
	/* Of the message under way, as are tls and version of the client: */
	char from[SHOWN_MAX + 1];
	bool from_secure; /* its sender is, or could be, a secure alias */
	bool waives_tls;  /* it has a header that asks for delivery without TLS */
};

static bool address_of(struct ipaddr *addr, const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address == NULL)
		return false;
	switch (address->sa_family) {
	case AF_INET:
		return ipaddr_from_bytes(addr, &v4->sin_addr, sizeof(v4->sin_addr));
	case AF_INET6:
		return ipaddr_from_bytes(addr, &v6->sin6_addr, sizeof(v6->sin6_addr));
	default:
		return false;
	}
}

struct session *session_new(const struct settings *settings, const struct sockaddr *address)
{
	struct session *session = mem_zero(1, sizeof(*session));
	struct ipaddr addr;

	if (address_of(&addr, address)) {
		ipaddr_format(session->name, &addr);
		session->client.local = secure_client_is_local(settings, &addr);
	} else {
		str_copy(session->name, sizeof(session->name), "unknown");
	}
	return session;
}

void session_free(struct session *session)
{
	free(session);
}

/* An address as it came, without its brackets, cut to what can be shown. */
static void show(char shown[SHOWN_MAX + 1], const char *argument)
{
	size_t len = strlen(argument);

	if (len >= 2 && argument[0] == '<' && argument[len - 1] == '>') {
		argument++;
		len -= 2;
	}
	str_copy_n(shown, SHOWN_MAX + 1, argument, len < SHOWN_MAX ? len : SHOWN_MAX);
}

/* `to` NULL: the message as a whole. */
static void log_refusal(const struct session *session, const struct secure_answer *answer,
			const char *to, bool unsure)
{
	char recipient[SHOWN_MAX + 8] = "", shown[SHOWN_MAX + 1];

	if (to != NULL) {
		show(shown, to);
		snprintf(recipient, sizeof(recipient), " to=<%s>", shown);
	}
	(answer->our_fault ? log_warning : log_info)(
		"client=[%s] from=<%s>%s %s: %s%s", session->name, session->from, recipient,
		answer->code[0] == '5' ? "refused" : "put off", answer->cause,
		unsure ? "; the address could be a secure one" : "");
}

static void look_at_tls(struct secure_client *client, const struct session_macros *macros)
{
	client->version = 0;
	if (macros->tls_version != NULL && macros->tls_version[0] != '\0') {
		client->tls = SECURE_TLS_USED;
		client->version = tls_version_parse(macros->tls_version);
	} else {
		client->tls = macros->witness != NULL ? SECURE_TLS_NONE : SECURE_TLS_HIDDEN;
	}
}

/* Without the record the answer was "later": it depends on what is on file. */
static bool is_worth_a_look(const struct secure_answer *answer,
			    const struct secure_address *address)
{
	return answer->refused && answer->code[0] == '4' && address->kind == SECURE_ALIAS;
}

void session_begin(struct secure_answer *answer, struct session *session,
		   const struct settings *settings, const struct session_macros *macros,
		   const char *from)
{
	struct secure_address sender;
	struct secure_record record = secure_not_asked;

	show(session->from, from);
	look_at_tls(&session->client, macros);
	session->waives_tls = false;
	secure_classify(&sender, settings, SECURE_SENDER, from, macros->rewritten);
	secure_decide_sender(answer, settings, &session->client, macros->login, &sender, &record);
	if (is_worth_a_look(answer, &sender)) {
		aliases_look_up(&record, settings, &sender.alias);
		secure_decide_sender(answer, settings, &session->client, macros->login, &sender,
				     &record);
	}
	session->from_secure = secure_is_sealed(settings, &sender, &record) != LOOKUP_ABSENT;
	if (answer->refused)
		log_refusal(session, answer, NULL, sender.kind == SECURE_UNSURE);
}

void session_recipient(struct secure_answer *answer, const struct session *session,
		       const struct settings *settings, const char *to, const char *rewritten)
{
	struct secure_address recipient;
	struct secure_record record = secure_not_asked;

	secure_classify(&recipient, settings, SECURE_RECIPIENT, to, rewritten);
	secure_decide_recipient(answer, settings, &session->client, &recipient, &record);
	if (is_worth_a_look(answer, &recipient)) {
		aliases_look_up(&record, settings, &recipient.alias);
		secure_decide_recipient(answer, settings, &session->client, &recipient, &record);
	}
	if (answer->refused)
		log_refusal(session, answer, to, recipient.kind == SECURE_UNSURE);
}

void session_header(struct session *session, const char *name)
{
	if (secure_header_waives_tls(name))
		session->waives_tls = true;
}

void session_finish(struct secure_answer *answer, struct session *session)
{
	answer->refused = false;
	if (session->from_secure && session->waives_tls) {
		secure_refuse_waiver(answer);
		log_refusal(session, answer, NULL, false);
	}
	session_end(session);
}

void session_end(struct session *session)
{
	session->from[0] = '\0';
	session->from_secure = session->waives_tls = false;
	session->client.tls = SECURE_TLS_HIDDEN;
	session->client.version = 0;
}
