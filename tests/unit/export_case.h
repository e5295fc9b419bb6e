/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_case - what tests of exports and imports share: several ledgers, what
 * they export, and records put into them. Included once by each test program.
 */
#ifndef POSTSEAL_TESTS_EXPORT_CASE_H
#define POSTSEAL_TESTS_EXPORT_CASE_H

#include "ledger_case.h"

#include "base/buf.h"
#include "core/record/merge.h"
#include "entry_samples.h"
#include "io/json/export_json.h"
#include "io/json/import_json.h"
#include "io/ledger/ledger_entry.h"

#define NOW (T + 5 * UTC_DAY)

/* From here on `ledger_dir` is that of the ledger of this name, made if it is new. */
static inline void use_ledger(const char *name)
{
	snprintf(ledger_dir, sizeof(ledger_dir), "%s/%s", dir, name);
	make_ledger();
}

static inline void put_entries(const struct entry *entries, size_t n)
{
	struct ledger *ledger = must_open(LEDGER_WRITE);
	struct ledger_txn *txn = ledger_begin_write(ledger);

	for (size_t i = 0; i < n; i++)
		ck_assert(ledger_put_entry(txn, &entries[i]));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

/* What the ledger in use exports; buf_free it. */
static inline struct buf exported(bool journal)
{
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct buf out = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	uint64_t records;

	ck_assert_int_eq(export_json(txn, journal, file, &records), EXPORT_WHOLE);
	fclose(file);
	ck_assert_uint_eq(count(text, "\n"), records + 2);
	buf_append(&out, text, len);
	free(text);
	ledger_abort(txn);
	ledger_close(ledger);
	return out;
}

static inline bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static inline bool add_shared(void *bytes, const char *key, const struct entry *entry)
{
	struct entry shared = *entry;

	merge_reduce(&shared);
	memset(&shared.of.domain.sts, 0,
	       entry->kind == ENTRY_DOMAIN ? sizeof(shared.of.domain.sts) : 0);
	buf_printf(bytes, "%s %s:", entry_kind_name(entry->kind), key);
	entry_put_record(bytes, &shared);
	return true;
}

/* What of the ledger in use does not depend on the order of what came in; buf_free it. */
static inline struct buf shared_part(void)
{
	static struct entry entry;
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct buf out = { 0 };

	for (entry.kind = ENTRY_DOMAIN; entry.kind < ENTRY_JOURNAL; entry.kind++)
		ck_assert(ledger_each_entry(txn, &entry, add_shared, &out));
	ledger_abort(txn);
	ledger_close(ledger);
	return out;
}

/* When imports take place, and in a ledger that wants each MX host to show TLS? */
static int64_t import_now = NOW;
static bool import_every_host;

/* What went wrong last. */
static char import_error[IMPORT_ERROR_SIZE];
static struct import_tally tally;

/* Into the ledger in use. */
static inline enum import_result import_text(const struct buf *text, bool restore)
{
	struct import import = {
		.file = fmemopen(text->data, text->len, "r"),
		.ledger = must_open(LEDGER_WRITE),
		.restore = restore,
		.every_host = import_every_host,
		.default_port = 25,
		.now = import_now,
		.author = "ada",
		.name = "backup",
	};
	enum import_result result;

	import_error[0] = '\0';
	result = import_json(&import, &tally, import_error);
	ck_assert(result == IMPORT_DONE || import_error[0] != '\0');
	fclose(import.file);
	ledger_close(import.ledger);
	return result;
}

static inline void must_import(const struct buf *text, bool restore)
{
	enum import_result result = import_text(text, restore);

	ck_assert_msg(result == IMPORT_DONE, "%s", import_error);
}

#endif
