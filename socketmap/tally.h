/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally - the server's counts (core/metrics/metrics.h) of its answers, by map. An answer
 * is a level, or one of METRIC_ANSWER_OK and METRIC_ANSWER_TEMP.
 */
#ifndef POSTSEAL_SOCKETMAP_TALLY_H
#define POSTSEAL_SOCKETMAP_TALLY_H

#include "core/policy/decide.h"
#include "io/local/metrics_file.h"

static inline void tally_answer(enum map map, unsigned answer)
{
	metrics_count(METRIC2(ANSWERS, map, answer));
}

/* Of a policy map, and the rule behind it. */
void tally_decision(enum map map, const struct decision *decision);
/* What was answered is in its reply alone: socketmap_table(5), without the frame. */
void tally_reply(enum map map, const char *reply);

#endif
