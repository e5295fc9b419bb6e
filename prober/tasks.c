/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/policy/freshness.h"
#include "io/ledger/ledger_facts.h"
#include "prober/refresh.h"
#include "prober/result.h"

/*
 * What is due.
 */

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

/* Is the host to be spoken to? Leaves what is known of it in *known. */
static bool smtp_due(const struct prober *prober, const struct host_task *task,
		     struct host_facts *known)
{
	struct ledger_txn *txn = ledger_begin_read(prober->ledger);
	enum lookup status = LOOKUP_ERROR;

	if (txn != NULL)
		status = ledger_get_host(txn, task->host, task->port, known);
	ledger_abort(txn);
	return status == LOOKUP_FOUND && (task->effort == EFFORT_PROBE ||
					  freshness_probe_due(known, task->effort == EFFORT_WANT,
							      clock_wall() + task->ahead));
}

/*
 * Hosts, each once for all its domains.
 */

/* RFC 7672 3.2.2. Of more than that, the latest; then the others' certificates do not match. */
static void name_next_hops(struct job_smtp *smtp, const struct host_task *task)
{
	const struct host_wait *wait;

	LIST_FOREACH(wait, &task->waits, next)
	{
		if (!wait->named || smtp->name_count == TLS_NAMES_MAX)
			continue;
		memcpy(smtp->names[smtp->name_count++], wait->domain->nexthop.name, DOMAIN_SIZE);
	}
}

/* Speak to the host, of which this is known. Takes over what the look-ups found. */
static void submit_smtp(struct prober *prober, struct host_task *task,
			const struct host_facts *known, struct job_host *found)
{
	/* A host that did not talk the last time must not be in the way of one that may. */
	bool waits = task->effort == EFFORT_REFRESH || known->last.observed == OBSERVED_UNREACHABLE;
	struct job *job = job_new(JOB_SMTP, waits ? LANE_BACKGROUND : LANE_SLOW, task);

	memcpy(job->smtp.host, task->host, sizeof(job->smtp.host));
	job->smtp.port = task->port;
	job->smtp.connections_max = task->connections_max;
	name_next_hops(&job->smtp, task);
	job->smtp.addresses = found->addresses;
	job->smtp.tlsa = found->tlsa;
	found->tlsa.set = (struct tlsa_set){ 0 };
	pool_submit(prober->pool, job);
}

static void join(struct host_task *task, struct domain_task *domain, const struct mx_facts *mx)
{
	struct host_wait *wait = mem_zero(1, sizeof(*wait));
	size_t share = DOMAIN_CONNECTIONS_MAX / mx->count;

	wait->domain = domain;
	wait->named = mx->state == MX_FOUND && mx->secure;
	if (task->connections_max == 0 || share < task->connections_max)
		task->connections_max = share;
	LIST_INSERT_HEAD(&task->waits, wait, next);
	if (domain->effort > task->effort)
		task->effort = domain->effort;
	if (domain->ahead > task->ahead)
		task->ahead = domain->ahead;
}

/* The task of a host; *begin: it is a new one, which waits for its first job. */
static struct host_task *host_task_of(struct prober *prober, const char *host, uint16_t port,
				      bool *begin)
{
	struct host_task *task;
	char key[HOST_KEY_SIZE];

	record_host_key(key, host, port);
	HASH_FIND_STR(prober->hosts, key, task);
	*begin = task == NULL;
	if (task != NULL)
		return task;
	task = mem_zero(1, sizeof(*task));
	memcpy(task->key, key, sizeof(task->key));
	memcpy(task->host, host, strlen(host) + 1);
	task->port = port;
	LIST_INIT(&task->waits);
	HASH_ADD_STR(prober->hosts, key, task);
	return task;
}

static void submit_host(struct prober *prober, struct host_task *task)
{
	struct job *job = job_new(JOB_HOST, LANE_QUICK, task);

	memcpy(job->host.host, task->host, sizeof(job->host.host));
	job->host.port = task->port;
	pool_submit(prober->pool, job);
}

/* Find out about a host, one of those of `mx`, for a domain that waits for it. */
static void look_at_host(struct prober *prober, const char *host, uint16_t port,
			 struct domain_task *domain, const struct mx_facts *mx)
{
	bool begin;
	struct host_task *task = host_task_of(prober, host, port, &begin);

	domain->pending++;
	join(task, domain, mx);
	if (begin)
		submit_host(prober, task);
}

void tasks_look_at_host(struct prober *prober, const char *host, uint16_t port)
{
	bool begin;
	struct host_task *task = host_task_of(prober, host, port, &begin);

	task->effort = EFFORT_PROBE;
	if (!begin)
		return;
	task->connections_max = HOST_CONNECTIONS_MAX;
	submit_host(prober, task);
}

