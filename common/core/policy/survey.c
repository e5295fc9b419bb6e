/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/survey.h"

#include <string.h>

#include "core/policy/floor.h"
#include "core/policy/freshness.h"
#include "core/protocol/sts.h"

/* A policy that cannot be had for so long is none (RFC 8461 5). Seconds. */
#define STS_PASSING INT64_C(3600)

bool survey_leaves_out(const struct host_facts *host)
{
	return host->addr == ADDR_NONE ||
	       (host->addr == ADDR_UNKNOWN && host->addr_fresh.failed != 0);
}

bool survey_pins_by_name(const struct facts *facts)
{
	size_t with = 0;

	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		if (survey_leaves_out(&facts->host[i]))
			continue;
		if (facts->host[i].tlsa != TLSA_USABLE)
			return false;
		with++;
	}
	return with > 0;
}

bool survey_key_as_postfix(const struct settings *settings, const struct facts *facts, size_t i)
{
	const struct host_facts *host = &facts->host[i];
	/* Without a name in the answer, that of main.cf counts. */
	bool sends = survey_pins_by_name(facts) || settings->smtp_servername;

	if (host->tlsa != TLSA_USABLE)
		return sends == settings->smtp_servername;
	return sends && strcmp(host->tlsa_base, facts->domain.mx.refs[i].host) == 0;
}

static bool never_spoken_to(const struct host_facts *host)
{
	return host->last.observed == OBSERVED_NOTHING && host->history.last_tls == 0 &&
	       host->history.last_plain == 0;
}

static void count_tlsa(struct survey *survey, const struct host_facts *host)
{
	switch (host->tlsa) {
	case TLSA_USABLE:
		survey->usable++;
		return;
	case TLSA_UNUSABLE:
		survey->unusable++;
		return;
	case TLSA_ABSENT:
		survey->absent++;
		return;
	case TLSA_UNKNOWN:
		break;
	}
	if (host->tlsa_fresh.failed != 0)
		survey->failed++;
	else
		survey->unasked++;
}

static void survey_host(struct survey *survey, const struct host_facts *host, int64_t now)
{
	survey->stale |= freshness_due(&host->addr_fresh, now);
	if (survey_leaves_out(host))
		return;
	if (host->addr == ADDR_UNKNOWN) {
		survey->unresolved++;
		return;
	}
	survey->hosts++;
	survey->stale |=
		freshness_due(&host->tlsa_fresh, now) || freshness_probe_due(host, false, now);
	if (never_spoken_to(host))
		survey->unseen++;
	count_tlsa(survey, host);
}

static void survey_sts(struct survey *survey, const struct settings *settings,
		       const struct facts *facts, int64_t now)
{
	const struct sts_facts *sts = &facts->domain.sts;

	/* RFC 8461 speaks of domains and their MX records, not of hosts named by the admin. */
	if (!settings->mta_sts || facts->nexthop.kind != NEXTHOP_DOMAIN)
		return;
	survey->sts_enforced = sts_in_force(sts, now) == STS_ENFORCE && sts->patterns > 0;
	survey->sts_unasked = sts->mode == STS_UNKNOWN && sts->fresh.failed == 0;
	survey->sts_failing = sts->mode == STS_UNKNOWN && now - sts->fresh.failed < STS_PASSING;
	/* Without an MX answer another look is not worth waiting for: there is nobody to send
	 * to. */
	survey->sts_due = facts->domain.mx.state != MX_UNKNOWN && sts_look_due(sts, now);
	survey->stale |= survey->sts_due;
}

void survey_facts(struct survey *survey, const struct settings *settings, const struct facts *facts,
		  int64_t now)
{
	const struct mx_facts *mx = &facts->domain.mx;

	*survey = (struct survey){ 0 };
	survey->mx_unasked = mx->state == MX_UNKNOWN && mx->fresh.failed == 0;
	survey->stale = freshness_due(&mx->fresh, now);
	survey->floor = floor_of_domain(facts, settings, now);
	for (size_t i = 0; i < mx->count; i++)
		survey_host(survey, &facts->host[i], now);
	survey_sts(survey, settings, facts, now);
}

bool override_in_force(const struct override *override, int64_t now)
{
	return override->kind != OVERRIDE_NONE &&
	       (override->expires == 0 || now < override->expires);
}

const char *override_key(const struct nexthop *nexthop, const char *previous)
{
	if (previous == NULL)
		return nexthop->key;
	if (nexthop->kind != NEXTHOP_DOMAIN)
		return NULL;
	return previous == nexthop->key ? strchr(nexthop->name, '.') : strchr(previous + 1, '.');
}

bool override_offer(struct override *governs, const struct override *found, int64_t now)
{
	bool in_force = override_in_force(found, now);

	if (in_force || governs->kind == OVERRIDE_NONE)
		*governs = *found;
	return in_force;
}
