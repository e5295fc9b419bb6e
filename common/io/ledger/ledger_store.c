/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions, and records under their keys (ledger_store.h). */
#include "io/ledger/ledger_env.h"
#include "io/ledger/ledger_fleet.h"
#include "io/ledger/ledger_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

_Static_assert(LEDGER_DB_COUNT <= 8 * sizeof(unsigned), "a bit for each database");

/* Less than LMDB writes at once is left of a disk that is full. */
#define DISK_FULL_BELOW 262144

/* LMDB says EIO where a write came out short, which is how most disks become full. */
static bool disk_is_full(const struct ledger *ledger, int rc)
{
	struct statvfs disk;
	int fd;

	return rc == ENOSPC ||
	       (rc == EIO && mdb_env_get_fd(ledger->env, &fd) == 0 && fstatvfs(fd, &disk) == 0 &&
		disk.f_bavail * disk.f_frsize < DISK_FULL_BELOW);
}

static void log_failure(struct ledger *ledger, const char *doing, int rc)
{
	if (disk_is_full(ledger, rc))
		rc = ENOSPC;
	if (!ledger_report_is_news(&ledger->report, rc))
		return;
	if (rc == MDB_MAP_FULL)
		log_error("ledger=%s is full (%zu GiB): %s failed and nothing more can be learned; "
			  "move %s/data.mdb away and start anew, or find out what filled it",
			  ledger->dir, ledger_map_size() >> 30, doing, ledger->dir);
	else if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND)
		log_error(
			"ledger=%s is damaged: %s failed (%s); restore data.mdb from a backup, or "
			"move it away and restart postseal-prober to begin anew",
			ledger->dir, doing, mdb_strerror(rc));
	else if (rc == ENOSPC)
		log_error("ledger=%s %s failed: the disk is full; make room there", ledger->dir,
			  doing);
	else
		log_error("ledger=%s %s failed: %s", ledger->dir, doing, mdb_strerror(rc));
}

static void log_unwritten(struct ledger *ledger, const char *doing, int rc)
{
	if (ledger_report_fails_anew(&ledger->report, rc))
		log_failure(ledger, doing, rc);
}

bool ledger_wrote(struct ledger_txn *txn, const char *doing, int rc)
{
	if (rc != 0)
		log_unwritten(txn->ledger, doing, rc);
	return rc == 0;
}

/*
 * Transactions.
 */

static struct ledger_txn *begin(struct ledger *ledger, bool write)
{
	unsigned flags = write ? 0 : MDB_RDONLY;
	struct ledger_txn *txn;
	MDB_txn *inner;
	int rc = mdb_txn_begin(ledger->env, NULL, flags, &inner);

	if (rc == MDB_READERS_FULL && ledger_clear_readers(ledger) > 0)
		rc = mdb_txn_begin(ledger->env, NULL, flags, &inner);
	if (rc != 0) {
		if (write)
			log_unwritten(ledger, "beginning to write", rc);
		else
			log_failure(ledger, "beginning to read", rc);
		return NULL;
	}
	txn = mem_alloc(sizeof(*txn));
	*txn = (struct ledger_txn){ .ledger = ledger, .txn = inner, .write = write };
	return txn;
}

struct ledger_txn *ledger_begin_read(struct ledger *ledger)
{
	struct ledger_txn *txn = atomic_exchange(&ledger->spare, NULL);

	if (txn == NULL)
		return begin(ledger, false);
	if (mdb_txn_renew(txn->txn) == 0) {
		txn->asked = 0;
		return txn;
	}
	ledger_txn_free(txn);
	return begin(ledger, false);
}

uint64_t ledger_snapshot(const struct ledger_txn *txn)
{
	return txn->write ? 0 : mdb_txn_id(txn->txn);
}

struct ledger_txn *ledger_begin_write(struct ledger *ledger)
{
	return begin(ledger, true);
}

/* The snapshot is let go; the transaction stays for the next reader. */
static void end_read(struct ledger_txn *txn)
{
	struct ledger_txn *none = NULL;

	mdb_txn_reset(txn->txn);
	if (!atomic_compare_exchange_strong(&txn->ledger->spare, &none, txn))
		ledger_txn_free(txn);
}

