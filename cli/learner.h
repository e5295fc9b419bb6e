/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * learner - reads a log of Postfix and folds what it proves into the ledger.
 *
 * What lines prove is gathered (logbatch), and written down together with the place in the log,
 * in one transaction. So nothing counts twice, and nothing is lost if it is stopped in between.
 * Told to follow (cli->follow) it is a daemon: it goes on as the log grows, feeds the watchdog of
 * the service manager, counts in RUNTIME/learn.metrics, and tries again until the ledger can be
 * written. SIGTERM and SIGINT stop it cleanly.
 */
#ifndef POSTSEAL_CLI_LEARNER_H
#define POSTSEAL_CLI_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"

#define LEARNER_FIRST_SIZE 256

struct learner_counts {
	uint64_t lines;
	uint64_t known;      /* of smtp(8), about TLS or a delivery */
	uint64_t sent;       /* all deliveries, with TLS or without */
	uint64_t deliveries; /* those that certainly went over TLS */
	uint64_t handshakes;
	uint64_t new_hosts;
	uint64_t strange;               /* lines of smtp(8) in a form that is not understood */
	char first[LEARNER_FIRST_SIZE]; /* the first of them, printable */
	uint64_t unwritten;             /* lines read, but not written down at the end */
};

struct learner; /* opaque */

/* NULL, and says why, when the ledger cannot be written. *cli must outlive it. */
struct learner *learner_new(const struct cli *cli);
void learner_free(struct learner *learner); /* NULL is allowed */

/*
 * Reads the file of that name, "-" for standard input, or the journal where cli->journal
 * is set, to its end, or until a signal comes. It says what goes wrong.
 */
enum cli_status learner_read(struct learner *learner, const char *word);
/* A signal has come. */
bool learner_stopped(void);

/* The sums so far; valid until learner_free. */
const struct learner_counts *learner_counts(const struct learner *learner);

#endif
