/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/forget.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utc.h"
#include "core/policy/freshness.h"
#include "io/ledger/ledger_entry.h"
#include "io/local/metrics_file.h"
#include "prober/tasks.h"

bool forget_may(struct ledger_txn *txn, const char *key, const struct domain_facts *domain,
		int64_t now)
{
	struct override override;
	struct pins pins;

	return freshness_forgettable(domain, now) &&
	       ledger_get_override(txn, key, &override) == LOOKUP_ABSENT &&
	       ledger_get_pins(txn, key, &pins) == LOOKUP_ABSENT;
}

bool forget_never_were(const struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct due *never = &job->scan.never;
	int64_t now = clock_wall();
	size_t dropped = 0;

	if (!ledger_drop_spent(txn, now, &dropped))
		return false;
	for (size_t i = 0; i < never->count; i++) {
		const char *key = never->domain[i].key;
		const struct domain_task *wanted; /* somebody has asked since the scan */
		struct domain_facts domain;

		HASH_FIND_STR(prober->domains, key, wanted);
		if (wanted != NULL || ledger_get_domain(txn, key, &domain) != LOOKUP_FOUND ||
		    !forget_may(txn, key, &domain, now))
			continue;
		if (!ledger_remove_domain(txn, key))
			return false;
		log_debug("domain=%s never had TLS and is forgotten", key);
		job->scan.forgotten++;
	}
	return true;
}

void forget_tell(const struct job *job)
{
	size_t count = job->lost ? 0 : job->scan.forgotten;

	metrics_add(M_NEVER_WERE, count);
	if (count > 0)
		log_info("%zu domain%s that never had TLS and nobody asked about for %d days %s "
			 "forgotten",
			 count, count == 1 ? "" : "s", (int)(FRESH_FORGET / UTC_DAY),
			 count == 1 ? "is" : "are");
}
