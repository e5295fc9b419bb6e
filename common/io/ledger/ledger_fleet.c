/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_fleet.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "io/ledger/ledger_env.h"

/*
 * State and members.
 */

static void put_state(struct buf *out, const void *record)
{
	fleet_state_put(out, record);
}

static bool get_state(void *record, const void *bytes, size_t len)
{
	return fleet_state_get(record, bytes, len);
}

static void put_member(struct buf *out, const void *record)
{
	fleet_member_put(out, record);
}

static bool get_member(void *record, const void *bytes, size_t len)
{
	return fleet_member_get(record, bytes, len);
}

static const struct record_codec state_codec = { sizeof(struct fleet_state), put_state, get_state };
static const struct record_codec member_codec = { sizeof(struct fleet_member), put_member,
						  get_member };
static const struct codec codec_state = { LEDGER_FLEET, &state_codec };
static const struct codec codec_member = { LEDGER_MEMBER, &member_codec };

enum lookup ledger_get_fleet(struct ledger_txn *txn, struct fleet_state *out)
{
	return ledger_load(txn, &codec_state, LEDGER_FLEET_STATE, out);
}

bool ledger_put_fleet(struct ledger_txn *txn, const struct fleet_state *state)
{
	txn->sharing = LEDGER_SHARES;
	return ledger_store(txn, &codec_state, LEDGER_FLEET_STATE, state);
}

bool ledger_leave_fleet(struct ledger_txn *txn)
{
	txn->sharing = LEDGER_SHARES_NOT;
	return ledger_empty(txn, LEDGER_OUTBOX) && ledger_empty(txn, LEDGER_OUTBOX_LATER) &&
	       ledger_empty(txn, LEDGER_MEMBER) && ledger_empty(txn, LEDGER_SIGHTING) &&
	       ledger_empty(txn, LEDGER_LOOK) &&
	       ledger_delete(txn, &codec_state, LEDGER_FLEET_STATE);
}

bool ledger_put_member(struct ledger_txn *txn, const struct fleet_member *member)
{
	return ledger_store(txn, &codec_member, member->name, member);
}

bool ledger_remove_members(struct ledger_txn *txn)
{
	return ledger_empty(txn, LEDGER_MEMBER);
}

void ledger_measure_member(struct ledger_txn *txn, struct fleet_member *member)
{
	member->domains = (int64_t)ledger_count(txn, LEDGER_DOMAIN);
	member->hosts = (int64_t)ledger_count(txn, LEDGER_HOST);
	member->waiting = (int64_t)(ledger_count(txn, LEDGER_OUTBOX) +
				    ledger_count(txn, LEDGER_OUTBOX_LATER));
}

bool ledger_each_member(struct ledger_txn *txn,
			bool (*visit)(void *context, const char *name, const void *member),
			void *context)
{
	struct fleet_member member;

	return ledger_walk(txn, &codec_member, NULL, &member, visit, context);
}

/*
 * The outbox. Its records are written as they stand, beside the record that they tell of.
 */

static enum ledger_db box_db(enum ledger_box box)
{
	return box == LEDGER_BOX_NOW ? LEDGER_OUTBOX : LEDGER_OUTBOX_LATER;
}

static bool kind_of(enum ledger_db db, enum entry_kind *kind)
{
	static const enum entry_kind kinds[LEDGER_DB_COUNT] = {
		[LEDGER_DOMAIN] = ENTRY_DOMAIN,     [LEDGER_HOST] = ENTRY_HOST,
		[LEDGER_OVERRIDE] = ENTRY_OVERRIDE, [LEDGER_PIN] = ENTRY_PIN,
		[LEDGER_ALIAS] = ENTRY_ALIAS,       [LEDGER_EXCEPTION] = ENTRY_EXCEPTION,
	};

	*kind = kinds[db];
	return fleet_shares(*kind);
}

static bool shares(struct ledger_txn *txn)
{
	MDB_val key = ledger_val(LEDGER_FLEET_STATE, strlen(LEDGER_FLEET_STATE)), value;

	if (txn->sharing == LEDGER_SHARES_UNKNOWN)
		txn->sharing = mdb_get(txn->txn, txn->ledger->dbi[LEDGER_FLEET], &key, &value) == 0
				       ? LEDGER_SHARES
				       : LEDGER_SHARES_NOT;
	return txn->sharing == LEDGER_SHARES && !txn->paused;
}

static bool mark(struct ledger_txn *txn, enum ledger_db box, const char *key, size_t len)
{
	MDB_val name = ledger_val(key, len), value;
	struct buf bytes = { 0 };
	int rc;

	fleet_outbox_put(&bytes, mdb_txn_id(txn->txn));
	value = ledger_val(bytes.data, bytes.len);
	rc = mdb_put(txn->txn, txn->ledger->dbi[box], &name, &value, 0);
	buf_free(&bytes);
	txn->changed = true;
	return ledger_wrote(txn, "noting what is to be shared", rc);
}

bool ledger_outbox_note(struct ledger_txn *txn, enum ledger_db db, const char *key, size_t len,
			const struct buf *record)
{
	MDB_val name = ledger_val(key, len), old = { 0 };
	char noted[FLEET_OUTBOX_KEY_SIZE];
	enum fleet_change change;
	enum entry_kind kind;

	if (!kind_of(db, &kind) || !shares(txn))
		return true;
	if (mdb_get(txn->txn, txn->ledger->dbi[db], &name, &old) != 0)
		old.mv_size = 0;
	change = fleet_compare_bytes(kind, old.mv_data, old.mv_size, record->data, record->len);
	if (change == FLEET_SAME)
		return true;
	len = fleet_outbox_key(noted, kind, key, len);
	return len > 0 && mark(txn, box_db(change == FLEET_NOW ? LEDGER_BOX_NOW : LEDGER_BOX_LATER),
			       noted, len);
}

