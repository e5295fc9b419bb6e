/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally - counts what the workers did (core/metrics/metrics.h).
 */
#ifndef POSTSEAL_PROBER_TALLY_H
#define POSTSEAL_PROBER_TALLY_H

#include "prober/prober.h"

/* A job is done: how long it took, and what it found. */
void tally_job(const struct job *job);
/* What is going on at the moment; to be called now and then. */
void tally_now(const struct prober *prober);

#endif
