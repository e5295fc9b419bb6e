/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/refresh.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/policy/freshness.h"
#include "prober/tell.h"

/* A hot domain is looked at this many seconds before a fact runs out. */
#define HOT_AHEAD INT64_C(30)
/* What is due within these seconds is looked at with an idle domain: the jitter of freshness.h. */
#define IDLE_AHEAD (UTC_DAY / 10)
/* Seconds between scans of the ledger, unless one brought more than it could carry. */
#define SCAN_EVERY INT64_C(600)
#define SCAN_FIRST INT64_C(10)
/* Seconds in which each domain has its turn; a day leaves room for what was missed. */
#define ROUND (UTC_DAY * 3 / 4)

struct hot {
	UT_hash_handle hh;
	struct nexthop nexthop;
	int64_t until; /* seconds since 1970 */
	int64_t due;
};

enum resolver_state { RESOLVER_GOOD, RESOLVER_SILENT, RESOLVER_INSECURE };

struct refresh {
	struct prober *prober;
	struct hot *hot; /* by key, in the order in which they were first asked about */
	size_t running, running_max;
	int64_t allowance;   /* thousandths of a domain that may be begun now */
	int64_t allowed;     /* clock_mono_ms: when that was granted */
	struct job *scan;    /* the latest one done: idle domains that are due; or NULL */
	size_t scan_next;    /* of scan->scan.due */
	int64_t rate;        /* domains a second */
	struct crowd *crowd; /* counted by the scan before; NULL: none yet, or the scan has it */
	bool scanning;
	int64_t scan_at;              /* clock_mono_ms: the next one */
	enum resolver_state resolver; /* when last checked */
};

static void look(struct refresh *refresh, const struct nexthop *nexthop, int64_t ahead)
{
	const struct domain_task *task;

	HASH_FIND_STR(refresh->prober->domains, nexthop->key, task);
	if (task != NULL)
		return;
	refresh->running++;
	refresh->allowance -= 1000;
	tasks_look(refresh->prober, nexthop, EFFORT_REFRESH, ahead, NULL);
}

static bool room(const struct refresh *refresh)
{
	return refresh->running < refresh->running_max && refresh->allowance >= 1000 &&
	       tasks_count(refresh->prober) < DOMAIN_TASKS_MAX;
}

static void look_at_hot(struct refresh *refresh)
{
	int64_t now = clock_wall();
	struct hot *hot, *next;

	HASH_ITER(hh, refresh->hot, hot, next)
	{
		if (!room(refresh))
			return;
		if (hot->due > now)
			continue;
		/* Whatever becomes of it, not again before the next tick. */
		hot->due = now + HOT_AHEAD;
		look(refresh, &hot->nexthop, HOT_AHEAD);
	}
}

static void submit_scan(struct refresh *refresh)
{
	struct job *job = job_new(JOB_SCAN, LANE_BACKGROUND, NULL);

	ledger_clear_readers(refresh->prober->ledger);
	job->scan.ledger = refresh->prober->ledger;
	job->scan.now = clock_wall();
	job->scan.smtp_port = refresh->prober->settings->smtp_port;
	job->scan.crowd = refresh->crowd;
	refresh->crowd = NULL;
	refresh->scanning = true;
	pool_submit(refresh->prober->pool, job);
	pool_submit(refresh->prober->pool, job_new(JOB_CHECK, LANE_QUICK, NULL));
}

static void look_at_idle(struct refresh *refresh)
{
	while (refresh->scan != NULL && room(refresh)) {
		const struct scan *scan = &refresh->scan->scan;
		struct nexthop nexthop;
		const char *key;

		if (refresh->scan_next == scan->due.count) {
			if (scan->due.offered > scan->due.count)
				refresh->scan_at = clock_mono_ms();
			job_free(refresh->scan);
			refresh->scan = NULL;
			return;
		}
		key = scan->due.domain[refresh->scan_next++].key;
		if (nexthop_parse(&nexthop, key, strlen(key)) == NEXTHOP_OK)
			look(refresh, &nexthop, IDLE_AHEAD);
	}
}

/* What was not used in one tick is not saved up for later ones. */
static void grant_allowance(struct refresh *refresh)
{
	int64_t now = clock_mono_ms();

	refresh->allowance += (now - refresh->allowed) * refresh->rate;
	if (refresh->allowance > REFRESH_TICK_MS * refresh->rate)
		refresh->allowance = REFRESH_TICK_MS * refresh->rate;
	refresh->allowed = now;
}

void refresh_go_on(struct refresh *refresh)
{
	grant_allowance(refresh);
	look_at_idle(refresh);
}

void refresh_tick(struct refresh *refresh)
{
	grant_allowance(refresh);
	look_at_hot(refresh);
	look_at_idle(refresh);
	if (refresh->scan == NULL && !refresh->scanning && clock_mono_ms() >= refresh->scan_at)
		submit_scan(refresh);
}

