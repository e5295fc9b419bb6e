/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the ledger: every way in which it can fail, told apart. */
#include "io/ledger/ledger_env.h"
#include "io/ledger/ledger_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* What `meta` says. */
#define PROGRAM "postseal ledger"
#define SCHEMA 4
#define SCHEMA_OLD 3 /* ledger_migrate.c knows how to bring it up to date */

/* Slots for read transactions, of all processes and threads together. */
#define READERS_MAX 510

_Static_assert(NEXTHOP_SIZE < 511, "next hops must fit in an LMDB key");

size_t ledger_map_size(void)
{
	return sizeof(size_t) > 4 ? (size_t)32 << 30 : (size_t)1 << 30;
}

static bool fail_lmdb(char error[LEDGER_ERROR_SIZE], const char *dir, int rc)
{
	switch (rc) {
	case MDB_INVALID:
		return ledger_fail(
			error,
			"%s/data.mdb is not a ledger, or damaged at its start: it is no LMDB "
			"file; restore it from a backup, or move it away and start "
			"postseal-prober to begin anew",
			dir);
	case MDB_VERSION_MISMATCH:
		return ledger_fail(
			error,
			"the ledger at %s was written by another version of LMDB than this "
			"program's (%s); use the postseal that wrote it",
			dir, mdb_version(NULL, NULL, NULL));
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
		return ledger_fail(
			error,
			"the ledger at %s is damaged (%s); restore data.mdb from a backup, "
			"or move it away and start postseal-prober to begin anew",
			dir, mdb_strerror(rc));
	case ENOMEM:
		return ledger_fail(
			error,
			"cannot map the ledger at %s: no address space for %zu GiB; lift "
			"the limit on virtual memory (ulimit -v, LimitAS=)",
			dir, ledger_map_size() >> 30);
	case MDB_READERS_FULL:
		return ledger_fail(
			error,
			"the ledger at %s has no room for another reader (%d at a time); "
			"see who has it open: fuser -v %s/lock.mdb",
			dir, READERS_MAX, dir);
	case EACCES:
	case EPERM:
		return ledger_deny(error, "open the ledger at", dir, "", "");
	default:
		return ledger_fail(error, "cannot open the ledger at %s: %s", dir,
				   mdb_strerror(rc));
	}
}

static bool fail_foreign(char error[LEDGER_ERROR_SIZE], const char *dir)
{
	return ledger_fail(error,
			   "%s holds an LMDB environment that is not postseal's; it was left as it "
			   "is; set `ledger` to a directory of its own",
			   dir);
}

/* The value of a key of `meta`, as text. */
static int meta_get(MDB_txn *txn, MDB_dbi meta, const char *name, char *text, size_t size)
{
	char key_bytes[16];
	MDB_val key = { .mv_size = strlen(name), .mv_data = key_bytes }, value;
	int rc;

	memcpy(key_bytes, name, key.mv_size);
	rc = mdb_get(txn, meta, &key, &value);
	if (rc == 0 && !str_copy_n(text, size, value.mv_data, value.mv_size))
		return MDB_CORRUPTED;
	return rc;
}

static int meta_put(MDB_txn *txn, MDB_dbi meta, const char *name, const char *text)
{
	char key_bytes[16], value_bytes[32];
	MDB_val key = { .mv_size = strlen(name), .mv_data = key_bytes };
	MDB_val value = { .mv_size = strlen(text), .mv_data = value_bytes };

	memcpy(key_bytes, name, key.mv_size);
	memcpy(value_bytes, text, value.mv_size);
	return mdb_put(txn, meta, &key, &value, 0);
}

