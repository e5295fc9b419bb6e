/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fleet_row - a row of the tables that hosts share (fleet/postseal-share.sql), and how
 * records of the ledger become rows and come back.
 *
 * A record is the ledger's, reduced (core/record/merge.h) and encoded as
 * core/record/record.h has it. Of a domain there are two rows: what was seen, and what an
 * admin made us forget; the second is an act, which fewer may write.
 *
 * Who wrote a row may be anybody who has broken into a host. So beside the record stand
 * the numbers that the engine's triggers go by; a row counts only if they are those of
 * its record. Each host decides alike, so what is dropped here is dropped everywhere.
 */
#ifndef POSTSEAL_CORE_FLEET_ROW_H
#define POSTSEAL_CORE_FLEET_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fleet/fleet_state.h"
#include "core/record/entry.h"

/* Of records in rows: that of the ledger's records. Raised when an older host would be misled. */
#define FLEET_SCHEMA 4
#define FLEET_RECORD_MAX 65535 /* as the tables have it */

struct fleet_row {
	bool act;      /* of the table `act`, else of `fact` */
	char kind[16]; /* "domain", "host"; "forgotten", "override", "pin", "alias", "exception" */
	char key[ENTRY_KEY_SIZE];
	int64_t schema;
	struct buf record; /* owned */
	/* Of a fact: the first and the last TLS in it, and the latest moment. Of an act: its
	 * stamp is `latest`, and the others are 0. */
	int64_t first_tls, last_tls, latest;
	uint64_t rev; /* goes up by one with each change of the row; 0: there is no row */
	uint64_t n;   /* of the batch that changed it last */
	char origin[FLEET_NAME_SIZE];
};

void fleet_row_free(struct fleet_row *row); /* leaves a zeroed one */

/*
 * What a host shares of an entry that was reduced: up to FLEET_ROWS rows, and how many.
 * None of what says nothing. `rev`, `n` and `origin` are left zeroed.
 */
#define FLEET_ROWS 2
size_t fleet_rows(struct fleet_row rows[FLEET_ROWS], const struct entry *entry);

enum fleet_verdict {
	FLEET_ROW_GOOD,
	FLEET_ROW_NEWER, /* of a schema that this postseal does not know: neither merged nor changed */
	FLEET_ROW_BAD    /* of no use to anybody: dropped, and counted by its origin */
};

/* Which kind of entry it is about, whatever is in it; false: none that is shared. */
bool fleet_row_kind(enum entry_kind *kind, const struct fleet_row *row);

/* *entry is undefined unless GOOD; then it is reduced, and merge_shared may take it. */
enum fleet_verdict fleet_row_take(struct entry *entry, const struct fleet_row *row);

/*
 * Ours and the engine's of one key, merged: into *ours. True if that says more than theirs,
 * which is then to be replaced. `theirs` is as it was taken.
 */
bool fleet_row_merge(struct fleet_row *ours, const struct fleet_row *theirs,
		     const struct entry *theirs_taken);

/*
 * As the engine's client has it: texts, numbers in decimal, bytes as "\x0a0b"; in the order
 * of `enum fleet_column`. Strict: false, and *row undefined but to be freed, for anything else.
 */
enum fleet_column {
	FLEET_KIND,
	FLEET_KEY,
	FLEET_SCHEMA_OF,
	FLEET_RECORD,
	FLEET_FIRST_TLS,
	FLEET_LAST_TLS,
	FLEET_LATEST,
	FLEET_REV,
	FLEET_N,
	FLEET_ORIGIN,
	FLEET_COLUMNS
};
struct fleet_text {
	const char *bytes; /* NULL: null */
	size_t len;
};
bool fleet_row_read(struct fleet_row *row, const struct fleet_text columns[FLEET_COLUMNS]);
/* Appends one of them. */
void fleet_row_show(struct buf *out, const struct fleet_row *row, enum fleet_column column);

/* "\x0a0b" or "0a0b" of exactly `size` bytes. */
bool fleet_take_id(uint8_t id[FLEET_ID_SIZE], const char *text, size_t len);

#endif
