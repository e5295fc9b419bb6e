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
#include "core/record/merge.h"
#include "io/json/export_reader.h"
#include "io/ledger/ledger_entry.h"
#include "io/ledger/ledger_facts.h"

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
	struct ledger_txn *txn;
	struct import_tally *tally;
	bool noted;                /* the journal tells of this import */
	struct entry have, merged; /* of one record: what was, and what is to be */
};

__attribute__((format(printf, 4, 5))) static bool note(struct writing *w, const char *subject,
						       const char *event, const char *format, ...)
{
	struct journal_entry entry = { .time = w->import->now };
	va_list args;

	/* Subjects longer than any next hop are cut. */
	str_printable(entry.subject, sizeof(entry.subject), subject, strlen(subject));
	str_printable(entry.event, sizeof(entry.event), event, strlen(event));
	str_printable(entry.author, sizeof(entry.author), w->import->author,
		      strlen(w->import->author));
	va_start(args, format);
	vsnprintf(entry.detail, sizeof(entry.detail), format, args);
	va_end(args);
	return ledger_add_journal(w->txn, &entry);
}

/* That there was an import; "*" stands for no next hop, but all of them. */
static bool note_import(struct writing *w)
{
	const uint64_t *read = w->tally->read;
	char name[64];

	w->noted = true;
	return note(w, "*", w->import->restore ? "restored" : "imported",
		    "%s: domains %" PRIu64 ", hosts %" PRIu64 ", overrides %" PRIu64
		    ", pins %" PRIu64 ", aliases %" PRIu64 ", exceptions %" PRIu64,
		    str_printable(name, sizeof(name), w->import->name, strlen(w->import->name)),
		    read[ENTRY_DOMAIN], read[ENTRY_HOST], read[ENTRY_OVERRIDE], read[ENTRY_PIN],
		    read[ENTRY_ALIAS], read[ENTRY_EXCEPTION]);
}

/* What an admin did elsewhere, and now is done here too. */
static bool note_record(struct writing *w)
{
	const struct entry *now = &w->merged;
	const struct override *override = &now->of.override;
	const struct exception *exception = &now->of.exception.exception;
	char date[UTC_SIZE], hex[RECORD_SPKI_HEX_SIZE];

	switch (now->kind) {
	case ENTRY_DOMAIN:
		if (now->of.domain.forgotten == w->have.of.domain.forgotten)
			return true;
		return note(w, now->key, "forgotten", "by an import: what was seen before %s",
			    utc_format(date, now->of.domain.forgotten));
	case ENTRY_OVERRIDE:
		if (override->kind == OVERRIDE_NONE)
			return note(w, now->key, "override-cleared", "by an import");
		return note(w, now->key, "override", "by an import: %s %s, %.100s",
			    override_kind_name(override->kind), level_name(override->level),
			    override->reason);
	case ENTRY_PIN:
		record_spki_hex(hex, now->of.pin.spki);
		return note(w, now->key, now->of.pin.removed ? "pin-removed" : "pin-added",
			    "by an import: %s", hex);
	case ENTRY_ALIAS:
		if (now->of.alias.removed)
			return note(w, now->key, "alias-removed", "by an import");
		return note(w, now->key, now->of.alias.enabled ? "alias-enabled" : "alias-disabled",
			    "by an import: level %s, for %.100s",
			    alias_level_name(now->of.alias.level), now->of.alias.mailbox);
	case ENTRY_EXCEPTION:
		return note(w, now->key, now->of.exception.removed ? "disallowed" : "allowed",
			    "by an import: %.100s %s TLS", exception->sender,
			    now->of.exception.removed ? "needs" : "may write without");
	default:
		return true;
	}
}

/* What was forgotten anew is to be looked at anew. */
static bool make_due(struct writing *w)
{
	const struct domain_facts *domain = &w->merged.of.domain;

	return w->merged.kind != ENTRY_DOMAIN || domain->forgotten <= w->have.of.domain.forgotten ||
	       ledger_make_hosts_due(w->txn, w->merged.key, w->import->default_port, &domain->mx);
}

/* A change, and the journal's word of it, which for a restored ledger comes last. */
static bool write_change(struct writing *w, uint64_t counter[ENTRY_KINDS])
{
	counter[w->merged.kind]++;
	if (w->import->restore)
		return ledger_put_entry(w->txn, &w->merged);
	if (!w->noted && !note_import(w))
		return false;
	return ledger_put_entry(w->txn, &w->merged) && note_record(w) && make_due(w);
}

static bool is_passed_over(struct writing *w, const struct entry *entry)
{
	const struct import *import = w->import;

	if (import->restore)
		return false;
	if (entry_is_act(entry->kind) && w->tally->latest < import->now - ACTS_OLD) {
		w->tally->acts++;
		return true;
	}
	return entry->kind == ENTRY_JOURNAL || is_ahead(import, entry) ||
	       entry_is_spent(entry, import->now);
}

/* False when the transaction is broken. */
static bool write_record(struct writing *w, const struct entry *entry)
{
	enum lookup found;

	if (is_passed_over(w, entry))
		return true;
	memset(&w->have, 0, sizeof(w->have));
	found = ledger_get_entry(w->txn, entry, &w->have);
	if (found == LOOKUP_ERROR)
		memset(&w->have.of, 0, sizeof(w->have.of));
	w->merged = w->have;
	if (w->import->restore || (found != LOOKUP_FOUND && entry_is_act(entry->kind))) {
		w->merged = *entry;
	} else {
		merge_entry(&w->merged, entry, w->import->every_host);
		merge_start(&w->merged, entry);
	}
	if (found == LOOKUP_ABSENT)
		return write_change(w, w->tally->added);
	return (found == LOOKUP_FOUND && entry_is_same(&w->have, &w->merged)) ||
	       write_change(w, w->tally->changed);
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
		ledger_abort(w->txn);
	else
		good = ledger_commit(w->txn);
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

		w->txn = ledger_begin_write(w->import->ledger);
		if (w->txn == NULL)
			return ledger_failed(error);
		if (w->import->restore && !ledger_is_empty(w->txn)) {
			ledger_abort(w->txn);
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