/* Ours, and of a schema that this program knows? *old: of one to be brought up to date. */
static bool check_meta(struct ledger *ledger, MDB_txn *txn, enum ledger_mode mode, bool *old,
		       char error[LEDGER_ERROR_SIZE])
{
	MDB_dbi meta = ledger->dbi[LEDGER_META];
	char program[32], schema[16];
	uint64_t version;

	if (meta_get(txn, meta, LEDGER_META_PROGRAM, program, sizeof(program)) != 0 ||
	    strcmp(program, PROGRAM) != 0)
		return fail_foreign(error, ledger->dir);
	if (meta_get(txn, meta, LEDGER_META_SCHEMA, schema, sizeof(schema)) != 0 ||
	    !str_number(schema, strlen(schema), UINT32_MAX, &version) || version == 0)
		return fail_lmdb(error, ledger->dir, MDB_CORRUPTED);
	if (version > SCHEMA)
		return ledger_fail(
			error,
			"the ledger at %s was written by a newer postseal (schema %s; this "
			"one, %s, knows up to %d); upgrade this program",
			ledger->dir, schema, POSTSEAL_VERSION, SCHEMA);
	if (version < SCHEMA_OLD)
		return ledger_fail(
			error,
			"the ledger at %s was written by an older postseal (schema %s; this "
			"one, %s, needs %d); `postseal export` it with that one, move it away, "
			"and `postseal import` it with this one",
			ledger->dir, schema, POSTSEAL_VERSION, SCHEMA);
	*old = version == SCHEMA_OLD;
	if (*old && mode != LEDGER_CREATE)
		return ledger_fail(
			error,
			"the ledger at %s was written by an older postseal (schema %s; this "
			"one, %s, needs %d); restart postseal-prober, which brings it up to "
			"date",
			ledger->dir, schema, POSTSEAL_VERSION, SCHEMA);
	return true;
}

