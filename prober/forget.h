/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forget - takes out of the ledger domains that demand nothing and that nobody asks about any
 * more: misspelt names, endless names below one that somebody owns, providers without TLS.
 * Otherwise they would pile up for ever. Nothing is lost with them but the time of the next
 * first contact. A domain stays if there is evidence, a policy or an admin's word: an override
 * (even one that has expired), pins, a forgotten history. What a host has shown stays, too.
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
