/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal - audit: who did what to what, and when. Plain data; the ledger
 * keeps the entries in the order in which they were written and never changes
 * one.
 */
#ifndef POSTSEAL_CORE_JOURNAL_H
#define POSTSEAL_CORE_JOURNAL_H

#include <stdint.h>

#include "core/names/nexthop.h"
#include "core/facts/observation.h"

struct journal_entry {
	int64_t time;               /* seconds since 1970 */
	char subject[NEXTHOP_SIZE]; /* next hop or host the entry is about */
	char event[32];             /* "raised", "downgrade", "forgotten", "override", ... */
	char author[64];            /* "prober", "learn", or the admin's login name */
	char detail[DETAIL_SIZE];
};

#endif
