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

#include "io/ledger/ledger.h"

enum export_result {
	EXPORT_WHOLE,
	EXPORT_DAMAGED, /* written, but without the records that cannot be read, which were logged */
	EXPORT_FAILED   /* writing failed: errno */
};

/* *records: how many were written. `out` is flushed. */
enum export_result export_json(struct ledger_txn *txn, bool journal, FILE *out, uint64_t *records);

#endif
