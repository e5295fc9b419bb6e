/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/merge.h"

#include <string.h>

#include "base/str.h"
#include "core/policy/fold.h"

/*
 * Which of two is the greater: by numbers, of which the first that differ
 * decide, then by texts. So any two that are not the same have an order.
 */
static int compare_numbers(const int64_t *a, const int64_t *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

#define COMPARE(a, b) compare_numbers(a, b, ARRAY_LEN(a))

/* Of the policy, without when it was last looked at. */
static int compare_policy(const struct sts_facts *a, const struct sts_facts *b)
{
	const int64_t left[] = { a->fetched, a->until, a->mode, a->max_age, (int64_t)a->patterns };
	const int64_t right[] = { b->fetched, b->until, b->mode, b->max_age, (int64_t)b->patterns };
	int order = COMPARE(left, right);

	if (order == 0)
		order = strcmp(a->id, b->id);
	for (size_t i = 0; i < a->patterns && order == 0; i++)
		order = strcmp(a->pattern[i], b->pattern[i]);
	return order;
}

/*
 * How much an override demands, where two were set at the same moment. What was cleared
 * leaves it to the facts, which demand more than a level that guarantees nothing.
 */
static int strictness(const struct override *override)
{
	switch (override->kind) {
	case OVERRIDE_HANDS_OFF:
		return 0;
	case OVERRIDE_EXACT:
		return 1 + (int) override->level + (override->level >= LEVEL_SECURE);
	case OVERRIDE_MINIMUM:
		return 10 + (int) override->level;
	case OVERRIDE_NONE:
		break;
	}
	return 1 + (int)LEVEL_SECURE;
}

/* A pin or exception that is taken away is the stricter of two: fewer keys will do, or fewer
 * senders. An alias that is taken away is the less strict. */
static int64_t act_strictness(const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_OVERRIDE:
		return strictness(&entry->of.override);
	case ENTRY_PIN:
		return entry->of.pin.removed;
	case ENTRY_ALIAS:
		/* One on file keeps its level where all addresses of its domain are sealed. */
		if (entry->of.alias.removed)
			return -1;
		return entry->of.alias.enabled ? (int)entry->of.alias.level : 0;
	default:
		return entry->of.exception.removed;
	}
}

static void merge_act(struct entry *into, const struct entry *from)
{
	const int64_t theirs[] = { entry_stamp(from), act_strictness(from) };
	const int64_t ours[] = { entry_stamp(into), act_strictness(into) };
	int order = COMPARE(theirs, ours);

	if (order == 0)
		order = entry_compare(from, into);
	if (order > 0)
		into->of = from->of;
}

static void merge_domain(struct domain_facts *into, const struct domain_facts *from,
			 bool every_host)
{
	record_settle_history(into);
	if (!every_host || !from->any_host) {
		fold_merge(&into->evidence, &from->evidence);
		fold_merge(&into->evidence, &from->history);
		into->any_host = into->any_host || from->any_host;
	}
	if (from->forgotten > into->forgotten)
		into->forgotten = from->forgotten;
	fold_since(&into->history, &into->evidence, into->forgotten);
}

void merge_entry(struct entry *into, const struct entry *from, bool every_host)
{
	if (into->kind == ENTRY_DOMAIN)
		merge_domain(&into->of.domain, &from->of.domain, every_host);
	else if (into->kind == ENTRY_HOST)
		fold_merge(&into->of.host.history, &from->of.host.history);
	else
		merge_act(into, from);
}

void merge_reduce(struct entry *entry)
{
	struct domain_facts *domain = &entry->of.domain;

	if (entry->kind == ENTRY_DOMAIN) {
		memset(&domain->mx, 0, sizeof(domain->mx));
		memset(&domain->sts.fresh, 0, sizeof(domain->sts.fresh));
		memset(domain->sts.detail, 0, sizeof(domain->sts.detail));
		if (domain->sts.fetched == 0)
			memset(&domain->sts, 0, sizeof(domain->sts));
	} else if (entry->kind == ENTRY_HOST) {
		entry->of.host = (struct host_facts){ .history = entry->of.host.history };
	}
}

void merge_shared(struct entry *into, const struct entry *from)
{
	struct sts_facts *ours = &into->of.domain.sts;
	const struct sts_facts *theirs = &from->of.domain.sts;

	merge_entry(into, from, false);
	if (into->kind == ENTRY_DOMAIN && compare_policy(theirs, ours) > 0)
		*ours = *theirs;
}

/*
 * Starts.
 */

static bool never_looked(const struct freshness *fresh)
{
	return fresh->checked == 0 && fresh->failed == 0;
}

static void start_domain(struct domain_facts *into, const struct domain_facts *from)
{
	if (into->mx.state == MX_UNKNOWN && never_looked(&into->mx.fresh))
		into->mx = from->mx;
	if (into->sts.mode == STS_UNKNOWN && into->sts.fetched == 0 &&
	    never_looked(&into->sts.fresh))
		into->sts = from->sts;
}

static void start_host(struct host_facts *into, const struct host_facts *from)
{
	if (into->addr == ADDR_UNKNOWN && never_looked(&into->addr_fresh)) {
		into->addr = from->addr;
		into->addr_secure = from->addr_secure;
		into->addr_fresh = from->addr_fresh;
	}
	if (into->tlsa == TLSA_UNKNOWN && never_looked(&into->tlsa_fresh)) {
		into->tlsa = from->tlsa;
		into->tlsa_usable = from->tlsa_usable;
		into->tlsa_unusable = from->tlsa_unusable;
		memcpy(into->tlsa_base, from->tlsa_base, sizeof(into->tlsa_base));
		into->tlsa_fresh = from->tlsa_fresh;
	}
	if (into->last.observed == OBSERVED_NOTHING) {
		into->last = from->last;
		into->last_expires = from->last_expires;
	}
}

void merge_start(struct entry *into, const struct entry *from)
{
	if (into->kind == ENTRY_DOMAIN)
		start_domain(&into->of.domain, &from->of.domain);
	else if (into->kind == ENTRY_HOST)
		start_host(&into->of.host, &from->of.host);
}
