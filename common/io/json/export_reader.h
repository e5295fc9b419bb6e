/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_reader - the records of an export (export_json.h), one by one, each
 * where it may stand: after a header, each kind in its turn and by ascending
 * key, so that none is there twice, and before an end that counts them.
 */
#ifndef POSTSEAL_IO_EXPORT_READER_H
#define POSTSEAL_IO_EXPORT_READER_H

#include <stdint.h>
#include <stdio.h>

#include "core/record/entry.h"

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
