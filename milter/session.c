/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/session.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/facts/observation.h"
#include "io/local/metrics_file.h"
#include "milter/aliases.h"
#include "milter/report.h"

/* As much of an address as a line of the log has room for; RFC 5321 allows 256. */
#define SHOWN_MAX 320
/*
 * What is known already is answered within the least of it. Postfix waits 30
 * seconds for the milter (command_timeout), and its client no less than 5 minutes
 * (RFC 5321 4.5.3.2.3).
 */
#define PATIENCE_LEAST_MS 1000
#define PATIENCE_MOST_MS 20000
/* In the headers of one message; each may take seconds. */
#define STRANGERS_ASKED_MAX 8

struct session {
	char name[IPADDR_SIZE]; /* of the client: its address, or "unknown" */
	struct secure_client client;
	/* Of the message under way, as are tls and version of the client: */
	char from[SHOWN_MAX + 1];
	char writer[ALIAS_ADDRESS_SIZE]; /* its sender as exceptions know it, or "" */
	bool from_secure;                /* its sender is, or could be, a secure alias: */
	struct secure_address sender;
	struct secure_record record; /* what is on file of it, as far as it was asked */
	int64_t patience;            /* ms that its recipients may still wait for the prober */
	bool waives_tls;             /* it has a header that asks for delivery without TLS */
	bool logged_in;              /* so its headers name no alias but its sender's: */
	enum lookup names_stranger;  /* FOUND, ERROR: one does, or may, */
	struct secure_address stranger;
	const char *stranger_header; /* and this is how it is called */
	int strangers_asked;
	char authserv_id[DOMAIN_SIZE];
	bool tells_tls; /* it is for a secure alias: that gets `edit` */
	struct session_edit edit;
	int authres_seen;
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

