/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/fold.h"

#include <string.h>

#include "base/num.h"
#include "base/utc.h"
#include "core/policy/freshness.h"

#define SECOND 1

/*
 * Two handshakes in the same second may differ in version or cipher; the
 * greater pair is kept, so that order does not matter.
 */
static bool later_tls(const struct history *history, int64_t time, uint16_t version,
		      const char *cipher)
{
	if (time != history->last_tls)
		return time > history->last_tls;
	if (version != history->last_version)
		return version > history->last_version;
	return strcmp(cipher, history->last_cipher) > 0;
}

static void note_last_tls(struct history *history, int64_t time, uint16_t version,
			  const char *cipher)
{
	if (!later_tls(history, time, version, cipher))
		return;
	history->last_tls = time;
	history->last_version = version;
	memset(history->last_cipher, 0, sizeof(history->last_cipher));
	memcpy(history->last_cipher, cipher, strnlen(cipher, CIPHER_SIZE - 1));
}

static void note_first_tls(struct history *history, int64_t time)
{
	if (time > 0 && (history->first_tls == 0 || time < history->first_tls))
		history->first_tls = time;
}

bool fold_equal(const struct history *a, const struct history *b)
{
	return a->first_tls == b->first_tls && a->last_tls == b->last_tls &&
	       a->last_plain == b->last_plain && a->best_version == b->best_version &&
	       a->last_version == b->last_version && strcmp(a->last_cipher, b->last_cipher) == 0 &&
	       timeset_equal(&a->successes, &b->successes) &&
	       timeset_equal(&a->tls_days, &b->tls_days) &&
	       timeset_equal(&a->plain_days, &b->plain_days);
}

void fold_history(struct history *history, const struct observation *seen)
{
	if (seen->time < 1)
		return;
	if (seen->observed == OBSERVED_TLS) {
		note_first_tls(history, seen->time);
		note_last_tls(history, seen->time, seen->version, seen->cipher);
		if (seen->version > history->best_version)
			history->best_version = seen->version;
		timeset_add(&history->successes, seen->time, SECOND);
		timeset_add(&history->tls_days, seen->time, UTC_DAY);
	} else if (seen->observed == OBSERVED_PLAIN) {
		if (seen->time > history->last_plain)
			history->last_plain = seen->time;
		timeset_add(&history->plain_days, seen->time, UTC_DAY);
	}
}

void fold_merge(struct history *into, const struct history *from)
{
	note_first_tls(into, from->first_tls);
	if (from->last_tls > 0)
		note_last_tls(into, from->last_tls, from->last_version, from->last_cipher);
	if (from->best_version > into->best_version)
		into->best_version = from->best_version;
	if (from->last_plain > into->last_plain)
		into->last_plain = from->last_plain;
	timeset_merge(&into->successes, &from->successes, SECOND);
	timeset_merge(&into->tls_days, &from->tls_days, UTC_DAY);
	timeset_merge(&into->plain_days, &from->plain_days, UTC_DAY);
}

static int64_t last_of(const struct timeset *set)
{
	return set->count > 0 ? set->times[set->count - 1] : 0;
}

int64_t fold_latest(const struct history *history)
{
	int64_t latest = num_max(history->first_tls, history->last_tls);

	latest = num_max(latest, history->last_plain);
	latest = num_max(latest, last_of(&history->successes));
	latest = num_max(latest, last_of(&history->tls_days));
	return num_max(latest, last_of(&history->plain_days));
}

static void keep_after(struct timeset *set, int64_t after)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->times[i] > after)
			set->times[kept++] = set->times[i];
	set->count = (uint8_t)kept;
}

void fold_since(struct history *out, const struct history *history, int64_t after)
{
	int64_t first;

	*out = *history;
	if (after == 0)
		return;
	keep_after(&out->successes, after);
	keep_after(&out->tls_days, after);
	keep_after(&out->plain_days, after);
	if (out->last_plain <= after)
		out->last_plain = 0;
	if (out->last_tls <= after) {
		out->first_tls = out->last_tls = 0;
		out->best_version = out->last_version = 0;
		memset(out->last_cipher, 0, sizeof(out->last_cipher));
		return;
	}
	first = timeset_first_after(&out->successes, after);
	if (out->first_tls <= after) {
		out->first_tls = first;
		out->best_version = out->last_version;
	}
	/* A day that began before `after` saw TLS on its later half. All later days are there. */
	if (first != 0 && first / UTC_DAY == after / UTC_DAY)
		timeset_add(&out->tls_days, first, UTC_DAY);
}

static void keep_until(struct timeset *set, int64_t latest)
{
	while (set->count > 0 && set->times[set->count - 1] > latest)
		set->count--;
}

