/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_entry.h"

#include <string.h>

#include "io/ledger/ledger_store.h"

enum lookup ledger_get_entry(struct ledger_txn *txn, const struct entry *entry, struct entry *have)
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
	enum lookup found = ledger_get_entry(txn, act, &have);

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
