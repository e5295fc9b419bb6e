/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/store.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"

#define MAP_SIZE ((size_t)16 << 30)
#define DIR_MODE 0700
#define TOGETHER_MAX 16 /* changes in one commit */

static const char *const names[STORE_DBS] = {
	[STORE_MAILBOX] = "mailbox", [STORE_ADDRESS] = "address", [STORE_LETTER] = "letter",
	[STORE_LINK] = "link",       [STORE_LINK_ID] = "link-id", [STORE_GATE] = "gate",
	[STORE_SEEN] = "seen",       [STORE_BOUNCE] = "bounce",   [STORE_UPLOAD] = "upload",
	[STORE_DRAFT] = "draft",     [STORE_REPLY] = "reply",     [STORE_META] = "meta",
	[STORE_OUTBOX] = "outbox",
};

/* On the stack of whoever waits for it. */
struct change {
	store_work *work;
	void *context;
	bool done, good;
	struct change *next;
};

struct store {
	char *dir;
	MDB_env *env;
	MDB_dbi dbi[STORE_DBS];
	/* Changes that wait, the oldest first, and whether a thread carries some out. */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct change *waiting;
	bool busy;
};

struct store_txn {
	struct store *store;
	MDB_txn *txn;
};

static bool failed(const char *what, int rc)
{
	if (rc == 0)
		return false;
	log_error("store: cannot %s: %s", what, mdb_strerror(rc));
	return true;
}

static int open_databases(struct store *store)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

	if (rc != 0)
		return rc;
	for (int db = 0; db < STORE_DBS && rc == 0; db++)
		rc = mdb_dbi_open(txn, names[db], MDB_CREATE, &store->dbi[db]);
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

struct store *store_open(const char *dir, char error[STORE_ERROR_SIZE])
{
	struct store *store = mem_zero(1, sizeof(*store));
	int rc;

	if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST) {
		snprintf(error, STORE_ERROR_SIZE, "mailbox_store=%.120s cannot be made: %s", dir,
			 strerror(errno));
		free(store);
		return NULL;
	}
	store->dir = mem_strdup(dir);
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->ended, NULL);
	rc = mdb_env_create(&store->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(store->env, STORE_DBS);
	if (rc == 0)
		rc = mdb_env_set_mapsize(store->env, MAP_SIZE);
	if (rc == 0)
		rc = mdb_env_open(store->env, dir, MDB_NOTLS, 0600);
	if (rc == 0)
		rc = open_databases(store);
	if (rc == 0)
		return store;
	snprintf(error, STORE_ERROR_SIZE, "mailbox_store=%.120s cannot be opened: %s", dir,
		 mdb_strerror(rc));
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	mdb_env_close(store->env);
	pthread_cond_destroy(&store->ended);
	pthread_mutex_destroy(&store->lock);
	free(store->dir);
	free(store);
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}

struct store_txn *store_begin(struct store *store, bool write)
{
	struct store_txn *txn = mem_zero(1, sizeof(*txn));

	txn->store = store;
	if (!failed("begin", mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn->txn)))
		return txn;
	free(txn);
	return NULL;
}

bool store_commit(struct store_txn *txn)
{
	bool good = !failed("commit", mdb_txn_commit(txn->txn));

	free(txn);
	return good;
}

void store_abort(struct store_txn *txn)
{
	if (txn == NULL)
		return;
	mdb_txn_abort(txn->txn);
	free(txn);
}

bool store_end(struct store_txn *txn, bool good)
{
	if (good && txn != NULL)
		return store_commit(txn);
	store_abort(txn);
	return false;
}

/*
 * Changes that are committed together.
 */

static bool run_all(struct store_txn *txn, const struct change *changes)
{
	bool good = txn != NULL;

	for (; good && changes != NULL; changes = changes->next)
		good = changes->work(txn, changes->context);
	return good;
}

static void carry_out(struct store *store, struct store_txn *txn, struct change *changes)
{
	bool good = store_end(txn, run_all(txn, changes));

	for (struct change *one = changes; one != NULL; one = one->next) {
		one->good = good;
		/* The only one that is wrong, perhaps; what has nobody beside it was tried. */
		if (!good && changes->next != NULL) {
			txn = store_begin(store, true);
			one->good = store_end(txn, txn != NULL && one->work(txn, one->context));
		}
	}
}

