/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/merge.h"

#include <string.h>

#include "base/str.h"
#include "core/policy/fold.h"
#include "core/facts/pins.h"

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
#define FRESH(fresh) (fresh).checked, (fresh).failed, (fresh).expires

static int compare_mx(const struct mx_facts *a, const struct mx_facts *b)
{
	const int64_t left[] = { FRESH(a->fresh), a->state, a->secure, a->truncated,
				 (int64_t)a->count };
	const int64_t right[] = { FRESH(b->fresh), b->state, b->secure, b->truncated,
				  (int64_t)b->count };
	int order = COMPARE(left, right);

	for (size_t i = 0; i < a->count && order == 0; i++) {
		order = a->refs[i].preference - b->refs[i].preference;
		if (order == 0)
			order = strcmp(a->refs[i].host, b->refs[i].host);
	}
	return order;
}

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

static int compare_sts_look(const struct sts_facts *a, const struct sts_facts *b)
{
	const int64_t left[] = { FRESH(a->fresh) };
	const int64_t right[] = { FRESH(b->fresh) };
	int order = COMPARE(left, right);

	return order != 0 ? order : strcmp(a->detail, b->detail);
}

static int compare_addr(const struct host_facts *a, const struct host_facts *b)
{
	const int64_t left[] = { FRESH(a->addr_fresh), a->addr, a->addr_secure };
	const int64_t right[] = { FRESH(b->addr_fresh), b->addr, b->addr_secure };

	return COMPARE(left, right);
}

static int compare_tlsa(const struct host_facts *a, const struct host_facts *b)
{
	const int64_t left[] = { FRESH(a->tlsa_fresh), a->tlsa, a->tlsa_usable, a->tlsa_unusable };
	const int64_t right[] = { FRESH(b->tlsa_fresh), b->tlsa, b->tlsa_usable, b->tlsa_unusable };
	int order = COMPARE(left, right);

	return order != 0 ? order : strcmp(a->tlsa_base, b->tlsa_base);
}

static int compare_probe(const struct host_facts *a, const struct host_facts *b)
{
	const struct observation *x = &a->last, *y = &b->last;
	const int64_t left[] = { x->time,     x->observed, x->source,      x->version,
				 x->verified, x->has_spki, a->last_expires };
	const int64_t right[] = { y->time,     y->observed, y->source,      y->version,
				  y->verified, y->has_spki, b->last_expires };
	int order = COMPARE(left, right);

	if (order == 0)
		order = strcmp(x->cipher, y->cipher);
	if (order == 0)
		order = strcmp(x->detail, y->detail);
	return order != 0 || !x->has_spki ? order : memcmp(x->spki, y->spki, SPKI_SIZE);
}

static int compare_override(const struct override *a, const struct override *b)
{
	const int64_t left[] = { a->set, a->expires, a->kind, a->level };
	const int64_t right[] = { b->set, b->expires, b->kind, b->level };
	int order = COMPARE(left, right);

	if (order == 0)
		order = strcmp(a->author, b->author);
	return order != 0 ? order : strcmp(a->reason, b->reason);
}

static int compare_alias(const struct alias *a, const struct alias *b)
{
	const int64_t left[] = { a->changed, a->enabled, a->level };
	const int64_t right[] = { b->changed, b->enabled, b->level };
	int order = COMPARE(left, right);

	if (order == 0)
		order = strcmp(a->mailbox, b->mailbox);
	return order != 0 ? order : strcmp(a->author, b->author);
}

static int compare_exception(const struct exception *a, const struct exception *b)
{
	const int64_t left[] = { a->set, a->expires };
	const int64_t right[] = { b->set, b->expires };
	int order = COMPARE(left, right);

	if (order == 0)
		order = strcmp(a->author, b->author);
	return order != 0 ? order : strcmp(a->reason, b->reason);
}

/*
 * Merging.
 */

static void merge_sts(struct sts_facts *into, const struct sts_facts *from)
{
	const struct sts_facts *look = compare_sts_look(from, into) > 0 ? from : into;
	struct sts_facts merged = compare_policy(from, into) > 0 ? *from : *into;

	merged.fresh = look->fresh;
	memcpy(merged.detail, look->detail, sizeof(merged.detail));
	*into = merged;
}

/*
 * The history of the one that forgot later stands as it is: what is in it came
 * since. Cutting it again would lose what fold_since can only guess.
 */
static void merge_domain_history(struct domain_facts *into, const struct domain_facts *from)
{
	struct history other = from->history;

	if (from->forgotten > into->forgotten) {
		fold_since(&other, &into->history, from->forgotten);
		into->history = from->history;
		into->forgotten = from->forgotten;
	} else if (from->forgotten < into->forgotten) {
		fold_since(&other, &from->history, into->forgotten);
	}
	fold_merge(&into->history, &other);
}

static void merge_domain(struct domain_facts *into, const struct domain_facts *from)
{
	if (compare_mx(&from->mx, &into->mx) > 0)
		into->mx = from->mx;
	merge_sts(&into->sts, &from->sts);
	merge_domain_history(into, from);
}

static void merge_host(struct host_facts *into, const struct host_facts *from)
{
	if (compare_addr(from, into) > 0) {
		into->addr = from->addr;
		into->addr_secure = from->addr_secure;
		into->addr_fresh = from->addr_fresh;
	}
	if (compare_tlsa(from, into) > 0) {
		into->tlsa = from->tlsa;
		into->tlsa_usable = from->tlsa_usable;
		into->tlsa_unusable = from->tlsa_unusable;
		memcpy(into->tlsa_base, from->tlsa_base, sizeof(into->tlsa_base));
		into->tlsa_fresh = from->tlsa_fresh;
	}
	if (compare_probe(from, into) > 0) {
		into->last = from->last;
		into->last_expires = from->last_expires;
	}
	fold_merge(&into->history, &from->history);
}

static bool merge_pins(struct pins *into, const struct pins *from)
{
	struct pins both = *into;

	for (size_t i = 0; i < from->count; i++)
		if (!pins_add(&both, from->spki[i]))
			return false;
	*into = both;
	return true;
}

/* Nothing has ended at 0: what is dropped does not depend on when one merges. */
static bool merge_exceptions(struct exceptions *into, const struct exceptions *from)
{
	struct exceptions both = *into;

	for (size_t i = 0; i < from->count; i++) {
		const struct exception *theirs = &from->list[i];
		const struct exception *ours = exceptions_get(&both, theirs->sender);

		if (ours != NULL && compare_exception(theirs, ours) <= 0)
			continue;
		if (!exceptions_put(&both, theirs, 0))
			return false;
	}
	*into = both;
	return true;
}

bool merge_entry(struct entry *into, const struct entry *from)
{
	switch (into->kind) {
	case ENTRY_DOMAIN:
		merge_domain(&into->of.domain, &from->of.domain);
		return true;
	case ENTRY_HOST:
		merge_host(&into->of.host, &from->of.host);
		return true;
	case ENTRY_OVERRIDE:
		if (compare_override(&from->of.override, &into->of.override) > 0)
			into->of.override = from->of.override;
		return true;
	case ENTRY_PINS:
		return merge_pins(&into->of.pins, &from->of.pins);
	case ENTRY_ALIAS:
		if (compare_alias(&from->of.alias, &into->of.alias) > 0)
			into->of.alias = from->of.alias;
		return true;
	case ENTRY_EXCEPTIONS:
		return merge_exceptions(&into->of.exceptions, &from->of.exceptions);
	default:
		return false;
	}
}
