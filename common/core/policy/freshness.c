/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/freshness.h"

#include <string.h>

#include "base/num.h"
#include "base/utc.h"

/* The longest from a look, whatever came of it, to the next one. */
#define WAIT_MAX UTC_DAY
_Static_assert(FRESH_MAX <= WAIT_MAX && FRESH_RETRY_MAX <= WAIT_MAX, "the longest");

/* 0 to a tenth less. */
static int64_t shortened(int64_t span, uint32_t salt)
{
	return span - span * (int64_t)(salt % 1024) / 10240;
}

uint32_t freshness_salt(const char *name)
{
	uint64_t hash = num_fnv(NUM_FNV, name, strlen(name));

	/* Only its low bits are used: let the high ones have a say. */
	return (uint32_t)(hash ^ hash >> 32);
}

void freshness_good(struct freshness *fresh, int64_t now, int64_t ttl)
{
	*fresh = (struct freshness){
		.checked = now,
		.expires = now + num_clamp(ttl, FRESH_MIN, FRESH_MAX),
	};
}

void freshness_failed(struct freshness *fresh, int64_t now, uint32_t salt)
{
	int64_t wait;

	/* Also anew when the clock was set back: time since then tells nothing. */
	if (fresh->failed == 0 || fresh->failed > now)
		fresh->failed = now;
	wait = num_clamp(now - fresh->failed, FRESH_RETRY_MIN, FRESH_RETRY_MAX);
	fresh->expires = now + shortened(wait, salt);
}

bool freshness_due(const struct freshness *fresh, int64_t now)
{
	/* No wait is longer than WAIT_MAX: where this one is, it began in what is no past yet. */
	return now >= fresh->expires || fresh->checked > now + CLOCK_SLACK ||
	       fresh->failed > now + CLOCK_SLACK || fresh->expires - WAIT_MAX > now + CLOCK_SLACK;
}

bool freshness_due_asked(const struct freshness *fresh, int64_t now)
{
	return fresh->failed != 0 || freshness_due(fresh, now);
}

/* Nothing was learned about what the host can do. */
static bool inconclusive(enum observed observed)
{
	return observed == OBSERVED_UNREACHABLE || observed == OBSERVED_TLS_FAILED;
}

int64_t freshness_next_probe(const struct host_facts *before, const struct observation *seen,
			     uint32_t salt)
{
	int64_t wait = UTC_DAY;

	if (inconclusive(seen->observed)) {
		wait = FRESH_PROBE_RETRY_MIN;
		if (inconclusive(before->last.observed))
			wait = num_clamp(2 * (before->last_expires - before->last.time), wait,
					 UTC_DAY);
	}
	return seen->time + shortened(wait, salt);
}

bool freshness_probe_due(const struct host_facts *host, bool asked, int64_t now)
{
	/* There is nothing to connect to before its addresses are found again. */
	if (!asked && host->addr_fresh.failed != 0)
		return false;
	if (now >= host->last_expires || host->last.time > now + CLOCK_SLACK)
		return true;
	return asked && inconclusive(host->last.observed) &&
	       now >= host->last.time + FRESH_PROBE_RETRY_MIN;
}

/*
 * Nothing is known that would bind anybody: a misspelt name, a spammer's invention, a
 * name of somebody who has names without end, a host that never had TLS.
 */
static bool binds_nobody(const struct domain_facts *domain)
{
	return domain->history.last_tls == 0 && domain->sts.fetched == 0;
}

int64_t freshness_idle_due(const struct domain_facts *domain, uint32_t salt, int64_t now)
{
	const struct freshness *mx = &domain->mx.fresh;
	int64_t due = mx->checked + shortened(UTC_DAY, salt);

	if (binds_nobody(domain))
		return FRESH_NEVER;
	if (mx->expires > due)
		due = mx->expires;
	/* Of a clock that was ahead. (Not by little: what is then looked at is not due yet.) */
	return due > now + 2 * WAIT_MAX ? now : due;
}

bool freshness_never_looked(const struct domain_facts *domain)
{
	return domain->mx.fresh.checked == 0 && domain->mx.fresh.failed == 0;
}

/* No evidence of TLS of whatever kind, and no part of a policy. */
static bool blank(const struct domain_facts *domain)
{
	const struct history *history = &domain->history;

	return history->first_tls == 0 && history->successes.count == 0 &&
	       history->tls_days.count == 0 && domain->sts.until == 0 &&
	       domain->sts.mode != STS_TESTING && domain->sts.mode != STS_ENFORCE;
}

static bool long_ago(const struct freshness *fresh, int64_t now)
{
	int64_t until = now - FRESH_FORGET;

	/* A look-up that fails moves `expires` alone. */
	return fresh->checked <= until && fresh->failed <= until && fresh->expires <= until;
}

bool freshness_forgettable(const struct domain_facts *domain, int64_t now)
{
	return binds_nobody(domain) && blank(domain) && domain->forgotten == 0 &&
	       long_ago(&domain->mx.fresh, now) && long_ago(&domain->sts.fresh, now);
}

static int64_t host_earliest(const struct host_facts *host)
{
	int64_t earliest = host->addr_fresh.expires;

	/* Nobody speaks to a host that does not exist, nor to one that cannot be found. */
	if (host->addr != ADDR_FOUND)
		return earliest;
	earliest = num_min(earliest, host->tlsa_fresh.expires);
	return host->addr_fresh.failed != 0 ? earliest : num_min(earliest, host->last_expires);
}

int64_t freshness_earliest(const struct facts *facts, bool mta_sts)
{
	const struct domain_facts *domain = &facts->domain;
	int64_t earliest = domain->mx.fresh.expires;

	if (mta_sts)
		earliest = num_min(earliest, domain->sts.fresh.expires);
	for (size_t i = 0; i < domain->mx.count; i++)
		earliest = num_min(earliest, host_earliest(&facts->host[i]));
	return earliest;
}