static int open_databases(struct ledger *ledger, MDB_txn *txn, unsigned flags)
{
	for (int db = 0; db < LEDGER_DB_COUNT; db++) {
		int rc = mdb_dbi_open(txn, ledger_db_name((enum ledger_db)db), flags,
				      &ledger->dbi[db]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Those that came later than the schema: an older postseal, which does without, left them out. */
static int add_databases(MDB_txn *txn)
{
	int rc = 0;

	for (int db = LEDGER_JOURNAL + 1; db < LEDGER_DB_COUNT && rc == 0; db++) {
		MDB_dbi dbi;

		rc = mdb_dbi_open(txn, ledger_db_name((enum ledger_db)db), MDB_CREATE, &dbi);
	}
	return rc;
}

static int put_schema(struct ledger *ledger, MDB_txn *txn)
{
	char schema[16];

	snprintf(schema, sizeof(schema), "%d", SCHEMA);
	return meta_put(txn, ledger->dbi[LEDGER_META], LEDGER_META_SCHEMA, schema);
}

/* A new environment: all databases and `meta`, in one transaction. */
static bool lay_out(struct ledger *ledger, MDB_txn *txn, char error[LEDGER_ERROR_SIZE])
{
	int rc = open_databases(ledger, txn, MDB_CREATE);

	if (rc == 0)
		rc = meta_put(txn, ledger->dbi[LEDGER_META], LEDGER_META_PROGRAM, PROGRAM);
	if (rc == 0)
		rc = put_schema(ledger, txn);
	return rc == 0 || fail_lmdb(error, ledger->dir, rc);
}

static bool is_empty(MDB_txn *txn)
{
	MDB_dbi main_dbi;
	MDB_stat st;

	return mdb_dbi_open(txn, NULL, 0, &main_dbi) == 0 && mdb_stat(txn, main_dbi, &st) == 0 &&
	       st.ms_entries == 0;
}

static bool enter_txn(struct ledger *ledger, MDB_txn *txn, enum ledger_mode mode,
		      char error[LEDGER_ERROR_SIZE])
{
	bool old = false;
	int rc;

	if (is_empty(txn)) {
		if (mode == LEDGER_CREATE)
			return lay_out(ledger, txn, error);
		return ledger_fail(
			error,
			"the ledger at %s is empty; start postseal-prober, which lays it "
			"out",
			ledger->dir);
	}
	rc = mdb_dbi_open(txn, ledger_db_name(LEDGER_META), 0, &ledger->dbi[LEDGER_META]);
	if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
		return fail_foreign(error, ledger->dir);
	if (rc != 0)
		return fail_lmdb(error, ledger->dir, rc);
	if (!check_meta(ledger, txn, mode, &old, error))
		return false;
	rc = mode == LEDGER_CREATE ? add_databases(txn) : 0;
	if (rc == 0)
		rc = open_databases(ledger, txn, 0);
	if (rc == MDB_NOTFOUND && mode != LEDGER_CREATE)
		return ledger_fail(
			error,
			"the ledger at %s is that of an older postseal, or damaged: a "
			"part is missing; restart postseal-prober, which adds what came later, or "
			"says what is wrong",
			ledger->dir);
	if (rc == 0 && old) {
		rc = ledger_migrate(ledger, txn);
		if (rc == 0)
			rc = put_schema(ledger, txn);
	}
	return rc == 0 || fail_lmdb(error, ledger->dir, rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc);
}

/* Is it of the schema that can be brought up to date? Not, where that cannot be told. */
static bool is_old(struct ledger *ledger)
{
	char schema[16];
	bool old = false;
	MDB_txn *txn;
	MDB_dbi meta;

	if (mdb_txn_begin(ledger->env, NULL, MDB_RDONLY, &txn) != 0)
		return false;
	if (mdb_dbi_open(txn, ledger_db_name(LEDGER_META), 0, &meta) == 0 &&
	    meta_get(txn, meta, LEDGER_META_SCHEMA, schema, sizeof(schema)) == 0)
		old = strtol(schema, NULL, 10) == SCHEMA_OLD;
	mdb_txn_abort(txn);
	return old;
}

/* Lay it out or make sure that it is ours, and open its databases. */
static bool enter(struct ledger *ledger, enum ledger_mode mode, char error[LEDGER_ERROR_SIZE])
{
	MDB_txn *txn;
	int rc;

	if (mode == LEDGER_CREATE && is_old(ledger) && !ledger_migrate_copy(ledger, error))
		return false;
	rc = mdb_txn_begin(ledger->env, NULL, mode == LEDGER_CREATE ? 0 : MDB_RDONLY, &txn);
	if (rc != 0)
		return fail_lmdb(error, ledger->dir, rc);
	if (!enter_txn(ledger, txn, mode, error)) {
		mdb_txn_abort(txn);
		return false;
	}
	rc = mdb_txn_commit(txn);
	return rc == 0 || fail_lmdb(error, ledger->dir, rc);
}

/* How long data.mdb is, and how long its last page says it should be. */
static bool file_lengths(struct ledger *ledger, int *fd, off_t *is, off_t *should)
{
	MDB_envinfo info;
	MDB_stat st;
	struct stat file;

	if (mdb_env_get_fd(ledger->env, fd) != 0 || mdb_env_info(ledger->env, &info) != 0 ||
	    mdb_env_stat(ledger->env, &st) != 0 || fstat(*fd, &file) != 0)
		return false;
	*is = file.st_size;
	*should = (off_t)(info.me_last_pgno + 1) * (off_t)st.ms_psize;
	return true;
}

bool ledger_mend_length(struct ledger *ledger)
{
	int fd;
	off_t is, should;

	if (!file_lengths(ledger, &fd, &is, &should))
		return false;
	if (is >= should)
		return true;
	if (!ledger->writable) {
		errno = EBADF;
		return false;
	}
	/* Never shrinks the file, unlike ftruncate, should another writer be at it. */
	errno = posix_fallocate(fd, is, should - is);
	return errno == 0;
}

static bool check_length(struct ledger *ledger, char error[LEDGER_ERROR_SIZE])
{
	if (ledger_mend_length(ledger))
		return true;
	if (ledger->writable)
		return ledger_fail(error, "%s/data.mdb is cut short and cannot be mended: %s",
				   ledger->dir, strerror(errno));
	return ledger_fail(error,
			   "%s/data.mdb is damaged: it is cut short; restore it from a backup, or "
			   "restart postseal-prober to save what is left of it",
			   ledger->dir);
}

static bool open_env(struct ledger *ledger, enum ledger_mode mode, char error[LEDGER_ERROR_SIZE])
{
	/* NOTLS: a read transaction belongs to whoever holds it, not to a thread. */
	unsigned flags = MDB_NOTLS | (mode == LEDGER_READ ? MDB_RDONLY : 0);
	int fd, rc = mdb_env_create(&ledger->env);

	if (rc == 0)
		rc = mdb_env_set_maxdbs(ledger->env, LEDGER_DB_COUNT);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(ledger->env, READERS_MAX);
	if (rc == 0)
		rc = mdb_env_set_mapsize(ledger->env, ledger_map_size());
	if (rc == 0)
		rc = mdb_env_open(ledger->env, ledger->dir, flags, LEDGER_FILE_MODE);
	if (rc != 0)
		return fail_lmdb(error, ledger->dir, rc);
	if (mdb_env_get_fd(ledger->env, &fd) == 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC); /* the one that LMDB leaves open */
	return true;
}

static struct ledger *open_ledger(const char *dir, enum ledger_mode mode,
				  char error[LEDGER_ERROR_SIZE])
{
	struct ledger *ledger;

	error[0] = '\0';
	if (!ledger_files_prepare(dir, mode, error))
		return NULL;
	ledger = mem_zero(1, sizeof(*ledger));
	ledger->dir = mem_strdup(dir);
	ledger->writable = mode != LEDGER_READ;
	ledger_files_identify(&ledger->files, dir);
	ledger_report_init(&ledger->report, ledger->dir);
	if (!open_env(ledger, mode, error) || !check_length(ledger, error) ||
	    !enter(ledger, mode, error)) {
		int why = errno;

		ledger_close(ledger);
		errno = why;
		return NULL;
	}
	ledger_clear_readers(ledger);
	return ledger;
}

struct ledger *ledger_open(const char *dir, enum ledger_mode mode, char error[LEDGER_ERROR_SIZE])
{
	struct ledger_owner before;
	struct ledger *ledger;

	if (!ledger_files_become_owner(&before, dir)) {
		ledger_fail(error, "cannot act as the owner of the ledger's directory %s: %s", dir,
			    strerror(errno));
		return NULL;
	}
	ledger = open_ledger(dir, mode, error);
	ledger_files_become_root(&before);
	return ledger;
}

void ledger_txn_free(struct ledger_txn *txn)
{
	if (txn == NULL)
		return;
	if (txn->cursor != NULL)
		mdb_cursor_close(txn->cursor);
	mdb_txn_abort(txn->txn);
	free(txn);
}

void ledger_close(struct ledger *ledger)
{
	struct ledger_txn *spare;

	if (ledger == NULL)
		return;
	spare = atomic_exchange(&ledger->spare, NULL);
	ledger_txn_free(spare);
	mdb_env_close(ledger->env);
	ledger_report_destroy(&ledger->report);
	free(ledger->dir);
	free(ledger);
}

bool ledger_is_replaced(const struct ledger *ledger)
{
	return ledger_files_replaced(&ledger->files, ledger->dir);
}

size_t ledger_clear_readers(struct ledger *ledger)
{
	int dead = 0;
	int rc = mdb_reader_check(ledger->env, &dead);

	if (rc != 0)
		log_warning("ledger=%s cannot clear dead readers: %s", ledger->dir,
			    mdb_strerror(rc));
	else if (dead > 0)
		log_info("ledger=%s cleared %d readers that had died", ledger->dir, dead);
	return dead > 0 ? (size_t)dead : 0;
}

static uint64_t pages_of(const MDB_stat *st)
{
	return st->ms_branch_pages + st->ms_leaf_pages + st->ms_overflow_pages;
}

/* All that is not on LMDB's list of free pages: its databases, and two pages of its own. */
static bool count_pages(struct ledger *ledger, MDB_txn *txn, uint64_t *pages)
{
	MDB_stat st;

	if (mdb_env_stat(ledger->env, &st) != 0)
		return false;
	*pages = 2 + pages_of(&st);
	for (int db = 0; db < LEDGER_DB_COUNT; db++) {
		if (mdb_stat(txn, ledger->dbi[db], &st) != 0)
			return false;
		*pages += pages_of(&st);
	}
	return true;
}

bool ledger_measure(struct ledger *ledger, struct ledger_size *size)
{
	uint64_t pages;
	MDB_stat st;
	MDB_txn *txn;
	off_t is, should;
	bool good;
	int fd;

	if (!file_lengths(ledger, &fd, &is, &should) || mdb_env_stat(ledger->env, &st) != 0 ||
	    mdb_txn_begin(ledger->env, NULL, MDB_RDONLY, &txn) != 0)
		return false;
	good = count_pages(ledger, txn, &pages);
	mdb_txn_abort(txn);
	if (!good)
		return false;
	*size = (struct ledger_size){ .file = (uint64_t)is,
				      .used = pages * st.ms_psize,
				      .most = ledger_map_size() };
	return true;
}
