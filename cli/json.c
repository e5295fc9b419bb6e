/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "io/json/entry_json.h"
#include "io/json/status_json.h"
#include "io/ledger/ledger_fleet.h"

/*
 * Small things. All text in facts is printable ASCII (core/record/record.h), so these can fail
 * only for lack of memory, which print_line finds out.
 */

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *date_or_null(int64_t seconds)
{
	char date[UTC_SIZE];

	return seconds != 0 ? json_string(utc_format(date, seconds)) : json_null();
}

static void print_line(json_t *json)
{
	char *line = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	if (line == NULL)
		log_fatal("cannot write JSON: out of memory");
	puts(line);
	free(line);
	json_decref(json);
}

static json_t *status_json(const struct known *known)
{
	struct buf line = { 0 };
	json_t *json;

	status_json_append(&line, &known->status, NULL, 0, known->facts.nexthop.key);
	json = json_loadb(line.data, line.len, 0, NULL);
	buf_free(&line);
	return json;
}

static json_t *rule_json(enum rule rule)
{
	return json_pack("{s:i, s:s, s:s}", "number", (int)rule, "name", rule_name(rule), "text",
			 rule_text(rule));
}

/*
 * Facts.
 */

static json_t *history_json(const struct history *history)
{
	return entry_json_part(PART_HISTORY, history);
}

static json_t *host_json(const struct mx_ref *ref, const struct host_facts *host)
{
	bool seen = host->last.observed != OBSERVED_NOTHING;

	return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "host", ref->host, "preference",
			 (int)ref->preference, "address", entry_json_part(PART_ADDRESS, host),
			 "tlsa", entry_json_part(PART_TLSA, host), "probe",
			 seen ? entry_json_part(PART_PROBE, host) : json_null(), "history",
			 history_json(&host->history));
}

/* Hosts with all that is known of them, in place of their names. */
static json_t *mx_json(const struct facts *facts)
{
	json_t *json = entry_json_part(PART_MX, &facts->domain.mx), *hosts = json_array();

	for (size_t i = 0; i < facts->domain.mx.count; i++)
		json_array_append_new(hosts, host_json(&facts->domain.mx.refs[i], &facts->host[i]));
	json_object_set_new(json, "hosts", hosts);
	return json;
}

static json_t *override_json(const struct override *override)
{
	if (override->kind == OVERRIDE_NONE)
		return json_null();
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "kind",
			 override_kind_name(override->kind), "level", level_name(override->level),
			 "set", date_or_null(override->set), "expires",
			 date_or_null(override->expires), "author", text_or_null(override->author),
			 "reason", text_or_null(override->reason));
}

static json_t *pins_json(const struct pins *pins)
{
	json_t *list = json_array();
	char hex[RECORD_SPKI_HEX_SIZE];

	for (size_t i = 0; i < pins->count; i++) {
		record_spki_hex(hex, pins->spki[i]);
		json_array_append_new(list, json_string(hex));
	}
	return list;
}

struct journal_list {
	const struct known *known;
	const struct cli *cli;
	json_t *entries;
};

static bool list_entry(void *context, const struct journal_entry *entry)
{
	struct journal_list *list = context;

	if (!known_concerns(list->known, list->cli, entry))
		return true;
	json_array_append_new(list->entries,
			      json_pack("{s:o, s:s, s:s, s:s, s:o}", "time",
					date_or_null(entry->time), "subject", entry->subject,
					"event", entry->event, "author", entry->author, "detail",
					text_or_null(entry->detail)));
	return true;
}

static json_t *journal_json(const struct known *known, const struct cli *cli,
			    struct ledger_txn *txn)
{
	struct journal_list list = { known, cli, json_array() };

	ledger_each_journal(txn, NULL, list_entry, &list);
	return list.entries;
}

static void add_reply(void *context, const char *name, struct buf *reply)
{
	json_object_set_new(context, name, json_stringn(reply->data, reply->len));
}

/*
 * What the verbs print.
 */

