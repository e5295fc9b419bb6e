/* SPDX-License-Identifier: BSD-2-Clause */
/* census - counts what is kept, for the gauges of postseal-metrics(7). */
#ifndef POSTSEAL_MAILBOX_CENSUS_H
#define POSTSEAL_MAILBOX_CENSUS_H

#include "mailbox/home.h"

/* All that can be read; a store that fails says so itself, and leaves the gauges as they were. */
void census_take(const struct home *home);

#endif
