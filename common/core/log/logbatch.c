/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logbatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/policy/fold.h"
#include "core/record/record.h"

struct place {
	UT_hash_handle hh;
	char key[HOST_KEY_SIZE];
	struct logbatch_host host;
};

struct logbatch {
	struct place *by_key;
	struct place places[LOGBATCH_MAX]; /* those of by_key are the first ones */
};

struct logbatch *logbatch_new(void)
{
	return mem_zero(1, sizeof(struct logbatch));
}

void logbatch_clear(struct logbatch *batch)
{
	HASH_CLEAR(hh, batch->by_key);
}

void logbatch_free(struct logbatch *batch)
{
	if (batch != NULL)
		logbatch_clear(batch);
	free(batch);
}

size_t logbatch_count(const struct logbatch *batch)
{
	return HASH_COUNT(batch->by_key);
}

void logbatch_host_of(struct logbatch_host *host, const struct logfold_proof *proof)
{
	*host = (struct logbatch_host){ .port = proof->port, .observed = proof->seen.observed };
	str_copy(host->host, sizeof(host->host), proof->host);
	fold_history(&host->history, &proof->seen);
}

/* NULL when there is no room. */
static struct place *new_place(struct logbatch *batch, const char *key,
			       const struct logfold_proof *proof)
{
	size_t count = logbatch_count(batch);
	struct place *place;

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
	struct place *place;

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

static int by_key(const struct place *a, const struct place *b)
{
	return strcmp(a->key, b->key);
}

bool logbatch_each(struct logbatch *batch,
		   bool (*visit)(void *context, const struct logbatch_host *host), void *context)
{
	struct place *place, *next;

	HASH_SORT(batch->by_key, by_key);
	HASH_ITER(hh, batch->by_key, place, next)
	if (!visit(context, &place->host))
		return false;
	return true;
}
