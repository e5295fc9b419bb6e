/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json/export_json.h"

#include <errno.h>
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
