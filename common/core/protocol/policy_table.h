/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_table - the text of a table for smtp_tls_policy_maps (postmap(1), texthash; TLS_README),
 * as admins write it and as `postfix-tlspol -export` prints it, for moving in.
 *
 * Of each entry it says what postseal can keep of it: a minimum level for a next hop. What would
 * lower a requirement, or demands more than a level can say, is not taken, with the reason.
 */
#ifndef POSTSEAL_CORE_POLICY_TABLE_H
#define POSTSEAL_CORE_POLICY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "core/facts/facts.h"
#include "core/names/nexthop.h"

/* A logical line, with those that continue it. */
#define POLICY_TABLE_LINE_MAX 8192
#define POLICY_TABLE_SHOWN 128

struct policy_table {
	struct span rest; /* the text that is left; the caller keeps it */
	size_t line;      /* lines that were read */
};

struct policy_entry {
	size_t line;                    /* where it begins, from 1 */
	char shown[POLICY_TABLE_SHOWN]; /* its key as it is written, printable */
	bool taken;
	struct nexthop nexthop; /* taken: whose */
	enum level level; /* taken: at least this; not above LEVEL_NONE where that is not told */
	bool found_out;   /* it may be what a program found out: a DANE level, or `secure` with
	                           names, as of an MTA-STS policy; `nexthop` and `level` are set */
	char why[DETAIL_SIZE]; /* not taken: a sentence without its subject, printable */
};

/* The next entry; false at the end. No text is an error: what is none is not taken. */
bool policy_table_next(struct policy_table *table, struct policy_entry *entry);

#endif