bool ledger_commit(struct ledger_txn *txn)
{
	struct ledger *ledger = txn->ledger;
	bool changed = txn->changed;
	int rc;

	if (!txn->write) {
		end_read(txn);
		return true;
	}
	rc = mdb_txn_commit(txn->txn);
	free(txn);
	if (rc != 0) {
		log_unwritten(ledger, "writing", rc);
		return false;
	}
	if (changed)
		ledger_report_written(&ledger->report);
	if (!ledger_mend_length(ledger))
		log_warning("ledger=%s data.mdb is shorter than it should be: %s", ledger->dir,
			    strerror(errno));
	return true;
}

void ledger_abort(struct ledger_txn *txn)
{
	if (txn == NULL)
		return;
	if (!txn->write) {
		end_read(txn);
		return;
	}
	mdb_txn_abort(txn->txn);
	free(txn);
}

/*
 * Records.
 */

size_t ledger_count(struct ledger_txn *txn, enum ledger_db db)
{
	MDB_stat st;

	return mdb_stat(txn->txn, txn->ledger->dbi[db], &st) == 0 ? st.ms_entries : 0;
}

bool ledger_holds_none(struct ledger_txn *txn, enum ledger_db db)
{
	unsigned bit = 1U << db;
	MDB_stat st;

	if ((txn->asked & bit) == 0 || txn->write) {
		txn->asked |= bit;
		txn->empty &= ~bit;
		if (mdb_stat(txn->txn, txn->ledger->dbi[db], &st) == 0 && st.ms_entries == 0)
			txn->empty |= bit;
	}
	return (txn->empty & bit) != 0;
}

enum lookup ledger_load(struct ledger_txn *txn, const struct codec *codec, const char *name,
			void *out)
{
	enum ledger_db db = codec->db;
	MDB_val key = ledger_val(name, strlen(name)), value;
	int rc = mdb_get(txn->txn, txn->ledger->dbi[db], &key, &value);

	if (rc == MDB_NOTFOUND) {
		memset(out, 0, codec->of->size);
		return LOOKUP_ABSENT;
	}
	if (rc != 0) {
		log_failure(txn->ledger, "reading", rc);
		return LOOKUP_ERROR;
	}
	if (!codec->of->get(out, value.mv_data, value.mv_size)) {
		ledger_report_damage(&txn->ledger->report, db, key.mv_data, key.mv_size);
		return LOOKUP_ERROR;
	}
	return LOOKUP_FOUND;
}

static bool put(struct ledger_txn *txn, const struct codec *codec, MDB_val key, const void *record)
{
	struct buf bytes = { 0 };
	MDB_val value;
	bool readable, noted = true;
	int rc = 0;

	codec->of->put(&bytes, record);
	/* An unreadable record would keep mail waiting until an admin came. */
	readable = record_can_be_read(codec->of, bytes.data, bytes.len);
	if (readable)
		noted = ledger_outbox_note(txn, codec->db, key.mv_data, key.mv_size, &bytes);
	if (readable && noted) {
		value = ledger_val(bytes.data, bytes.len);
		rc = mdb_put(txn->txn, txn->ledger->dbi[codec->db], &key, &value, 0);
	}
	buf_free(&bytes);
	if (!readable) {
		ledger_report_refused(&txn->ledger->report, codec->db, key.mv_data, key.mv_size);
		return false;
	}
	txn->changed = true;
	return noted && ledger_wrote(txn, "writing", rc);
}

bool ledger_store(struct ledger_txn *txn, const struct codec *codec, const char *name,
		  const void *record)
{
	return put(txn, codec, ledger_val(name, strlen(name)), record);
}

/* The number that follows the last one of a database kept by sequence numbers. */
static int next_sequence(struct ledger_txn *txn, enum ledger_db db, uint64_t *next)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int rc = mdb_cursor_open(txn->txn, txn->ledger->dbi[db], &cursor);

	if (rc != 0)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	*next = rc == 0 ? ledger_key_sequence(key.mv_data, key.mv_size) + 1 : 1;
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

bool ledger_append(struct ledger_txn *txn, const struct codec *codec, const void *record)
{
	unsigned char bytes[LEDGER_SEQUENCE_LEN];
	uint64_t next = 0;
	int rc = next_sequence(txn, codec->db, &next);

	if (rc != 0) {
		log_unwritten(txn->ledger, "writing", rc);
		return false;
	}
	ledger_sequence_key(bytes, next);
	return put(txn, codec, ledger_val(bytes, LEDGER_SEQUENCE_LEN), record);
}

bool ledger_delete(struct ledger_txn *txn, const struct codec *codec, const char *name)
{
	MDB_val key = ledger_val(name, strlen(name));
	int rc = mdb_del(txn->txn, txn->ledger->dbi[codec->db], &key, NULL);

	txn->changed = txn->changed || rc == 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return ledger_wrote(txn, "removing a record", rc);
	return ledger_outbox_forget(txn, codec->db, name, strlen(name));
}

