/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prober - what the main thread holds. Only the main thread touches any of
 * this; workers see jobs and nothing else.
 *
 *   asker --want/probe--> domain task --> jobs: MX, MTA-STS
 *                               |
 *                               +--> host tasks --> jobs: addresses and TLSA, then SMTP
 *
 * A host task serves all domains that wait for its host. All results of one turn of
 * the loop are written to the ledger in one transaction (result.h). Only then do tasks
 * go on, and askers are told.
 */
#ifndef POSTSEAL_PROBER_PROBER_H
#define POSTSEAL_PROBER_PROBER_H

#include <stdbool.h>

#include "core/facts/facts.h"
#include "core/settings/settings.h"
#include "core/policy/strip_guard.h"
#include "io/ledger/ledger.h"
#include "io/net/loop.h"
#include "prober/askers.h"
#include "prober/pool.h"

/* How hard to look; each includes what is looked at under those before it. */
enum effort {
	EFFORT_REFRESH, /* nobody asked: what is due */
	EFFORT_WANT,    /* mail may be waiting: also what failed, even a moment ago */
	EFFORT_PROBE    /* everything, whatever is known */
};

struct prober {
	const struct settings *settings;
	struct loop *loop;
	struct loop_timer *timer;
	struct ledger *ledger;
	struct askers *askers;
	struct pool *pool;
	struct domain_task *domains; /* by next hop's key */
	struct host_task *hosts;     /* by host and port */
	struct refresh *refresh;
	struct refused *refused;
	struct sightings *sightings;
	struct strip_guard guard;
};

/*
 * These jobs are done: all that they found is written down at once, and then
 * acted upon. Frees the jobs; leaves an empty list.
 */
void prober_turn(struct prober *prober, struct job_list *done);

/* The event loop until SIGTERM or SIGINT. `config` is that of the workers. */
void prober_run(struct prober *prober, int listen_fd, const struct job_config *config);

/*
 * Refusals that the milter reports (core/secure/refusals.h) are written down for `postseal
 * digest` (refused.c). A burst is one transaction. What goes beyond a burst is dropped, and the log says
 * so: strangers decide how much there is.
 */
struct refused; /* opaque */

struct refused *refused_new(struct prober *prober);
/* Writes down what is left. */
void refused_free(struct refused *refused);

/* Nothing is noted unless `refusal_digest` is on, nor of aliases that are not on file. */
void refused_note(struct refused *refused, const struct refusal *refusal);

#endif
