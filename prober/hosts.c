/* SPDX-License-Identifier: BSD-2-Clause */
/* MX hosts that are being looked at, each once for all its domains. */
#include "prober/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/policy/freshness.h"

static void submit_host(struct prober *prober, struct host_task *task)
{
	struct job *job = job_new(JOB_HOST, LANE_QUICK, task);

	memcpy(job->host.host, task->host, sizeof(job->host.host));
	job->host.port = task->port;
	pool_submit(prober->pool, job);
}

/* A host that did not talk the last time must not be in the way of one that may. */
static enum lane smtp_lane(const struct host_task *task, const struct host_facts *known)
{
	if (task->effort == EFFORT_REFRESH || known->last.observed == OBSERVED_UNREACHABLE)
		return LANE_BACKGROUND;
	return LANE_SLOW;
}

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

/* Takes over what the look-ups brought. */
static void submit_smtp(struct prober *prober, struct host_task *task, enum lane lane,
			struct job_host *found)
{
	struct job *job = job_new(JOB_SMTP, lane, task);

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

void hosts_look(struct prober *prober, const char *host, uint16_t port, struct domain_task *domain,
		const struct mx_facts *mx)
{
	struct host_task *task;
	char key[HOST_KEY_SIZE];

	record_host_key(key, host, port);
	HASH_FIND_STR(prober->hosts, key, task);
	if (task != NULL) {
		join(task, domain, mx);
		return;
	}
	task = mem_zero(1, sizeof(*task));
	memcpy(task->key, key, sizeof(task->key));
	memcpy(task->host, host, strlen(host) + 1);
	task->port = port;
	LIST_INIT(&task->waits);
	HASH_ADD_STR(prober->hosts, key, task);
	join(task, domain, mx);
	submit_host(prober, task);
}

static void end(struct prober *prober, struct host_task *task, bool lost)
{
	struct host_wait *wait;

	/* Those who waited may ask for the host anew: it must be gone by then. */
	HASH_DEL(prober->hosts, task);
	while ((wait = LIST_FIRST(&task->waits)) != NULL) {
		struct domain_task *domain = wait->domain;

		LIST_REMOVE(wait, next);
		free(wait);
		domain_host_done(prober, domain, lost);
	}
	free(task);
}

static void tell_news(const struct host_task *task)
{
	const struct host_wait *wait;

	LIST_FOREACH(wait, &task->waits, next)
	domain_tell_news(wait->domain);
}

/* Leaves what is known of the host in *known. */
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

void host_advance(struct prober *prober, struct host_task *task, struct job *job)
{
	struct host_facts known;

	if (!job->lost)
		tell_news(task);
	if (!job->lost && job->kind == JOB_HOST && job->host.address_status == LOOKUP_FOUND &&
	    smtp_due(prober, task, &known))
		submit_smtp(prober, task, smtp_lane(task, &known), &job->host);
	else
		end(prober, task, job->lost);
}

void hosts_free(struct prober *prober)
{
	struct host_task *task, *next;
	struct host_wait *wait;

	HASH_ITER(hh, prober->hosts, task, next)
	{
		HASH_DEL(prober->hosts, task);
		while ((wait = LIST_FIRST(&task->waits)) != NULL) {
			LIST_REMOVE(wait, next);
			free(wait);
		}
		free(task);
	}
}
