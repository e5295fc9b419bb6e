/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/policy/decide.h"
#include "core/policy/reply.h"
#include "core/policy/status.h"
#include "core/names/nexthop.h"
#include "io/ledger/ledger.h"
#include "io/ledger/ledger_facts.h"
#include "io/json/status_json.h"
#include "io/local/metrics_file.h"

#define LEDGER_RETRY_MS 1000
/* How often to check whether it was replaced. */
#define LEDGER_LOOK_MS 1000
/* How much of a bad key is shown, in the log and in replies. */
#define KEY_SHOWN 128

struct answerer {
	const struct settings *settings;
	struct ledger *ledger; /* NULL: not open */
	struct ledger_hosts *hosts;
	struct ledger_txn *held;              /* from answerer_hold to answerer_release, or NULL */
	int64_t ledger_retry_at;              /* clock_mono_ms */
	int64_t ledger_look_at;               /* the same */
	char ledger_error[LEDGER_ERROR_SIZE]; /* as last logged; "" if there was none */
	struct log_throttle bad_requests;
	struct log_throttle bad_keys;
	struct log_throttle unclear_keys;
	/* Work space for one answer, kept because of its size. */
	struct facts facts;
	struct decision decision;
	struct status status;
};

/*
 * Counting answers, by map (core/metrics/metrics.h). An answer is a level, or one of
 * METRIC_ANSWER_OK and METRIC_ANSWER_TEMP.
 */

static void tally_answer(enum map map, unsigned answer)
{
	metrics_count(METRIC2(ANSWERS, map, answer));
}

static unsigned counted(enum verdict verdict, enum level level)
{
	switch (verdict) {
	case VERDICT_POLICY:
		return level;
	case VERDICT_NOTFOUND:
		return LEVEL_NONE;
	case VERDICT_TEMP:
		break;
	}
	return METRIC_ANSWER_TEMP;
}

/* Of a policy map, and the rule behind it. */
static void tally_decision(enum map map, const struct decision *decision)
{
	tally_answer(map, counted(decision->verdict, decision->level));
	if (decide_holds_back(decision))
		metrics_count(
			METRIC1(WOULD, counted(decision->would.verdict, decision->would.level)));
	metrics_count(METRIC1(RULES, decision->rule - RULE_OVERRIDE));
}

/* Of other maps: only the reply tells what was answered (socketmap_table(5), without the frame). */
static void tally_reply(enum map map, const char *reply)
{
	if (reply[0] == 'O')
		tally_answer(map, METRIC_ANSWER_OK);
	else
		tally_answer(map, reply[0] == 'N' ? LEVEL_NONE : METRIC_ANSWER_TEMP);
}

/*
 * The ledger.
 */

struct answerer *answerer_new(const struct settings *settings)
{
	struct answerer *answerer = mem_zero(1, sizeof(*answerer));

	answerer->settings = settings;
	answerer->hosts = ledger_hosts_new();
	return answerer;
}

void answerer_reload(struct answerer *answerer, const struct settings *settings)
{
	answerer->settings = settings;
}

void answerer_free(struct answerer *answerer)
{
	if (answerer == NULL)
		return;
	ledger_close(answerer->ledger);
	ledger_hosts_free(answerer->hosts);
	free(answerer);
}

void answerer_open_ledger(struct answerer *answerer)
{
	char error[LEDGER_ERROR_SIZE];

	if (answerer->ledger != NULL || clock_mono_ms() < answerer->ledger_retry_at)
		return;
	answerer->ledger = ledger_open(answerer->settings->ledger, LEDGER_READ, error);
	if (answerer->ledger == NULL) {
		answerer->ledger_retry_at = clock_mono_ms() + LEDGER_RETRY_MS;
		if (strcmp(error, answerer->ledger_error) != 0)
			log_error("ledger=%s cannot be opened, so mail waits: %s",
				  answerer->settings->ledger, error);
		memcpy(answerer->ledger_error, error, sizeof(error));
	} else if (answerer->ledger_error[0] != '\0') {
		log_info("ledger=%s is open now", answerer->settings->ledger);
		answerer->ledger_error[0] = '\0';
	}
}

/* What is kept of its hosts goes as well: the snapshots of another ledger have other numbers. */
static void let_go_if_replaced(struct answerer *answerer)
{
	int64_t now = clock_mono_ms();

	if (answerer->ledger == NULL || now < answerer->ledger_look_at)
		return;
	answerer->ledger_look_at = now + LEDGER_LOOK_MS;
	if (!ledger_is_replaced(answerer->ledger))
		return;
	log_warning("ledger=%s was replaced by another one, which is used from now on",
		    answerer->settings->ledger);
	ledger_close(answerer->ledger);
	answerer->ledger = NULL;
	ledger_hosts_free(answerer->hosts);
	answerer->hosts = ledger_hosts_new();
}