static json_t *listed_json(const struct known *known)
{
	const struct decision *d = &known->decision;
	json_t *json = status_json(known);

	json_object_set_new(json, "rule", rule_json(d->rule));
	json_object_set_new(json, "floor", json_boolean(d->floor));
	if (d->observed)
		json_object_set_new(json, "would",
				    json_pack("{s:s, s:o}", "answer",
					      decide_word(d->would.verdict, d->would.level), "rule",
					      rule_json(d->would.rule)));
	return json;
}

void json_print_listed(const struct known *known)
{
	print_line(listed_json(known));
}

void json_print_explained(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	const struct facts *facts = &known->facts;
	json_t *json = listed_json(known), *replies = json_object();

	json_object_set_new(json, "settled", json_boolean(known->decision.settled));
	json_object_set_new(json, "stale", json_boolean(known->decision.stale));
	known_each_reply(known, cli, add_reply, replies);
	json_object_set_new(json, "replies", replies);
	json_object_set_new(json, "mx_lookup", mx_json(facts));
	json_object_set_new(json, "mta_sts", entry_json_part(PART_STS, &facts->domain.sts));
	json_object_set_new(json, "history", history_json(&facts->domain.history));
	json_object_set_new(json, "forgotten", date_or_null(facts->domain.forgotten));
	json_object_set_new(json, "override", override_json(&facts->override));
	json_object_set_new(json, "pins", pins_json(&facts->pins));
	json_object_set_new(json, "journal", journal_json(known, cli, txn));
	print_line(json);
}

void json_print_history(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	const struct facts *facts = &known->facts;
	json_t *hosts = json_array();

	for (size_t i = 0; i < facts->domain.mx.count; i++)
		json_array_append_new(hosts,
				      json_pack("{s:s, s:o}", "host", facts->domain.mx.refs[i].host,
						"history", history_json(&facts->host[i].history)));
	print_line(json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}", "domain", facts->nexthop.key,
			     "floor", known->decision.floor, "forgotten",
			     date_or_null(facts->domain.forgotten), "history",
			     history_json(&facts->domain.history), "mx", hosts, "journal",
			     journal_json(known, cli, txn)));
}

void json_print_forgotten(const char *domain, int64_t when, const struct history *history)
{
	print_line(json_pack("{s:s, s:o, s:o}", "domain", domain, "forgotten", date_or_null(when),
			     "history", history_json(history)));
}

void json_print_moved(size_t line, const char *subject, const char *outcome, const char *what)
{
	json_t *json = json_object();

	json_object_set_new(json, "line", json_integer((json_int_t)line));
	json_object_set_new(json, "subject", json_string(subject));
	json_object_set_new(json, "outcome", json_string(outcome));
	json_object_set_new(json, "detail", json_string(what));
	print_line(json);
}

void json_print_override(const char *key, const struct override *override)
{
	static const char *const members[] = {
		"kind", "level", "set", "expires", "author", "reason"
	};
	json_t *json = override != NULL ? override_json(override) : json_object();

	for (size_t i = 0; override == NULL && i < ARRAY_LEN(members); i++)
		json_object_set_new(json, members[i], json_null());
	json_object_set_new(json, "nexthop", json_string(key));
	print_line(json);
}

void json_print_pins(const char *key, const struct pins *pins)
{
	print_line(json_pack("{s:s, s:o}", "nexthop", key, "pins", pins_json(pins)));
}

static json_t *exceptions_json(const struct exceptions *exceptions, int64_t now)
{
	json_t *list = json_array();

	for (size_t i = 0; i < exceptions->count; i++) {
		const struct exception *e = &exceptions->list[i];

		json_array_append_new(
			list, json_pack("{s:s, s:b, s:o, s:o, s:s, s:o}", "sender", e->sender,
					"in_force", exception_in_force(e, now), "set",
					date_or_null(e->set), "expires", date_or_null(e->expires),
					"author", e->author, "reason", text_or_null(e->reason)));
	}
	return list;
}

void json_print_alias(const char *address, const struct alias *alias,
		      const struct exceptions *exceptions, int64_t now)
{
	bool filed = alias != NULL;

	print_line(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "alias", address,
			     "enabled", filed ? json_boolean(alias->enabled) : json_null(), "level",
			     text_or_null(filed ? alias_level_name(alias->level) : ""), "mailbox",
			     text_or_null(filed ? alias->mailbox : ""), "changed",
			     date_or_null(filed ? alias->changed : 0), "author",
			     text_or_null(filed ? alias->author : ""), "otherwise",
			     text_or_null(filed ? alias_otherwise_name(alias->otherwise) : ""),
			     "exceptions", exceptions_json(exceptions, now)));
}

