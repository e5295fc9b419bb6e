/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/import_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "io/json/export_json.h"
#include "io/ledger/ledger_entry.h"

#define PROGRESS_RECORDS 512

static enum import_result ledger_failed(char error[IMPORT_ERROR_SIZE])
{
	snprintf(error, IMPORT_ERROR_SIZE, "the ledger cannot be read or written");
	return IMPORT_FAILED;
}

static enum import_result not_empty(char error[IMPORT_ERROR_SIZE])
{
	snprintf(error, IMPORT_ERROR_SIZE,
		 "the ledger is not empty, and only an empty one is replaced; "
		 "merge the file into it, or, with all of postseal stopped, move its data.mdb away "
		 "(postseal-ledger(5) has the commands)");
	return IMPORT_REFUSED;
}

/*
 * The first reading.
 */

static bool is_ahead(const struct import *import, const struct entry *entry)
{
	return !import->restore && entry_latest(entry) > import->now + ACTS_AHEAD;
}

static void tell_progress(const struct import *import, const struct export_reader *reader)
{
	if (import->progress != NULL && export_reader_records(reader) % PROGRESS_RECORDS == 0)
		import->progress(import->context, export_reader_bytes(reader));
}

/* Whether the file is old is known when all of it has been read. */
static void note_latest(const struct import *import, struct import_tally *tally,
			const struct entry *entry)
{
	int64_t latest = entry_latest(entry);

	if (is_ahead(import, entry))
		tally->ahead++;
	else if (latest > tally->latest)
		tally->latest = latest;
	if (entry->kind == ENTRY_DOMAIN && entry->of.domain.mx.fresh.checked > tally->latest &&
	    entry->of.domain.mx.fresh.checked <= import->now)
		tally->latest = entry->of.domain.mx.fresh.checked;
}

static enum import_result check(const struct import *import, struct import_tally *tally,
				char error[IMPORT_ERROR_SIZE])
{
	struct export_reader *reader = export_reader_new(import->file);
	const struct entry *entry;
	enum export_read got;

	*tally = (struct import_tally){ 0 };
	while ((got = export_reader_next(reader, &entry, error)) == EXPORT_READ_RECORD) {
		tally->read[entry->kind]++;
		note_latest(import, tally, entry);
		tell_progress(import, reader);
	}
	export_reader_free(reader);
	if (got == EXPORT_READ_FAILED)
		return IMPORT_FAILED;
	return got == EXPORT_READ_BAD ? IMPORT_REFUSED : IMPORT_DONE;
}

/*
 * The second reading.
 */

struct writing {
	const struct import *import;
	struct import_tally *tally;
	bool noted; /* the journal tells of this import */
	struct ledger_take take;
};

/* That there was an import; "*" stands for no next hop, but all of them. */
static bool note_import(struct writing *w)
{
	const uint64_t *read = w->tally->read;
	const struct ledger_note note = { w->import->now, w->import->author, "*",
					  w->import->restore ? "restored" : "imported" };
	char name[64];

	w->noted = true;
	return ledger_note(
		w->take.txn, &note,
		"%s: domains %" PRIu64 ", hosts %" PRIu64 ", overrides %" PRIu64 ", pins %" PRIu64
		", aliases %" PRIu64 ", exceptions %" PRIu64,
		str_printable(name, sizeof(name), w->import->name, strlen(w->import->name)),
		read[ENTRY_DOMAIN], read[ENTRY_HOST], read[ENTRY_OVERRIDE], read[ENTRY_PIN],
		read[ENTRY_ALIAS], read[ENTRY_EXCEPTION]);
}

static bool is_passed_over(struct writing *w, const struct entry *entry)
{
	const struct import *import = w->import;

	if (entry_is_act(entry->kind) && w->tally->latest < import->now - ACTS_OLD) {
		w->tally->acts++;
		return true;
	}
	return entry->kind == ENTRY_JOURNAL || is_ahead(import, entry) ||
	       entry_is_spent(entry, import->now);
}

static bool restore(struct writing *w, const struct entry *entry)
{
	w->tally->added[entry->kind]++;
	return ledger_put_entry(w->take.txn, entry);
}

