/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/floor.h"

#include "base/utc.h"
#include "core/policy/fold.h"

bool floor_holds(const struct history *history, const struct settings *settings, int64_t now)
{
	if (history->last_tls == 0 || history->successes.count < settings->learn_after_successes ||
	    history->tls_days.count < settings->learn_after_days)
		return false;
	return settings->history_max_age == 0 ||
	       now - history->last_tls <= settings->history_max_age * UTC_DAY;
}

bool floor_counts_moments(const struct domain_facts *domain)
{
	return domain->forgotten != 0;
}

bool floor_of_domain(const struct facts *facts, const struct settings *settings, int64_t now)
{
	const struct domain_facts *domain = &facts->domain;

	if (floor_holds(&domain->history, settings, now))
		return true;
	if (settings->mixed_mx != MIXED_MX_STRICT)
		return false;
	for (size_t i = 0; i < domain->mx.count; i++) {
		struct history since;

		if (!floor_holds(&facts->host[i].history, settings, now))
			continue;
		if (!floor_counts_moments(domain))
			return true;
		fold_since(&since, &facts->host[i].history, domain->forgotten);
		if (floor_holds(&since, settings, now))
			return true;
	}
	return false;
}
