/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forget - a domain that binds nobody, and that nobody asks about any more, leaves the
 * ledger: misspelt names, names without end below one that somebody owns, providers
 * without TLS. They would pile up for ever otherwise. Nothing is lost with them but the time of the next first contact. Never
 * one with evidence, with a policy, or with an admin's word: an override (also
 * one that has run out), pins, a forgotten history; never what a host has shown.
 */
#ifndef POSTSEAL_PROBER_FORGET_H
#define POSTSEAL_PROBER_FORGET_H

#include "prober/prober.h"

/* The domain of that key, as it is in the ledger. Also for workers. */
bool forget_may(struct ledger_txn *txn, const char *key, const struct domain_facts *domain,
		int64_t now);

/*
 * Those that a scan has found, if it is still so; how many is in the job. False: the
 * transaction is broken, abort it.
 */
bool forget_never_were(const struct prober *prober, struct ledger_txn *txn, struct job *job);

/* That is committed. */
void forget_tell(const struct job *job);

#endif
