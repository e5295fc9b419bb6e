/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/sts.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

static bool prefixed(char dst[DOMAIN_SIZE], const char *prefix, const char *domain)
{
	int len = snprintf(dst, DOMAIN_SIZE, "%s%s", prefix, domain);

	if (len > 0 && len < DOMAIN_SIZE)
		return true;
	dst[0] = '\0';
	return false;
}

bool sts_txt_name(char dst[DOMAIN_SIZE], const char *domain)
{
	return prefixed(dst, "_mta-sts.", domain);
}

bool sts_host_name(char dst[DOMAIN_SIZE], const char *domain)
{
	return prefixed(dst, "mta-sts.", domain);
}

/* The life cycle, RFC 8461 3.3, 5.1 and 8.3 */

/* So that a policy of an hour is renewed before it ends, not after. */
static int64_t refetch_after(const struct sts_facts *sts)
{
	int64_t half = sts->max_age / 2;

	return half < STS_REFETCH_AFTER ? half : STS_REFETCH_AFTER;
}

bool sts_look_due(const struct sts_facts *sts, int64_t now)
{
	const struct freshness *fresh = &sts->fresh;

	/* No wait is longer than STS_LOOK_MAX. */
	return fresh->expires <= now || fresh->checked > now || fresh->failed > now ||
	       fresh->expires - STS_LOOK_MAX > now;
}

bool sts_fetch_due(const struct sts_facts *sts, const char *id, int64_t now)
{
	if (sts->fetched == 0 || sts->fetched > now || strcmp(sts->id, id) != 0)
		return true;
	return now - sts->fetched >= refetch_after(sts);
}

enum sts_mode sts_in_force(const struct sts_facts *sts, int64_t now)
{
	if (sts->mode == STS_UNKNOWN)
		return STS_UNKNOWN;
	return sts->until > now ? sts->mode : STS_NONE;
}

/* The look went well: when is the next one? */
static void mark_good(struct sts_facts *sts, int64_t ttl, int64_t now)
{
	int64_t next = now + num_clamp(ttl, STS_LOOK_MIN, STS_LOOK_MAX);

	if (sts->fetched != 0 && next > sts->fetched + refetch_after(sts))
		next = sts->fetched + refetch_after(sts);
	if (next < now + STS_LOOK_MIN)
		next = now + STS_LOOK_MIN;
	sts->fresh = (struct freshness){ .checked = now, .expires = next };
}

/* The look failed: what was known stays; wait as long again as it has been failing. */
static void mark_failed(struct sts_facts *sts, const char *detail, int64_t now)
{
	struct freshness *fresh = &sts->fresh;

	if (fresh->failed == 0 || fresh->failed > now)
		fresh->failed = now;
	fresh->expires = now + num_clamp(now - fresh->failed, STS_LOOK_MIN, STS_RETRY_MAX);
	str_copy(sts->detail, sizeof(sts->detail), detail);
}

static const char *detail_or(const struct sts_look *look, const char *otherwise)
{
	return look->detail[0] != '\0' ? look->detail : otherwise;
}

static void fold_absent(struct sts_facts *sts, const struct sts_look *look, int64_t now)
{
	enum sts_mode mode = sts_in_force(sts, now);

	/* 5.1: that alone removes no policy. After one of mode none it is the clean end (8.3). */
	if (mode == STS_TESTING || mode == STS_ENFORCE) {
		mark_failed(sts, detail_or(look, "there is no _mta-sts TXT record any more"), now);
		return;
	}
	*sts = (struct sts_facts){ .mode = STS_NONE };
	str_copy(sts->detail, sizeof(sts->detail), look->detail);
	mark_good(sts, look->ttl, now);
}

static void fold_policy(struct sts_facts *sts, const struct sts_look *look, int64_t now)
{
	const struct sts_policy *policy = &look->policy;

	*sts = (struct sts_facts){
		.mode = policy->mode,
		.fetched = now,
		.until = now + policy->max_age,
		.max_age = policy->max_age,
		.patterns = policy->patterns,
	};
	str_copy(sts->id, sizeof(sts->id), look->id);
	memcpy(sts->pattern, policy->pattern, sizeof(sts->pattern));
	mark_good(sts, look->ttl, now);
}

/* The TXT record still announces the policy that is on record. */
static void fold_confirmed(struct sts_facts *sts, const struct sts_look *look, int64_t now)
{
	if (sts->fetched == 0 || strcmp(sts->id, look->id) != 0) {
		/* Somebody folded another look meanwhile, so this one is moot. */
		sts->fresh.expires = now;
		return;
	}
	sts->detail[0] = '\0';
	mark_good(sts, look->ttl, now);
}

void sts_fold(struct sts_facts *sts, const struct sts_look *look, int64_t now)
{
	if (look->txt == LOOKUP_ERROR)
		mark_failed(sts, detail_or(look, "the look-up of the _mta-sts TXT record failed"),
			    now);
	else if (look->txt == LOOKUP_ABSENT)
		fold_absent(sts, look, now);
	else if (look->fetch == STS_FETCH_FAILED)
		mark_failed(sts, detail_or(look, "the policy could not be fetched"), now);
	else if (look->fetch == STS_FETCH_GOOD)
		fold_policy(sts, look, now);
	else
		fold_confirmed(sts, look, now);
}
