/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/session.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/facts/observation.h"
#include "io/link/link.h"
#include "io/local/metrics_file.h"
#include "milter/aliases.h"
#include "milter/message.h"

/*
 * What is known already is answered within PATIENCE_LEAST_MS. Postfix waits 30
 * seconds for the milter (command_timeout), and its client no less than 5 minutes
 * (RFC 5321 4.5.3.2.3).
 */
#define PATIENCE_LEAST_MS 1000
#define PATIENCE_MOST_MS 20000

struct milter_session {
	uint32_t actions;
	bool shows_body;
	char name[IPADDR_SIZE]; /* of the client: its address, or "unknown" */
	struct ipaddr addr;     /* len 0: it has none */
	/* Of the message under way: */
	const struct settings *settings;
	struct secure_client client;
	struct message message;
};

struct milter_session *session_new(const struct settings *settings, uint32_t actions,
				   bool shows_body, const struct ipaddr *addr)
{
	struct milter_session *session = mem_zero(1, sizeof(*session));

	metrics_count(M_SESSIONS);
	session->settings = settings;
	session->actions = actions;
	session->shows_body = shows_body;
	if (addr != NULL) {
		session->addr = *addr;
		ipaddr_format(session->name, addr);
	} else {
		str_copy(session->name, sizeof(session->name), "unknown");
	}
	session_end(session);
	return session;
}

void session_free(struct milter_session *session)
{
	if (session == NULL)
		return;
	metrics_drop(M_SESSIONS);
	session_end(session);
	free(session);
}

/* An address as it came, without brackets, cut to a length that can be shown. */
static void show(char shown[MESSAGE_SHOWN_MAX + 1], const char *argument)
{
	size_t len = strlen(argument);

	if (len >= 2 && argument[0] == '<' && argument[len - 1] == '>') {
		argument++;
		len -= 2;
	}
	str_copy_n(shown, MESSAGE_SHOWN_MAX + 1, argument,
		   len < MESSAGE_SHOWN_MAX ? len : MESSAGE_SHOWN_MAX);
}

/* `to` NULL: the message as a whole. */
static void log_refusal(const struct milter_session *session, const struct secure_answer *answer,
			const char *to, bool unsure)
{
	char recipient[MESSAGE_SHOWN_MAX + 8] = "", shown[MESSAGE_SHOWN_MAX + 1];

	if (to != NULL) {
		show(shown, to);
		snprintf(recipient, sizeof(recipient), " to=<%s>", shown);
	}
	(answer->our_fault ? log_warning : log_info)(
		"client=[%s] from=<%s>%s %s: %s%s", session->name, session->message.from, recipient,
		answer->code[0] == '5' ? "refused" : "put off", answer->cause,
		unsure ? "; the address could be a secure alias" : "");
}

static void log_exception(const struct milter_session *session, const struct secure_record *record,
			  const char *to)
{
	char shown[MESSAGE_SHOWN_MAX + 1];

	show(shown, to);
	log_info("client=[%s] from=<%s> to=<%s> accepted without TLS, by the exception until %s",
		 session->name, session->message.from, shown, record->until);
}

/* A refusal for good is counted by cause, one for now by direction. */
static void count_refusal(const struct secure_answer *answer, unsigned cause, unsigned direction)
{
	if (answer->code[0] == '4')
		metrics_count(METRIC1(PUT_OFF, direction));
	else
		metrics_count(METRIC1(REFUSALS, cause));
}

/* RFC 5248 has a status of its own for a lack of TLS. */
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

static void tell_tls(struct milter_session *session, const struct session_macros *macros)
{
	const struct authres_tls tls = { tls_version_name(session->client.version), macros->cipher,
					 macros->cipher_bits };

	message_prepare_authres(&session->message, session->settings, macros->mta,
				session->client.tls == SECURE_TLS_USED ? &tls : NULL);
}

/* The answer without the record is "later" if it depends on what is on file. */
static bool is_worth_a_look(const struct secure_answer *answer,
			    const struct secure_address *address)
{
	return answer->refused && answer->code[0] == '4' && address->kind == SECURE_ALIAS;
}

