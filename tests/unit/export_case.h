/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_case - what tests of exports and imports share: several ledgers, what
 * they export, and records put into them. Included once by each test program.
 */
#ifndef POSTSEAL_TESTS_EXPORT_CASE_H
#define POSTSEAL_TESTS_EXPORT_CASE_H

#include "ledger_case.h"

#include "base/buf.h"
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
		.now = NOW,
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
