/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fleet/fleet_row.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/fleet/fleet_outbox.h"
#include "core/record/merge.h"

#define FORGOTTEN "forgotten"

void fleet_row_free(struct fleet_row *row)
{
	buf_free(&row->record);
	memset(row, 0, sizeof(*row));
}

/* What the triggers go by. */
static void fill_numbers(struct fleet_row *row, const struct entry *entry)
{
	const struct history *history =
		entry->kind == ENTRY_HOST ? &entry->of.host.history : &entry->of.domain.evidence;

	row->first_tls = row->act ? 0 : history->first_tls;
	row->last_tls = row->act ? 0 : history->last_tls;
	row->latest = entry_latest(entry);
}

static void fill(struct fleet_row *row, const struct entry *entry)
{
	row->record.len = 0;
	row->schema = FLEET_SCHEMA;
	entry_put_record(&row->record, entry);
	fill_numbers(row, entry);
}

static void make(struct fleet_row *row, const struct entry *entry, const char *kind, bool act)
{
	*row = (struct fleet_row){ .act = act };
	str_copy(row->kind, sizeof(row->kind), kind);
	entry_key(row->key, entry);
	fill(row, entry);
}

size_t fleet_rows(struct fleet_row rows[FLEET_ROWS], const struct entry *entry)
{
	struct entry part = *entry;
	size_t count = 0;

	if (entry->kind != ENTRY_DOMAIN) {
		if (fleet_says_something(entry))
			make(&rows[count++], entry, entry_kind_name(entry->kind),
			     entry_is_act(entry->kind));
		return count;
	}
	part.of.domain.forgotten = 0;
	record_settle_history(&part.of.domain);
	if (fleet_says_something(&part))
		make(&rows[count++], &part, entry_kind_name(ENTRY_DOMAIN), false);
	if (entry->of.domain.forgotten == 0)
		return count;
	memset(&part.of, 0, sizeof(part.of));
	part.of.domain.forgotten = entry->of.domain.forgotten;
	make(&rows[count++], &part, FORGOTTEN, true);
	return count;
}

/*
 * Back.
 */

bool fleet_row_kind(enum entry_kind *kind, const struct fleet_row *row)
{
	if (strcmp(row->kind, FORGOTTEN) == 0) {
		*kind = ENTRY_DOMAIN;
		return row->act;
	}
	for (*kind = ENTRY_DOMAIN; *kind < ENTRY_END; ++*kind) {
		if (fleet_shares(*kind) && strcmp(row->kind, entry_kind_name(*kind)) == 0)
			return row->act == entry_is_act(*kind);
	}
	return false;
}

/* It is exactly what a host would make of it. */
static bool is_as_made(const struct fleet_row *row, const struct entry *entry)
{
	struct fleet_row again[FLEET_ROWS];
	size_t count = fleet_rows(again, entry);
	bool same = count == 1 && strcmp(again[0].kind, row->kind) == 0 &&
		    again[0].record.len == row->record.len &&
		    memcmp(again[0].record.data, row->record.data, row->record.len) == 0 &&
		    again[0].first_tls == row->first_tls && again[0].last_tls == row->last_tls &&
		    again[0].latest == row->latest;

	for (size_t i = 0; i < count; i++)
		fleet_row_free(&again[i]);
	return same;
}

enum fleet_verdict fleet_row_take(struct entry *entry, const struct fleet_row *row)
{
	if (row->schema > FLEET_SCHEMA)
		return FLEET_ROW_NEWER;
	memset(entry, 0, sizeof(*entry));
	if (row->schema != FLEET_SCHEMA || !fleet_row_kind(&entry->kind, row) ||
	    row->record.len == 0 || !entry_get_record(entry, row->record.data, row->record.len) ||
	    !entry_take_key(entry, row->key))
		return FLEET_ROW_BAD;
	merge_reduce(entry);
	return is_as_made(row, entry) ? FLEET_ROW_GOOD : FLEET_ROW_BAD;
}

bool fleet_row_merge(struct fleet_row *ours, const struct fleet_row *theirs,
		     const struct entry *theirs_taken)
{
	struct entry entry;

	/* What we made ourselves can be read. */
	if (fleet_row_take(&entry, ours) != FLEET_ROW_GOOD)
		return false;
	merge_shared(&entry, theirs_taken);
	fill(ours, &entry);
	return ours->record.len != theirs->record.len ||
	       memcmp(ours->record.data, theirs->record.data, ours->record.len) != 0;
}

