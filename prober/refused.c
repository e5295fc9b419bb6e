/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/prober.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define BURST_MAX 256
#define BURST_MS 1000

struct refused {
	struct prober *prober;
	struct loop_timer *timer;
	size_t dropped; /* of this burst */
	size_t count;
	struct refusal burst[BURST_MAX];
};

/* False when the transaction is broken. */
static bool write_one(struct ledger_txn *txn, const struct refusal *refusal)
{
	struct refusals refusals;
	struct alias alias;

	if (ledger_get_alias(txn, refusal->alias, &alias) != LOOKUP_FOUND || !alias.enabled)
		return true;
	/* One that cannot be read was logged, and is begun anew. */
	if (ledger_get_refusals(txn, refusal->alias, &refusals) != LOOKUP_FOUND)
		refusals = (struct refusals){ 0 };
	refusals_add(&refusals, refusal, clock_wall());
	return ledger_put_refusals(txn, refusal->alias, &refusals);
}

static bool write_all(struct refused *refused)
{
	struct ledger_txn *txn = ledger_begin_write(refused->prober->ledger);

	if (txn == NULL)
		return false;
	for (size_t i = 0; i < refused->count; i++) {
		if (!write_one(txn, &refused->burst[i])) {
			ledger_abort(txn);
			return false;
		}
	}
	return ledger_commit(txn);
}

static void flush(void *context)
{
	struct refused *refused = context;

	if (refused->count > 0 && !write_all(refused))
		log_error("refusals=%zu are not written down, and will be in no digest",
			  refused->count);
	if (refused->dropped > 0)
		log_warning("refusals=%zu came at once beyond %d, and will be in no digest",
			    refused->dropped, BURST_MAX);
	refused->count = refused->dropped = 0;
}

struct refused *refused_new(struct prober *prober)
{
	struct refused *refused = mem_zero(1, sizeof(*refused));

	refused->prober = prober;
	refused->timer = loop_timer_new(prober->loop, flush, refused);
	return refused;
}

void refused_free(struct refused *refused)
{
	flush(refused);
	loop_timer_free(refused->timer);
	free(refused);
}

void refused_note(struct refused *refused, const struct refusal *refusal)
{
	if (!refused->prober->settings->refusal_digest)
		return;
	if (refused->count == BURST_MAX) {
		refused->dropped++;
		return;
	}
	if (refused->count == 0)
		loop_timer_arm(refused->timer, BURST_MS);
	refused->burst[refused->count++] = *refusal;
}