/*
 * Domains.
 */

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

/* Those of its hosts that are due. */
static void look_at_hosts(struct prober *prober, struct domain_task *task,
			  const struct facts *facts)
{
	const struct mx_facts *mx = &facts->domain.mx;
	uint16_t port = nexthop_port(&task->nexthop, prober->settings->smtp_port);
	int64_t now = clock_wall();

	for (size_t i = 0; i < mx->count; i++)
		if (host_due(task, &facts->host[i], now))
			look_at_host(prober, mx->refs[i].host, port, task, mx);
}

static void start(struct prober *prober, struct domain_task *task)
{
	struct facts facts;
	struct job *job;
	int64_t now = clock_wall();

	if (!load_facts(prober, &task->nexthop, &facts)) {
		task->lost = true;
		return;
	}
	if (sts_due(prober, task, &facts.domain.sts, now)) {
		job = job_new(JOB_TXT, LANE_QUICK, task);
		memcpy(job->sts.domain, task->nexthop.name, sizeof(job->sts.domain));
		submit(prober, task, job);
	}
	if (!mx_due(task, &facts.domain.mx.fresh, now)) {
		look_at_hosts(prober, task, &facts);
		return;
	}
	job = job_new(JOB_MX, LANE_QUICK, task);
	job->mx.nexthop = task->nexthop;
	submit(prober, task, job);
}

static void end_domain(struct prober *prober, struct domain_task *task)
{
	struct facts facts;

	if (!task->lost)
		task->lost = !load_facts(prober, &task->nexthop, &facts) ||
			     !result_write_known(prober, &facts);
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
			end_domain(prober, task);
			return;
		}
		task->effort = task->wanted;
		task->ahead = 0;
		start(prober, task);
	}
}

void tasks_look(struct prober *prober, const struct nexthop *nexthop, enum effort effort,
		int64_t ahead, struct asker *asker)
{
	struct domain_task *task;

	HASH_FIND_STR(prober->domains, nexthop->key, task);
	if (task == NULL && tasks_count(prober) >= DOMAIN_TASKS_MAX) {
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

size_t tasks_count(const struct prober *prober)
{
	return HASH_COUNT(prober->domains);
}

/*
 * Jobs that are done.
 */

static void tell_news(const struct domain_task *task)
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

void tasks_domain_done(struct prober *prober, struct domain_task *task, struct job *job)
{
	struct facts facts;

	task->pending--;
	if (job->lost) {
		task->lost = true;
	} else if (job->kind == JOB_MX && load_facts(prober, &task->nexthop, &facts)) {
		tell_news(task);
		look_at_hosts(prober, task, &facts);
	} else if (!fetch_follows(prober, task, job)) {
		tell_news(task);
	}
	settle(prober, task);
}

static void end_host(struct prober *prober, struct host_task *task, bool lost)
{
	struct host_wait *wait;

	/* Those who waited may ask for the host anew: it must be gone by then. */
	HASH_DEL(prober->hosts, task);
	while ((wait = LIST_FIRST(&task->waits)) != NULL) {
		struct domain_task *domain = wait->domain;

		LIST_REMOVE(wait, next);
		free(wait);
		domain->pending--;
		domain->lost |= lost;
		settle(prober, domain);
	}
	free(task);
}

void tasks_host_done(struct prober *prober, struct host_task *task, struct job *job)
{
	const struct host_wait *wait;
	struct host_facts known;

	if (job->lost) {
		end_host(prober, task, true);
		return;
	}
	LIST_FOREACH(wait, &task->waits, next)
	tell_news(wait->domain);
	if (job->kind == JOB_HOST && job->host.address_status == LOOKUP_FOUND &&
	    smtp_due(prober, task, &known))
		submit_smtp(prober, task, &known, &job->host);
	else
		end_host(prober, task, false);
}

void tasks_free(struct prober *prober)
{
	struct domain_task *domain, *next_domain;
	struct host_task *host, *next_host;
	struct host_wait *wait;

	HASH_ITER(hh, prober->domains, domain, next_domain)
	{
		HASH_DEL(prober->domains, domain);
		asks_drop(&domain->asks);
		free(domain);
	}
	HASH_ITER(hh, prober->hosts, host, next_host)
	{
		HASH_DEL(prober->hosts, host);
		while ((wait = LIST_FIRST(&host->waits)) != NULL) {
			LIST_REMOVE(wait, next);
			free(wait);
		}
		free(host);
	}
}
