/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refused - writes down what the milter refused (core/secure/refusals.h), for `postseal
 * digest`. A burst is one transaction. What goes beyond a burst is dropped, and the log says
 * so: strangers decide how much there is.
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
