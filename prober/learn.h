/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * learn - what becomes of a job's result: folded into the ledger's records,
 * with an entry in the journal and a line in the log where something changed
 * that an admin should know. A failed look-up never erases a good fact.
 */
#ifndef POSTSEAL_PROBER_LEARN_H
#define POSTSEAL_PROBER_LEARN_H

#include <stdbool.h>

#include "prober/prober.h"
#include "prober/tasks.h"

/*
 * Write down what a done job found. False: the transaction is broken, abort it.
 * job->lost is set where this job alone could not be written down, because a
 * record that it belongs to is damaged.
 */
bool learn(struct prober *prober, struct ledger_txn *txn, struct job *job);

/*
 * Let the domain of these facts profit from what is already known of its hosts. False
 * when that could not be written down.
 */
bool learn_from_hosts(const struct prober *prober, struct facts *facts);

#endif