void json_print_refusals(const char *mailbox, const struct digest_part *part)
{
	const struct refusals *refusals = &part->refusals;
	json_t *list = json_array();

	for (size_t i = 0; i < refusals->count; i++) {
		const struct refused_sender *refused = &refusals->list[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:I}", "sender",
						      refused->sender, "client", refused->client,
						      "cause", refusal_cause_name(refused->cause),
						      "last", date_or_null(refused->last), "count",
						      (json_int_t)refused->count));
	}
	print_line(json_pack("{s:s, s:s, s:o, s:o, s:I}", "alias", part->alias, "mailbox", mailbox,
			     "told", date_or_null(refusals->told), "senders", list, "others",
			     (json_int_t)refusals->others));
}

void json_print_waiting(const struct waiting_domain *domain)
{
	print_line(json_pack("{s:s, s:I, s:o, s:o, s:b, s:b, s:s}", "domain", domain->domain,
			     "mails", (json_int_t)domain->mails, "oldest",
			     date_or_null(domain->oldest), "returns", date_or_null(domain->returns),
			     "policy", domain->policy, "sealed", domain->sealed, "reason",
			     domain->reason));
}

void json_print_alert(const struct alert *alert)
{
	static const char *const kinds[] = { [ALERT_DOWNGRADE] = "downgrade",
					     [ALERT_STRIPPING] = "stripping",
					     [ALERT_RESOLVER] = "resolver",
					     [ALERT_LOCKED] = "locked" };

	print_line(json_pack(
		"{s:s, s:o, s:o, s:o, s:o}", "kind", kinds[alert->kind], "time",
		date_or_null(alert->time), "subject", text_or_null(alert->entry.subject), "detail",
		text_or_null(alert->entry.detail), "count",
		json_integer(alert->kind == ALERT_LOCKED ? (json_int_t)alert->count : 1)));
}

static json_t *lines_json(const char *lines)
{
	json_t *list = json_array();

	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");

		json_array_append_new(list, json_stringn(lines, len));
		lines += len + (lines[len] == '\n');
	}
	return list;
}

void json_print_finding(const char *check, const char *looks_at, const char *health,
			const char *found, const char *mend)
{
	print_line(json_pack("{s:s, s:s, s:s, s:s, s:o}", "check", check, "looks_at", looks_at,
			     "health", health, "found", found, "mend", lines_json(mend)));
}

void json_print_counts(const struct json_count *counts, size_t count)
{
	json_t *json = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(json, counts[i].name,
				    json_integer((json_int_t)counts[i].count));
	print_line(json);
}

void json_print_imported(const struct import_tally *tally)
{
	json_t *json = json_object();

	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++)
		json_object_set_new(json, entry_kind_name(kind),
				    json_pack("{s:I, s:I, s:I}", "read",
					      (json_int_t)tally->read[kind], "added",
					      (json_int_t)tally->added[kind], "changed",
					      (json_int_t)tally->changed[kind]));
	json_object_set_new(json, "ahead", json_integer((json_int_t)tally->ahead));
	json_object_set_new(json, "old_acts", json_integer((json_int_t)tally->acts));
	print_line(json);
}

void json_print_preview_domain(const char *domain, uint64_t waits, const char *last,
			       const char *reason)
{
	print_line(json_pack("{s:s, s:I, s:s, s:s}", "domain", domain, "waits", (json_int_t)waits,
			     "last", last, "reason", reason));
}

void json_print_trial(const char *to, const char *outcome, const char *text, const char *tls)
{
	print_line(json_pack("{s:s, s:s, s:s, s:s}", "to", to, "outcome", outcome, "said", text,
			     "tls", tls));
}

struct members {
	const struct fleet_state *state;
	json_t *list;
};