/* A snapshot to answer from, ended with end_reading. NULL: there is none. */
static struct ledger_txn *begin_reading(struct answerer *answerer)
{
	if (answerer->held != NULL)
		return answerer->held;
	let_go_if_replaced(answerer);
	answerer_open_ledger(answerer);
	return answerer->ledger != NULL ? ledger_begin_read(answerer->ledger) : NULL;
}

static void end_reading(struct answerer *answerer, struct ledger_txn *txn)
{
	if (txn != answerer->held)
		ledger_abort(txn);
}

void answerer_hold(struct answerer *answerer)
{
	answerer->held = begin_reading(answerer);
}

void answerer_release(struct answerer *answerer)
{
	ledger_abort(answerer->held);
	answerer->held = NULL;
}

/* The facts about a next hop into answerer->facts. */
static enum lookup look_up_all(struct answerer *answerer, const struct nexthop *nexthop,
			       int64_t now)
{
	struct ledger_txn *txn = begin_reading(answerer);
	uint16_t port = answerer->settings->smtp_port;
	enum lookup found;

	if (txn == NULL)
		return LOOKUP_ERROR;
	found = ledger_get_facts(txn, nexthop, port, now, &answerer->facts);
	end_reading(answerer, txn);
	return found;
}

/* No more of them than a policy map needs. */
static enum lookup look_up(struct answerer *answerer, const struct question *question, int64_t now)
{
	struct ledger_txn *txn = begin_reading(answerer);
	uint16_t port = answerer->settings->smtp_port;
	bool pins = question->map == MAP_POLICY_VERIFY;
	enum lookup found;

	if (txn == NULL)
		return LOOKUP_ERROR;
	found = ledger_get_gist(txn, answerer->hosts, &question->nexthop, port, now, pins,
				&answerer->facts);
	end_reading(answerer, txn);
	return found;
}

/*
 * Policies.
 */

static enum answer answer_no_ledger(enum map map, const struct nexthop *nexthop, struct buf *reply)
{
	char reason[NEXTHOP_SIZE + 64];

	snprintf(reason, sizeof(reason), "%s: postseal cannot read its ledger; its log says why",
		 nexthop->key);
	reply_temporary(reply, reason);
	tally_answer(map, METRIC_ANSWER_TEMP);
	return ANSWER_GIVEN;
}

static void log_answer(enum log_level level, const struct question *question,
		       const struct decision *decision)
{
	char would[64] = "";

	if (!log_shows(level))
		return;
	if (decide_holds_back(decision))
		snprintf(would, sizeof(would), " would=%s(rule=%d)",
			 decide_word(decision->would.verdict, decision->would.level),
			 (int)decision->would.rule);
	log_at(level, "domain=%s map=%s%s answer=%s rule=%d(%s)%s: %s", question->nexthop.key,
	       map_name(question->map), question->tlsrpt ? "+tlsrpt" : "",
	       decide_word(decision->verdict, decision->level), (int)decision->rule,
	       rule_name(decision->rule), would, decision->reason);
}

/* What is not known in time is answered "unknown": the mail is judged again when it leaves. */
static enum answer answer_deliverable(struct answerer *answerer, const struct question *question,
				      bool waited, int64_t now, struct buf *reply)
{
	struct decision *decision = &answerer->decision;
	enum alias_level level = ALIAS_ENCRYPT;
	enum prospect prospect;
	enum contact contact;

	if (question->nexthop.kind == NEXTHOP_PARENT) {
		tally_answer(question->map, LEVEL_NONE);
		reply_not_found(reply);
		return ANSWER_GIVEN;
	}
	map_level(&level, question->map);
	prospect = decide_prospect(decision, answerer->settings, &answerer->facts, level, now);
	contact = decide_contact(decision, answerer->settings, waited);
	if (contact == CONTACT_PARK && !waited)
		return ANSWER_PARK;
	tally_answer(question->map, METRIC_ANSWER_OK);
	reply_prospect(reply, prospect, decision, &answerer->facts);
	log_debug("domain=%s map=%s answer=%.*s", question->nexthop.key, map_name(question->map),
		  (int)(reply->len < KEY_SHOWN ? reply->len : KEY_SHOWN), reply->data);
	return contact == CONTACT_ANSWER ? ANSWER_GIVEN : ANSWER_REFRESH;
}

/* Postfix asks about parent domains after each NOTFOUND; most of that is not worth a line. */
static void note_answer(const struct question *question, const struct decision *decision,
			enum log_level level)
{
	if (question->nexthop.kind == NEXTHOP_PARENT && decision->rule != RULE_OVERRIDE) {
		tally_answer(question->map, LEVEL_NONE);
		return;
	}
	log_answer(level, question, decision);
	tally_decision(question->map, decision);
}

