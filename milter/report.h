/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report - refusals on their way to the owners of aliases: handed to the prober,
 * which writes them down for `postseal digest`. It never waits, and what becomes of
 * it changes no answer: what the prober does not take at once is dropped, counted,
 * and said once.
 */
#ifndef POSTSEAL_MILTER_REPORT_H
#define POSTSEAL_MILTER_REPORT_H

#include "core/secure/refusals.h"
#include "core/settings/settings.h"

/* Does nothing unless `refusal_digest` is on. From any thread. */
void report_refusal(const struct settings *settings, const struct refusal *refusal);

#endif