struct refresh *refresh_new(struct prober *prober, size_t workers)
{
	struct refresh *refresh = mem_zero(1, sizeof(*refresh));

	refresh->prober = prober;
	refresh->running_max = workers < 8 ? 1 : workers / 4;
	refresh->rate = REFRESH_RATE_MIN;
	refresh->allowed = clock_mono_ms();
	refresh->scan_at = refresh->allowed + SCAN_FIRST * 1000;
	return refresh;
}

static void remove_hot(struct refresh *refresh, struct hot *hot)
{
	HASH_DEL(refresh->hot, hot);
	free(hot);
}

void refresh_free(struct refresh *refresh)
{
	struct hot *hot, *next;

	HASH_ITER(hh, refresh->hot, hot, next)
	remove_hot(refresh, hot);
	if (refresh->scan != NULL)
		job_free(refresh->scan);
	crowd_free(refresh->crowd);
	free(refresh);
}

static struct hot *add_hot(struct refresh *refresh, const struct nexthop *nexthop)
{
	struct hot *hot = mem_zero(1, sizeof(*hot));

	if (HASH_COUNT(refresh->hot) == REFRESH_HOT_MAX)
		remove_hot(refresh, refresh->hot);
	hot->nexthop = *nexthop;
	HASH_ADD_STR(refresh->hot, nexthop.key, hot);
	return hot;
}

static int64_t next_look(const struct prober *prober, const struct domain_task *task,
			 const struct facts *facts, int64_t now)
{
	bool sts = prober->settings->mta_sts && task->nexthop.kind == NEXTHOP_DOMAIN;
	int64_t earliest = facts == NULL ? now + FRESH_MIN : freshness_earliest(facts, sts);

	return earliest - HOT_AHEAD > now ? earliest - HOT_AHEAD : now + HOT_AHEAD;
}

void refresh_looked(struct prober *prober, const struct domain_task *task,
		    const struct facts *facts)
{
	struct refresh *refresh = prober->refresh;
	int64_t now = clock_wall();
	struct hot *hot;

	if (task->refresh)
		refresh->running--;
	HASH_FIND_STR(refresh->hot, task->nexthop.key, hot);
	if (task->effort != EFFORT_REFRESH) {
		if (hot == NULL)
			hot = add_hot(refresh, &task->nexthop);
		hot->until = now + REFRESH_HOT;
	}
	if (hot == NULL)
		return;
	hot->due = next_look(prober, task, facts, now);
	if (now >= hot->until)
		remove_hot(refresh, hot);
}

int64_t refresh_rate(size_t domains)
{
	int64_t rate = (int64_t)domains / ROUND + 1;

	return rate < REFRESH_RATE_MIN   ? REFRESH_RATE_MIN
	       : rate > REFRESH_RATE_MAX ? REFRESH_RATE_MAX
					 : rate;
}

void refresh_advance(struct prober *prober, struct job *job)
{
	struct refresh *refresh = prober->refresh;

	refresh->rate = refresh_rate(job->scan.known);
	log_debug("refresh: of %zu domains %zu are due, %" PRId64 " a second", job->scan.known,
		  job->scan.due.offered, refresh->rate);
	refresh->scanning = false;
	refresh->crowd = job->scan.crowd;
	job->scan.crowd = NULL;
	refresh->scan = job;
	refresh->scan_next = 0;
	refresh->scan_at = clock_mono_ms() + SCAN_EVERY * 1000;
}

/* That it could not be written was logged. */
static void note_resolver(const struct prober *prober, const char *event, const char *why)
{
	struct ledger_txn *txn = ledger_begin_write(prober->ledger);

	if (txn == NULL)
		return;
	if (tell_resolver(txn, event, why))
		ledger_commit(txn);
	else
		ledger_abort(txn);
}

/* Told when it changes; a resolver that is always right is no news. */
void refresh_checked(struct prober *prober, const struct job *job)
{
	struct refresh *refresh = prober->refresh;
	enum resolver_state state = !job->check.found   ? RESOLVER_SILENT
				    : job->check.secure ? RESOLVER_GOOD
							: RESOLVER_INSECURE;

	if (state == refresh->resolver)
		return;
	refresh->resolver = state;
	switch (state) {
	case RESOLVER_GOOD:
		log_info("resolver validates DNSSEC again");
		note_resolver(prober, "resolver-good", "it validates DNSSEC");
		return;
	case RESOLVER_SILENT:
		log_warning("resolver cannot be asked: %s", job->trouble);
		note_resolver(prober, "resolver-silent", job->trouble);
		return;
	case RESOLVER_INSECURE:
		log_warning("resolver does not validate DNSSEC, or is not believed "
			    "(resolver_trust_ad): what is known stays, and mail to whoever is "
			    "new waits; see `postseal doctor`");
		note_resolver(prober, "resolver-insecure",
			      "it does not validate DNSSEC, or is not believed");
		return;
	}
}
