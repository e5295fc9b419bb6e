/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_place - up to where each log has been read (core/log/logplace.h), kept in
 * the ledger's `meta` in the same transaction as what was learned from it: so
 * both are there, or neither is. And up to where the journal has been told. Neither is in
 * an export.
 */
#ifndef POSTSEAL_IO_LEDGER_PLACE_H
#define POSTSEAL_IO_LEDGER_PLACE_H

#include "core/alert/alert.h"
#include "core/log/logplace.h"
#include "io/ledger/ledger.h"

/* The longest name of a log; one with a longer name has no place. */
#define LEDGER_PLACE_NAME_MAX 400

/* `log` is an absolute path, or "journal". On ABSENT *place is zeroed. */
enum lookup ledger_get_place(struct ledger_txn *txn, const char *log, struct logplace *place);
/* False on failure, which has been logged; then abort. */
bool ledger_put_place(struct ledger_txn *txn, const char *log, const struct logplace *place);

/* Up to where an admin has been told of the journal. */
enum lookup ledger_get_alerts(struct ledger_txn *txn, struct alert_state *state);
bool ledger_put_alerts(struct ledger_txn *txn, const struct alert_state *state);

#endif