/* False when the transaction is broken. */
static bool write_record(struct writing *w, const struct entry *entry)
{
	uint64_t *counter;

	if (w->import->restore)
		return restore(w, entry);
	if (is_passed_over(w, entry) || !ledger_take(&w->take, entry))
		return true;
	counter = w->take.found == LOOKUP_ABSENT ? w->tally->added : w->tally->changed;
	counter[w->take.merged.kind]++;
	/* The journal tells of the import first; of a restored ledger it comes last. */
	return (w->noted || note_import(w)) && ledger_take_write(&w->take);
}

/* One transaction's worth, or all. What came of the reading is in *got. */
static bool write_batch(struct writing *w, struct export_reader *reader, enum export_read *got,
			char error[IMPORT_ERROR_SIZE])
{
	const struct entry *entry;

	for (size_t i = 0; w->import->restore || i < IMPORT_BATCH; i++) {
		*got = export_reader_next(reader, &entry, error);
		if (*got == EXPORT_READ_END && w->import->restore)
			return note_import(w);
		if (*got != EXPORT_READ_RECORD)
			return true;
		if (!write_record(w, entry))
			return false;
		tell_progress(w->import, reader);
	}
	return true;
}

static enum import_result end_batch(struct writing *w, bool good, enum export_read got,
				    char error[IMPORT_ERROR_SIZE])
{
	bool readable = got == EXPORT_READ_RECORD || got == EXPORT_READ_END;

	if (!good || !readable)
		ledger_abort(w->take.txn);
	else
		good = ledger_commit(w->take.txn);
	if (!good)
		return ledger_failed(error);
	/* It was good when it was checked. */
	if (got == EXPORT_READ_BAD)
		snprintf(error, IMPORT_ERROR_SIZE, "the file changed while it was read");
	return readable ? IMPORT_DONE : IMPORT_FAILED;
}

static enum import_result write_all(struct writing *w, struct export_reader *reader,
				    char error[IMPORT_ERROR_SIZE])
{
	enum import_result result = IMPORT_DONE;
	enum export_read got = EXPORT_READ_RECORD;

	while (result == IMPORT_DONE && got == EXPORT_READ_RECORD) {
		bool good;

		w->take.txn = ledger_begin_write(w->import->ledger);
		if (w->take.txn == NULL)
			return ledger_failed(error);
		if (w->import->restore && !ledger_is_empty(w->take.txn)) {
			ledger_abort(w->take.txn);
			return not_empty(error);
		}
		good = write_batch(w, reader, &got, error);
		result = end_batch(w, good, got, error);
	}
	return result;
}

static enum import_result write_file(const struct import *import, struct import_tally *tally,
				     char error[IMPORT_ERROR_SIZE])
{
	struct export_reader *reader = export_reader_new(import->file);
	struct writing *w = mem_zero(1, sizeof(*w));
	enum import_result result;

	w->import = import;
	w->tally = tally;
	w->take = (struct ledger_take){ .every_host = import->every_host,
					.default_port = import->default_port,
					.now = import->now,
					.author = import->author,
					.by = "by an import" };
	result = write_all(w, reader, error);
	free(w);
	export_reader_free(reader);
	return result;
}

/*
 * Both.
 */

static enum import_result check_ledger(const struct import *import, char error[IMPORT_ERROR_SIZE])
{
	struct ledger_txn *txn = ledger_begin_read(import->ledger);
	enum import_result result = IMPORT_DONE;

	if (txn == NULL)
		return ledger_failed(error);
	if (import->restore && !ledger_is_empty(txn))
		result = not_empty(error);
	ledger_abort(txn);
	return result;
}

enum import_result import_json(const struct import *import, struct import_tally *tally,
			       char error[IMPORT_ERROR_SIZE])
{
	enum import_result result = check_ledger(import, error);

	if (result == IMPORT_DONE)
		result = check(import, tally, error);
	if (result != IMPORT_DONE)
		return result;
	if (fseeko(import->file, 0, SEEK_SET) == 0)
		return write_file(import, tally, error);
	snprintf(error, IMPORT_ERROR_SIZE, "it cannot be read twice: %s", strerror(errno));
	return IMPORT_FAILED;
}
