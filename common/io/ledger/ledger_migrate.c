/* SPDX-License-Identifier: BSD-2-Clause */
/* A ledger of an older postseal, brought up to date (ledger_env.h). */
#include "io/ledger/ledger_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/record/record.h"

#define COPY "data.mdb.schema3"
#define TELL_EVERY_MS 5000

struct migration {
	struct ledger *ledger;
	MDB_txn *txn;
	size_t done, all, damaged;
	int64_t told; /* clock_mono_ms */
};

/*
 * The copy.
 */

/* All of it on the disk, under its name; errno, or LMDB's error. */
static int write_copy(struct ledger *ledger, int fd, const char *temporary, const char *path)
{
	int rc = mdb_env_copyfd(ledger->env, fd);

	if (rc == 0 && (fsync(fd) != 0 || rename(temporary, path) != 0))
		rc = errno;
	return rc;
}

bool ledger_migrate_copy(struct ledger *ledger, char error[LEDGER_ERROR_SIZE])
{
	char *path = NULL, *temporary = NULL;
	int fd, rc;

	if (asprintf(&path, "%s/" COPY, ledger->dir) < 0 ||
	    asprintf(&temporary, "%s.new", path) < 0)
		log_fatal("out of memory");
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, LEDGER_FILE_MODE);
	rc = fd < 0 ? errno : write_copy(ledger, fd, temporary, path);
	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		log_info("ledger=%s is of an older postseal; a copy of it is %s, which you may "
			 "remove when all is well",
			 ledger->dir, path);
	} else {
		unlink(temporary);
		ledger_fail(error,
			    "the ledger at %s was written by an older postseal, and no copy of it "
			    "can be made at %s: %s; make room there",
			    ledger->dir, path, mdb_strerror(rc));
	}
	free(path);
	free(temporary);
	return rc == 0;
}

/*
 * Records.
 */

static void tell(struct migration *m)
{
	int64_t now = clock_mono_ms();

	m->done++;
	if (now - m->told < TELL_EVERY_MS)
		return;
	m->told = now;
	log_info("ledger=%s is brought up to date: %zu of %zu records", m->ledger->dir, m->done,
		 m->all);
}

static void tell_damaged(struct migration *m, enum ledger_db db, const MDB_val *key)
{
	m->damaged++;
	ledger_report_damage(&m->ledger->report, db, key->mv_data, key->mv_size);
}

/* Each record under its key. */
static int migrate_each(struct migration *m, enum ledger_db db)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	struct buf bytes = { 0 };
	char name[LEDGER_KEY_SIZE]; /* writing moves what LMDB shows */
	int rc = mdb_cursor_open(m->txn, m->ledger->dbi[db], &cursor);

	if (rc != 0)
		return rc;
	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		bytes.len = 0;
		tell(m);
		if (!record_upgrade(&bytes, value.mv_data, value.mv_size)) {
			tell_damaged(m, db, &key);
			continue;
		}
		memcpy(name, key.mv_data, key.mv_size);
		key.mv_data = name;
		value = (MDB_val){ .mv_size = bytes.len, .mv_data = bytes.data };
		rc = mdb_cursor_put(cursor, &key, &value, MDB_CURRENT);
		if (rc != 0)
			break;
	}
	mdb_cursor_close(cursor);
	buf_free(&bytes);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Lists: what is in them gets records and keys of its own. */
struct list {
	char *key;
	void *bytes;
	size_t len;
};

static int put_new(struct migration *m, enum ledger_db db, const char *key, const struct buf *bytes)
{
	MDB_val k = { .mv_size = strlen(key) },
		v = { .mv_size = bytes->len, .mv_data = bytes->data };

	memcpy(&k.mv_data, &key, sizeof(key));
	return mdb_put(m->txn, m->ledger->dbi[db], &k, &v, 0);
}

static int put_pins(struct migration *m, const char *nexthop, const struct pins *pins)
{
	struct buf bytes = { 0 };
	char key[RECORD_KEY_SIZE];
	int rc = 0;

	for (size_t i = 0; i < pins->count && rc == 0; i++) {
		struct pin_act pin = { 0 };

		memcpy(pin.spki, pins->spki[i], SPKI_SIZE);
		bytes.len = 0;
		record_put_pin(&bytes, &pin);
		if (record_pin_key(key, nexthop, pin.spki))
			rc = put_new(m, LEDGER_PIN, key, &bytes);
	}
	buf_free(&bytes);
	return rc;
}

