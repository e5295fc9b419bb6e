/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger's records by name and type. */
#include "io/ledger/ledger_store.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/record/record.h"

static const struct codec codec_domain = { LEDGER_DOMAIN, &record_codec_domain };
static const struct codec codec_host = { LEDGER_HOST, &record_codec_host };
static const struct codec codec_override = { LEDGER_OVERRIDE, &record_codec_override };
static const struct codec codec_pin = { LEDGER_PIN, &record_codec_pin };
static const struct codec codec_alias = { LEDGER_ALIAS, &record_codec_alias };
static const struct codec codec_exception = { LEDGER_EXCEPTION, &record_codec_exception };
static const struct codec codec_refusals = { LEDGER_REFUSAL, &record_codec_refusals };
static const struct codec codec_journal = { LEDGER_JOURNAL, &record_codec_journal };

/* How domains and hosts are read for look-ups. */
static const struct codec codec_domain_gist = { LEDGER_DOMAIN, &record_codec_domain_gist };
static const struct codec codec_host_gist = { LEDGER_HOST, &record_codec_host_gist };

enum lookup ledger_get_domain(struct ledger_txn *txn, const char *key, struct domain_facts *out)
{
	return ledger_load(txn, &codec_domain, key, out);
}

static enum lookup get_host(struct ledger_txn *txn, const struct codec *codec, const char *host,
			    uint16_t port, struct host_facts *out)
{
	char key[HOST_KEY_SIZE];

	if (!record_host_key(key, host, port)) {
		log_error("host=%s is too long for the ledger", host);
		return LOOKUP_ERROR;
	}
	return ledger_load(txn, codec, key, out);
}

enum lookup ledger_get_host(struct ledger_txn *txn, const char *host, uint16_t port,
			    struct host_facts *out)
{
	return get_host(txn, &codec_host, host, port, out);
}

enum lookup ledger_get_host_gist(struct ledger_txn *txn, const char *host, uint16_t port,
				 struct host_facts *out)
{
	return get_host(txn, &codec_host_gist, host, port, out);
}

enum lookup ledger_get_domain_gist(struct ledger_txn *txn, const char *key,
				   struct domain_facts *out)
{
	return ledger_load(txn, &codec_domain_gist, key, out);
}

/* What was taken away is on file as that, and there no more. */
static enum lookup taken_away(void *out, size_t size)
{
	memset(out, 0, size);
	return LOOKUP_ABSENT;
}

enum lookup ledger_get_override(struct ledger_txn *txn, const char *key, struct override *out)
{
	enum lookup found = ledger_load(txn, &codec_override, key, out);

	return found == LOOKUP_FOUND && out->kind == OVERRIDE_NONE ? taken_away(out, sizeof(*out))
								   : found;
}

/* All records of a next hop or alias. */
static bool prefix_of(char prefix[LEDGER_KEY_SIZE], const char *name)
{
	return str_join(prefix, LEDGER_KEY_SIZE, name, LEDGER_OF_ONE, NULL);
}

static bool gather_pin(void *all, const char *key, const void *pin)
{
	(void)key;
	acts_add_pin(all, pin);
	return true;
}

enum lookup ledger_get_pins(struct ledger_txn *txn, const char *key, struct pins *out)
{
	struct acts_pins all;
	char prefix[LEDGER_KEY_SIZE];
	struct pin_act pin;

	/* Each look-up comes here, and most ledgers hold none. */
	memset(out, 0, sizeof(*out));
	if (ledger_holds_none(txn, LEDGER_PIN) || !prefix_of(prefix, key))
		return LOOKUP_ABSENT;
	all.pins.count = 0;
	if (!ledger_walk(txn, &codec_pin, prefix, &pin, gather_pin, &all))
		return LOOKUP_ERROR;
	if (all.pins.count == 0)
		return LOOKUP_ABSENT;
	*out = all.pins;
	return LOOKUP_FOUND;
}

