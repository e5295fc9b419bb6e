/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/webmail/webmail_quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "core/secure/alias.h"

#define MINUTE_MS 60000

struct bucket {
	char user[ALIAS_ADDRESS_SIZE];
	int64_t missing; /* units that are taken, times MINUTE_MS */
	int64_t since;   /* when that was so */
	UT_hash_handle hh;
};

struct webmail_quota {
	int64_t rate;
	struct bucket *buckets;
};

struct webmail_quota *webmail_quota_new(size_t rate)
{
	struct webmail_quota *quota = mem_zero(1, sizeof(*quota));

	quota->rate = (int64_t)rate;
	return quota;
}

static void drop(struct webmail_quota *quota, struct bucket *bucket)
{
	HASH_DEL(quota->buckets, bucket);
	free(bucket);
}

void webmail_quota_free(struct webmail_quota *quota)
{
	struct bucket *bucket, *next;

	if (quota == NULL)
		return;
	HASH_ITER(hh, quota->buckets, bucket, next)
	drop(quota, bucket);
	free(quota);
}

static void refill(const struct webmail_quota *quota, struct bucket *bucket, int64_t now_ms)
{
	int64_t passed = now_ms - bucket->since;

	/* After a minute it is full, however long it was. */
	if (passed >= MINUTE_MS || passed * quota->rate >= bucket->missing)
		bucket->missing = 0;
	else
		bucket->missing -= passed * quota->rate;
	bucket->since = now_ms;
}

static void forget_the_full(struct webmail_quota *quota, int64_t now_ms)
{
	struct bucket *bucket, *next;

	HASH_ITER(hh, quota->buckets, bucket, next)
	{
		refill(quota, bucket, now_ms);
		if (bucket->missing == 0)
			drop(quota, bucket);
	}
}

/* NULL: there is no room for one more. */
static struct bucket *bucket_of(struct webmail_quota *quota, const char *user, int64_t now_ms)
{
	struct bucket *bucket;

	HASH_FIND_STR(quota->buckets, user, bucket);
	if (bucket != NULL)
		return bucket;
	if (HASH_COUNT(quota->buckets) >= WEBMAIL_QUOTA_USERS)
		forget_the_full(quota, now_ms);
	if (HASH_COUNT(quota->buckets) >= WEBMAIL_QUOTA_USERS)
		return NULL;
	bucket = mem_zero(1, sizeof(*bucket));
	str_copy(bucket->user, sizeof(bucket->user), user);
	bucket->since = now_ms;
	HASH_ADD_STR(quota->buckets, user, bucket);
	return bucket;
}

int64_t webmail_quota_take(struct webmail_quota *quota, const char *user, size_t units,
			   int64_t now_ms)
{
	struct bucket *bucket = bucket_of(quota, user, now_ms);
	int64_t room = quota->rate * MINUTE_MS, wanted, over;

	if (bucket == NULL)
		return 1;
	wanted = units < (size_t)quota->rate ? (int64_t)units * MINUTE_MS : room;
	refill(quota, bucket, now_ms);
	over = bucket->missing + wanted - room;
	if (over <= 0) {
		bucket->missing += wanted;
		return 0;
	}
	/* Rounded up, to whole seconds. */
	return (over + quota->rate * 1000 - 1) / (quota->rate * 1000);
}