bool ledger_empty(struct ledger_txn *txn, enum ledger_db db)
{
	txn->changed = true;
	return ledger_wrote(txn, "emptying", mdb_drop(txn->txn, txn->ledger->dbi[db], 0));
}

/* The key's text in `name`. A key that no next hop or host could have is damage. */
static bool key_text(char name[LEDGER_KEY_SIZE], enum ledger_db db, const MDB_val *key)
{
	if (db == LEDGER_JOURNAL) {
		ledger_key_name(name, db, key->mv_data, key->mv_size);
		return key->mv_size == LEDGER_SEQUENCE_LEN;
	}
	return str_copy_n(name, LEDGER_KEY_SIZE, key->mv_data, key->mv_size) &&
	       strlen(name) == key->mv_size;
}

/* Which keys a walk comes by: those from `start` on, and of these what begins as it does. */
struct range {
	MDB_val start;
	size_t prefix; /* so many bytes of it */
};

/* The first key that a walk comes by, or the next one; MDB_NOTFOUND after the last. */
static int step(MDB_cursor *cursor, const struct range *range, bool first, MDB_val *key,
		MDB_val *value)
{
	int rc;

	if (first && range->start.mv_size > 0) {
		*key = range->start;
		rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	} else {
		rc = mdb_cursor_get(cursor, key, value, MDB_NEXT);
	}
	if (rc == 0 && range->prefix > 0 &&
	    (key->mv_size < range->prefix ||
	     memcmp(key->mv_data, range->start.mv_data, range->prefix) != 0))
		return MDB_NOTFOUND;
	return rc;
}

/* Look-ups walk a step or two: opening a cursor would be a good part of that. */
static int take_cursor(struct ledger_txn *txn, enum ledger_db db, MDB_cursor **cursor)
{
	*cursor = txn->cursor_db == db ? txn->cursor : NULL;
	if (*cursor == NULL)
		return mdb_cursor_open(txn->txn, txn->ledger->dbi[db], cursor);
	txn->cursor = NULL;
	return mdb_cursor_renew(txn->txn, *cursor);
}

static void give_cursor(struct ledger_txn *txn, enum ledger_db db, MDB_cursor *cursor)
{
	if (txn->write || txn->cursor != NULL) {
		mdb_cursor_close(cursor);
		return;
	}
	txn->cursor = cursor;
	txn->cursor_db = db;
}

static bool walk(struct ledger_txn *txn, const struct codec *codec, const struct range *range,
		 void *record, ledger_visit_fn *visit, void *context)
{
	char name[LEDGER_KEY_SIZE];
	MDB_cursor *cursor;
	MDB_val key, value;
	bool whole = true;
	int rc = take_cursor(txn, codec->db, &cursor);

	if (rc != 0) {
		log_failure(txn->ledger, "reading", rc);
		return false;
	}
	for (bool first = true; (rc = step(cursor, range, first, &key, &value)) == 0;
	     first = false) {
		if (!key_text(name, codec->db, &key) ||
		    !codec->of->get(record, value.mv_data, value.mv_size)) {
			ledger_report_damage(&txn->ledger->report, codec->db, key.mv_data,
					     key.mv_size);
			whole = false;
		} else if (!visit(context, name, record)) {
			break;
		}
	}
	give_cursor(txn, codec->db, cursor);
	if (rc != 0 && rc != MDB_NOTFOUND)
		log_failure(txn->ledger, "reading", rc);
	return whole && (rc == 0 || rc == MDB_NOTFOUND);
}

bool ledger_walk(struct ledger_txn *txn, const struct codec *codec, const char *prefix,
		 void *record, ledger_visit_fn *visit, void *context)
{
	size_t len = prefix != NULL ? strlen(prefix) : 0;
	const struct range range = { ledger_val(prefix, len), len };

	return walk(txn, codec, &range, record, visit, context);
}

bool ledger_walk_from(struct ledger_txn *txn, const struct codec *codec, uint64_t number,
		      void *record, ledger_visit_fn *visit, void *context)
{
	unsigned char bytes[LEDGER_SEQUENCE_LEN];
	const struct range range = { ledger_val(bytes, LEDGER_SEQUENCE_LEN), 0 };

	ledger_sequence_key(bytes, number);
	return walk(txn, codec, &range, record, visit, context);
}
