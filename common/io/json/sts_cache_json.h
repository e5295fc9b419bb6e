/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sts_cache_json - the policies that postfix-mta-sts-resolver keeps, as JSON: rows of its table
 * sts_policy_cache (its 1.x, in SQLite and PostgreSQL), an array of them or one after the other:
 *
 *   {"domain":"example.com","ts":1700000000,"pol_id":"2024a",
 *    "pol_body":{"version":"STSv1","mode":"enforce","mx":["mx.example.com"],"max_age":86400}}
 *
 * `pol_body` may also be that object as a string, as SQLite has it. `ts` is when that program last
 * found the policy valid.
 */
#ifndef POSTSEAL_IO_STS_CACHE_JSON_H
#define POSTSEAL_IO_STS_CACHE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/facts/facts.h"
#include "core/names/domain.h"

struct sts_cache_row {
	size_t number;            /* from 1 */
	char shown[128];          /* the domain as it is written, printable; "" if there is none */
	char domain[DOMAIN_SIZE]; /* folded */
	bool taken;
	struct sts_facts facts; /* taken: a policy in mode enforce that holds at `now` */
	char why[DETAIL_SIZE];  /* not taken: a sentence without its subject, printable */
};

/*
 * Visits each row. False, and why in `error`, where the text as a whole is not that; rows before
 * were visited then.
 */
bool sts_cache_json_read(const char *text, size_t len, int64_t now,
			 void (*visit)(void *context, const struct sts_cache_row *row),
			 void *context, char error[DETAIL_SIZE]);

#endif