void fold_drop_later(struct history *history, int64_t latest)
{
	keep_until(&history->successes, latest);
	keep_until(&history->tls_days, latest);
	keep_until(&history->plain_days, latest);
	if (history->last_plain > latest)
		history->last_plain = last_of(&history->plain_days);
	if (history->last_tls > latest)
		history->last_tls = last_of(&history->successes);
	if (history->first_tls > history->last_tls)
		history->first_tls = history->last_tls;
}

bool fold_now_tls(const struct history *history)
{
	return history->last_tls > history->last_plain;
}

bool fold_now_plain(const struct history *history)
{
	return history->last_plain > 0 && history->last_plain >= history->last_tls;
}

int64_t fold_downgrade_since(const struct history *history)
{
	int64_t first;

	if (history->last_tls == 0 || !fold_now_plain(history))
		return 0;
	first = timeset_first_after(&history->plain_days, history->last_tls - 1);
	return first != 0 ? first : history->last_plain;
}

static bool any_host_now_tls(const struct facts *facts)
{
	for (size_t i = 0; i < facts->domain.mx.count; i++)
		if (fold_now_tls(&facts->host[i].history))
			return true;
	return false;
}

int64_t fold_domain_downgrade_since(const struct facts *facts)
{
	const struct domain_facts *domain = &facts->domain;
	bool any_tls = any_host_now_tls(facts);
	int64_t since = 0;

	for (size_t i = 0; i < domain->mx.count; i++) {
		const struct history *host = &facts->host[i].history;

		if (host->last_tls > domain->forgotten)
			since = num_earlier(since, fold_downgrade_since(host));
		else if (!any_tls && domain->history.last_tls > 0 &&
			 host->last_plain >= domain->history.last_tls)
			since = num_earlier(since,
					    timeset_first_after(&host->plain_days,
								domain->history.last_tls - 1));
	}
	return since;
}

void fold_host(struct host_facts *host, const struct observation *seen, int64_t next_probe,
	       bool stripped)
{
	/*
	 * Probes are folded as they come in. One that is far earlier than the latest tells that
	 * the clock was ahead then. Else the earlier one would be shown, and the host looked at
	 * with each question, until the clock has come as far.
	 */
	if (seen->source == SOURCE_PROBE &&
	    (seen->time >= host->last.time || host->last.time > seen->time + CLOCK_SLACK)) {
		host->last = *seen;
		host->last_expires = next_probe;
	}
	if (!(stripped && seen->observed == OBSERVED_PLAIN))
		fold_history(&host->history, seen);
}

static bool may_be_mx(const struct mx_facts *mx, const char *host)
{
	for (size_t i = 0; i < mx->count; i++)
		if (strcmp(mx->refs[i].host, host) == 0)
			return true;
	return mx->truncated;
}

bool fold_delivery(struct domain_facts *domain, const struct settings *settings, const char *host,
		   const struct history *shown)
{
	struct history before = domain->history, since;

	if (settings->mixed_mx != MIXED_MX_STRICT || !may_be_mx(&domain->mx, host))
		return false;
	fold_since(&since, shown, domain->forgotten);
	fold_merge(&domain->history, &since);
	return !fold_equal(&before, &domain->history);
}

/* strict: what any host has shown, the domain has shown. */
static void fold_any_host(struct facts *facts)
{
	struct history since;

	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		fold_since(&since, &facts->host[i].history, facts->domain.forgotten);
		if (since.last_tls > 0)
			facts->domain.any_host = true;
		fold_merge(&facts->domain.history, &since);
	}
}

/* NO_TLS: or nothing was seen of it yet. */
enum reach { REACH_TLS, REACH_NO_TLS, REACH_NOT };

static enum reach host_reach(const struct host_facts *host, const struct history *since)
{
	if (host->addr == ADDR_NONE || host->last.observed == OBSERVED_UNREACHABLE)
		return REACH_NOT;
	return fold_now_tls(since) ? REACH_TLS : REACH_NO_TLS;
}

/*
 * lenient: the domain has shown TLS when every host that can be reached has;
 * the moment that counts is the earliest of theirs, when all of them had it.
 */
static void fold_every_host(struct facts *facts)
{
	struct observation all = { .source = SOURCE_PROBE, .observed = OBSERVED_TLS };

	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		struct history since;
		enum reach reach;

		fold_since(&since, &facts->host[i].history, facts->domain.forgotten);
		reach = host_reach(&facts->host[i], &since);
		if (reach == REACH_NO_TLS)
			return;
		if (reach == REACH_TLS && (all.time == 0 || since.last_tls < all.time)) {
			all.time = since.last_tls;
			all.version = since.last_version;
			memcpy(all.cipher, since.last_cipher, sizeof(all.cipher));
		}
	}
	fold_history(&facts->domain.history, &all);
}

void fold_domain(struct facts *facts, const struct settings *settings)
{
	if (settings->mixed_mx == MIXED_MX_STRICT)
		fold_any_host(facts);
	else if (!facts->domain.mx.truncated)
		fold_every_host(facts);
}