enum lookup ledger_get_alias(struct ledger_txn *txn, const char *address, struct alias *out)
{
	enum lookup found = ledger_load(txn, &codec_alias, address, out);

	return found == LOOKUP_FOUND && out->removed ? taken_away(out, sizeof(*out)) : found;
}

static bool gather_exception(void *all, const char *key, const void *exception)
{
	(void)key;
	acts_add_exception(all, exception);
	return true;
}

enum lookup ledger_get_exceptions(struct ledger_txn *txn, const char *address,
				  struct exceptions *out)
{
	char prefix[LEDGER_KEY_SIZE];
	struct exception_act exception;

	out->count = 0;
	if (ledger_holds_none(txn, LEDGER_EXCEPTION) || !prefix_of(prefix, address))
		return LOOKUP_ABSENT;
	if (!ledger_walk(txn, &codec_exception, prefix, &exception, gather_exception, out))
		return LOOKUP_ERROR;
	return out->count > 0 ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

enum lookup ledger_get_refusals(struct ledger_txn *txn, const char *address, struct refusals *out)
{
	return ledger_load(txn, &codec_refusals, address, out);
}

bool ledger_put_domain(struct ledger_txn *txn, const char *key, const struct domain_facts *domain)
{
	return ledger_store(txn, &codec_domain, key, domain);
}

bool ledger_put_host(struct ledger_txn *txn, const char *host, uint16_t port,
		     const struct host_facts *facts)
{
	char key[HOST_KEY_SIZE];

	if (!record_host_key(key, host, port)) {
		log_error("host=%s is too long for the ledger", host);
		return false;
	}
	return ledger_store(txn, &codec_host, key, facts);
}

bool ledger_put_override(struct ledger_txn *txn, const char *key, const struct override *override)
{
	return ledger_store(txn, &codec_override, key, override);
}

bool ledger_put_pin(struct ledger_txn *txn, const char *key, const struct pin_act *pin)
{
	char name[RECORD_KEY_SIZE];

	return record_pin_key(name, key, pin->spki) && ledger_store(txn, &codec_pin, name, pin);
}

bool ledger_put_alias(struct ledger_txn *txn, const char *address, const struct alias *alias)
{
	return ledger_store(txn, &codec_alias, address, alias);
}

bool ledger_put_exception(struct ledger_txn *txn, const char *address,
			  const struct exception_act *exception)
{
	char name[RECORD_KEY_SIZE];

	if (exception_key(name, sizeof(name), address, exception->exception.sender))
		return ledger_store(txn, &codec_exception, name, exception);
	log_error("alias=%s sender=%s are too long for the ledger", address,
		  exception->exception.sender);
	return false;
}

bool ledger_put_refusals(struct ledger_txn *txn, const char *address,
			 const struct refusals *refusals)
{
	return ledger_store(txn, &codec_refusals, address, refusals);
}

bool ledger_remove_domain(struct ledger_txn *txn, const char *key)
{
	return ledger_delete(txn, &codec_domain, key);
}

bool ledger_remove_refusals(struct ledger_txn *txn, const char *address)
{
	return ledger_delete(txn, &codec_refusals, address);
}

/*
 * Walks: each puts its type back on what it is shown. A record that was taken away is on
 * file, and is shown to nobody.
 */
#define EACH(name, type, taken_away)                                                        \
	struct name##_walk {                                                                \
		bool (*visit)(void *context, const char *key, const type *record);          \
		void *context;                                                              \
	};                                                                                  \
	static bool visit_##name(void *walk, const char *key, const void *bytes)            \
	{                                                                                   \
		const struct name##_walk *w = walk;                                         \
		const type *record = bytes;                                                 \
		return (taken_away) || w->visit(w->context, key, record);                   \
	}                                                                                   \
	LEDGER_EACH(name, type)                                                             \
	{                                                                                   \
		struct name##_walk walk = { visit, context };                               \
		type record;                                                                \
		return ledger_walk(txn, &codec_##name, NULL, &record, visit_##name, &walk); \
	}

EACH(domain, struct domain_facts, false)
EACH(host, struct host_facts, false)
EACH(override, struct override, record->kind == OVERRIDE_NONE)
EACH(alias, struct alias, record->removed)
EACH(refusals, struct refusals, false)

/*
 * Pins and exceptions by whose they are: each walk gathers what follows under one name, and
 * shows it when another name comes, or the end.
 */
struct gathering {
	char name[LEDGER_KEY_SIZE];
	union {
		struct acts_pins pins;
		struct exceptions exceptions;
	} all;
	void (*add)(struct gathering *gathering, const void *record);
	bool (*show)(struct gathering *gathering);
	bool (*visit_pins)(void *context, const char *key, const struct pins *record);
	bool (*visit_exceptions)(void *context, const char *key, const struct exceptions *record);
	void *context;
	bool stopped;
};

static void add_pin(struct gathering *g, const void *record)
{
	acts_add_pin(&g->all.pins, record);
}

static bool show_pins(struct gathering *g)
{
	return g->all.pins.pins.count == 0 || g->visit_pins(g->context, g->name, &g->all.pins.pins);
}

static void add_exception(struct gathering *g, const void *record)
{
	acts_add_exception(&g->all.exceptions, record);
}

static bool show_exceptions(struct gathering *g)
{
	return g->all.exceptions.count == 0 ||
	       g->visit_exceptions(g->context, g->name, &g->all.exceptions);
}

static bool gather(void *gathering, const char *key, const void *record)
{
	struct gathering *g = gathering;
	size_t len = strcspn(key, LEDGER_OF_ONE);

	if (strlen(g->name) != len || memcmp(g->name, key, len) != 0) {
		g->stopped = !g->show(g);
		memset(&g->all, 0, sizeof(g->all));
		str_copy_n(g->name, sizeof(g->name), key, len);
	}
	g->add(g, record);
	return !g->stopped;
}

LEDGER_EACH(pins, struct pins)
{
	struct gathering g = {
		.add = add_pin, .show = show_pins, .visit_pins = visit, .context = context
	};
	struct pin_act record;
	bool whole = ledger_walk(txn, &codec_pin, NULL, &record, gather, &g);

	if (!g.stopped)
		show_pins(&g);
	return whole;
}

LEDGER_EACH(exceptions, struct exceptions)
{
	struct gathering g = { .add = add_exception,
			       .show = show_exceptions,
			       .visit_exceptions = visit,
			       .context = context };
	struct exception_act record;
	bool whole = ledger_walk(txn, &codec_exception, NULL, &record, gather, &g);

	if (!g.stopped)
		show_exceptions(&g);
	return whole;
}

bool ledger_add_journal(struct ledger_txn *txn, const struct journal_entry *entry)
{
	return ledger_append(txn, &codec_journal, entry);
}

bool ledger_vnote(struct ledger_txn *txn, const struct ledger_note *note, const char *format,
		  va_list args)
{
	struct journal_entry entry = { .time = note->time };

	str_printable(entry.subject, sizeof(entry.subject), note->subject, strlen(note->subject));
	str_printable(entry.event, sizeof(entry.event), note->event, strlen(note->event));
	str_printable(entry.author, sizeof(entry.author), note->author, strlen(note->author));
	vsnprintf(entry.detail, sizeof(entry.detail), format, args);
	return ledger_add_journal(txn, &entry);
}

bool ledger_note(struct ledger_txn *txn, const struct ledger_note *note, const char *format, ...)
{
	va_list args;
	bool added;

	va_start(args, format);
	added = ledger_vnote(txn, note, format, args);
	va_end(args);
	return added;
}

struct journal_walk {
	const char *subject;
	bool (*visit)(void *context, const struct journal_entry *entry);
	void *context;
};

static bool visit_journal(void *walk, const char *key, const void *record)
{
	const struct journal_walk *w = walk;
	const struct journal_entry *entry = record;

	(void)key;
	if (w->subject != NULL && strcmp(w->subject, entry->subject) != 0)
		return true;
	return w->visit(w->context, entry);
}

bool ledger_each_journal(struct ledger_txn *txn, const char *subject,
			 bool (*visit)(void *context, const struct journal_entry *entry),
			 void *context)
{
	struct journal_entry record;
	struct journal_walk walk = { subject, visit, context };

	return ledger_walk(txn, &codec_journal, NULL, &record, visit_journal, &walk);
}

struct numbered_walk {
	bool (*visit)(void *context, uint64_t number, const struct journal_entry *entry);
	void *context;
};

static bool visit_numbered(void *walk, const char *key, const void *record)
{
	const struct numbered_walk *w = walk;

	return w->visit(w->context, strtoull(key, NULL, 10), record);
}

bool ledger_each_journal_from(struct ledger_txn *txn, uint64_t number,
			      bool (*visit)(void *context, uint64_t number,
					    const struct journal_entry *entry),
			      void *context)
{
	struct journal_entry record;
	struct numbered_walk walk = { visit, context };

	return ledger_walk_from(txn, &codec_journal, number, &record, visit_numbered, &walk);
}

const struct codec *ledger_codec(enum entry_kind kind)
{
	static const struct codec *const codecs[ENTRY_KINDS] = {
		[ENTRY_DOMAIN] = &codec_domain,     [ENTRY_HOST] = &codec_host,
		[ENTRY_OVERRIDE] = &codec_override, [ENTRY_PIN] = &codec_pin,
		[ENTRY_ALIAS] = &codec_alias,       [ENTRY_EXCEPTION] = &codec_exception,
		[ENTRY_JOURNAL] = &codec_journal,
	};

	return codecs[kind];
}

/*
 * Up to where each log has been read.
 */

static void put_place(struct buf *out, const void *record)
{
	char text[LOGPLACE_TEXT_SIZE];

	logplace_format(text, record);
	buf_append_str(out, text);
}

static bool get_place(void *record, const void *bytes, size_t len)
{
	return logplace_parse(record, bytes, len);
}

static const struct record_codec place_codec = { sizeof(struct logplace), put_place, get_place };
static const struct codec codec_place = { LEDGER_META, &place_codec };

/* The key in `meta`; the other keys there hold no blank. */
#define PLACE_KEY_SIZE (LEDGER_PLACE_NAME_MAX + sizeof(LEDGER_META_LOG))

enum lookup ledger_get_place(struct ledger_txn *txn, const char *log, struct logplace *place)
{
	char key[PLACE_KEY_SIZE];

	if (str_join(key, sizeof(key), LEDGER_META_LOG, log, NULL))
		return ledger_load(txn, &codec_place, key, place);
	*place = (struct logplace){ 0 };
	return LOOKUP_ABSENT;
}

bool ledger_put_place(struct ledger_txn *txn, const char *log, const struct logplace *place)
{
	char key[PLACE_KEY_SIZE];

	return !str_join(key, sizeof(key), LEDGER_META_LOG, log, NULL) ||
	       ledger_store(txn, &codec_place, key, place);
}

/*
 * Up to where an admin has been told.
 */

static void put_alerts(struct buf *out, const void *record)
{
	alert_state_put(out, record);
}

static bool get_alerts(void *record, const void *bytes, size_t len)
{
	return alert_state_get(record, bytes, len);
}

static const struct record_codec alerts_codec = { sizeof(struct alert_state), put_alerts,
						  get_alerts };
static const struct codec codec_alerts = { LEDGER_META, &alerts_codec };

#define ALERTS_KEY "alerts told"

enum lookup ledger_get_alerts(struct ledger_txn *txn, struct alert_state *state)
{
	return ledger_load(txn, &codec_alerts, ALERTS_KEY, state);
}

bool ledger_put_alerts(struct ledger_txn *txn, const struct alert_state *state)
{
	return ledger_store(txn, &codec_alerts, ALERTS_KEY, state);
}