static bool add_member(void *context, const char *name, const void *record)
{
	const struct members *members = context;
	const struct fleet_member *member = record;
	char date[UTC_SIZE];

	json_array_append_new(members->list,
			      json_pack("{s:s, s:b, s:s, s:b, s:I}", "name", name, "acts",
					(int)member->acts, "seen", utc_format(date, member->seen),
					"live", (int)fleet_member_is_live(member, members->state),
					"read", (json_int_t)member->n));
	return true;
}

bool json_print_fleet(const struct fleet_state *state, size_t now, size_t later,
		      struct ledger_txn *txn)
{
	struct members members = { state, json_array() };
	bool whole = ledger_each_member(txn, add_member, &members);

	print_line(json_pack("{s:s, s:b, s:o, s:I, s:{s:I, s:I}, s:o, s:o}", "name", state->name,
			     "acts", (int)state->acts, "exchanged", date_or_null(state->exchanged),
			     "read", (json_int_t)state->n, "waiting", "now", (json_int_t)now,
			     "later", (json_int_t)later, "trouble", text_or_null(state->trouble),
			     "members", members.list));
	return whole;
}

void json_print_fleet_entry(const char *host, const struct journal_entry *entry, const char *what)
{
	print_line(json_pack("{s:o, s:s, s:s, s:s, s:o}", "time", date_or_null(entry->time), "host",
			     host, "event", entry->event, "subject", entry->subject, "detail",
			     text_or_null(what)));
}

static json_t *count_or_null(int64_t count)
{
	return count == FLEET_UNTOLD ? json_null() : json_integer((json_int_t)count);
}

void json_print_fleet_member(const struct fleet_member *member, const struct fleet_state *state,
			     uint64_t behind, size_t acts, size_t lost)
{
	print_line(json_pack(
		"{s:s, s:o, s:o, s:b, s:I, s:o, s:o, s:o, s:I, s:I, s:s}", "name", member->name,
		"login", text_or_null(member->login), "seen", date_or_null(member->seen), "live",
		(int)fleet_member_is_live(member, state), "behind", (json_int_t)behind, "waiting",
		count_or_null(member->waiting), "domains", count_or_null(member->domains), "hosts",
		count_or_null(member->hosts), "acts", (json_int_t)acts, "lost", (json_int_t)lost,
		"postseal", member->version));
}

/* A list is written in braces; its strings are quoted as JSON's are. */
static json_t *list_json(const struct buf *value)
{
	struct buf array = { 0 };
	json_t *json;

	buf_append(&array, value->data, value->len);
	array.data[0] = '[';
	array.data[array.len - 1] = ']';
	json = json_loadb(array.data, array.len, 0, NULL);
	buf_free(&array);
	return json;
}

static json_t *setting_json(const struct setting *setting, struct buf *value)
{
	json_t *json = setting_is_list(setting)
			       ? list_json(value)
			       : json_loadb(value->data, value->len, JSON_DECODE_ANY, NULL);

	/* A word without quotes, as in a settings file. */
	return json != NULL ? json : text_or_null(buf_cstr(value));
}

void json_print_settings(const struct settings *settings,
			 bool (*wanted)(const struct setting *setting, const char *value))
{
	json_t *json = json_object();

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		struct buf value = { 0 };

		setting->show(settings, setting, &value);
		if (wanted(setting, buf_cstr(&value)))
			json_object_set_new(json, setting->name, setting_json(setting, &value));
		buf_free(&value);
	}
	print_line(json);
}

/* Its number is an integer, or the seconds of a histogram. */
void json_print_sample(const struct metric_sample *sample)
{
	json_t *labels = json_object();
	char name[128];

	for (size_t i = 0; i < ARRAY_LEN(sample->value); i++) {
		const char *label = sample->metric->label[i].name;

		if (label != NULL)
			json_object_set_new(labels, label, json_string(sample->value[i]));
	}
	if (sample->le != NULL)
		json_object_set_new(labels, "le", json_string(sample->le));
	snprintf(name, sizeof(name), "%s%s", sample->metric->name, sample->suffix);
	print_line(json_pack("{s:s, s:o, s:o}", "name", name, "labels", labels, "value",
			     json_loads(sample->number, JSON_DECODE_ANY, NULL)));
}
