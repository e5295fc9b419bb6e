/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/prober.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "io/local/metrics_file.h"
#include "prober/forget.h"
#include "prober/refresh.h"
#include "prober/refused.h"
#include "prober/result.h"
#include "prober/sightings.h"
#include "prober/tally.h"
#include "prober/tasks.h"

/* Workers that are waiting for a server are given this long when the program ends. */
#define END_MS 2000
/* Descriptors that a worker may need at a time, and those of all else: askers, ledger, log. */
#define WORKER_FDS 4
#define OTHER_FDS 512

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
		forget_tell(job);
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

/* The service manager may want a sign of life more often. */
static long tick_ms(void)
{
	long alive = daemon_alive_interval();

	return alive > 0 && alive < REFRESH_TICK_MS ? alive : REFRESH_TICK_MS;
}

static void on_tick(void *context)
{
	struct prober *prober = context;

	daemon_alive();
	sightings_tick(prober->sightings);
	refresh_tick(prober->refresh);
	tally_now(prober);
	loop_timer_arm(prober->timer, tick_ms());
}

static void on_hangup(void *context)
{
	(void)context;
	daemon_reload();
}

static void loop_until_stopped(struct prober *prober)
{
	prober->timer = loop_timer_new(prober->loop, on_tick, prober);
	loop_timer_arm(prober->timer, tick_ms());
	loop_signal(prober->loop, SIGTERM, on_stop, prober->loop);
	loop_signal(prober->loop, SIGINT, on_stop, prober->loop);
	loop_signal(prober->loop, SIGHUP, on_hangup, NULL);
	loop_on_wake(prober->loop, on_done, prober);
	loop_run(prober->loop);
	loop_timer_free(prober->timer);
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
