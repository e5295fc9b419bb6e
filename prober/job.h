/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * job - one thing to find out, and what was found. Nothing else passes between the main
 * thread and the workers. A job belongs to one thread at a time, so nobody needs a lock to
 * look into it.
 *
 * To look at one more kind of thing: a kind, what goes in and comes out, a
 * function in job.c, and what becomes of it in result.c.
 */
#ifndef POSTSEAL_PROBER_JOB_H
#define POSTSEAL_PROBER_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/facts/facts.h"
#include "core/protocol/sts.h"
#include "io/dns/resolver.h"
#include "io/tls/starttls.h"
#include "prober/scan.h"

enum job_kind {
	JOB_MX,    /* a next hop's MX hosts */
	JOB_HOST,  /* a host's addresses and TLSA records */
	JOB_SMTP,  /* a host's TLS */
	JOB_TXT,   /* a domain's MTA-STS record */
	JOB_FETCH, /* a domain's MTA-STS policy */
	JOB_SCAN,  /* domains in the ledger that are due */
	JOB_CHECK  /* does the resolver validate? */
};

/* Which jobs may have to wait for others (pool.h). */
enum lane {
	LANE_QUICK,      /* takes as long as the resolver takes */
	LANE_SLOW,       /* takes as long as some server likes */
	LANE_BACKGROUND, /* the same, and nobody waits for it, or it will hardly do any good */
	LANE_COUNT
};

#define JOB_TROUBLE_SIZE 400

struct job_mx {
	struct nexthop nexthop;
	bool found; /* the rest is valid */
	struct mx_answer answer;
};

struct job_host {
	char host[DOMAIN_SIZE]; /* or the text of an address */
	uint16_t port;
	enum lookup address_status;
	struct address_answer addresses;
	enum lookup tlsa_status; /* only with addresses */
	struct tlsa_answer tlsa;
};

struct job_smtp {
	char host[DOMAIN_SIZE];
	uint16_t port;
	size_t connections_max; /* see struct starttls_target */
	char names[TLS_NAMES_MAX][DOMAIN_SIZE];
	size_t name_count;
	struct address_answer addresses;
	struct tlsa_answer tlsa;
	struct observation seen;
};

struct job_sts {
	char domain[DOMAIN_SIZE];
	struct sts_look look;
	bool fetch_due; /* TXT: a fetch follows, and nothing is written before; not for workers */
};

struct job_check {
	bool found;  /* there was an answer, */
	bool secure; /* and DNSSEC proves it */
};

struct job {
	STAILQ_ENTRY(job) next;
	enum job_kind kind;
	enum lane lane;
	void *task;   /* whose it is; not for workers */
	bool lost;    /* what was found could not be written down; not for workers */
	int64_t took; /* microseconds, of a worker */
	char trouble[JOB_TROUBLE_SIZE]; /* why a DNS look-up failed, printable */
	union {
		struct job_mx mx;
		struct job_host host;
		struct job_smtp smtp;
		struct job_sts sts;
		struct scan scan;
		struct job_check check;
	};
};

STAILQ_HEAD(job_list, job);

/* What all workers share, and none changes. */
struct job_config {
	const struct settings *settings; /* for a resolver of its own */
	const struct tls *tls;
	struct starttls_config starttls;
	const char *ca_file;
};

/* What one worker works with. */
struct worker {
	const struct job_config *config;
	struct resolver *resolver;
	struct starttls_talk *talk; /* of the latest job, still to be ended; or NULL */
};

/* Settings with which no resolver can be made end the program: check them before. */
void worker_open(struct worker *worker, const struct job_config *config);
void worker_close(struct worker *worker);

struct job *job_new(enum job_kind kind, enum lane lane, void *task);
void job_free(struct job *job);

/*
 * In a worker: find out. job_leave then does what nobody has to wait for, such as taking
 * leave of a server; the job may be another's by then.
 */
void job_run(struct worker *worker, struct job *job);
void job_leave(struct worker *worker);

#endif