/* `calm`: the log level of answers that neither make mail wait nor make the prober look. */
static enum answer answer_or_park(struct answerer *answerer, const struct question *question,
				  bool waited, enum log_level calm, int64_t now, struct buf *reply)
{
	struct decision *decision = &answerer->decision;
	bool deliverable = map_is_deliverable(question->map);
	enum contact contact;
	enum lookup found;

	found = deliverable ? look_up_all(answerer, &question->nexthop, now)
			    : look_up(answerer, question, now);
	if (found == LOOKUP_ERROR)
		return answer_no_ledger(question->map, &question->nexthop, reply);
	if (deliverable)
		return answer_deliverable(answerer, question, waited, now, reply);
	contact = decide_answer(decision, answerer->settings, &answerer->facts, question->map,
				waited, now);
	if (contact == CONTACT_PARK)
		return ANSWER_PARK;
	note_answer(question, decision,
		    contact == CONTACT_ANSWER && decision->verdict != VERDICT_TEMP
			    ? calm
			    : LOG_LEVEL_INFO);
	reply_policy(reply, decision, &answerer->facts, question->tlsrpt);
	return contact == CONTACT_ANSWER ? ANSWER_GIVEN : ANSWER_REFRESH;
}

enum answer answer_question(struct answerer *answerer, const struct question *question, bool waited,
			    int64_t now, struct buf *reply)
{
	return answer_or_park(answerer, question, waited, LOG_LEVEL_INFO, now, reply);
}

/*
 * Keys.
 */

/* Postfix cannot use such a next hop, so there is nothing to protect. */
static enum answer answer_bad_key(struct answerer *answerer, const struct request *request,
				  struct buf *reply)
{
	char note[LOG_THROTTLE_NOTE_SIZE];

	if (log_throttle_pass(&answerer->bad_keys, clock_mono_ms(), note))
		log_warning(
			"domain=%.*s%s map=%s is not a next hop or an address; answered NOTFOUND%s",
			(int)(request->key_len < KEY_SHOWN ? request->key_len : KEY_SHOWN),
			request->key, request->key_len > KEY_SHOWN ? "..." : "",
			map_name(request->map), note);
	tally_answer(request->map, LEVEL_NONE);
	metrics_count(METRIC1(REFUSED, METRIC_REFUSED_KEY));
	reply_not_found(reply);
	return ANSWER_GIVEN;
}

/*
 * Postfix could send there, but we do not know which floor or override counts. So mail waits:
 * with NOTFOUND, another spelling would be enough to undo them.
 */
static enum answer answer_unclear(struct answerer *answerer, const struct request *request,
				  const char *why, struct buf *reply)
{
	char shown[NEXTHOP_SIZE], reason[NEXTHOP_SIZE + 128], note[LOG_THROTTLE_NOTE_SIZE];

	str_printable(shown, sizeof(shown), request->key, request->key_len);
	snprintf(reason, sizeof(reason), "%s: %s", shown, why);
	if (log_throttle_pass(&answerer->unclear_keys, clock_mono_ms(), note))
		log_warning("domain=%s map=%s answer=TEMP: %s%s", shown, map_name(request->map),
			    why, note);
	tally_answer(request->map, METRIC_ANSWER_TEMP);
	reply_temporary(reply, reason);
	return ANSWER_GIVEN;
}

static enum answer answer_nexthop(struct answerer *answerer, const struct request *request,
				  int64_t now, struct question *question, struct buf *reply)
{
	question->map = request->map;
	question->tlsrpt = request->tlsrpt;
	switch (nexthop_parse(&question->nexthop, request->key, request->key_len)) {
	case NEXTHOP_OK:
		/* Thousands a second. What changes an answer is logged when it is learned. */
		return answer_or_park(answerer, question, false, LOG_LEVEL_DEBUG, now, reply);
	case NEXTHOP_UNKNOWN_SERVICE:
		return answer_unclear(answerer, request,
				      "not a mail service; write the port as a number", reply);
	case NEXTHOP_UNKNOWN_NAME:
		return answer_unclear(answerer, request,
				      "a name that cannot be understood here, though Postfix may "
				      "look it up; write it in its ASCII form (xn--...)",
				      reply);
	case NEXTHOP_MALFORMED:
		break;
	}
	return answer_bad_key(answerer, request, reply);
}