	metrics_count(M_SESSIONS);
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
	if (session != NULL)
		metrics_drop(M_SESSIONS);
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

static void log_exception(const struct session *session, const struct secure_record *record,
			  const char *to)
{
	char shown[SHOWN_MAX + 1];

	show(shown, to);
	log_info("client=[%s] from=<%s> to=<%s> let in without TLS by the exception until %s",
		 session->name, session->from, shown, record->until);
}

/* `cause` is what it is counted under, unless it could not be told. */
static void count_refusal(const struct secure_answer *answer, unsigned cause, unsigned direction)
{
	if (answer->code[0] == '4')
		metrics_count(METRIC1(PUT_OFF, direction));
	else
		metrics_count(METRIC1(REFUSALS, cause));
}

/* Of a sender or recipient: RFC 5248 has a status of its own for a lack of TLS. */
static bool lacks_tls(const struct secure_answer *answer)
{
	return strcmp(answer->status, "5.7.10") == 0;
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

/* The server gives up first, so that its answer comes in time. */
static int64_t patience(const struct settings *settings)
{
	int64_t ms = settings->first_contact_wait * 1000 + PATIENCE_LEAST_MS;

	return ms < PATIENCE_MOST_MS ? ms : PATIENCE_MOST_MS;
}

static void forget_headers(struct session *session)
{
	session->waives_tls = session->tells_tls = false;
	session->names_stranger = LOOKUP_ABSENT;
	session->strangers_asked = 0;
	session->authres_seen = 0;
	session->edit.forged_count = 0;
	session->edit.authres[0] = '\0';
}

/* Without a name to put it under, there is nothing to say and nothing to forge. */
static void prepare_authres(struct session *session, const struct settings *settings,
			    const struct session_macros *macros)
{
	const struct authres_tls tls = { tls_version_name(session->client.version), macros->cipher,
					 macros->cipher_bits };
	const char *id = settings->authserv_id[0] != '\0' ? settings->authserv_id : macros->mta;

	if (id != NULL && domain_fold(session->authserv_id, id, strlen(id)))
		authres_tls(session->edit.authres, session->authserv_id,
			    session->client.tls == SECURE_TLS_USED ? &tls : NULL);
}

void session_begin(struct secure_answer *answer, struct session *session,
		   const struct settings *settings, const struct session_macros *macros,
		   const char *from)
{
	struct secure_address *sender = &session->sender;
	struct secure_record *record = &session->record;

	*record = secure_not_asked;
	metrics_count(METRIC1(MESSAGES, METRIC_MESSAGE_BEGUN));
	show(session->from, from);
	session->logged_in = macros->login != NULL && macros->login[0] != '\0';
	look_at_tls(&session->client, macros);
	forget_headers(session);
	prepare_authres(session, settings, macros);
	session->patience = patience(settings);
	exception_sender_of(session->writer, from, macros->rewritten);
	secure_classify(sender, settings, SECURE_SENDER, from, macros->rewritten);
	secure_decide_sender(answer, settings, &session->client, macros->login, sender, record);
	if (is_worth_a_look(answer, sender)) {
		aliases_look_up(record, settings, &sender->alias, "");
		secure_decide_sender(answer, settings, &session->client, macros->login, sender,
				     record);
	}
	session->from_secure = secure_is_sealed(settings, sender, record) != LOOKUP_ABSENT;
	if (!answer->refused)
		return;
	count_refusal(answer, lacks_tls(answer) ? METRIC_CAUSE_TLS_OUT : METRIC_CAUSE_OWNER,
		      METRIC_OUT);
	log_refusal(session, answer, NULL, sender->kind == SECURE_UNSURE);
}

/* Of the alias that sends; false where it cannot be told, or is none. */
static bool own_level(enum alias_level *level, struct session *session,
		      const struct settings *settings)
{
	struct secure_record *record = &session->record;

	if (session->sender.kind != SECURE_ALIAS)
		return false;
	if (record->enabled == LOOKUP_ERROR)
		aliases_look_up(record, settings, &session->sender.alias, "");
	*level = record->level;
	return record->enabled == LOOKUP_FOUND;
}

/*
 * What the way to a recipient has to meet: what its transport sees to and, as
 * transport_maps may choose another than the alias's own, the alias's level.
 */
static size_t demands(enum alias_level levels[2], struct session *session,
		      const struct settings *settings, const char *mailer)
{
	enum secure_way way = secure_way(&levels[0], mailer);
	size_t count = way == SECURE_WAY_SEALED ? 1 : 0;

	if (way != SECURE_WAY_OTHER && own_level(&levels[count], session, settings) &&
	    (count == 0 || levels[1] != levels[0]))
		count++;
	return count;
}

static void ask_prospect(struct aliases_prospect *prospect, struct session *session,
			 const struct settings *settings, enum alias_level level,
			 const char *nexthop)
{
	int64_t began = clock_mono_ms();
	int64_t wait =
		session->patience > PATIENCE_LEAST_MS ? session->patience : PATIENCE_LEAST_MS;

	aliases_ask_prospect(prospect, settings, level, nexthop, began + wait);
	session->patience -= clock_mono_ms() - began;
	metrics_observe(PROSPECT_TIME, 0, (clock_mono_ms() - began) * 1000, 1);
	metrics_count(METRIC1(PROSPECTS, prospect->prospect));
}

/*
 * What the transport would have to return is refused now. Whatever cannot be
 * found out is taken: the transport sees to it.
 */
static void look_ahead(struct secure_answer *answer, struct session *session,
		       const struct settings *settings, const struct session_route *route,
		       const char *to)
{
	struct aliases_prospect prospect = { .prospect = PROSPECT_UNKNOWN };
	enum alias_level levels[2];
	size_t count;

	if (route->nexthop == NULL || route->nexthop[0] == '\0')
		return;
	count = demands(levels, session, settings, route->mailer);
	for (size_t i = 0; i < count && prospect.prospect != PROSPECT_NONE; i++)
		ask_prospect(&prospect, session, settings, levels[i], route->nexthop);
	if (prospect.prospect != PROSPECT_NONE)
		return;
	secure_refuse_destination(answer, to, route->rewritten, route->nexthop, prospect.reason);
	count_refusal(answer, METRIC_CAUSE_DESTINATION, METRIC_OUT);
}

/* For the owner of the alias, if he wants to know. */
static void report(const struct session *session, const struct settings *settings,
		   const struct secure_answer *answer, const struct secure_address *recipient)
{
	struct refusal refusal;

	if (refusal_of(&refusal, answer, &session->client, recipient, session->name, session->from))
		report_refusal(settings, &refusal);
}

static void accept_recipient(struct session *session, const struct settings *settings,
			     const struct secure_address *recipient,
			     const struct secure_record *record, const char *to)
{
	bool excepted = secure_let_in_by_exception(settings, &session->client, recipient, record);

	if (excepted)
		log_exception(session, record, to);
	if (excepted || secure_tells_tls(&session->client, recipient))
		session->tells_tls = true;
}

void session_recipient(struct secure_answer *answer, struct session *session,
		       const struct settings *settings, const struct session_route *route,
		       const char *to)
{
	struct secure_address recipient;
	struct secure_record record = secure_not_asked;

	if (session->writer[0] != '\0')
		record.bound = LOOKUP_ERROR;
	secure_classify(&recipient, settings, SECURE_RECIPIENT, to, route->rewritten);
	secure_decide_recipient(answer, settings, &session->client, &recipient, &record);
	if (is_worth_a_look(answer, &recipient)) {
		aliases_look_up(&record, settings, &recipient.alias, session->writer);
		secure_decide_recipient(answer, settings, &session->client, &recipient, &record);
	}
	report(session, settings, answer, &recipient);
	if (answer->refused)
		count_refusal(answer, lacks_tls(answer) ? METRIC_CAUSE_TLS_IN : METRIC_CAUSE_OTHER,
			      METRIC_IN);
	else if (session->from_secure)
		look_ahead(answer, session, settings, route, to);
	if (answer->refused)
		log_refusal(session, answer, to, recipient.kind == SECURE_UNSURE);
	else
		accept_recipient(session, settings, &recipient, &record, to);
}

static void look_for_forgery(struct session *session, const char *value)
{
	struct session_edit *edit = &session->edit;

	session->authres_seen++;
	if (!session->tells_tls || edit->authres[0] == '\0' ||
	    !authres_claims_tls(value, session->authserv_id))
		return;
	if (edit->forged_count < SESSION_FORGED_MAX)
		edit->forged[edit->forged_count] = session->authres_seen;
	edit->forged_count++;
}

/* Aliases that are switched off may stand there; nobody writes in the name of so many. */
static enum lookup is_stranger_sealed(struct session *session, const struct settings *settings)
{
	const struct secure_address *stranger = &session->stranger;
	struct secure_record record = secure_not_asked;
	enum lookup sealed = secure_is_sealed(settings, stranger, &record);

	if (sealed != LOOKUP_ERROR)
		return sealed;
	if (session->strangers_asked++ == STRANGERS_ASKED_MAX)
		return LOOKUP_FOUND;
	aliases_look_up(&record, settings, &stranger->alias, "");
	return secure_is_sealed(settings, stranger, &record);
}

static void look_for_strangers(struct session *session, const struct settings *settings,
			       const char *header, const char *value)
{
	struct authors walk;

	authors_begin(&walk, value);
	while (session->names_stranger == LOOKUP_ABSENT &&
	       secure_next_stranger(&session->stranger, &walk, settings, &session->sender)) {
		session->stranger_header = header;
		session->names_stranger = is_stranger_sealed(session, settings);
	}
}

void session_header(struct session *session, const struct settings *settings, const char *name,
		    const char *value)
{
	const char *header = authors_header(name);

	if (header != NULL && session->logged_in)
		look_for_strangers(session, settings, header, value);
	if (secure_header_waives_tls(name))
		session->waives_tls = true;
	if (authres_is_header(name))
		look_for_forgery(session, value);
}

static void count_message(const struct session *session, const struct secure_answer *answer)
{
	metrics_count(METRIC1(MESSAGES,
			      answer->refused ? METRIC_MESSAGE_REFUSED : METRIC_MESSAGE_PASSED));
	if (answer->refused)
		return;
	metrics_add(METRIC1(SEALED, METRIC_IN), session->tells_tls);
	metrics_add(METRIC1(SEALED, METRIC_OUT), session->from_secure);
	metrics_add(M_FORGED, session->edit.forged_count);
}

void session_finish(struct secure_answer *answer, struct session_edit *edit,
		    struct session *session)
{
	answer->refused = false;
	if (session->from_secure && session->waives_tls) {
		secure_refuse_waiver(answer);
		count_refusal(answer, METRIC_CAUSE_WAIVER, METRIC_OUT);
	} else if (session->names_stranger != LOOKUP_ABSENT) {
		secure_refuse_author(answer, session->stranger_header, &session->stranger,
				     session->names_stranger);
		count_refusal(answer, METRIC_CAUSE_AUTHOR, METRIC_OUT);
	} else if (session->edit.forged_count > SESSION_FORGED_MAX) {
		secure_refuse_forgery(answer);
		count_refusal(answer, METRIC_CAUSE_FORGERY, METRIC_IN);
	}
	count_message(session, answer);
	*edit = session->edit;
	if (!session->tells_tls)
		edit->authres[0] = '\0';
	if (answer->refused)
		log_refusal(session, answer, NULL, false);
	else if (edit->forged_count > 0)
		log_info("client=[%s] from=<%s> forged headers " AUTHRES_HEADER " to be removed: "
			 "%zu",
			 session->name, session->from, edit->forged_count);
	session_end(session);
}

void session_end(struct session *session)
{
	session->from[0] = session->writer[0] = '\0';
	session->from_secure = session->logged_in = false;
	forget_headers(session);
	session->client.tls = SECURE_TLS_HIDDEN;
	session->client.version = 0;
}
