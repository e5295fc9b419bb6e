/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tell - what the prober tells the log. Where something changed that an admin may have to
 * explain one day, the ledger's journal is told, too.
 *
 * The functions that take a transaction are false when it is broken.
 */
#ifndef POSTSEAL_PROBER_TELL_H
#define POSTSEAL_PROBER_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/facts/facts.h"
#include "core/policy/strip_guard.h"
#include "io/ledger/ledger.h"

/* Domains; `key` is the next hop's. */
bool tell_floor(struct ledger_txn *txn, const char *key, const struct history *history);
/* Older than history_max_age; the time of an admin's override is over. */
bool tell_floor_expired(struct ledger_txn *txn, const char *key, const struct history *history);
bool tell_override_expired(struct ledger_txn *txn, const char *key);
bool tell_domain_downgrade(struct ledger_txn *txn, const char *key,
			   int64_t since);                      /* 0: it ended */
bool tell_mx_unsigned(struct ledger_txn *txn, const char *key); /* where DANE proved its hosts */
bool tell_sts_lost(struct ledger_txn *txn, const char *key);
void tell_sts_enforced(const char *key);

/* Hosts; `key` is that of the host's record. */
void tell_observation(const char *key, const struct observation *seen);
bool tell_host_downgrade(struct ledger_txn *txn, const char *key, int64_t since); /* 0: it ended */
/* It no longer does, and another host of the fleet tells that for all: for the journal alone. */
bool tell_elsewhere(struct ledger_txn *txn, const char *key, int64_t since, const char *teller);
bool tell_dane_lost(struct ledger_txn *txn, const char *key, enum tlsa_state now);

/* Everybody at once; the host is the one that made it clear. */
bool tell_stripping(struct ledger_txn *txn, const char *key, enum strip_change change);
/* The same, where other hosts of the fleet see TLS at this one. */
bool tell_path(struct ledger_txn *txn, const char *key);

/* What of the resolver: event "resolver-good", "-insecure", "-silent"; `why` may be "". */
bool tell_resolver(struct ledger_txn *txn, const char *event, const char *why);

#endif
