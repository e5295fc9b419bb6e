/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tasks - what is being found out at the moment, about next hops and about MX hosts. There is
 * at most one task for each; who comes later joins. A domain's task waits for its jobs and for
 * the tasks of its hosts. A host's task serves all domains that wait for it.
 */
#ifndef POSTSEAL_PROBER_TASKS_H
#define POSTSEAL_PROBER_TASKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uthash.h>

#include "core/record/record.h"
#include "prober/prober.h"

/*
 * The most SMTP connections that one look at a next hop may cause. A stranger may choose the
 * next hop, and whose addresses its hosts have.
 */
#define DOMAIN_CONNECTIONS_MAX 32

/* The same for one look at a host alone. */
#define HOST_CONNECTIONS_MAX 4

/* The most next hops that are looked at at a time. Beyond that, askers are told "busy". */
#define DOMAIN_TASKS_MAX 4096

struct domain_task {
	UT_hash_handle hh;
	struct nexthop nexthop;
	enum effort effort; /* of the look under way */
	enum effort wanted; /* the most that anyone asked for; above `effort`: look again */
	int64_t ahead;      /* what falls due within these seconds is due */
	size_t pending;     /* jobs and hosts that are waited for */
	bool refresh;       /* begun on our own account (refresh.h) */
	bool lost;          /* something could not be written down */
	struct ask_list asks;
};

/* A domain that waits for a host. */
struct host_wait {
	LIST_ENTRY(host_wait) next;
	struct domain_task *domain;
	bool named; /* by signed MX records: a certificate may bear the domain's name */
};

struct host_task {
	UT_hash_handle hh;
	char key[HOST_KEY_SIZE];
	char host[DOMAIN_SIZE]; /* or the text of an address */
	uint16_t port;
	enum effort effort; /* the most of those who wait */
	int64_t ahead;
	size_t connections_max; /* the least of those who wait */
	LIST_HEAD(, host_wait) waits;
};

/*
 * See to it that the ledger knows the next hop, and tell `asker` (NULL: nobody)
 * what becomes of it. `ahead` as in struct domain_task.
 */
void tasks_look(struct prober *prober, const struct nexthop *nexthop, enum effort effort,
		int64_t ahead, struct asker *asker);
/* Look at a host alone, for none of our domains: another host of the fleet asks. */
void tasks_look_at_host(struct prober *prober, const char *host, uint16_t port);
/* How many next hops are being looked at. */
size_t tasks_count(const struct prober *prober);

/* A job of the task is done, and written down unless job->lost: go on, or end. */
void tasks_domain_done(struct prober *prober, struct domain_task *task, struct job *job);
void tasks_host_done(struct prober *prober, struct host_task *task, struct job *job);

/* When the program ends. */
void tasks_free(struct prober *prober);

#endif