/* A second more than the server waits, so that its answer comes in time. */
static int64_t patience(const struct settings *settings)
{
	int64_t ms = settings->first_contact_wait * 1000 + PATIENCE_LEAST_MS;

	return ms < PATIENCE_MOST_MS ? ms : PATIENCE_MOST_MS;
}

void session_begin(struct secure_answer *answer, struct milter_session *session,
		   const struct settings *settings, const struct session_macros *macros,
		   const char *from)
{
	struct message *message = &session->message;
	struct secure_address *sender = &message->sender;
	struct secure_record *record = &message->record;

	session_end(session);
	session->settings = settings;
	session->client.local =
		session->addr.len > 0 && secure_client_is_local(settings, &session->addr);
	metrics_count(METRIC1(MESSAGES, METRIC_MESSAGE_BEGUN));
	show(message->from, from);
	message->logged_in = macros->login != NULL && macros->login[0] != '\0';
	look_at_tls(&session->client, macros);
	tell_tls(session, macros);
	sealing_begin(&message->sealing, settings, macros->login, from, macros->mailer,
		      session->shows_body);
	message->patience = patience(settings);
	exception_sender_of(message->writer, from, macros->rewritten);
	secure_classify(sender, settings, SECURE_SENDER, from, macros->rewritten);
	secure_decide_sender(answer, settings, &session->client, macros->login, sender, record);
	if (is_worth_a_look(answer, sender)) {
		aliases_look_up(record, settings, &sender->alias, "");
		secure_decide_sender(answer, settings, &session->client, macros->login, sender,
				     record);
	}
	message->from_secure = secure_is_sealed(settings, sender, record) != LOOKUP_ABSENT;
	if (!answer->refused)
		return;
	count_refusal(answer, lacks_tls(answer) ? METRIC_CAUSE_TLS_OUT : METRIC_CAUSE_OWNER,
		      METRIC_OUT);
	log_refusal(session, answer, NULL, sender->kind == SECURE_UNSURE);
}

/* The level of the alias that sends; false if that is not known, or it is not an alias. */
static bool own_level(enum alias_level *level, struct milter_session *session)
{
	struct secure_record *record = &session->message.record;
	const struct secure_address *sender = &session->message.sender;

	if (sender->kind != SECURE_ALIAS)
		return false;
	if (record->enabled == LOOKUP_ERROR)
		aliases_look_up(record, session->settings, &sender->alias, "");
	*level = record->level;
	return record->enabled == LOOKUP_FOUND;
}

/*
 * The levels that the way to a recipient has to meet: that of its transport, and the alias's own,
 * since transport_maps may choose another transport than the alias's.
 */
static size_t demands(enum alias_level levels[2], struct milter_session *session,
		      const char *mailer)
{
	enum secure_way way = secure_way(&levels[0], mailer);
	size_t count = way == SECURE_WAY_SEALED ? 1 : 0;

	if (way != SECURE_WAY_OTHER && own_level(&levels[count], session) &&
	    (count == 0 || levels[1] != levels[0]))
		count++;
	return count;
}

static void ask_prospect(struct aliases_prospect *prospect, struct milter_session *session,
			 enum alias_level level, const char *nexthop)
{
	int64_t began = clock_mono_ms(), *left = &session->message.patience;
	int64_t wait = *left > PATIENCE_LEAST_MS ? *left : PATIENCE_LEAST_MS;

	aliases_ask_prospect(prospect, session->settings, level, nexthop, began + wait);
	*left -= clock_mono_ms() - began;
	metrics_observe(PROSPECT_TIME, 0, (clock_mono_ms() - began) * 1000, 1);
	metrics_count(METRIC1(PROSPECTS, prospect->prospect));
}

/* Will a mail that cannot go there be sealed instead, for its marks or for its alias? */
static bool seals_otherwise(struct milter_session *session)
{
	struct message *message = &session->message;
	const struct settings *settings = session->settings;

	if (settings->mailbox_domain[0] == '\0' || !message->logged_in)
		return false;
	if (message->sealing.to_sealed)
		return true;
	if (message->sender.kind == SECURE_ALIAS &&
	    aliases_ask_otherwise(settings, &message->sender.alias) == LOOKUP_FOUND)
		message->sealing.otherwise = true;
	return message->sealing.otherwise;
}

