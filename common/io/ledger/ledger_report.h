/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_report - tells the admin what is wrong with a ledger, once and not each time. A
 * prober whose disk is full meets the trouble with each look, and a damaged record is read
 * for each mail that depends on it.
 *
 * For ledger_store.c. Any thread may call.
 */
#ifndef POSTSEAL_IO_LEDGER_REPORT_H
#define POSTSEAL_IO_LEDGER_REPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/ledger/ledger_names.h"

/* So many damaged records are named in the log; after that, one line says so. */
#define LEDGER_REPORTS_MAX 128

struct ledger_report {
	const char *dir;                     /* the ledger's, which owns it */
	pthread_mutex_t lock;                /* of the next four */
	int trouble;                         /* LMDB's error that was told last; 0: none so far */
	int64_t trouble_told;                /* clock_mono_ms */
	size_t named;                        /* damaged records so far, ... */
	uint64_t record[LEDGER_REPORTS_MAX]; /* ... by hash of database and key */
	atomic_int unwritten; /* why the last writing failed, which the log says; 0: it did not */
};

void ledger_report_init(struct ledger_report *report, const char *dir);
void ledger_report_destroy(struct ledger_report *report);

/* Is it to be told that `error` was met? Not, if it was lately and no other since. */
bool ledger_report_is_news(struct ledger_report *report, int error);

/* Writing failed, for the same reason as last time? While the disk stays full, it is
 * told once; who learns goes on trying. */
bool ledger_report_fails_anew(struct ledger_report *report, int error);
/* Something was written. */
void ledger_report_written(struct ledger_report *report);

/* A record cannot be read, or what is to be written could not be. */
void ledger_report_damage(struct ledger_report *report, enum ledger_db db, const void *key,
			  size_t len);
void ledger_report_refused(const struct ledger_report *report, enum ledger_db db, const void *key,
			   size_t len);

#endif
