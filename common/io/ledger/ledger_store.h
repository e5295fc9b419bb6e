/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_store - records under their keys, whatever they are made of: what
 * ledger_records.c stands on, done with LMDB. Not for others, who want ledger.h.
 */
#ifndef POSTSEAL_IO_LEDGER_STORE_H
#define POSTSEAL_IO_LEDGER_STORE_H

#include "base/buf.h"
#include "core/record/entry.h"
#include "io/ledger/ledger.h"
#include "io/ledger/ledger_names.h"

/* What is kept in a database, and how it is written and read. */
struct codec {
	enum ledger_db db;
	const struct record_codec *of;
};

/* Of the records of a kind. */
const struct codec *ledger_codec(enum entry_kind kind);

/* Is there no record at all in a database? Of a snapshot it is known after the first time. */
bool ledger_holds_none(struct ledger_txn *txn, enum ledger_db db);
size_t ledger_count(struct ledger_txn *txn, enum ledger_db db);

/* The number of the snapshot that a read transaction sees; 0 for one that writes. */
uint64_t ledger_snapshot(const struct ledger_txn *txn);

/* As ledger_get_domain and ledger_get_host, but of *out no more than the gist is told
 * (core/record/record.h). */
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
/* Of records by sequence number: those from this one on. `name` is the number, in decimal. */
bool ledger_walk_from(struct ledger_txn *txn, const struct codec *codec, uint64_t number,
		      void *record, ledger_visit_fn *visit, void *context);

#endif