static struct change *take_waiting(struct store *store)
{
	struct change *first = store->waiting, *last = first;

	for (size_t i = 1; i < TOGETHER_MAX && last->next != NULL; i++)
		last = last->next;
	store->waiting = last->next;
	last->next = NULL;
	return first;
}

/* With the lock. Who comes until it is our turn to write is taken along. */
static void lead(struct store *store)
{
	struct store_txn *txn;
	struct change *changes;

	store->busy = true;
	pthread_mutex_unlock(&store->lock);
	txn = store_begin(store, true);
	pthread_mutex_lock(&store->lock);
	changes = take_waiting(store);
	pthread_mutex_unlock(&store->lock);
	carry_out(store, txn, changes);
	pthread_mutex_lock(&store->lock);
	for (; changes != NULL; changes = changes->next)
		changes->done = true;
	store->busy = false;
	pthread_cond_broadcast(&store->ended);
}

bool store_change(struct store *store, store_work *work, void *context)
{
	struct change mine = { .work = work, .context = context };
	struct change **end = &store->waiting;

	pthread_mutex_lock(&store->lock);
	while (*end != NULL)
		end = &(*end)->next;
	*end = &mine;
	while (!mine.done) {
		if (store->busy)
			pthread_cond_wait(&store->ended, &store->lock);
		else
			lead(store);
	}
	pthread_mutex_unlock(&store->lock);
	return mine.good;
}

static MDB_val val_of(const void *bytes, size_t len)
{
	MDB_val val = { .mv_size = len };

	memcpy(&val.mv_data, &bytes, sizeof(bytes)); /* LMDB does not write to it */
	return val;
}

enum lookup store_get(struct store_txn *txn, enum store_db db, const struct store_key *key,
		      struct span *value)
{
	MDB_val k = val_of(key->bytes, key->len), v;
	int rc = mdb_get(txn->txn, txn->store->dbi[db], &k, &v);

	if (rc == MDB_NOTFOUND)
		return LOOKUP_ABSENT;
	if (failed("read", rc))
		return LOOKUP_ERROR;
	*value = (struct span){ v.mv_data, v.mv_size };
	return LOOKUP_FOUND;
}

bool store_put(struct store_txn *txn, enum store_db db, const struct store_key *key,
	       const struct buf *value)
{
	MDB_val k = val_of(key->bytes, key->len), v = val_of(value->data, value->len);

	return !failed("write", mdb_put(txn->txn, txn->store->dbi[db], &k, &v, 0));
}

bool store_drop(struct store_txn *txn, enum store_db db, const struct store_key *key)
{
	MDB_val k = val_of(key->bytes, key->len);
	int rc = mdb_del(txn->txn, txn->store->dbi[db], &k, NULL);

	return rc == MDB_NOTFOUND || !failed("erase", rc);
}

static bool has_prefix(const MDB_val *key, const struct store_key *prefix)
{
	return key->mv_size >= prefix->len && memcmp(key->mv_data, prefix->bytes, prefix->len) == 0;
}

/* To the first record with this prefix, or to the last. */
static int go_to(MDB_cursor *cursor, const struct store_key *prefix, bool backwards, MDB_val *key,
		 MDB_val *value)
{
	unsigned char beyond[STORE_KEY_MAX + 1];
	int rc;

	if (!backwards) {
		*key = val_of(prefix->bytes, prefix->len);
		return prefix->len == 0 ? mdb_cursor_get(cursor, key, value, MDB_FIRST)
					: mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	}
	memset(beyond, 0xff, sizeof(beyond));
	memcpy(beyond, prefix->bytes, prefix->len);
	*key = val_of(beyond, sizeof(beyond));
	rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	return mdb_cursor_get(cursor, key, value, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
}

bool store_each(struct store_txn *txn, enum store_db db, const struct store_key *prefix,
		bool backwards, store_visit *visit, void *context)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn->txn, txn->store->dbi[db], &cursor);

	if (failed("read", rc))
		return false;
	rc = go_to(cursor, prefix, backwards, &k, &v);
	while (rc == 0 && has_prefix(&k, prefix)) {
		struct store_key key = store_key(k.mv_data, k.mv_size, "", 0);

		if (!visit(context, &key, (struct span){ v.mv_data, v.mv_size }))
			break;
		rc = mdb_cursor_get(cursor, &k, &v, backwards ? MDB_PREV : MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND || !failed("read", rc);
}

bool store_drop_all(struct store_txn *txn, enum store_db db, const struct store_key *prefix)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn->txn, txn->store->dbi[db], &cursor);

	if (failed("erase", rc))
		return false;
	rc = go_to(cursor, prefix, false, &k, &v);
	while (rc == 0 && has_prefix(&k, prefix)) {
		rc = mdb_cursor_del(cursor, 0);
		if (rc == 0)
			rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND || !failed("erase", rc);
}

