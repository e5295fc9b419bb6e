/* SPDX-License-Identifier: BSD-2-Clause */
/* Next hops that are being looked at. */
#include "prober/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/policy/freshness.h"
#include "prober/learn.h"
#include "prober/refresh.h"
#include "io/ledger/ledger_facts.h"

static bool load_facts(const struct prober *prober, const struct nexthop *nexthop,
		       struct facts *facts)
{
	struct ledger_txn *txn = ledger_begin_read(prober->ledger);
	enum lookup status = LOOKUP_ERROR;

	if (txn != NULL)
		status = ledger_get_facts(txn, nexthop, prober->settings->smtp_port, clock_wall(),
					  facts);
	ledger_abort(txn);
	return status != LOOKUP_ERROR;
}

static void submit(struct prober *prober, struct domain_task *task, struct job *job)
{
	task->pending++;
	pool_submit(prober->pool, job);
}

static bool mx_due(const struct domain_task *task, const struct freshness *fresh, int64_t now)
{
	switch (task->effort) {
	case EFFORT_REFRESH:
		return freshness_due(fresh, now + task->ahead);
	case EFFORT_WANT:
		return freshness_due_asked(fresh, now);
	case EFFORT_PROBE:
		break;
	}
	return true;
}

/* MTA-STS is about domains, not about hosts that an admin names (RFC 8461 3). */
static bool sts_due(const struct prober *prober, const struct domain_task *task,
		    const struct sts_facts *sts, int64_t now)
{
	return prober->settings->mta_sts && task->nexthop.kind == NEXTHOP_DOMAIN &&
	       (task->effort == EFFORT_PROBE || sts_look_due(sts, now + task->ahead));
}

static bool host_due(const struct domain_task *task, const struct host_facts *host, int64_t now)
{
	bool asked = task->effort != EFFORT_REFRESH;
	int64_t then = now + task->ahead;

	if (task->effort == EFFORT_PROBE)
		return true;
	if (asked ? freshness_due_asked(&host->addr_fresh, now)
		  : freshness_due(&host->addr_fresh, then))
		return true;
	if (host->addr != ADDR_FOUND)
		return false;
	return (asked ? freshness_due_asked(&host->tlsa_fresh, now)
		      : freshness_due(&host->tlsa_fresh, then)) ||
	       freshness_probe_due(host, asked, then);
}

static void submit_mx(struct prober *prober, struct domain_task *task)
{
	struct job *job = job_new(JOB_MX, LANE_QUICK, task);

	job->mx.nexthop = task->nexthop;
	submit(prober, task, job);
}

static void submit_txt(struct prober *prober, struct domain_task *task)
{
	struct job *job = job_new(JOB_TXT, LANE_QUICK, task);

	memcpy(job->sts.domain, task->nexthop.name, sizeof(job->sts.domain));
	submit(prober, task, job);
}

/* Those of its hosts that are due. */
static void look_at_hosts(struct prober *prober, struct domain_task *task,
			  const struct facts *facts)
{
	const struct mx_facts *mx = &facts->domain.mx;
	uint16_t port = nexthop_port(&task->nexthop, prober->settings->smtp_port);
	int64_t now = clock_wall();

	for (size_t i = 0; i < mx->count; i++) {
		if (!host_due(task, &facts->host[i], now))
			continue;
		task->pending++;
		hosts_look(prober, mx->refs[i].host, port, task, mx);
	}
}

static void start(struct prober *prober, struct domain_task *task)
{
	struct facts facts;
	int64_t now = clock_wall();

	if (!load_facts(prober, &task->nexthop, &facts)) {
		task->lost = true;
		return;
	}
	if (sts_due(prober, task, &facts.domain.sts, now))
		submit_txt(prober, task);
	if (mx_due(task, &facts.domain.mx.fresh, now))
		submit_mx(prober, task);
	else
		look_at_hosts(prober, task, &facts);
}

static void end(struct prober *prober, struct domain_task *task)
{
	struct facts facts;

	if (!task->lost)
		task->lost = !load_facts(prober, &task->nexthop, &facts) ||
			     !learn_from_hosts(prober, &facts);
	asks_tell(&task->asks, task->lost ? PROBER_LOST : PROBER_DONE, task->nexthop.key);
	asks_drop(&task->asks);
	refresh_looked(prober, task, task->lost ? NULL : &facts);
	HASH_DEL(prober->domains, task);
	free(task);
}

/* Nothing is waited for any more: begin again for who asked for more, or end. */
static void settle(struct prober *prober, struct domain_task *task)
{
	while (task->pending == 0) {
		if (task->lost || task->wanted <= task->effort) {
			end(prober, task);
			return;
		}
		task->effort = task->wanted;
		task->ahead = 0;
		start(prober, task);
	}
}

void domains_look(struct prober *prober, const struct nexthop *nexthop, enum effort effort,
		  int64_t ahead, struct asker *asker)
{
	struct domain_task *task;

	HASH_FIND_STR(prober->domains, nexthop->key, task);
	if (task == NULL && domains_count(prober) >= DOMAIN_TASKS_MAX) {
		if (asker != NULL)
			asker_tell(asker, PROBER_BUSY, nexthop->key);
		return;
	}
	if (task != NULL) {
		if (effort > task->wanted)
			task->wanted = effort;
		if (asker != NULL)
			asks_add(&task->asks, asker);
		return;
	}
	task = mem_zero(1, sizeof(*task));
	task->nexthop = *nexthop;
	task->effort = task->wanted = effort;
	task->refresh = effort == EFFORT_REFRESH;
	task->ahead = ahead;
	LIST_INIT(&task->asks);
	if (asker != NULL)
		asks_add(&task->asks, asker);
	HASH_ADD_STR(prober->domains, nexthop.key, task);
	start(prober, task);
	settle(prober, task);
}

size_t domains_count(const struct prober *prober)
{
	return HASH_COUNT(prober->domains);
}

void domain_tell_news(const struct domain_task *task)
{
	asks_tell(&task->asks, PROBER_NEWS, task->nexthop.key);
}

/* There is a record; is the policy that it announces to be fetched? */
static bool fetch_follows(struct prober *prober, struct domain_task *task, struct job *job)
{
	struct job *fetch;

	if (job->kind != JOB_TXT || !job->sts.fetch_due)
		return false;
	fetch = job_new(JOB_FETCH, task->effort == EFFORT_REFRESH ? LANE_BACKGROUND : LANE_SLOW,
			task);
	fetch->sts = job->sts;
	submit(prober, task, fetch);
	return true;
}

void domain_advance(struct prober *prober, struct domain_task *task, struct job *job)
{
	struct facts facts;

	task->pending--;
	if (job->lost) {
		task->lost = true;
	} else if (job->kind == JOB_MX && load_facts(prober, &task->nexthop, &facts)) {
		domain_tell_news(task);
		look_at_hosts(prober, task, &facts);
	} else if (!fetch_follows(prober, task, job)) {
		domain_tell_news(task);
	}
	settle(prober, task);
}

void domain_host_done(struct prober *prober, struct domain_task *task, bool lost)
{
	task->pending--;
	task->lost |= lost;
	settle(prober, task);
}

void domains_free(struct prober *prober)
{
	struct domain_task *task, *next;

	HASH_ITER(hh, prober->domains, task, next)
	{
		HASH_DEL(prober->domains, task);
		asks_drop(&task->asks);
		free(task);
	}
}
