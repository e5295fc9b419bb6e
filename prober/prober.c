/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/prober.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/daemon_loop.h"
#include "io/local/metrics_file.h"
#include "prober/refresh.h"
#include "prober/result.h"
#include "prober/sightings.h"
#include "prober/tasks.h"

/* Workers that are waiting for a server are given this long when the program ends. */
#define END_MS 2000
/* Descriptors that a worker may need at a time, and those of all else: askers, ledger, log. */
#define WORKER_FDS 4
#define OTHER_FDS 512

/*
 * Counts (core/metrics/metrics.h).
 */

_Static_assert(METRIC_VALUES_LANE == LANE_COUNT, "all lanes");
_Static_assert(METRIC_VALUES_JOB == JOB_CHECK + 1, "all jobs");
_Static_assert(METRIC_VALUES_PROBED == OBSERVED_UNREACHABLE, "all that a probe may end with");

static void tally_lookup(unsigned kind, enum lookup found, unsigned how)
{
	if (found != LOOKUP_FOUND)
		how = found == LOOKUP_ABSENT ? METRIC_FOUND_ABSENT : METRIC_FOUND_FAILED;
	metrics_count(METRIC2(LOOKUPS, kind, how));
}

static unsigned security(bool secure)
{
	return secure ? METRIC_FOUND_SECURE : METRIC_FOUND_INSECURE;
}

/* [host] and [address] are not looked up. */
static void tally_mx(const struct job_mx *mx)
{
	enum lookup found = mx->found ? LOOKUP_FOUND : LOOKUP_ERROR;

	if (mx->found && mx->answer.facts.state == MX_LITERAL)
		return;
	if (mx->found && mx->answer.facts.state == MX_NXDOMAIN)
		found = LOOKUP_ABSENT;
	tally_lookup(METRIC_LOOKUP_MX, found, security(mx->answer.facts.secure));
}

static void tally_host(const struct job_host *host)
{
	struct ipaddr literal;

	if (ipaddr_parse(&literal, host->host, strlen(host->host)))
		return;
	tally_lookup(METRIC_LOOKUP_ADDRESS, host->address_status, security(host->addresses.secure));
	if (host->address_status == LOOKUP_FOUND)
		tally_lookup(METRIC_LOOKUP_TLSA, host->tlsa_status, METRIC_FOUND_SECURE);
}

/* A job is done: how long it took, and what it found. */
static void tally_job(const struct job *job)
{
	metrics_observe(JOB_TIME, job->kind, job->took, 1);
	switch (job->kind) {
	case JOB_MX:
		tally_mx(&job->mx);
		return;
	case JOB_HOST:
		tally_host(&job->host);
		return;
	case JOB_SMTP:
		if (job->smtp.seen.observed != OBSERVED_NOTHING)
			metrics_count(METRIC1(PROBES, job->smtp.seen.observed - OBSERVED_TLS));
		return;
	case JOB_TXT:
		tally_lookup(METRIC_LOOKUP_TXT, job->sts.look.txt, METRIC_FOUND_SOME);
		return;
	case JOB_FETCH:
		metrics_count(METRIC1(FETCHES, job->sts.look.fetch == STS_FETCH_GOOD
						       ? METRIC_FETCH_GOOD
						       : METRIC_FETCH_FAILED));
		return;
	case JOB_SCAN:
		metrics_set(M_DUE, job->scan.due.offered);
		return;
	case JOB_CHECK:
		tally_lookup(METRIC_LOOKUP_CHECK, job->check.found ? LOOKUP_FOUND : LOOKUP_ERROR,
			     security(job->check.secure));
		return;
	}
}

/* What is going on at the moment. */
static void tally_now(const struct prober *prober)
{
	struct ledger_size size;

	metrics_set(METRIC1(TASKS, METRIC_TASK_DOMAIN), HASH_COUNT(prober->domains));
	metrics_set(METRIC1(TASKS, METRIC_TASK_HOST), HASH_COUNT(prober->hosts));
	if (!ledger_measure(prober->ledger, &size))
		return;
	metrics_set(M_PROBER_USED, size.used);
	metrics_set(M_PROBER_MOST, size.most);
}

/*
 * What comes in, and goes on.
 */

