/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_names - what the ledger's databases and keys are called: all names that are on
 * the disk. For the ledger only, as ledger_store.h is.
 *
 * Keys of `host`, `pin` and `exception` are made by core/record/record.h; a next hop or an
 * address is a key as it stands. Of `pin` and `exception`, all that belong to one next hop or
 * alias begin with its name and a blank (LEDGER_OF_ONE).
 */
#ifndef POSTSEAL_IO_LEDGER_NAMES_H
#define POSTSEAL_IO_LEDGER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ledger_db {
	LEDGER_META,
	LEDGER_DOMAIN,
	LEDGER_HOST,
	LEDGER_OVERRIDE,
	LEDGER_PIN,
	LEDGER_ALIAS,
	LEDGER_JOURNAL,
	LEDGER_EXCEPTION,
	LEDGER_REFUSAL,
	LEDGER_FLEET,
	LEDGER_MEMBER,
	LEDGER_OUTBOX,
	LEDGER_OUTBOX_LATER,
	LEDGER_SIGHTING,
	LEDGER_LOOK,
	LEDGER_DB_COUNT
};

const char *ledger_db_name(enum ledger_db db);

/* The longest key that LMDB takes, and a NUL. */
#define LEDGER_KEY_SIZE 512

/* Keys of `meta`: whose environment this is, the version of what is in it, and up to where
 * each log was read. */
#define LEDGER_META_PROGRAM "program"
#define LEDGER_META_SCHEMA "schema"
#define LEDGER_META_LOG "log "

/* The one key of `fleet`. */
#define LEDGER_FLEET_STATE "state"

/* What joins the name of a next hop or alias with the rest of a key. */
#define LEDGER_OF_ONE " "

/* Keys of the journal, and of all that is appended: a number, big-endian, so that LMDB keeps
 * them in order. */
#define LEDGER_SEQUENCE_LEN 8
void ledger_sequence_key(unsigned char key[LEDGER_SEQUENCE_LEN], uint64_t sequence);
uint64_t ledger_key_sequence(const void *key, size_t len);

/* A key as the log shows it: printable; the number that it is, where it is one. */
void ledger_key_name(char dst[LEDGER_KEY_SIZE], enum ledger_db db, const void *key, size_t len);

#endif
