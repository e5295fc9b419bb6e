/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logbatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/policy/fold.h"
#include "core/record/record.h"

struct host_entry {
	UT_hash_handle hh;
	char key[HOST_KEY_SIZE];
	struct logbatch_host host;
};

/* A domain, its port and a host, parted by what is in no name. */
#define PAIR_SIZE (2 * DOMAIN_SIZE + 8)

struct pair {
	UT_hash_handle hh;
	char key[PAIR_SIZE];
	struct logbatch_domain domain;
};

struct logbatch {
	struct host_entry *by_key;
	struct pair *by_pair;
	struct host_entry places[LOGBATCH_MAX]; /* those of by_key are the first ones */
	struct pair pairs[LOGBATCH_MAX];        /* the same */
};

struct logbatch *logbatch_new(void)
{
	return mem_zero(1, sizeof(struct logbatch));
}

void logbatch_clear(struct logbatch *batch)
{
	HASH_CLEAR(hh, batch->by_key);
	HASH_CLEAR(hh, batch->by_pair);
}

void logbatch_free(struct logbatch *batch)
{
	if (batch != NULL)
		logbatch_clear(batch);
	free(batch);
}

size_t logbatch_count(const struct logbatch *batch)
{
	return HASH_COUNT(batch->by_key) + HASH_COUNT(batch->by_pair);
}

void logbatch_host_of(struct logbatch_host *host, const struct logfold_proof *proof)
{
	*host = (struct logbatch_host){ .port = proof->port, .observed = proof->seen.observed };
	str_copy(host->host, sizeof(host->host), proof->host);
	fold_history(&host->history, &proof->seen);
}

/* NULL when there is no room. */
static struct host_entry *new_place(struct logbatch *batch, const char *key,
				    const struct logfold_proof *proof)
{
	size_t count = HASH_COUNT(batch->by_key);
	struct host_entry *place;

	if (count == LOGBATCH_MAX)
		return NULL;
	place = &batch->places[count];
	str_copy(place->key, sizeof(place->key), key);
	logbatch_host_of(&place->host, proof);
	HASH_ADD_STR(batch->by_key, key, place);
	return place;
}

bool logbatch_add(struct logbatch *batch, const struct logfold_proof *proof)
{
	char key[HOST_KEY_SIZE];
	struct host_entry *place;

	/* The ledger could not keep it either. */
	if (!record_host_key(key, proof->host, proof->port))
		return true;
	HASH_FIND_STR(batch->by_key, key, place);
	if (place == NULL)
		place = new_place(batch, key, proof);
	if (place == NULL || place->host.observed != proof->seen.observed)
		return false;
	fold_history(&place->host.history, &proof->seen);
	return true;
}

static int by_key(const struct host_entry *a, const struct host_entry *b)
{
	return strcmp(a->key, b->key);
}

bool logbatch_each(struct logbatch *batch,
		   bool (*visit)(void *context, const struct logbatch_host *host), void *context)
{
	struct host_entry *place, *next;

	HASH_SORT(batch->by_key, by_key);
	HASH_ITER(hh, batch->by_key, place, next)
	if (!visit(context, &place->host))
		return false;
	return true;
}

void logbatch_domain_of(struct logbatch_domain *domain, const struct logfold_proof *proof)
{
	*domain = (struct logbatch_domain){ .port = proof->port };
	str_copy(domain->domain, sizeof(domain->domain), proof->domain);
	str_copy(domain->host, sizeof(domain->host), proof->host);
	fold_history(&domain->history, &proof->seen);
}

/* NULL when there is no room. */
static struct pair *new_pair(struct logbatch *batch, const char *key,
			     const struct logfold_proof *proof)
{
	size_t count = HASH_COUNT(batch->by_pair);
	struct pair *pair;

	if (count == LOGBATCH_MAX)
		return NULL;
	pair = &batch->pairs[count];
	str_copy(pair->key, sizeof(pair->key), key);
	logbatch_domain_of(&pair->domain, proof);
	HASH_ADD_STR(batch->by_pair, key, pair);
	return pair;
}

bool logbatch_add_delivery(struct logbatch *batch, const struct logfold_proof *proof)
{
	char key[PAIR_SIZE], port[STR_DECIMAL_SIZE];
	struct pair *pair;

	str_join(key, sizeof(key), proof->domain, " ", str_decimal(port, proof->port), " ",
		 proof->host, NULL);
	HASH_FIND_STR(batch->by_pair, key, pair);
	if (pair == NULL)
		pair = new_pair(batch, key, proof);
	if (pair == NULL)
		return false;
	fold_history(&pair->domain.history, &proof->seen);
	return true;
}

static int by_pair(const struct pair *a, const struct pair *b)
{
	return strcmp(a->key, b->key);
}

bool logbatch_each_domain(struct logbatch *batch,
			  bool (*visit)(void *context, const struct logbatch_domain *domain),
			  void *context)
{
	struct pair *pair, *next;

	HASH_SORT(batch->by_pair, by_pair);
	HASH_ITER(hh, batch->by_pair, pair, next)
	if (!visit(context, &pair->domain))
		return false;
	return true;
}
