/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/export_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/record/entry.h"
#include "io/json/entry_json.h"
#include "io/ledger/ledger_entry.h"

struct export
{
	FILE *out;
	struct buf line;
	struct entry entry; /* the one being written */
	uint64_t records;
	bool damaged;
	int error; /* errno of the write that failed; after it nothing more is written */
};

static bool write_entry(struct export *export)
{
	struct buf *line = &export->line;

	if (export->error != 0)
		return false;
	line->len = 0;
	entry_json_append(line, &export->entry);
	buf_append_str(line, "\n");
	if (fwrite(line->data, 1, line->len, export->out) != line->len)
		export->error = errno;
	return export->error == 0;
}

/* As ledger_each_entry wants it: true to go on. */
static bool write_record(void *context, const char *key, const struct entry *record)
{
	struct export *export = context;
	struct entry *entry = &export->entry;

	(void)record; /* is *entry */
	if (entry->kind != ENTRY_JOURNAL && !entry_take_key(entry, key)) {
		char shown[ENTRY_KEY_SIZE];

		log_error("%s=%s the record is damaged and left out: its key is none that it can "
			  "have",
			  entry_kind_name(entry->kind),
			  str_printable(shown, sizeof(shown), key, strlen(key)));
		export->damaged = true;
		return true;
	}
	export->records++;
	return write_entry(export);
}

/* Each walk that broke has been logged; the others go on. */
static void write_records(struct export *export, struct ledger_txn *txn, bool journal)
{
	struct entry *entry = &export->entry;

	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++) {
		if (kind == ENTRY_JOURNAL && !journal)
			continue;
		memset(entry, 0, sizeof(*entry));
		entry->kind = kind;
		if (!ledger_each_entry(txn, entry, write_record, export))
			export->damaged = true;
	}
}

static void write_frame(struct export *export, enum entry_kind kind, int64_t number)
{
	memset(&export->entry, 0, sizeof(export->entry));
	export->entry.kind = kind;
	if (kind == ENTRY_HEADER)
		export->entry.of.schema = number;
	else
		export->entry.of.records = number;
	write_entry(export);
}

enum export_result export_json(struct ledger_txn *txn, bool journal, FILE *out, uint64_t *records)
{
	struct export *export = mem_zero(1, sizeof(*export));
	enum export_result result;

	export->out = out;
	write_frame(export, ENTRY_HEADER, ENTRY_SCHEMA);
	write_records(export, txn, journal);
	write_frame(export, ENTRY_END, (int64_t) export->records);
	if (fflush(out) != 0 && export->error == 0)
		export->error = errno;
	*records = export->records;
	result = export->error != 0 ? EXPORT_FAILED
		 : export->damaged  ? EXPORT_DAMAGED
				    : EXPORT_WHOLE;
	errno = export->error;
	buf_free(&export->line);
	free(export);
	return result;
}

struct export_reader {
	FILE *file;
	uint64_t lines, bytes, records;
	struct buf text;    /* of the line */
	struct entry entry; /* that it holds */
	int64_t schema;
	size_t taken;      /* of a list of an older schema: how many were told */
	struct entry part; /* the one of them that is told */
	enum entry_kind last_kind;
	char last_key[ENTRY_KEY_SIZE];
	char *error;
};

struct export_reader *export_reader_new(FILE *file)
{
	struct export_reader *reader = mem_zero(1, sizeof(*reader));

	reader->file = file;
	reader->schema = ENTRY_SCHEMA;
	return reader;
}

void export_reader_free(struct export_reader *reader)
{
	if (reader == NULL)
		return;
	buf_free(&reader->text);
	free(reader);
}

uint64_t export_reader_records(const struct export_reader *reader)
{
	return reader->records;
}

uint64_t export_reader_bytes(const struct export_reader *reader)
{
	return reader->bytes;
}

/* Says why, of the line that was read last. */
__attribute__((format(printf, 2, 3))) static enum export_read bad(struct export_reader *r,
								  const char *format, ...)
{
	int used = snprintf(r->error, EXPORT_READER_ERROR_SIZE, "line %" PRIu64 ": ", r->lines);
	va_list args;

	va_start(args, format);
	vsnprintf(r->error + used, EXPORT_READER_ERROR_SIZE - (size_t)used, format, args);
	va_end(args);
	return EXPORT_READ_BAD;
}

/* The next line, without its newline; END where there is none. Bounded, whatever comes. */
static enum export_read next_line(struct export_reader *r)
{
	char *at;
	int c = EOF;

	r->lines++;
	r->text.len = 0;
	at = buf_reserve(&r->text, ENTRY_LINE_MAX + 1);
	while (r->text.len <= ENTRY_LINE_MAX && (c = getc_unlocked(r->file)) != EOF && c != '\n')
		at[r->text.len++] = (char)c;
	r->bytes += r->text.len + (c == '\n');
	if (ferror(r->file)) {
		snprintf(r->error, EXPORT_READER_ERROR_SIZE,
			 "line %" PRIu64 ": it cannot be read: %s", r->lines, strerror(errno));
		return EXPORT_READ_FAILED;
	}
	if (r->text.len > ENTRY_LINE_MAX)
		return bad(r, "it is longer than any record (%d bytes)", ENTRY_LINE_MAX);
	return c == EOF && r->text.len == 0 ? EXPORT_READ_END : EXPORT_READ_RECORD;
}