/* One whose names are too long for a key is let go: mail from that sender needs TLS. */
static int put_exceptions(struct migration *m, const char *alias, const struct exceptions *list)
{
	struct buf bytes = { 0 };
	char key[RECORD_KEY_SIZE];
	int rc = 0;

	for (size_t i = 0; i < list->count && rc == 0; i++) {
		struct exception_act act = { .exception = list->list[i] };

		bytes.len = 0;
		record_put_exception(&bytes, &act);
		if (exception_key(key, sizeof(key), alias, act.exception.sender))
			rc = put_new(m, LEDGER_EXCEPTION, key, &bytes);
		else
			log_warning("alias=%s sender=%s the exception is dropped: the names are "
				    "too long",
				    alias, act.exception.sender);
	}
	buf_free(&bytes);
	return rc;
}

static int split(struct migration *m, enum ledger_db db, const struct list *list)
{
	MDB_val key = { .mv_size = strlen(list->key), .mv_data = list->key };
	struct exceptions exceptions;
	struct pins pins;
	int rc;

	if (db == LEDGER_PIN ? !record_get_old_pins(&pins, list->bytes, list->len)
			     : !record_get_old_exceptions(&exceptions, list->bytes, list->len)) {
		tell_damaged(m, db, &key);
		return 0;
	}
	rc = mdb_del(m->txn, m->ledger->dbi[db], &key, NULL);
	if (rc != 0)
		return rc;
	return db == LEDGER_PIN ? put_pins(m, list->key, &pins)
				: put_exceptions(m, list->key, &exceptions);
}

/* Copies of all lists of a database: writing would move what LMDB shows. */
static int read_lists(struct migration *m, enum ledger_db db, struct list **lists, size_t *count)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	size_t room = 0;
	int rc = mdb_cursor_open(m->txn, m->ledger->dbi[db], &cursor);

	*lists = NULL;
	*count = 0;
	if (rc != 0)
		return rc;
	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		struct list *list;

		if (*count == room) {
			room = room == 0 ? 64 : 2 * room;
			*lists = mem_resize(*lists, room, sizeof(**lists));
		}
		list = &(*lists)[(*count)++];
		*list = (struct list){ .key = mem_zero(1, key.mv_size + 1),
				       .bytes = mem_zero(1, value.mv_size + 1),
				       .len = value.mv_size };
		memcpy(list->key, key.mv_data, key.mv_size);
		memcpy(list->bytes, value.mv_data, value.mv_size);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int migrate_lists(struct migration *m, enum ledger_db db)
{
	struct list *lists;
	size_t count;
	int rc = read_lists(m, db, &lists, &count);

	for (size_t i = 0; i < count; i++) {
		if (rc == 0)
			rc = split(m, db, &lists[i]);
		tell(m);
		free(lists[i].key);
		free(lists[i].bytes);
	}
	free(lists);
	return rc;
}

int ledger_migrate(struct ledger *ledger, MDB_txn *txn)
{
	struct migration m = { .ledger = ledger, .txn = txn, .told = clock_mono_ms() };
	int rc = 0;
	MDB_stat st;

	for (int db = LEDGER_DOMAIN; db < LEDGER_DB_COUNT; db++)
		if (mdb_stat(txn, ledger->dbi[db], &st) == 0)
			m.all += st.ms_entries;
	for (int db = LEDGER_DOMAIN; db < LEDGER_DB_COUNT && rc == 0; db++) {
		if (db == LEDGER_PIN || db == LEDGER_EXCEPTION)
			rc = migrate_lists(&m, (enum ledger_db)db);
		else
			rc = migrate_each(&m, (enum ledger_db)db);
	}
	if (rc == 0)
		log_info("ledger=%s is up to date: %zu records, %zu of them damaged", ledger->dir,
			 m.done, m.damaged);
	return rc;
}