struct store_key store_key(const void *a, size_t a_len, const void *b, size_t b_len)
{
	struct store_key key = { .len = a_len + b_len };

	if (key.len > STORE_KEY_MAX)
		log_fatal("store: a key of %zu octets", key.len);
	memcpy(key.bytes, a, a_len);
	memcpy(key.bytes + a_len, b, b_len);
	return key;
}

struct store_key store_key_pair(const struct handle *mailbox, const struct handle *object)
{
	return store_key(mailbox->bytes, HANDLE_SIZE, object->bytes, HANDLE_SIZE);
}

struct store_key store_key_handle(const struct handle *mailbox)
{
	return store_key(mailbox->bytes, HANDLE_SIZE, "", 0);
}

static void hash_address(unsigned char hash[CRYPTO_HASH_SIZE], const char *address)
{
	char key[SEAL_ADDRESS_SIZE];

	if (!seal_address_key(key, address, strlen(address)))
		str_copy(key, sizeof(key), "");
	crypto_sha256(hash, key, strlen(key));
}

struct store_key store_key_address(const char *address)
{
	unsigned char hash[CRYPTO_HASH_SIZE];

	hash_address(hash, address);
	return store_key(hash, sizeof(hash), "", 0);
}

bool store_same_address(const char *a, const char *b)
{
	struct store_key one = store_key_address(a), two = store_key_address(b);

	return memcmp(one.bytes, two.bytes, one.len) == 0;
}

struct store_key store_key_gate(const struct handle *mailbox, const char *sender)
{
	unsigned char hash[CRYPTO_HASH_SIZE];

	hash_address(hash, sender);
	return store_key(mailbox->bytes, HANDLE_SIZE, hash, sizeof(hash));
}

#define STORE_RECORD(name, type, db)                                                     \
	enum lookup store_get_##name(struct store_txn *txn, const struct store_key *key, \
				     struct type *out)                                   \
	{                                                                                \
		struct span value;                                                       \
		enum lookup found = store_get(txn, db, key, &value);                     \
                                                                                         \
		if (found != LOOKUP_FOUND || mbox_get_##name(out, value.at, value.len))  \
			return found;                                                    \
		log_error("store: a damaged record of %s", names[db]);                   \
		return LOOKUP_ERROR;                                                     \
	}                                                                                \
                                                                                         \
	bool store_put_##name(struct store_txn *txn, const struct store_key *key,        \
			      const struct type *record)                                 \
	{                                                                                \
		struct buf octets = { 0 };                                               \
		bool good;                                                               \
                                                                                         \
		mbox_put_##name(&octets, record);                                        \
		good = store_put(txn, db, key, &octets);                                 \
		buf_free(&octets);                                                       \
		return good;                                                             \
	}

STORE_RECORD(mailbox, mbox_mailbox, STORE_MAILBOX)
STORE_RECORD(address, mbox_address, STORE_ADDRESS)
STORE_RECORD(letter, mbox_letter, STORE_LETTER)
STORE_RECORD(link, mbox_link, STORE_LINK)
STORE_RECORD(gate, mbox_gate, STORE_GATE)
STORE_RECORD(seen, mbox_seen, STORE_SEEN)
STORE_RECORD(upload, mbox_upload, STORE_UPLOAD)
STORE_RECORD(draft, mbox_draft, STORE_DRAFT)
STORE_RECORD(outgoing, mbox_outgoing, STORE_OUTBOX)
