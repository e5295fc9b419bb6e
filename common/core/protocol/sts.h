/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sts - MTA-STS (RFC 8461) without its input and output: what a TXT record
 * says, what a policy says, and what becomes of a domain's policy over time.
 *
 * Whoever does the looking goes this way (nothing here waits or reads a clock):
 *
 *   struct sts_look look = { .txt = LOOKUP_ERROR };
 *   TXT records of sts_txt_name(DOMAIN)    -> sts_txt_id -> look.txt, look.id, look.ttl
 *   if look.txt == LOOKUP_FOUND and sts_fetch_due(facts, look.id, now):
 *       GET https://(sts_host_name)STS_PATH    -> sts_policy_parse -> look.policy, look.fetch
 *   sts_fold(facts, &look, now)
 *
 * The policy is that of the next hop itself; a parent's does not count (3.4).
 */
#ifndef POSTSEAL_CORE_STS_H
#define POSTSEAL_CORE_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/facts/facts.h"

#define STS_PATH "/.well-known/mta-sts.txt"
#define STS_MEDIA_TYPE "text/plain"
#define STS_BODY_MAX 65536                /* bytes of a policy (3.3) */
#define STS_MAX_AGE_MAX INT64_C(31557600) /* seconds (3.2); more counts as this */

/* Seconds between looks at the TXT record: its TTL, within these. */
#define STS_LOOK_MIN INT64_C(300)
#define STS_LOOK_MAX INT64_C(86400)
/* A policy is fetched again when it is older, whatever its id (3.3). */
#define STS_REFETCH_AFTER INT64_C(86400)
/* Between failed looks: twice as long each time, from LOOK_MIN to this. */
#define STS_RETRY_MAX INT64_C(21600)

/* "_mta-sts.DOMAIN" and "mta-sts.DOMAIN"; false where that is no domain name. */
bool sts_txt_name(char dst[DOMAIN_SIZE], const char *domain);
bool sts_host_name(char dst[DOMAIN_SIZE], const char *domain);

/* One TXT record, its character-strings put together without blanks (3.1). */
struct sts_txt {
	const char *bytes;
	size_t len;
};

/*
 * The id that a set of TXT records announces. False where the RFC says that
 * there is no policy to be had: not exactly one record beginning with
 * "v=STSv1;", or that one is malformed. `detail` then says why, printable; it
 * is "" where no record claims to be MTA-STS at all.
 */
bool sts_txt_id(char id[STS_ID_SIZE], const struct sts_txt *records, size_t count,
		char detail[DETAIL_SIZE]);

struct sts_policy {
	enum sts_mode mode;                         /* NONE, TESTING or ENFORCE */
	int64_t max_age;                            /* 0 .. STS_MAX_AGE_MAX */
	size_t patterns;                            /* 0 only with NONE */
	char pattern[STS_PATTERN_MAX][DOMAIN_SIZE]; /* folded, in order of appearance, none twice */
	bool truncated;                             /* there were more; the first ones are kept */
};

/*
 * A policy's body (3.2). Fields in any order, as the ABNF has it; CRLF or LF;
 * unknown fields are passed over, and of a repeated one (but mx) the first
 * counts. One malformed line makes the whole policy invalid: false, *policy
 * undefined, and the reason in `detail`. A policy with a line left out would
 * be one that nobody published.
 */
bool sts_policy_parse(struct sts_policy *policy, const char *body, size_t len,
		      char detail[DETAIL_SIZE]);

enum sts_fetch {
	STS_FETCH_NONE = 0, /* not tried: no TXT record, or not due */
	STS_FETCH_GOOD,     /* `policy` is set */
	STS_FETCH_FAILED
};

/* What one look at a domain's MTA-STS brought. */
struct sts_look {
	enum lookup txt;      /* ABSENT: none, or sts_txt_id says no; ERROR: DNS failed */
	char id[STS_ID_SIZE]; /* FOUND only */
	int64_t ttl;          /* seconds, of the TXT answer or its denial; 0: not known */
	enum sts_fetch fetch;
	struct sts_policy policy;
	char detail[DETAIL_SIZE]; /* what went wrong, printable; "" if nothing */
};

/* Is it time to look at the TXT record again? Also true when the clock was set back. */
bool sts_look_due(const struct sts_facts *sts, int64_t now);

/* Given that the TXT record says `id`: is the policy to be fetched? (a new id, a day old) */
bool sts_fetch_due(const struct sts_facts *sts, const char *id, int64_t now);

/*
 * The life cycle (3.3, 5.1, 8.3). A policy once fetched holds until it expires
 * or another one was fetched: neither a missing TXT record nor any failure
 * ends it. Where a look failed, fresh.failed and `detail` say since when and
 * why, and fresh.expires says when to try again.
 */
void sts_fold(struct sts_facts *sts, const struct sts_look *look, int64_t now);

/*
 * The mode that counts now: UNKNOWN where none was ever known, NONE without a
 * policy or with one that has expired. Read this, not sts->mode: an expired
 * policy stays on record, so that a clock that went wrong for a while has
 * destroyed nothing.
 */
enum sts_mode sts_in_force(const struct sts_facts *sts, int64_t now);

#endif