/*
 * Refuses now what the transport would have to bounce. Where that is not known, the mail is
 * accepted: the transport enforces the level.
 */
static void look_ahead(struct secure_answer *answer, struct milter_session *session,
		       const struct session_route *route, const char *to)
{
	struct aliases_prospect prospect = { .prospect = PROSPECT_UNKNOWN };
	enum alias_level levels[2];
	size_t count;

	if (route->nexthop == NULL || route->nexthop[0] == '\0')
		return;
	count = demands(levels, session, route->mailer);
	for (size_t i = 0; i < count && prospect.prospect != PROSPECT_NONE; i++)
		ask_prospect(&prospect, session, levels[i], route->nexthop);
	if (prospect.prospect != PROSPECT_NONE)
		return;
	if (seals_otherwise(session))
		return;
	secure_refuse_destination(answer, session->settings, to, route->rewritten, route->nexthop,
				  prospect.reason);
	count_refusal(answer, METRIC_CAUSE_DESTINATION, METRIC_OUT);
}

/*
 * For the digest of the alias's owner (`refusal_digest`): hands the refusal to the prober, which
 * writes it down. This never waits, and changes no answer. What the prober does not take at once
 * is dropped and counted; the first is logged.
 */
static void report(const struct milter_session *session, const struct secure_answer *answer,
		   const struct secure_address *recipient)
{
	static atomic_size_t dropped; /* since the prober last took one */
	const struct settings *settings = session->settings;
	struct refusal refusal;
	size_t before;

	if (!settings->refusal_digest || !refusal_of(&refusal, answer, &session->client, recipient,
						     session->name, session->message.from))
		return;
	if (prober_client_report(settings->runtime, &refusal)) {
		before = atomic_exchange(&dropped, 0);
		if (before > 0)
			log_warning("refusals=%zu are missing in digests; the prober takes them "
				    "again now",
				    before);
	} else if (atomic_fetch_add(&dropped, 1) == 0) {
		log_warning("alias=%s the prober does not record refusals for the digest: %s; is "
			    "postseal-prober running?",
			    refusal.alias, strerror(errno));
	}
}

static void accept_recipient(struct milter_session *session, const struct secure_address *recipient,
			     const struct secure_record *record, const char *to)
{
	bool excepted =
		secure_let_in_by_exception(session->settings, &session->client, recipient, record);

	if (excepted)
		log_exception(session, record, to);
	if (excepted || secure_tells_tls(&session->client, recipient))
		session->message.tells_tls = true;
}

/* The part that marks have in it. */
static void mark_recipient(struct secure_answer *answer, struct milter_session *session,
			   const struct session_route *route, const char *to)
{
	const struct sealing_route sealing = { route->rewritten, route->mailer, route->parameters };

	sealing_recipient(answer, &session->message.sealing, session->settings, &session->client,
			  &sealing, to);
	if (answer->refused)
		count_refusal(answer, METRIC_CAUSE_MARK, METRIC_OUT);
}

void session_recipient(struct secure_answer *answer, struct milter_session *session,
		       const struct session_route *route, const char *to)
{
	const struct settings *settings = session->settings;
	struct message *message = &session->message;
	struct secure_address recipient;
	struct secure_record record = secure_not_asked;

	if (message->writer[0] != '\0')
		record.bound = LOOKUP_ERROR;
	secure_classify(&recipient, settings, SECURE_RECIPIENT, to, route->rewritten);
	secure_decide_recipient(answer, settings, &session->client, &recipient, &record);
	if (is_worth_a_look(answer, &recipient)) {
		aliases_look_up(&record, settings, &recipient.alias, message->writer);
		secure_decide_recipient(answer, settings, &session->client, &recipient, &record);
	}
	report(session, answer, &recipient);
	if (answer->refused)
		count_refusal(answer, lacks_tls(answer) ? METRIC_CAUSE_TLS_IN : METRIC_CAUSE_OTHER,
			      METRIC_IN);
	else if (message->from_secure)
		look_ahead(answer, session, route, to);
	if (!answer->refused)
		mark_recipient(answer, session, route, to);
	if (answer->refused)
		log_refusal(session, answer, to, recipient.kind == SECURE_UNSURE);
	else
		accept_recipient(session, &recipient, &record, to);
}