/* With this generation, or with any where that is 0. */
static bool unmark(struct ledger_txn *txn, enum ledger_db box, const char *key, size_t len,
		   uint64_t generation)
{
	MDB_val name = ledger_val(key, len), value;
	MDB_dbi dbi = txn->ledger->dbi[box];
	uint64_t noted;
	int rc = mdb_get(txn->txn, dbi, &name, &value);

	if (rc == 0 && generation != 0 && fleet_outbox_get(&noted, value.mv_data, value.mv_size) &&
	    noted > generation)
		return true;
	if (rc == 0)
		rc = mdb_del(txn->txn, dbi, &name, NULL);
	txn->changed = txn->changed || rc == 0;
	return rc == MDB_NOTFOUND || ledger_wrote(txn, "noting what was shared", rc);
}

static bool unmark_both(struct ledger_txn *txn, enum entry_kind kind, const char *key, size_t len,
			uint64_t generation)
{
	char noted[FLEET_OUTBOX_KEY_SIZE];

	len = fleet_outbox_key(noted, kind, key, len);
	return len == 0 || (unmark(txn, LEDGER_OUTBOX, noted, len, generation) &&
			    unmark(txn, LEDGER_OUTBOX_LATER, noted, len, generation));
}

bool ledger_outbox_forget(struct ledger_txn *txn, enum ledger_db db, const char *key, size_t len)
{
	enum entry_kind kind;

	return !kind_of(db, &kind) || !shares(txn) || unmark_both(txn, kind, key, len, 0);
}

bool ledger_outbox_done(struct ledger_txn *txn, enum entry_kind kind, const char *key,
			uint64_t generation)
{
	return unmark_both(txn, kind, key, strlen(key), generation);
}

bool ledger_outbox_keep(struct ledger_txn *txn, enum entry_kind kind, const char *key,
			enum ledger_box box)
{
	char noted[FLEET_OUTBOX_KEY_SIZE];
	size_t len = fleet_outbox_key(noted, kind, key, strlen(key));

	return len > 0 && mark(txn, box_db(box), noted, len);
}

bool ledger_outbox_mark(struct ledger_txn *txn, const struct entry *entry, enum ledger_box box)
{
	char key[ENTRY_KEY_SIZE];

	entry_key(key, entry);
	return ledger_outbox_keep(txn, entry->kind, key, box);
}

bool ledger_outbox_retell(struct ledger_txn *txn, enum entry_kind kind, const char *key,
			  enum ledger_box box)
{
	struct entry entry = { .kind = kind };

	return ledger_load(txn, ledger_codec(kind), key, &entry.of) != LOOKUP_FOUND ||
	       ledger_outbox_keep(txn, kind, key, box);
}

void ledger_outbox_pause(struct ledger_txn *txn, bool paused)
{
	txn->paused = paused;
}

size_t ledger_outbox_count(struct ledger_txn *txn, enum ledger_box box)
{
	return ledger_count(txn, box_db(box));
}

/* True: *entry is the record of this key. */
static bool load_noted(struct ledger_txn *txn, struct entry *entry, const MDB_val *key)
{
	char name[ENTRY_KEY_SIZE];

	return fleet_outbox_take_key(&entry->kind, name, key->mv_data, key->mv_size) &&
	       ledger_load(txn, ledger_codec(entry->kind), name, &entry->of) == LOOKUP_FOUND &&
	       entry_take_key(entry, name);
}

bool ledger_outbox_each(struct ledger_txn *txn, enum ledger_box box,
			bool (*visit)(void *context, const struct entry *entry,
				      uint64_t generation),
			void *context)
{
	MDB_dbi dbi = txn->ledger->dbi[box_db(box)];
	struct entry entry;
	MDB_cursor *cursor;
	MDB_val key, value;
	uint64_t generation;
	int rc = mdb_cursor_open(txn->txn, dbi, &cursor);

	if (rc != 0)
		return ledger_wrote(txn, "reading the outbox", rc);
	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		if (fleet_outbox_get(&generation, value.mv_data, value.mv_size) &&
		    load_noted(txn, &entry, &key) && !visit(context, &entry, generation))
			break;
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND || ledger_wrote(txn, "reading the outbox", rc);
}

bool ledger_sweep(struct ledger_txn *txn, struct entry *entry, const char *after,
		  bool (*visit)(void *context, const struct entry *entry, uint64_t generation),
		  void *context)
{
	const struct codec *codec = ledger_codec(entry->kind);
	MDB_val key = ledger_val(after, strlen(after)), value;
	char name[ENTRY_KEY_SIZE];
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn->txn, txn->ledger->dbi[codec->db], &cursor);

	if (rc != 0)
		return ledger_wrote(txn, "reading", rc);
	rc = mdb_cursor_get(cursor, &key, &value, key.mv_size > 0 ? MDB_SET_RANGE : MDB_FIRST);
	for (; rc == 0; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		if (!str_copy_n(name, sizeof(name), key.mv_data, key.mv_size) ||
		    strcmp(name, after) == 0 ||
		    !entry_get_record(entry, value.mv_data, value.mv_size) ||
		    !entry_take_key(entry, name))
			continue;
		if (!visit(context, entry, mdb_txn_id(txn->txn)))
			break;
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND || ledger_wrote(txn, "reading", rc);
}
