/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_names.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

const char *ledger_db_name(enum ledger_db db)
{
	static const char *const names[LEDGER_DB_COUNT] = {
		[LEDGER_META] = "meta",
		[LEDGER_DOMAIN] = "domain",
		[LEDGER_HOST] = "host",
		[LEDGER_OVERRIDE] = "override",
		[LEDGER_PIN] = "pin",
		[LEDGER_ALIAS] = "alias",
		[LEDGER_JOURNAL] = "journal",
		[LEDGER_EXCEPTION] = "exception",
		[LEDGER_REFUSAL] = "refusal",
		[LEDGER_FLEET] = "fleet",
		[LEDGER_MEMBER] = "member",
		[LEDGER_OUTBOX] = "outbox",
		[LEDGER_OUTBOX_LATER] = "outbox-later",
		[LEDGER_SIGHTING] = "sighting",
		[LEDGER_LOOK] = "look",
	};

	return names[db];
}

void ledger_sequence_key(unsigned char key[LEDGER_SEQUENCE_LEN], uint64_t sequence)
{
	for (size_t i = 0; i < LEDGER_SEQUENCE_LEN; i++)
		key[i] = (unsigned char)(sequence >> (8 * (LEDGER_SEQUENCE_LEN - 1 - i)));
}

uint64_t ledger_key_sequence(const void *key, size_t len)
{
	const unsigned char *bytes = key;
	uint64_t sequence = 0;

	for (size_t i = 0; i < len && i < LEDGER_SEQUENCE_LEN; i++)
		sequence = sequence << 8 | bytes[i];
	return sequence;
}

void ledger_key_name(char dst[LEDGER_KEY_SIZE], enum ledger_db db, const void *key, size_t len)
{
	if (db == LEDGER_JOURNAL)
		snprintf(dst, LEDGER_KEY_SIZE, "%" PRIu64, ledger_key_sequence(key, len));
	else
		str_printable(dst, LEDGER_KEY_SIZE, key, len);
}
