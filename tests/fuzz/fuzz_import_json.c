/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files to import. A line that is taken is written again to the same entry, and
 * that line to the same line; a file that is refused is so with a printable
 * reason. And the other way about: what the ledger takes for a record comes back
 * from its line to the byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/json/entry_json.h"
#include "io/json/export_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct entry entry, again;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void require_printable(const char *text)
{
	require(text[0] != '\0');
	for (; *text != '\0'; text++)
		require(*text >= 0x20 && *text < 0x7f);
}

/* Of an entry that is sound. */
static void require_round_trip(const struct entry *first)
{
	char error[ENTRY_ERROR_SIZE];
	struct buf line = { 0 }, line_again = { 0 }, record = { 0 }, record_again = { 0 };

	entry_json_append(&line, first);
	require(line.len <= ENTRY_LINE_MAX);
	require(entry_json_read(&again, line.data, line.len, ENTRY_SCHEMA, error));
	entry_json_append(&line_again, &again);
	require(same(&line, &line_again));
	entry_put_record(&record, first);
	entry_put_record(&record_again, &again);
	require(same(&record, &record_again));
	buf_free(&line);
	buf_free(&line_again);
	buf_free(&record);
	buf_free(&record_again);
}

static void try_line(const char *line, size_t len)
{
	char error[ENTRY_ERROR_SIZE];

	if (entry_json_read(&entry, line, len, ENTRY_SCHEMA, error))
		require_round_trip(&entry);
	else
		require_printable(error);
	if (!entry_json_read(&entry, line, len, ENTRY_SCHEMA_OLD, error))
		require_printable(error);
	else if (entry.kind < ENTRY_KINDS)
		require_round_trip(&entry);
}

static void try_file(const uint8_t *data, size_t size)
{
	char error[EXPORT_READER_ERROR_SIZE];
	const struct entry *record;
	struct export_reader *reader;
	enum export_read got;
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");

	require(file != NULL);
	reader = export_reader_new(file);
	while ((got = export_reader_next(reader, &record, error)) == EXPORT_READ_RECORD)
		require(entry_is_record(record->kind));
	if (got == EXPORT_READ_BAD || got == EXPORT_READ_FAILED)
		require_printable(error);
	export_reader_free(reader);
	fclose(file);
}

/* The names in a record are spelled as records have them; exports want them as domain_fold does. */
static void try_record(const uint8_t *data, size_t size)
{
	memset(&entry, 0, sizeof(entry));
	entry.kind = ENTRY_HOST;
	memcpy(entry.key, "mx.test", 8);
	entry.port = 25;
	if (record_get_host(&entry.of.host, data, size) && entry.of.host.tlsa_base[0] == '\0')
		require_round_trip(&entry);
	entry.kind = ENTRY_OVERRIDE;
	if (record_get_override(&entry.of.override, data, size))
		require_round_trip(&entry);
	entry.kind = ENTRY_EXCEPTION;
	if (record_get_exception(&entry.of.exception, data, size)) {
		memcpy(entry.key, "me@test", 8);
		require_round_trip(&entry);
		memcpy(entry.key, "mx.test", 8);
	}
	entry.kind = ENTRY_PIN;
	if (record_get_pin(&entry.of.pin, data, size))
		require_round_trip(&entry);
	memset(&entry, 0, sizeof(entry));
	entry.kind = ENTRY_JOURNAL;
	if (record_get_journal(&entry.of.journal, data, size))
		require_round_trip(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size;

	if (size == 0)
		return 0;
	try_record(data, size);
	try_file(data, size);
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline != NULL ? newline : end) - line);

		try_line(line, len);
		line += len + 1;
	}
	return 0;
}
