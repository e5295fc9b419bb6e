/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/policy/freshness.h"
#include "io/ledger/ledger_entry.h"
#include "io/ledger/ledger_fleet.h"
#include "io/local/metrics_file.h"
#include "prober/tasks.h"

/*
 * The domains that have been due longest: a heap with the latest of them on top. A domain that is
 * kept costs a few comparisons, and one that is not kept costs one.
 */

#define ROOM_MIN 64

/* Where `one` goes when what is later moves down from above `at`. */
static void sift_up(struct due *due, size_t at, struct due_domain one)
{
	while (at > 0 && due->domain[(at - 1) / 2].time < one.time) {
		due->domain[at] = due->domain[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	due->domain[at] = one;
}

/* From the top, with `count` places. */
static void sift_down(struct due *due, size_t count, struct due_domain one)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && due->domain[child + 1].time > due->domain[child].time)
			child++;
		if (due->domain[child].time <= one.time)
			break;
		due->domain[at] = due->domain[child];
		at = child;
	}
	due->domain[at] = one;
}

void due_offer(struct due *due, size_t most, const char *key, int64_t time)
{
	due->offered++;
	if (due->count < most) {
		if (due->count == due->room) {
			due->room = due->room == 0 ? ROOM_MIN : 2 * due->room;
			due->domain = mem_resize(due->domain, due->room, sizeof(*due->domain));
		}
		sift_up(due, due->count++, (struct due_domain){ time, mem_strdup(key) });
		return;
	}
	if (time >= due->domain[0].time)
		return;
	free(due->domain[0].key);
	sift_down(due, due->count, (struct due_domain){ time, mem_strdup(key) });
}

void due_sort(struct due *due)
{
	for (size_t count = due->count; count > 1; count--) {
		struct due_domain latest = due->domain[0];

		sift_down(due, count - 1, due->domain[count - 1]);
		due->domain[count - 1] = latest;
	}
}

void due_free(struct due *due)
{
	for (size_t i = 0; i < due->count; i++)
		free(due->domain[i].key);
	free(due->domain);
	*due = (struct due){ 0 };
}

/*
 * The walk through the ledger.
 */

/*
 * One of its hosts has shown TLS, to another domain perhaps. That holds this one to it as well
 * (floor.h), though its own record says so only when it is next looked at.
 */
static bool held_by_a_host(struct ledger_txn *txn, const char *key,
			   const struct domain_facts *domain, uint16_t smtp_port)
{
	struct nexthop nexthop;
	struct host_facts host;

	if (nexthop_parse(&nexthop, key, strlen(key)) != NEXTHOP_OK)
		return true;
	for (size_t i = 0; i < domain->mx.count; i++)
		if (ledger_get_host(txn, domain->mx.refs[i].host, nexthop_port(&nexthop, smtp_port),
				    &host) == LOOKUP_ERROR ||
		    host.history.last_tls != 0)
			return true;
	return false;
}

static bool may_forget(struct ledger_txn *txn, const char *key, const struct domain_facts *domain,
		       uint16_t smtp_port, int64_t now)
{
	struct override override;
	struct pins pins;

	return freshness_forgettable(domain, now) &&
	       ledger_get_override(txn, key, &override) == LOOKUP_ABSENT &&
	       ledger_get_pins(txn, key, &pins) == LOOKUP_ABSENT &&
	       !held_by_a_host(txn, key, domain, smtp_port);
}

struct walk {
	struct scan *scan;
	struct ledger_txn *txn;
	bool shares;         /* with other hosts (ledger_fleet.h) */
	struct crowd *crowd; /* counted by this scan */
};

/*
 * Names of a crowd have their turn less often, but for those whose MTA-STS policy would
 * run out meanwhile.
 */
static int64_t idle_due(const struct scan *scan, const char *key, const struct domain_facts *domain)
{
	int64_t due = freshness_idle_due(domain, freshness_salt(key), scan->now);

	if (due == FRESH_NEVER || scan->crowd == NULL ||
	    sts_in_force(&domain->sts, scan->now) == STS_ENFORCE)
		return due;
	return due + (crowd_days(scan->crowd, key) - 1) * UTC_DAY;
}

static bool visit_domain(void *context, const char *key, const struct domain_facts *domain)
{
	const struct walk *walk = context;
	struct scan *scan = walk->scan;
	int64_t due = idle_due(scan, key, domain);

	if (due == FRESH_NEVER) {
		if (may_forget(walk->txn, key, domain, scan->smtp_port, scan->now))
			due_offer(&scan->never, SCAN_FORGET_MAX, key, domain->mx.fresh.expires);
		return true;
	}
	if (walk->shares && freshness_never_looked(domain))
		return true;
	scan->known++;
	crowd_add(walk->crowd, key);
	if (due <= scan->now)
		due_offer(&scan->due, DUE_MAX, key, due);
	return true;
}

static bool count_domain(void *context, const char *key, const struct domain_facts *domain)
{
	const struct walk *walk = context;

	if (freshness_idle_due(domain, 0, walk->scan->now) != FRESH_NEVER)
		crowd_add(walk->scan->crowd, key);
	return true;
}

void scan_run(struct scan *scan)
{
	struct walk walk = { scan, ledger_begin_read(scan->ledger), false, NULL };
	struct fleet_state state;

	if (walk.txn == NULL)
		return;
	walk.shares = ledger_get_fleet(walk.txn, &state) != LOOKUP_ABSENT;
	/* The first scan after a start has nobody's count to go by. */
	if (scan->crowd == NULL) {
		scan->crowd = crowd_new();
		ledger_each_domain(walk.txn, count_domain, &walk);
	}
	walk.crowd = crowd_new();
	/* What is damaged was logged, and has no time at which it is due. */
	ledger_each_domain(walk.txn, visit_domain, &walk);
	ledger_abort(walk.txn);
	crowd_free(scan->crowd);
	scan->crowd = walk.crowd;
	due_sort(&scan->due);
}

void scan_free(struct scan *scan)
{
	crowd_free(scan->crowd);
	due_free(&scan->due);
	due_free(&scan->never);
}

/*
 * What was found, in the main thread.
 */

bool scan_forget(const struct prober *prober, struct ledger_txn *txn, struct job *job)
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
		    !may_forget(txn, key, &domain, job->scan.smtp_port, now))
			continue;
		if (!ledger_remove_domain(txn, key))
			return false;
		log_debug("domain=%s never had TLS and is forgotten", key);
		job->scan.forgotten++;
	}
	return true;
}

void scan_tell_forgotten(const struct job *job)
{
	size_t count = job->lost ? 0 : job->scan.forgotten;

	metrics_add(M_NEVER_WERE, count);
	if (count > 0)
		log_info("%zu domain%s that never had TLS and nobody asked about for %d days %s "
			 "forgotten",
			 count, count == 1 ? "" : "s", (int)(FRESH_FORGET / UTC_DAY),
			 count == 1 ? "is" : "are");
}
