/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_store - records under their keys, whatever they are made of: what
 * ledger_records.c stands on and ledger.c does with LMDB. Not for others, who
 * want ledger.h.
 */
#ifndef POSTSEAL_IO_LEDGER_STORE_H
#define POSTSEAL_IO_LEDGER_STORE_H

#include "base/buf.h"
#include "core/record/entry.h"
#include "io/ledger/ledger.h"

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
	LEDGER_DB_COUNT
};

/* The longest key that LMDB takes, and a NUL. */
#define LEDGER_KEY_SIZE 512

const char *ledger_db_name(enum ledger_db db);

/* What a database holds. */
struct codec {
	enum ledger_db db;
	size_t size; /* of the record's struct */
	void (*encode)(struct buf *out, const void *record);
	bool (*decode)(void *record, const void *bytes, size_t len);
	bool (*readable)(const void *bytes, size_t len); /* would decode succeed? */
};

/* Of the records of a kind. */
const struct codec *ledger_codec(enum entry_kind kind);

/* Is there no record at all in a database? Of a snapshot it is known after the first time. */
bool ledger_holds_none(struct ledger_txn *txn, enum ledger_db db);

/* The number of the snapshot that a read transaction sees; 0 for one that writes. */
uint64_t ledger_snapshot(const struct ledger_txn *txn);

/* As ledger_get_domain and ledger_get_host, but of *out no more than the gist is told (core/record/record.h). */
enum lookup ledger_get_domain_gist(struct ledger_txn *txn, const char *key,
				   struct domain_facts *out);
enum lookup ledger_get_host_gist(struct ledger_txn *txn, const char *host, uint16_t port,
				 struct host_facts *out);

/* As ledger_get_...: on ABSENT *out is zeroed. */
enum lookup ledger_load(struct ledger_txn *txn, const struct codec *codec, const char *name,
			void *out);
bool ledger_store(struct ledger_txn *txn, const struct codec *codec, const char *name,
		  const void *record);
/* Under the next sequence number. */
bool ledger_append(struct ledger_txn *txn, const struct codec *codec, const void *record);
bool ledger_delete(struct ledger_txn *txn, const struct codec *codec, const char *name);

/*
 * As ledger_each_...; `record` is where each record is decoded to. Those alone whose names
 * begin with `prefix` (NULL: all).
 */
typedef bool ledger_visit_fn(void *context, const char *name, const void *record);
bool ledger_walk(struct ledger_txn *txn, const struct codec *codec, const char *prefix,
		 void *record, ledger_visit_fn *visit, void *context);

#endif