void session_data(struct secure_answer *answer, struct milter_session *session, bool hidden)
{
	const struct message *message = &session->message;

	answer->refused = false;
	if (!hidden || !(message->from_secure || message->tells_tls || message->sealing.to_sealed ||
			 (message->logged_in && (session->settings->secure_domains.count > 0 ||
						 session->settings->mailbox_domain[0] != '\0'))))
		return;
	secure_refuse_unseen(answer);
	count_refusal(answer, METRIC_CAUSE_OTHER, message->tells_tls ? METRIC_IN : METRIC_OUT);
	log_refusal(session, answer, NULL, false);
}

void session_header(struct milter_session *session, const char *name, const char *value)
{
	message_header(&session->message, session->settings, name, value);
}

bool session_body(struct milter_session *session, struct span octets)
{
	return sealing_body(&session->message.sealing, octets);
}

/* What its headers forbid. */
static void judge_headers(struct secure_answer *answer, const struct message *message)
{
	if (message->from_secure && message->waives_tls) {
		secure_refuse_waiver(answer);
		count_refusal(answer, METRIC_CAUSE_WAIVER, METRIC_OUT);
	} else if (message->names_stranger != LOOKUP_ABSENT) {
		secure_refuse_author(answer, message->stranger_header, &message->stranger,
				     message->names_stranger);
		count_refusal(answer, METRIC_CAUSE_AUTHOR, METRIC_OUT);
	} else if (message->forged_count > MESSAGE_FORGED_MAX) {
		secure_refuse_forgery(answer);
		count_refusal(answer, METRIC_CAUSE_FORGERY, METRIC_IN);
	}
}

static void count_message(const struct message *message, const struct secure_answer *answer)
{
	metrics_count(METRIC1(MESSAGES,
			      answer->refused ? METRIC_MESSAGE_REFUSED : METRIC_MESSAGE_PASSED));
	if (answer->refused)
		return;
	metrics_add(METRIC1(SEALED, METRIC_IN), message->tells_tls);
	metrics_add(METRIC1(SEALED, METRIC_OUT), message->from_secure);
	metrics_add(M_FORGED, message->forged_count);
}

static void finish_marks(struct secure_answer *answer, enum mark_verdict *verdict,
			 struct buf *edits, const struct milter_session *session)
{
	const struct message *message = &session->message;

	/* For an alias, MAIL has checked that the login owns it. */
	sealing_finish(answer, verdict, edits, &message->sealing, session->settings,
		       &session->client, message->sender.kind == SECURE_ALIAS, session->actions);
	if (answer->refused)
		count_refusal(answer, METRIC_CAUSE_MARK, METRIC_OUT);
}

void session_finish(struct secure_answer *answer, struct buf *edits, struct milter_session *session)
{
	const struct message *message = &session->message;
	enum mark_verdict verdict = MARK_PASS;

	answer->refused = false;
	judge_headers(answer, message);
	if (!answer->refused && !message_edit_authres(edits, message, session->actions))
		secure_put_off_edit(answer);
	if (!answer->refused)
		finish_marks(answer, &verdict, edits, session);
	count_message(message, answer);
	metrics_add(M_MARKED, !answer->refused && verdict == MARK_SEAL);
	if (answer->refused)
		log_refusal(session, answer, NULL, false);
	else if (verdict == MARK_SEAL)
		log_info("client=[%s] from=<%s> sealed, recipients elsewhere: %zu", session->name,
			 message->from, message->sealing.count);
	else if (message->forged_count > 0)
		log_info("client=[%s] from=<%s> removing forged headers " AUTHRES_HEADER ": %zu",
			 session->name, message->from, message->forged_count);
	session_end(session);
}

void session_end(struct milter_session *session)
{
	sealing_end(&session->message.sealing);
	session->message =
		(struct message){ .record = secure_not_asked, .names_stranger = LOOKUP_ABSENT };
	session->client = (struct secure_client){ .tls = SECURE_TLS_HIDDEN };
}
