/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan - what the prober does every ten minutes: look through the whole ledger for
 * domains that are due.
 *
 *   scan DIRECTORY        prints how many are
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "prober/job.h"

int main(int argc, char **argv)
{
	struct job *job = job_new(JOB_SCAN, LANE_BACKGROUND, NULL);
	char error[LEDGER_ERROR_SIZE];

	if (argc != 2)
		log_fatal("usage: scan DIRECTORY");
	job->scan.ledger = ledger_open(argv[1], LEDGER_READ, error);
	if (job->scan.ledger == NULL)
		log_fatal("%s", error);
	job->scan.now = clock_wall();
	job_run(NULL, job);
	printf("domains=%zu due=%zu never=%zu\n", job->scan.known, job->scan.due.offered,
	       job->scan.never.offered);
	ledger_close(job->scan.ledger);
	job_free(job);
	return EXIT_SUCCESS;
}
