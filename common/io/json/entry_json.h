/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry_json - an entry as a line of JSON, and back (postseal-ledger(5)).
 *
 * One entry has one line: all members are there, in the order of its shape
 * (core/record/entry.h), and null stands where there is nothing. Reading is strict: an
 * unknown, missing or repeated member, a value of another type or out of its
 * range, a name or list that postseal would spell otherwise: all refused. Only
 * the order of members and blanks between them are free.
 */
#ifndef POSTSEAL_IO_ENTRY_JSON_H
#define POSTSEAL_IO_ENTRY_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/record/entry.h"

/* No line is longer, its newline not counted. */
#define ENTRY_LINE_MAX 65536

/*
 * The first member tells what a line is: of the first line what file this is,
 * of the others what record.
 */
#define ENTRY_JSON_HEADER "postseal"
#define ENTRY_JSON_HEADER_IS "ledger"
#define ENTRY_JSON_KIND "record"
/* 9999-12-31T23:59:59Z: later moments are numbers, seconds since 1970. */
#define ENTRY_JSON_LAST_DATE INT64_C(253402300799)

/* Appends the line, all of it printable ASCII, without a newline. The entry is sound. */
void entry_json_append(struct buf *out, const struct entry *entry);

/*
 * A part of a record, as it stands in its line; `base` is the struct that the part is of. An
 * object of jansson's, json_t, which the caller owns.
 */
struct json_t *entry_json_part(enum entry_part part, const void *base);

/*
 * False, and in `error` what was found and what was expected, printable, when
 * line[0..len) is no entry; *entry is then undefined. A record is sound; its key
 * is one that its kind may have. `schema` is that of the header before it: under
 * ENTRY_SCHEMA_OLD some members are not there yet, and ENTRY_OLD_... may come.
 */
#define ENTRY_ERROR_SIZE 512
bool entry_json_read(struct entry *entry, const char *line, size_t len, int64_t schema,
		     char error[ENTRY_ERROR_SIZE]);

#endif
