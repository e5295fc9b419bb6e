/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refused - what the milter says it refused (core/secure/refusals.h), written down for
 * `postseal digest`. A burst of it is one transaction; what goes beyond a burst is
 * dropped and said so, since strangers decide how much there is.
 */
#ifndef POSTSEAL_PROBER_REFUSED_H
#define POSTSEAL_PROBER_REFUSED_H

#include "prober/prober.h"

struct refused; /* opaque */

struct refused *refused_new(struct prober *prober);
/* Writes down what is left. */
void refused_free(struct refused *refused);

/* Nothing is noted unless `refusal_digest` is on, nor of aliases that are not on file. */
void refused_note(struct refused *refused, const struct refusal *refusal);

#endif
