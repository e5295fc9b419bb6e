/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_json - all that a ledger knows, as lines of JSON (postseal-ledger(5)):
 * a header, the records of each kind by key, and an end that counts them, so
 * that a file cut short is known for one.
 *
 * It holds nothing but what the ledger holds: no date of its own, no machine's
 * name. So equal ledgers give equal bytes.
 *
 * The journal is in it only where asked for. It tells what happened on one
 * machine, in the order in which it happened there; two machines that know the
 * same have got to know it on different ways. Up to where logs have been read
 * (ledger.h) is about files of this machine and never in it.
 */
#ifndef POSTSEAL_IO_EXPORT_JSON_H
#define POSTSEAL_IO_EXPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/record/entry.h"
#include "io/ledger/ledger.h"

enum export_result {
	EXPORT_WHOLE,
	EXPORT_DAMAGED, /* written, but without the records that cannot be read, which were logged */
	EXPORT_FAILED   /* writing failed: errno */
};

/* *records: how many were written. `out` is flushed. */
enum export_result export_json(struct ledger_txn *txn, bool journal, FILE *out, uint64_t *records);

/*
 * The way back: the records of an export, one by one, each where it may stand: after the header,
 * each kind in its turn and by ascending key, so that none is there twice, and before the end.
 */
struct export_reader; /* opaque */

#define EXPORT_READER_ERROR_SIZE 640

/* The file stays the caller's. */
struct export_reader *export_reader_new(FILE *file);
void export_reader_free(struct export_reader *reader); /* NULL is allowed */

enum export_read {
	EXPORT_READ_RECORD, /* one is here, until the next call */
	EXPORT_READ_END,    /* that was all, and the file is whole */
	EXPORT_READ_BAD,    /* the file is not what it must be */
	EXPORT_READ_FAILED  /* it cannot be read */
};

/* On BAD and FAILED `error` says what is amiss, printable, with "line N: ". Then stop. */
enum export_read export_reader_next(struct export_reader *reader, const struct entry **record,
				    char error[EXPORT_READER_ERROR_SIZE]);

/* So far. */
uint64_t export_reader_records(const struct export_reader *reader);
uint64_t export_reader_bytes(const struct export_reader *reader);

#endif
