/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_entry.h"

#include <string.h>

enum lookup ledger_get_entry(struct ledger_txn *txn, const struct entry *entry, struct entry *have)
{
	have->kind = entry->kind;
	memcpy(have->key, entry->key, sizeof(have->key));
	have->port = entry->port;
	switch (entry->kind) {
	case ENTRY_DOMAIN:
		return ledger_get_domain(txn, entry->key, &have->of.domain);
	case ENTRY_HOST:
		return ledger_get_host(txn, entry->key, entry->port, &have->of.host);
	case ENTRY_OVERRIDE:
		return ledger_get_override(txn, entry->key, &have->of.override);
	case ENTRY_PINS:
		return ledger_get_pins(txn, entry->key, &have->of.pins);
	case ENTRY_ALIAS:
		return ledger_get_alias(txn, entry->key, &have->of.alias);
	case ENTRY_EXCEPTIONS:
		return ledger_get_exceptions(txn, entry->key, &have->of.exceptions);
	default:
		return LOOKUP_ABSENT;
	}
}

bool ledger_put_entry(struct ledger_txn *txn, const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_DOMAIN:
		return ledger_put_domain(txn, entry->key, &entry->of.domain);
	case ENTRY_HOST:
		return ledger_put_host(txn, entry->key, entry->port, &entry->of.host);
	case ENTRY_OVERRIDE:
		return ledger_put_override(txn, entry->key, &entry->of.override);
	case ENTRY_PINS:
		return ledger_put_pins(txn, entry->key, &entry->of.pins);
	case ENTRY_ALIAS:
		return ledger_put_alias(txn, entry->key, &entry->of.alias);
	case ENTRY_EXCEPTIONS:
		return ledger_put_exceptions(txn, entry->key, &entry->of.exceptions);
	case ENTRY_JOURNAL:
		return ledger_add_journal(txn, &entry->of.journal);
	default:
		return false;
	}
}

/* Each of these stops the walk at the first record, and so tells of one. */
#define FOUND(name, type)                                                        \
	static bool found_##name(void *any, const char *key, const type *record) \
	{                                                                        \
		(void)key, (void)record;                                         \
		*(bool *)any = true;                                             \
		return false;                                                    \
	}

FOUND(domain, struct domain_facts)
FOUND(host, struct host_facts)
FOUND(override, struct override)
FOUND(pins, struct pins)
FOUND(alias, struct alias)
FOUND(exceptions, struct exceptions)

static bool found_journal(void *any, const struct journal_entry *entry)
{
	(void)entry;
	*(bool *)any = true;
	return false;
}

bool ledger_is_empty(struct ledger_txn *txn)
{
	bool any = false;

	return ledger_each_domain(txn, found_domain, &any) &&
	       ledger_each_host(txn, found_host, &any) &&
	       ledger_each_override(txn, found_override, &any) &&
	       ledger_each_pins(txn, found_pins, &any) &&
	       ledger_each_alias(txn, found_alias, &any) &&
	       ledger_each_exceptions(txn, found_exceptions, &any) &&
	       ledger_each_journal(txn, NULL, found_journal, &any) && !any;
}
