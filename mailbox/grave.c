/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/grave.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/crypto/crypto.h"
#include "mailbox/body.h"
#include "mailbox/vault.h"

#define GRAVE "grave"
#define BATCH 256
/* Of one that is being made: which run of the daemon does it. */
#define RUN_SIZE 16

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned char this_run[RUN_SIZE];

static void choose_run(void)
{
	crypto_random(this_run, sizeof(this_run));
}

static struct store_key key_of(const struct handle *mailbox)
{
	return store_key(GRAVE, strlen(GRAVE), mailbox->bytes, HANDLE_SIZE);
}

static bool put(struct store_txn *txn, const struct handle *mailbox, const void *run, size_t len)
{
	struct store_key key = key_of(mailbox);
	struct buf value = { 0 };
	bool good;

	buf_append(&value, run, len);
	good = store_put(txn, STORE_META, &key, &value);
	buf_free(&value);
	return good;
}

static bool put_ours(struct store_txn *txn, void *context)
{
	const struct handle *mailbox = context;

	return put(txn, mailbox, this_run, sizeof(this_run));
}

bool grave_dig(struct store *store, const struct handle *mailbox)
{
	struct handle own = *mailbox;

	pthread_once(&once, choose_run);
	return store_change(store, put_ours, &own);
}

bool grave_fill(struct store_txn *txn, const struct handle *mailbox)
{
	struct store_key key = key_of(mailbox);
	struct span value;

	return store_get(txn, STORE_META, &key, &value) == LOOKUP_FOUND &&
	       store_drop(txn, STORE_META, &key);
}

bool grave_mark(struct store_txn *txn, const struct handle *mailbox)
{
	return put(txn, mailbox, "1", 1);
}

bool grave_bury(struct home *home, const struct handle *mailbox)
{
	struct store_key key = key_of(mailbox);
	struct store_txn *txn;

	if (!vault_shred(home->settings->mailbox_keys, mailbox, VAULT_MAILBOX))
		return false;
	body_remove_all(home->store, mailbox);
	fresh_forget(home->fresh, mailbox);
	txn = store_begin(home->store, true);
	return store_end(txn, txn != NULL && store_drop(txn, STORE_META, &key));
}

struct graves {
	size_t count;
	struct handle mailbox[BATCH];
};

static bool see_grave(void *context, const struct store_key *key, struct span value)
{
	struct graves *graves = context;
	bool ours = value.len == RUN_SIZE && memcmp(value.at, this_run, RUN_SIZE) == 0;

	if (!ours && key->len == strlen(GRAVE) + HANDLE_SIZE)
		memcpy(graves->mailbox[graves->count++].bytes, key->bytes + strlen(GRAVE),
		       HANDLE_SIZE);
	return graves->count < BATCH;
}

void grave_sweep(struct home *home)
{
	struct store_key prefix = store_key(GRAVE, strlen(GRAVE), "", 0);
	struct store_txn *txn = store_begin(home->store, false);
	struct graves *graves = mem_zero(1, sizeof(*graves));
	bool good;

	pthread_once(&once, choose_run);
	good = txn != NULL && store_each(txn, STORE_META, &prefix, false, see_grave, graves);
	store_abort(txn);
	for (size_t i = 0; good && i < graves->count; i++)
		grave_bury(home, &graves->mailbox[i]);
	free(graves);
}