static void on_ask(void *context, struct asker *asker, const struct prober_message *message)
{
	struct prober *prober = context;
	const struct nexthop *nexthop = &message->nexthop;

	if (message->word == PROBER_REFUSED) {
		refused_note(prober->refused, &message->refusal);
		return;
	}
	metrics_count(
		METRIC1(ASKS, message->word == PROBER_PROBE ? METRIC_ASK_PROBE : METRIC_ASK_WANT));
	/* A parent is no next hop of any mail: there is nothing to find out. */
	if (nexthop->kind == NEXTHOP_PARENT) {
		asker_tell(asker, PROBER_DONE, nexthop->key);
		return;
	}
	tasks_look(prober, nexthop, message->word == PROBER_PROBE ? EFFORT_PROBE : EFFORT_WANT, 0,
		   asker);
}

/* Whether the job is still needed: a scan's result is kept. */
static bool advance(struct prober *prober, struct job *job)
{
	switch (job->kind) {
	case JOB_MX:
	case JOB_TXT:
	case JOB_FETCH:
		tasks_domain_done(prober, job->task, job);
		return false;
	case JOB_HOST:
	case JOB_SMTP:
		tasks_host_done(prober, job->task, job);
		return false;
	case JOB_SCAN:
		scan_tell_forgotten(job);
		refresh_advance(prober, job);
		return true;
	case JOB_CHECK:
		refresh_checked(prober, job);
		return false;
	}
	return false;
}

void prober_turn(struct prober *prober, struct job_list *done)
{
	bool written = !STAILQ_EMPTY(done) && result_write(prober, done);
	struct job *job;

	while ((job = STAILQ_FIRST(done)) != NULL) {
		STAILQ_REMOVE_HEAD(done, next);
		job->lost |= !written;
		tally_job(job);
		if (!advance(prober, job))
			job_free(job);
	}
	refresh_go_on(prober->refresh);
	tally_now(prober);
}

static void on_done(void *context)
{
	struct prober *prober = context;
	struct job_list done = STAILQ_HEAD_INITIALIZER(done);

	pool_take(prober->pool, &done);
	prober_turn(prober, &done);
}

static void wake(void *context)
{
	loop_wake(context);
}

static void on_stop(void *context)
{
	loop_stop(context);
}

static void on_tick(void *context)
{
	struct prober *prober = context;

	sightings_tick(prober->sightings);
	refresh_tick(prober->refresh);
	tally_now(prober);
	loop_timer_arm(prober->timer, REFRESH_TICK_MS);
}

static void loop_until_stopped(struct prober *prober)
{
	struct daemon_loop *watch = daemon_loop_watch(prober->loop, on_stop, prober->loop);

	prober->timer = loop_timer_new(prober->loop, on_tick, prober);
	loop_timer_arm(prober->timer, REFRESH_TICK_MS);
	loop_on_wake(prober->loop, on_done, prober);
	loop_run(prober->loop);
	loop_timer_free(prober->timer);
	daemon_loop_free(watch);
}

/* As many as the settings say, unless there are too few descriptors for them. */
static size_t workers_max(const struct settings *settings)
{
	size_t descriptors = daemon_raise_descriptors();
	size_t most = descriptors > OTHER_FDS ? (descriptors - OTHER_FDS) / WORKER_FDS : 0;

	if (settings->probe_workers <= most)
		return settings->probe_workers;
	log_warning(
		"no more than %zu of %zu workers can be had with %zu descriptors; raise the limit "
		"(ulimit -Hn, LimitNOFILE=) or lower probe_workers",
		most + 1, settings->probe_workers, descriptors);
	return most + 1;
}

void prober_run(struct prober *prober, int listen_fd, const struct job_config *config)
{
	size_t workers = workers_max(prober->settings);

	prober->loop = loop_new();
	prober->pool = pool_new(config, workers, wake, prober->loop);
	prober->askers = askers_new(prober->loop, listen_fd, on_ask, prober);
	prober->refresh = refresh_new(prober, workers);
	prober->refused = refused_new(prober);
	prober->sightings = sightings_new(prober);
	loop_until_stopped(prober);
	refused_free(prober->refused);
	if (!pool_end(prober->pool, END_MS)) {
		/* The ledger is whole after every transaction, and the kernel frees the rest. */
		log_debug("workers are still waiting for servers; they are not waited for");
		metrics_close();
		_exit(EXIT_SUCCESS);
	}
	askers_free(prober->askers);
	tasks_free(prober);
	refresh_free(prober->refresh);
	sightings_free(prober->sightings);
	loop_free(prober->loop);
}