static enum export_read parse_line(struct export_reader *r)
{
	char error[ENTRY_ERROR_SIZE];

	if (entry_json_read(&r->entry, r->text.data, r->text.len, r->schema, error)) {
		if (r->entry.kind == ENTRY_HEADER)
			r->schema = r->entry.of.schema;
		return EXPORT_READ_RECORD;
	}
	return bad(r, "%s%s", r->lines == 1 ? "this is no export of a ledger: " : "", error);
}

/* Lists stand where now their members do. */
static enum entry_kind turn_of(enum entry_kind kind)
{
	return kind == ENTRY_OLD_PINS         ? ENTRY_PIN
	       : kind == ENTRY_OLD_EXCEPTIONS ? ENTRY_EXCEPTION
					      : kind;
}

static enum export_read check_place(struct export_reader *r)
{
	const struct entry *entry = &r->entry;
	enum entry_kind kind = turn_of(entry->kind);
	bool same = kind == r->last_kind && kind != ENTRY_JOURNAL;
	char key[ENTRY_KEY_SIZE];

	if (r->lines == 1 && entry->kind != ENTRY_HEADER)
		return bad(r,
			   "this is no whole export of a ledger; expected its header, "
			   "{\"postseal\":\"ledger\",\"schema\":%d}",
			   ENTRY_SCHEMA);
	if (r->lines > 1 && entry->kind == ENTRY_HEADER)
		return bad(r, "there is another header; import one export at a time");
	entry_key(key, entry);
	if (kind < r->last_kind || (same && r->lines > 1 && strcmp(key, r->last_key) <= 0))
		return bad(r,
			   "%s %s stands after %s %s; expected kinds in their order and each by "
			   "key, as `postseal export` writes them",
			   entry_kind_name(entry->kind), key, entry_kind_name(r->last_kind),
			   r->last_key);
	r->last_kind = kind;
	memcpy(r->last_key, key, sizeof(key));
	return EXPORT_READ_RECORD;
}

static enum export_read check_end(struct export_reader *r)
{
	if ((uint64_t)r->entry.of.records != r->records)
		return bad(r,
			   "the end says %" PRId64 " records, but there are %" PRIu64 " before it",
			   r->entry.of.records, r->records);
	switch (next_line(r)) {
	case EXPORT_READ_END:
		return EXPORT_READ_END;
	case EXPORT_READ_FAILED:
		return EXPORT_READ_FAILED;
	case EXPORT_READ_RECORD:
	case EXPORT_READ_BAD:
		break;
	}
	return bad(r, "there is something after the end");
}

static enum export_read next_entry(struct export_reader *r)
{
	enum export_read got = next_line(r);

	if (got == EXPORT_READ_END)
		return bad(r, "the file is cut short: its end is missing");
	if (got == EXPORT_READ_RECORD)
		got = parse_line(r);
	return got == EXPORT_READ_RECORD ? check_place(r) : got;
}

/* The next of a list of an older schema; false when there is none. */
static bool take_part(struct export_reader *r)
{
	const struct entry *list = &r->entry;
	struct entry *part = &r->part;

	if (turn_of(list->kind) == list->kind)
		return false;
	*part = (struct entry){ .kind = turn_of(list->kind) };
	memcpy(part->key, list->key, sizeof(part->key));
	if (list->kind == ENTRY_OLD_PINS && r->taken < list->of.old_pins.count)
		memcpy(part->of.pin.spki, list->of.old_pins.spki[r->taken], SPKI_SIZE);
	else if (list->kind == ENTRY_OLD_EXCEPTIONS && r->taken < list->of.old_exceptions.count)
		part->of.exception.exception = list->of.old_exceptions.list[r->taken];
	else
		return false;
	r->taken++;
	return true;
}

enum export_read export_reader_next(struct export_reader *reader, const struct entry **record,
				    char error[EXPORT_READER_ERROR_SIZE])
{
	enum export_read got;

	reader->error = error;
	*record = &reader->part;
	while (!take_part(reader)) {
		got = next_entry(reader);
		if (got != EXPORT_READ_RECORD)
			return got;
		reader->taken = 0;
		if (reader->entry.kind == ENTRY_HEADER)
			continue;
		if (reader->entry.kind == ENTRY_END)
			return check_end(reader);
		reader->records++;
		if (entry_is_record(reader->entry.kind)) {
			*record = &reader->entry;
			return EXPORT_READ_RECORD;
		}
	}
	return entry_is_sound(&reader->part)
		       ? EXPORT_READ_RECORD
		       : bad(reader, "the members do not go together; expected %s",
			     entry_rule(reader->part.kind));
}