/*
 * Columns.
 */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_byte(char *byte, const char *text)
{
	int high = hex(text[0]), low = hex(text[1]);

	if (high < 0 || low < 0)
		return false;
	*byte = (char)(high << 4 | low);
	return true;
}

static bool read_bytes(struct buf *out, struct fleet_text text)
{
	if (text.bytes == NULL || text.len < 2 || text.len % 2 != 0 ||
	    text.len > 2 + 2 * FLEET_RECORD_MAX || memcmp(text.bytes, "\\x", 2) != 0)
		return false;
	buf_reserve(out, text.len / 2);
	for (size_t i = 2; i < text.len; i += 2)
		if (!take_byte(&out->data[out->len++], text.bytes + i))
			return false;
	return true;
}

/* Without what PostgreSQL writes between the groups of a uuid. */
bool fleet_take_id(uint8_t id[FLEET_ID_SIZE], const char *text, size_t len)
{
	size_t count = 0;

	if (len >= 2 && memcmp(text, "\\x", 2) == 0) {
		text += 2;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++) {
		char byte;

		if (text[i] == '-')
			continue;
		if (count == FLEET_ID_SIZE || i + 1 == len || !take_byte(&byte, text + i))
			return false;
		id[count++] = (uint8_t)byte;
		i++;
	}
	return count == FLEET_ID_SIZE;
}

static bool read_number(uint64_t *value, struct fleet_text text)
{
	return text.bytes != NULL && str_number(text.bytes, text.len, INT64_MAX, value);
}

static bool read_time(int64_t *value, struct fleet_text text)
{
	uint64_t number = 0;
	bool good = read_number(&number, text);

	*value = (int64_t)number;
	return good;
}

static bool read_text(char *dst, size_t size, struct fleet_text text)
{
	return text.bytes != NULL && str_copy_n(dst, size, text.bytes, text.len) &&
	       strlen(dst) == text.len;
}

bool fleet_row_read(struct fleet_row *row, const struct fleet_text columns[FLEET_COLUMNS])
{
	*row = (struct fleet_row){ 0 };
	if (!read_text(row->kind, sizeof(row->kind), columns[FLEET_KIND]) ||
	    !read_text(row->key, sizeof(row->key), columns[FLEET_KEY]) ||
	    !read_time(&row->schema, columns[FLEET_SCHEMA_OF]) ||
	    !read_bytes(&row->record, columns[FLEET_RECORD]) ||
	    !read_time(&row->first_tls, columns[FLEET_FIRST_TLS]) ||
	    !read_time(&row->last_tls, columns[FLEET_LAST_TLS]) ||
	    !read_time(&row->latest, columns[FLEET_LATEST]) ||
	    !read_number(&row->rev, columns[FLEET_REV]) ||
	    !read_number(&row->n, columns[FLEET_N]) ||
	    !read_text(row->origin, sizeof(row->origin), columns[FLEET_ORIGIN]))
		return false;
	row->act = strcmp(row->kind, entry_kind_name(ENTRY_DOMAIN)) != 0 &&
		   strcmp(row->kind, entry_kind_name(ENTRY_HOST)) != 0;
	return row->rev > 0 && row->n > 0 && fleet_name_good(row->origin, strlen(row->origin));
}

static void show_bytes(struct buf *out, const struct buf *bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf_reserve(out, 2 + 2 * bytes->len);

	*at++ = '\\';
	*at++ = 'x';
	for (size_t i = 0; i < bytes->len; i++) {
		*at++ = digits[(unsigned char)bytes->data[i] >> 4];
		*at++ = digits[(unsigned char)bytes->data[i] & 15];
	}
	out->len += 2 + 2 * bytes->len;
}

void fleet_row_show(struct buf *out, const struct fleet_row *row, enum fleet_column column)
{
	const int64_t numbers[FLEET_COLUMNS] = {
		[FLEET_SCHEMA_OF] = row->schema,  [FLEET_FIRST_TLS] = row->first_tls,
		[FLEET_LAST_TLS] = row->last_tls, [FLEET_LATEST] = row->latest,
		[FLEET_REV] = (int64_t)row->rev,  [FLEET_N] = (int64_t)row->n,
	};

	switch (column) {
	case FLEET_KIND:
		buf_append_str(out, row->kind);
		return;
	case FLEET_KEY:
		buf_append_str(out, row->key);
		return;
	case FLEET_RECORD:
		show_bytes(out, &row->record);
		return;
	case FLEET_ORIGIN:
		buf_append_str(out, row->origin);
		return;
	default:
		buf_printf(out, "%" PRId64, numbers[column]);
	}
}
