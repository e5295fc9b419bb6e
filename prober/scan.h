/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan - walks through the ledger for the domains that nobody has asked about lately: those that
 * it is time to look at (refresh.h), and those that are to be forgotten.
 *
 * A domain is forgotten when it demands nothing and nobody asks about it any more: misspelt names,
 * endless names below one that somebody owns, providers without TLS. Otherwise they would pile up
 * for ever. Nothing is lost with them but the time of the next first contact. A domain stays if
 * there is evidence, a policy or an admin's word: an override (even one that has expired), pins, a
 * forgotten history. It also stays if one of its hosts has shown TLS, which holds it to TLS. What a
 * host has shown stays, too.
 */
#ifndef POSTSEAL_PROBER_SCAN_H
#define POSTSEAL_PROBER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/ledger/ledger.h"
#include "prober/crowd.h"

struct job;
struct prober;

/* Enough for the time between two scans of 30 million domains; some 20 MB if it is needed. */
#define DUE_MAX ((size_t)1 << 18)

/* Of any number of domains that are due, those that have been due longest. A zeroed one is
 * empty. */
struct due {
	size_t count;
	size_t offered; /* above `count`: there were more than are kept */
	struct due_domain {
		int64_t time;
		char *key; /* owned */
	} * domain;        /* in the order of a heap; due_sort: the longest due first */
	size_t room;
};

/* Of all that is offered, at most `most` are kept; the same number each time. */
void due_offer(struct due *due, size_t most, const char *key, int64_t time);
/* When all has been offered. */
void due_sort(struct due *due);
void due_free(struct due *due);

#define SCAN_FORGET_MAX 1024 /* they are forgotten in one transaction */

struct scan {
	struct ledger *ledger;
	int64_t now;
	uint16_t smtp_port;
	size_t known;   /* domains that are to be looked at daily */
	struct due due; /* those of them that it is time for */
	/* How many names there are below which domain: by the scan before, or NULL; then by
	 * this one. */
	struct crowd *crowd;
	struct due never; /* those that may be forgotten */
	size_t forgotten; /* how many of these were; not for workers */
};

/* In a worker; the ledger is read in a transaction of its own. */
void scan_run(struct scan *scan);
void scan_free(struct scan *scan);

/*
 * Forgets what the scan has found, if it is still so; how many is in the job. False: the
 * transaction is broken, abort it.
 */
bool scan_forget(const struct prober *prober, struct ledger_txn *txn, struct job *job);
/* That is committed, or lost. */
void scan_tell_forgotten(const struct job *job);

#endif
