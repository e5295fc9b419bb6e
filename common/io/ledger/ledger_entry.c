/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/record/merge.h"
#include "io/ledger/ledger_facts.h"
#include "io/ledger/ledger_store.h"

/* The record with this one's kind and key, as ledger_get_...; a journal's is always ABSENT. */
static enum lookup get_entry(struct ledger_txn *txn, const struct entry *entry, struct entry *have)
{
	char key[ENTRY_KEY_SIZE];

	have->kind = entry->kind;
	memcpy(have->key, entry->key, sizeof(have->key));
	have->port = entry->port;
	entry_key(key, entry);
	if (entry->kind == ENTRY_JOURNAL || key[0] == '\0')
		return LOOKUP_ABSENT;
	return ledger_load(txn, ledger_codec(entry->kind), key, &have->of);
}

bool ledger_put_entry(struct ledger_txn *txn, const struct entry *entry)
{
	char key[ENTRY_KEY_SIZE];

	if (entry->kind == ENTRY_JOURNAL)
		return ledger_append(txn, ledger_codec(entry->kind), &entry->of);
	entry_key(key, entry);
	return key[0] != '\0' && ledger_store(txn, ledger_codec(entry->kind), key, &entry->of);
}

bool ledger_remove_entry(struct ledger_txn *txn, const struct entry *entry)
{
	char key[ENTRY_KEY_SIZE];

	entry_key(key, entry);
	return ledger_delete(txn, ledger_codec(entry->kind), key);
}

struct entry_walk {
	bool (*visit)(void *context, const char *key, const struct entry *entry);
	void *context;
	struct entry *entry;
};

static bool visit_entry(void *walk, const char *key, const void *record)
{
	const struct entry_walk *w = walk;

	(void)record;
	return w->visit(w->context, key, w->entry);
}

bool ledger_each_entry(struct ledger_txn *txn, struct entry *entry,
		       bool (*visit)(void *context, const char *key, const struct entry *entry),
		       void *context)
{
	struct entry_walk walk = { visit, context, entry };

	return ledger_walk(txn, ledger_codec(entry->kind), NULL, &entry->of, visit_entry, &walk);
}

bool ledger_act(struct ledger_txn *txn, struct entry *act, int64_t now)
{
	struct entry have;
	enum lookup found = get_entry(txn, act, &have);

	/* One that cannot be read is made anew. */
	entry_set_stamp(act, acts_stamp(now, found == LOOKUP_FOUND ? entry_stamp(&have) : 0));
	return ledger_put_entry(txn, act);
}

struct spent {
	int64_t now;
	bool found;
	struct entry entry;
};

static bool find_spent(void *context, const char *key, const struct entry *entry)
{
	struct spent *spent = context;

	spent->found = entry_is_spent(entry, spent->now) && entry_take_key(&spent->entry, key);
	return !spent->found;
}

/* One at a time: a walk does not like what it stands on to go. They are few. */
static bool drop_of_kind(struct ledger_txn *txn, enum entry_kind kind, int64_t now, size_t *dropped)
{
	struct spent spent = { .now = now, .found = true, .entry.kind = kind };
	char key[ENTRY_KEY_SIZE];

	while (spent.found) {
		spent.found = false;
		ledger_each_entry(txn, &spent.entry, find_spent, &spent);
		if (!spent.found)
			continue;
		entry_key(key, &spent.entry);
		if (!ledger_delete(txn, ledger_codec(kind), key))
			return false;
		++*dropped;
	}
	return true;
}

bool ledger_drop_spent(struct ledger_txn *txn, int64_t now, size_t *dropped)
{
	return drop_of_kind(txn, ENTRY_OVERRIDE, now, dropped) &&
	       drop_of_kind(txn, ENTRY_PIN, now, dropped) &&
	       drop_of_kind(txn, ENTRY_ALIAS, now, dropped) &&
	       drop_of_kind(txn, ENTRY_EXCEPTION, now, dropped);
}

bool ledger_is_empty(struct ledger_txn *txn)
{
	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++)
		if (!ledger_holds_none(txn, ledger_codec(kind)->db))
			return false;
	return true;
}

/* `format` NULL: there is no more to be said. */
__attribute__((format(printf, 3, 4))) static bool note(struct ledger_take *take, const char *event,
						       const char *format, ...)
{
	const struct ledger_note note = { take->now, take->author, take->merged.key, event };
	char more[DETAIL_SIZE];
	va_list args;

	if (format == NULL)
		return ledger_note(take->txn, &note, "%.70s", take->by);
	va_start(args, format);
	vsnprintf(more, sizeof(more), format, args);
	va_end(args);
	return ledger_note(take->txn, &note, "%.70s: %s", take->by, more);
}

static bool note_record(struct ledger_take *take)
{
	const struct entry *now = &take->merged;
	const struct override *override = &now->of.override;
	const struct exception *exception = &now->of.exception.exception;
	char date[UTC_SIZE], hex[RECORD_SPKI_HEX_SIZE];

	switch (now->kind) {
	case ENTRY_DOMAIN:
		if (now->of.domain.forgotten == take->have.of.domain.forgotten)
			return true;
		return note(take, "forgotten", "what was seen before %s",
			    utc_format(date, now->of.domain.forgotten));
	case ENTRY_OVERRIDE:
		if (override->kind == OVERRIDE_NONE)
			return note(take, "override-cleared", NULL);
		return note(take, "override", "%s %s, %.100s", override_kind_name(override->kind),
			    level_name(override->level), override->reason);
	case ENTRY_PIN:
		record_spki_hex(hex, now->of.pin.spki);
		return note(take, now->of.pin.removed ? "pin-removed" : "pin-added", "%s", hex);
	case ENTRY_ALIAS:
		if (now->of.alias.removed)
			return note(take, "alias-removed", NULL);
		return note(take, now->of.alias.enabled ? "alias-enabled" : "alias-disabled",
			    "level %s, for %.100s", alias_level_name(now->of.alias.level),
			    now->of.alias.mailbox);
	case ENTRY_EXCEPTION:
		return note(take, now->of.exception.removed ? "disallowed" : "allowed",
			    "%.100s %s TLS", exception->sender,
			    now->of.exception.removed ? "needs" : "may write without");
	default:
		return true;
	}
}

/* What was forgotten anew is to be looked at anew. */
static bool make_due(struct ledger_take *take)
{
	const struct domain_facts *domain = &take->merged.of.domain;

	return take->merged.kind != ENTRY_DOMAIN ||
	       domain->forgotten <= take->have.of.domain.forgotten ||
	       ledger_make_hosts_due(take->txn, take->merged.key, take->default_port, &domain->mx);
}

bool ledger_take(struct ledger_take *take, const struct entry *entry)
{
	memset(&take->have, 0, sizeof(take->have));
	take->found = get_entry(take->txn, entry, &take->have);
	if (take->found == LOOKUP_ERROR)
		memset(&take->have.of, 0, sizeof(take->have.of));
	take->merged = take->have;
	if (take->found != LOOKUP_FOUND && entry_is_act(entry->kind)) {
		take->merged = *entry;
	} else {
		merge_entry(&take->merged, entry, take->every_host);
		merge_start(&take->merged, entry);
	}
	return take->found != LOOKUP_FOUND || !entry_is_same(&take->have, &take->merged);
}

bool ledger_take_write(struct ledger_take *take)
{
	return ledger_put_entry(take->txn, &take->merged) && note_record(take) && make_due(take);
}
