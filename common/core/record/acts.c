/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/acts.h"

#include <string.h>

#include "base/num.h"
#include "core/policy/fold.h"

int64_t acts_stamp(int64_t now, int64_t seen)
{
	return now > seen ? now : seen + 1;
}

void acts_forget_host(struct host_facts *host, int64_t now, int64_t *seen)
{
	fold_drop_later(&host->history, now + ACTS_BEHIND);
	*seen = num_max(*seen, fold_latest(&host->history));
}

void acts_forget_domain(struct domain_facts *domain, int64_t now, int64_t seen)
{
	fold_merge(&domain->evidence, &domain->history);
	fold_drop_later(&domain->evidence, now + ACTS_BEHIND);
	seen = num_max(seen, fold_latest(&domain->evidence));
	if (domain->forgotten <= now + ACTS_BEHIND)
		seen = num_max(seen, domain->forgotten);
	domain->history = (struct history){ 0 };
	domain->forgotten = acts_stamp(now, seen);
}

/* Between two of one moment the greater key counts: the order must not matter. */
static bool pin_before(const struct acts_pins *all, size_t i, const struct pin_act *act)
{
	if (all->set[i] != act->set)
		return all->set[i] < act->set;
	return memcmp(all->pins.spki[i], act->spki, SPKI_SIZE) < 0;
}

static size_t earliest_pin(const struct acts_pins *all)
{
	size_t earliest = 0;

	for (size_t i = 1; i < all->pins.count; i++) {
		struct pin_act this = { .set = all->set[i] };

		memcpy(this.spki, all->pins.spki[i], SPKI_SIZE);
		if (!pin_before(all, earliest, &this))
			earliest = i;
	}
	return earliest;
}

static void drop_pin(struct acts_pins *all, size_t at)
{
	size_t after = all->pins.count - 1 - at;

	memmove(&all->set[at], &all->set[at + 1], after * sizeof(all->set[0]));
	pins_remove(&all->pins, all->pins.spki[at]);
}

/* Each key comes once, and there is room. */
static void insert_pin(struct acts_pins *all, const struct pin_act *act)
{
	bool there;
	size_t at = pins_place(&all->pins, act->spki, &there);

	memmove(&all->set[at + 1], &all->set[at], (all->pins.count - at) * sizeof(all->set[0]));
	all->set[at] = act->set;
	pins_add(&all->pins, act->spki);
}

void acts_add_pin(struct acts_pins *all, const struct pin_act *act)
{
	size_t earliest;

	if (act->removed)
		return;
	if (all->pins.count == PINS_MAX) {
		earliest = earliest_pin(all);
		if (!pin_before(all, earliest, act))
			return;
		drop_pin(all, earliest);
	}
	insert_pin(all, act);
}

static bool ends_before(const struct exception *a, const struct exception *b)
{
	if (a->expires != b->expires)
		return a->expires < b->expires;
	return strcmp(a->sender, b->sender) < 0;
}

void acts_add_exception(struct exceptions *all, const struct exception_act *act)
{
	size_t first = 0;

	if (act->removed)
		return;
	if (all->count == EXCEPTION_MAX) {
		for (size_t i = 1; i < all->count; i++)
			if (ends_before(&all->list[i], &all->list[first]))
				first = i;
		if (!ends_before(&all->list[first], &act->exception))
			return;
		exceptions_remove(all, all->list[first].sender);
	}
	exceptions_put(all, &act->exception, 0);
}