/* Never parked: a webmail draws a symbol now, and asks again later. */
static enum answer answer_status(struct answerer *answerer, const struct request *request,
				 int64_t now, struct question *question, struct buf *reply)
{
	struct decision *decision = &answerer->decision;
	struct subject subject;
	enum contact contact;

	question->map = request->map;
	question->tlsrpt = false;
	if (!subject_parse(&subject, request->key, request->key_len) ||
	    subject.nexthop.kind == NEXTHOP_PARENT)
		return answer_bad_key(answerer, request, reply);
	question->nexthop = subject.nexthop;
	if (look_up_all(answerer, &question->nexthop, now) == LOOKUP_ERROR)
		return answer_no_ledger(question->map, &question->nexthop, reply);
	tally_answer(question->map, METRIC_ANSWER_OK);
	contact = decide_answer(decision, answerer->settings, &answerer->facts, MAP_STATUS, false,
				now);
	status_of(&answerer->status, &answerer->facts, decision);
	reply_ok(reply, "");
	status_json_append(reply, &answerer->status, subject.is_address ? request->key : NULL,
			   request->key_len, question->nexthop.key);
	log_debug("domain=%s map=status answer=%s", question->nexthop.key,
		  status_state_name(answerer->status.state));
	return contact == CONTACT_ANSWER ? ANSWER_GIVEN : ANSWER_REFRESH;
}

static enum answer answer_mailbox(struct answerer *answerer, const struct request *request,
				  struct question *question, struct buf *reply)
{
	question->map = request->map;
	if (!seal_address_key(question->address, request->key, request->key_len))
		return answer_bad_key(answerer, request, reply);
	if (answerer->settings->mailbox_domain[0] != '\0')
		return ANSWER_SEALING;
	tally_answer(request->map, METRIC_ANSWER_OK);
	reply_ok(reply, "off");
	return ANSWER_GIVEN;
}

/*
 * Requests.
 */

static void answer_alias(struct answerer *answerer, const struct request *request, int64_t now,
			 struct buf *reply)
{
	struct ledger_txn *txn;

	if (alias_maps_answer_early(answerer->settings, request, reply))
		return;
	txn = begin_reading(answerer);
	if (txn == NULL)
		reply_temporary(reply, "postseal cannot read its ledger; its log says why");
	else
		alias_maps_answer(answerer->settings, txn, request, now, reply);
	end_reading(answerer, txn);
}

/* A mistake in main.cf, or a client of another protocol. */
static enum answer refuse(struct answerer *answerer, const char *map, const char *reason,
			  struct buf *reply)
{
	char note[LOG_THROTTLE_NOTE_SIZE];

	if (log_throttle_pass(&answerer->bad_requests, clock_mono_ms(), note))
		log_warning("map=%s answer=PERM: %s%s", map, reason, note);
	reply_permanent(reply, reason);
	return ANSWER_GIVEN;
}

static enum answer refuse_map(struct answerer *answerer, const char *payload, size_t len,
			      struct buf *reply)
{
	const char *blank = memchr(payload, ' ', len);
	size_t name_len = (size_t)(blank - payload);
	struct buf reason = { 0 };
	char shown[KEY_SHOWN];
	enum answer answer;

	str_printable(shown, sizeof(shown), payload, name_len);
	buf_printf(&reason, "unknown map %s; maps are", shown);
	for (enum map map = 0; map < MAP_COUNT; map++)
		buf_printf(&reason, "%s %s%s", map > 0 ? "," : "", map_name(map),
			   map_is_policy(map) && !map_is_policy(map + 1)
				   ? " (each also with +tlsrpt)"
				   : "");
	answer = refuse(answerer, shown, buf_cstr(&reason), reply);
	buf_free(&reason);
	return answer;
}

enum answer answer_request(struct answerer *answerer, const char *payload, size_t len, int64_t now,
			   struct question *question, struct buf *reply)
{
	size_t before = reply->len;
	struct request request;

	switch (request_parse(&request, payload, len)) {
	case REQUEST_OK:
		break;
	case REQUEST_MALFORMED:
		metrics_count(METRIC1(REFUSED, METRIC_REFUSED_MALFORMED));
		return refuse(answerer, "?", "malformed request; expected \"MAP KEY\"", reply);
	case REQUEST_UNKNOWN_MAP:
		metrics_count(METRIC1(REFUSED, METRIC_REFUSED_MAP));
		return refuse_map(answerer, payload, len, reply);
	}
	if (map_is_policy(request.map) || map_is_deliverable(request.map))
		return answer_nexthop(answerer, &request, now, question, reply);
	if (request.map == MAP_STATUS)
		return answer_status(answerer, &request, now, question, reply);
	if (request.map == MAP_MAILBOX)
		return answer_mailbox(answerer, &request, question, reply);
	answer_alias(answerer, &request, now, reply);
	tally_reply(request.map, reply->data + before);
	return ANSWER_GIVEN;
}
