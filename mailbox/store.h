/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store - the mailbox daemon's LMDB environment: records of core/mailbox/mbox.h by their
 * keys. This daemon alone opens it, and any of its threads: a transaction belongs to
 * the thread that began it, and those that write come one after the other.
 *
 * Every failure of LMDB is logged here; to the caller it is LOOKUP_ERROR or false,
 * and then nothing of the transaction is kept.
 */
#ifndef POSTSEAL_MAILBOX_STORE_H
#define POSTSEAL_MAILBOX_STORE_H

#include <stdbool.h>

#include "base/lookup.h"
#include "base/span.h"
#include "core/mailbox/mbox.h"

struct store;
struct store_txn;

enum store_db {
	STORE_MAILBOX, /* mailbox */
	STORE_ADDRESS, /* SHA-256 of the address's key -> mailboxes */
	STORE_LETTER,  /* mailbox, letter */
	STORE_LINK,    /* mailbox, link */
	STORE_LINK_ID, /* SHA-256 of the link's id -> mailbox, link */
	STORE_GATE,    /* mailbox, SHA-256 of the sender's key */
	STORE_SEEN,    /* SHA-256 of a token's random number and a recipient's key */
	STORE_BOUNCE,  /* 8 octets of an envelope sender -> mailbox, letter */
	STORE_UPLOAD,  /* mailbox, upload */
	STORE_DRAFT,   /* mailbox, draft */
	STORE_REPLY,   /* mailbox, reply -> letter in Sent */
	STORE_META,
	STORE_OUTBOX, /* mail, dated */
	STORE_DBS
};

#define STORE_KEY_MAX 64
struct store_key {
	size_t len;
	unsigned char bytes[STORE_KEY_MAX];
};

#define STORE_ERROR_SIZE 256

/* The directory is made if it is missing. NULL: the reason in `error`. */
struct store *store_open(const char *dir, char error[STORE_ERROR_SIZE]);
void store_close(struct store *store);
const char *store_dir(const struct store *store);

struct store_txn *store_begin(struct store *store, bool write); /* NULL on failure */
bool store_commit(struct store_txn *txn); /* on disk when true; ends the transaction either way */
void store_abort(struct store_txn *txn);  /* NULL is allowed */
/* Commits if all went well so far, else aborts. True: it is on disk. */
bool store_end(struct store_txn *txn, bool good);

/*
 * A change that may share its wait for the disk: those that come while another one waits are then
 * committed together. True: it is on disk. `work` is called in a transaction, by any thread of
 * those that wait here; false from it takes back what it did. It may be called twice, since
 * one that fails takes the others with it, and each is then tried by itself.
 */
typedef bool store_work(struct store_txn *txn, void *context);
bool store_change(struct store *store, store_work *work, void *context);

/* *value is valid until the next write or the end of the transaction. */
enum lookup store_get(struct store_txn *txn, enum store_db db, const struct store_key *key,
		      struct span *value);
bool store_put(struct store_txn *txn, enum store_db db, const struct store_key *key,
	       const struct buf *value);
bool store_drop(struct store_txn *txn, enum store_db db, const struct store_key *key);

/*
 * All records whose keys begin with *prefix, in order or backwards, until `visit` is
 * false. `visit` must not write. False when the store failed.
 */
typedef bool store_visit(void *context, const struct store_key *key, struct span value);
bool store_each(struct store_txn *txn, enum store_db db, const struct store_key *prefix,
		bool backwards, store_visit *visit, void *context);
/* Drops all of them; false when the store failed. */
bool store_drop_all(struct store_txn *txn, enum store_db db, const struct store_key *prefix);

struct store_key store_key(const void *a, size_t a_len, const void *b, size_t b_len);
struct store_key store_key_pair(const struct handle *mailbox, const struct handle *object);
struct store_key store_key_handle(const struct handle *mailbox);
/* Of the address's key (seal_address.h); the second with a mailbox in front. */
struct store_key store_key_address(const char *address);
/* Are these two spellings of one address? */
bool store_same_address(const char *a, const char *b);
struct store_key store_key_gate(const struct handle *mailbox, const char *sender);

/* Typed. A record that cannot be decoded is LOOKUP_ERROR, and logged. */
#define STORE_RECORD(name, type)                                                         \
	enum lookup store_get_##name(struct store_txn *txn, const struct store_key *key, \
				     struct type *out);                                  \
	bool store_put_##name(struct store_txn *txn, const struct store_key *key,        \
			      const struct type *record);
STORE_RECORD(mailbox, mbox_mailbox)
STORE_RECORD(address, mbox_address)
STORE_RECORD(letter, mbox_letter)
STORE_RECORD(link, mbox_link)
STORE_RECORD(gate, mbox_gate)
STORE_RECORD(seen, mbox_seen)
STORE_RECORD(upload, mbox_upload)
STORE_RECORD(draft, mbox_draft)
STORE_RECORD(outgoing, mbox_outgoing)
#undef STORE_RECORD

#endif
