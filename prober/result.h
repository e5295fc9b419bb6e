/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * result - where a probe's result is written: what jobs found is folded into the ledger's
 * records. Where something changed that an admin should know, there is an entry in the
 * journal and a line in the log (tell.h). A failed look-up never erases a good fact.
 */
#ifndef POSTSEAL_PROBER_RESULT_H
#define POSTSEAL_PROBER_RESULT_H

#include <stdbool.h>

#include "core/fleet/fleet_sighting.h"
#include "prober/prober.h"
#include "prober/tasks.h"

/*
 * Write down what these done jobs found, all in one transaction. False: nothing at all was
 * written. job->lost is set where this job alone could not be written down, because a record
 * that it belongs to is damaged.
 */
bool result_write(struct prober *prober, const struct job_list *done);

/*
 * A domain whose hosts were looked at for other domains: what is known of them goes into the
 * domain of these facts. False when that could not be written down.
 */
bool result_write_known(const struct prober *prober, struct facts *facts);

/*
 * A sighting turned out to be true, or nobody knows better: TLS was missing at this host (a
 * record's key). False: the transaction is broken.
 */
bool result_learn_plain(const struct prober *prober, struct ledger_txn *txn, const char *host_key,
			const struct fleet_sighting *sighting);

#endif
