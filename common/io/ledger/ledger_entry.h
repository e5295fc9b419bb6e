/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_entry - the ledger's records of all kinds under one type
 * (core/record/entry.h): what imports read and write.
 */
#ifndef POSTSEAL_IO_LEDGER_ENTRY_H
#define POSTSEAL_IO_LEDGER_ENTRY_H

#include "core/record/entry.h"
#include "io/ledger/ledger.h"

/* The record with this one's kind and key, as ledger_get_...; a journal's is always ABSENT. */
enum lookup ledger_get_entry(struct ledger_txn *txn, const struct entry *entry, struct entry *have);
/* As ledger_put_...; one of the journal is added to it. */
bool ledger_put_entry(struct ledger_txn *txn, const struct entry *entry);

/* Is there no record at all, nor a journal? Also false when one cannot be read. */
bool ledger_is_empty(struct ledger_txn *txn);

#endif
