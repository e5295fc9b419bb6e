/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ledger has for others, into the engine (share.h). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/record/merge.h"
#include "fleet/share.h"
#include "io/ledger/ledger_entry.h"
#include "io/local/metrics_file.h"

#define BATCHES 20                /* in one go; then it is time to read again */
#define REFUSED_MS INT64_C(60000) /* before what the engine refused is tried again */

struct item {
	enum { ITEM_HELD, ITEM_SAME, ITEM_SWAP, ITEM_TAKEN } what;
	size_t entry; /* of `keys` */
	struct fleet_row row;
};

/* Records, and the rows that are made of them. */
struct batch {
	struct share *share;
	size_t skip; /* those before it stay where they are */
	size_t keys, items;
	struct key {
		enum entry_kind kind;
		char key[ENTRY_KEY_SIZE];
		uint64_t generation;
		bool held; /* some of it stays */
	} key[ENGINE_PAGE];
	struct item item[ENGINE_PAGE];
};

/*
 * What cannot go just now: an act that is not ours to do for others, and what is dated
 * ahead, by a clock that was wrong. It stays in the outbox, and is told once it may be.
 */
static bool must_stay(const struct share *share, const struct fleet_row *row)
{
	return (row->act && !share->greeting.acts) ||
	       row->latest > share->greeting.now + ACTS_AHEAD;
}

static bool collect(void *context, const struct entry *entry, uint64_t generation)
{
	struct batch *batch = context;
	struct fleet_row rows[FLEET_ROWS];
	struct entry reduced;
	struct key *key;
	size_t count;

	if (batch->skip > 0) {
		batch->skip--;
		return true;
	}
	if (batch->items + FLEET_ROWS > ENGINE_PAGE || batch->keys == ENGINE_PAGE)
		return false;
	key = &batch->key[batch->keys];
	*key = (struct key){ .kind = entry->kind, .generation = generation };
	entry_key(key->key, entry);
	reduced = *entry;
	merge_reduce(&reduced);
	count = fleet_rows(rows, &reduced);
	for (size_t i = 0; i < count; i++) {
		struct item *item = &batch->item[batch->items++];

		*item = (struct item){ .entry = batch->keys, .row = rows[i] };
		item->row.rev = 1; /* until it is known what there is */
		item->what = must_stay(batch->share, &rows[i]) ? ITEM_HELD : ITEM_SWAP;
		key->held = key->held || item->what == ITEM_HELD;
	}
	batch->keys++;
	return true;
}

static struct item *find_item(struct batch *batch, const struct fleet_row *row)
{
	for (size_t i = 0; i < batch->items; i++) {
		struct item *item = &batch->item[i];

		if (strcmp(item->row.kind, row->kind) == 0 && strcmp(item->row.key, row->key) == 0)
			return item;
	}
	return NULL;
}

static void hold(struct batch *batch, struct item *item)
{
	item->what = ITEM_HELD;
	batch->key[item->entry].held = true;
}

/* What the engine has of it: the two are merged, and written where that says more. */
static bool meet_row(void *context, const struct fleet_row *theirs, const char *origin)
{
	struct batch *batch = context;
	struct item *item = theirs != NULL ? find_item(batch, theirs) : NULL;
	struct entry entry;

	(void)origin;
	if (item == NULL || item->what == ITEM_HELD)
		return true;
	item->row.rev = theirs->rev + 1;
	switch (fleet_row_take(&entry, theirs)) {
	case FLEET_ROW_NEWER:
		hold(batch, item);
		break;
	case FLEET_ROW_BAD:
		break; /* ours takes its place */
	case FLEET_ROW_GOOD:
		if (!fleet_row_merge(&item->row, theirs, &entry))
			item->what = ITEM_SAME;
		break;
	}
	return true;
}

static size_t wanted(struct batch *batch, const struct fleet_row *rows[ENGINE_PAGE],
		     struct item *items[ENGINE_PAGE])
{
	size_t count = 0;

	for (size_t i = 0; i < batch->items; i++) {
		if (batch->item[i].what != ITEM_SWAP)
			continue;
		items[count] = &batch->item[i];
		rows[count++] = &batch->item[i].row;
	}
	return count;
}

static enum engine_result swap(struct share *share, const struct fleet_row *const *rows,
			       struct item *const *items, size_t count)
{
	uint8_t nonce[FLEET_ID_SIZE];
	bool taken[ENGINE_PAGE];
	enum engine_result result;
	uint64_t n;

	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
		return ENGINE_AGAIN;
	result = engine_swap(share->engine, rows, count, nonce, taken, &n);
	if (result == ENGINE_DONE) {
		share->state.told = n;
		memcpy(share->state.told_nonce, nonce, sizeof(nonce));
	}
	for (size_t i = 0; i < count && result == ENGINE_DONE; i++)
		if (taken[i]) {
			items[i]->what = ITEM_TAKEN;
			metrics_count(M_SHARE_TOLD);
		}
	return result;
}

/* One that the engine's triggers refuse must not hold up the others. */
static enum engine_result swap_singly(struct batch *batch, const struct fleet_row *const *rows,
				      struct item *const *items, size_t count)
{
	struct share *share = batch->share;

	for (size_t i = 0; i < count; i++) {
		enum engine_result result = swap(share, &rows[i], &items[i], 1);

		if (result == ENGINE_LOST)
			return result;
		if (result != ENGINE_REFUSED)
			continue;
		hold(batch, items[i]);
		share->next_push = clock_mono_ms() + REFUSED_MS;
		log_warning("key=%s the engine does not take this %s: %s; it is tried again in a "
			    "minute",
			    rows[i]->key, rows[i]->kind, engine_error(share->engine));
	}
	return ENGINE_DONE;
}

static enum engine_result tell(struct batch *batch)
{
	const struct fleet_row *rows[ENGINE_PAGE];
	struct item *items[ENGINE_PAGE];
	size_t count = wanted(batch, rows, items);
	enum engine_result result;

	if (count == 0)
		return ENGINE_DONE;
	result = engine_fetch(batch->share->engine, rows, count, meet_row, batch);
	if (result != ENGINE_DONE)
		return result;
	count = wanted(batch, rows, items);
	if (count == 0)
		return ENGINE_DONE;
	result = swap(batch->share, rows, items, count);
	return result == ENGINE_REFUSED ? swap_singly(batch, rows, items, count) : result;
}

/* An entry with no more of it than its key: for those who take it out of the outbox. */
static bool still_waits(const struct batch *batch, size_t key)
{
	if (batch->key[key].held)
		return true;
	for (size_t i = 0; i < batch->items; i++)
		if (batch->item[i].entry == key && batch->item[i].what == ITEM_SWAP)
			return true;
	return false;
}

/* How many of them stay is added to *stay. */
static bool note_told(struct batch *batch, size_t *stay)
{
	struct ledger_txn *txn = ledger_begin_write(batch->share->ledger);

	if (txn == NULL)
		return false;
	if (!ledger_put_fleet(txn, &batch->share->state)) {
		ledger_abort(txn);
		return false;
	}
	for (size_t i = 0; i < batch->keys; i++) {
		const struct key *key = &batch->key[i];

		if (still_waits(batch, i)) {
			++*stay;
		} else if (!ledger_outbox_done(txn, key->kind, key->key, key->generation)) {
			ledger_abort(txn);
			return false;
		}
	}
	return ledger_commit(txn);
}

static void empty(struct batch *batch)
{
	for (size_t i = 0; i < batch->items; i++)
		fleet_row_free(&batch->item[i].row);
	batch->keys = batch->items = 0;
}

/* What was collected. False as push_some. */
static bool send_batch(struct batch *batch, size_t *stay)
{
	enum engine_result result = tell(batch);

	if (result == ENGINE_LOST)
		return share_goes_on(batch->share, result);
	return note_told(batch, stay);
}

/* All of a box, but for what has to stay. *more: it was too much for one go. */
static bool send_box(struct batch *batch, enum ledger_box box, bool *more)
{
	struct share *share = batch->share;
	size_t stay = 0, keys = ENGINE_PAGE;

	for (int i = 0; keys > 0 && !share->stop; i++) {
		struct ledger_txn *txn = ledger_begin_read(share->ledger);
		bool good = txn != NULL;

		if (i == BATCHES) {
			*more = true;
			ledger_abort(txn);
			return true;
		}
		batch->skip = stay;
		good = good && ledger_outbox_each(txn, box, collect, batch);
		ledger_abort(txn);
		keys = batch->keys;
		good = good && (keys == 0 || send_batch(batch, &stay));
		empty(batch);
		if (!good)
			return false;
	}
	return true;
}

/*
 * All that is held, kind by kind.
 */

static bool next_kind(struct sweep *sweep)
{
	do
		sweep->kind++;
	while (sweep->kind < ENTRY_END && !fleet_shares(sweep->kind));
	sweep->after[0] = '\0';
	return sweep->kind < ENTRY_END;
}

/*
 * What has to stay, or came too late, is put into the outbox: the sweep passes by once.
 */
static bool keep_for_later(struct batch *batch)
{
	struct ledger_txn *txn = ledger_begin_write(batch->share->ledger);
	bool good = txn != NULL;

	for (size_t i = 0; i < batch->keys && good; i++)
		if (still_waits(batch, i))
			good = ledger_outbox_keep(txn, batch->key[i].kind, batch->key[i].key,
						  LEDGER_BOX_NOW);
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool sweep_page(struct batch *batch, size_t *count)
{
	struct share *share = batch->share;
	struct sweep *sweep = &share->sweep;
	struct entry entry = { .kind = sweep->kind };
	struct ledger_txn *txn = ledger_begin_read(share->ledger);
	size_t stay = 0;
	bool good;

	batch->skip = 0;
	good = txn != NULL && ledger_sweep(txn, &entry, sweep->after, collect, batch);
	ledger_abort(txn);
	*count = batch->keys;
	good = good && (batch->keys == 0 || send_batch(batch, &stay)) &&
	       (stay == 0 || keep_for_later(batch));
	if (good && batch->keys > 0)
		str_copy(sweep->after, sizeof(sweep->after), batch->key[batch->keys - 1].key);
	empty(batch);
	return good;
}

static bool sweep_some(struct batch *batch, bool *more)
{
	struct share *share = batch->share;
	struct sweep *sweep = &share->sweep;
	size_t count;

	if (sweep->kind == ENTRY_HEADER)
		next_kind(sweep);
	for (int i = 0; i < BATCHES && sweep->kind < ENTRY_END && !share->stop; i++) {
		if (!sweep_page(batch, &count))
			return false;
		if (count == 0)
			next_kind(sweep);
	}
	*more = sweep->kind < ENTRY_END;
	if (*more)
		return true;
	sweep->kind = ENTRY_HEADER;
	share->state.sweep = false;
	share->state.round = share->greeting.now;
	return share_save(share);
}

/* Hosts that joined together do not have their rounds together for ever. */
static bool is_round_due(const struct share *share)
{
	int64_t early = (int64_t)(share->state.instance[0]) * (FLEET_ROUND / 16 / 256);

	return share->greeting.now - share->state.round >= FLEET_ROUND - early ||
	       share->state.round > share->greeting.now;
}

static bool send_round(struct batch *batch, bool *more)
{
	struct share *share = batch->share;

	if (*more || !is_round_due(share))
		return true;
	if (!send_box(batch, LEDGER_BOX_LATER, more))
		return false;
	if (*more)
		return true;
	share->state.round = share->greeting.now;
	return share_save(share);
}

bool push_some(struct share *share, bool *more)
{
	struct batch *batch = mem_zero(1, sizeof(*batch));
	bool good;

	batch->share = share;
	*more = false;
	good = send_box(batch, LEDGER_BOX_NOW, more);
	if (good && !*more && share->state.sweep)
		good = sweep_some(batch, more);
	if (good)
		good = send_round(batch, more);
	free(batch);
	return good;
}

/*
 * Acts of long ago.
 */

static bool see_row(void *context, const struct fleet_row *row, const char *origin)
{
	struct batch *batch = context;
	struct item *item = row != NULL ? find_item(batch, row) : NULL;

	(void)origin;
	if (item != NULL)
		item->what = ITEM_SAME;
	return true;
}

static bool remove_unknown(struct batch *batch, size_t *removed)
{
	struct ledger_txn *txn = ledger_begin_write(batch->share->ledger);
	bool good = txn != NULL;

	for (size_t i = 0; i < batch->items && good; i++) {
		const struct fleet_row *row = &batch->item[i].row;
		struct entry entry;

		if (batch->item[i].what == ITEM_SAME)
			continue;
		good = fleet_row_take(&entry, row) == FLEET_ROW_GOOD &&
		       ledger_remove_entry(txn, &entry);
		++*removed;
	}
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool drop_page(struct batch *batch, struct sweep *place, size_t *count, size_t *removed)
{
	const struct fleet_row *rows[ENGINE_PAGE];
	struct share *share = batch->share;
	struct entry entry = { .kind = place->kind };
	struct ledger_txn *txn = ledger_begin_read(share->ledger);
	bool good = txn != NULL && ledger_sweep(txn, &entry, place->after, collect, batch);
	enum engine_result result = ENGINE_DONE;

	ledger_abort(txn);
	*count = batch->keys;
	for (size_t i = 0; i < batch->items; i++)
		rows[i] = &batch->item[i].row;
	if (good && batch->items > 0)
		result = engine_fetch(share->engine, rows, batch->items, see_row, batch);
	if (result != ENGINE_DONE)
		good = share_goes_on(share, ENGINE_LOST);
	good = good && remove_unknown(batch, removed);
	if (good && batch->keys > 0)
		str_copy(place->after, sizeof(place->after), batch->key[batch->keys - 1].key);
	empty(batch);
	return good;
}

bool push_drop_old_acts(struct share *share)
{
	struct batch *batch = mem_zero(1, sizeof(*batch));
	struct sweep place = { .kind = ENTRY_HEADER };
	size_t count, removed = 0;
	bool good = true;

	batch->share = share;
	while (good && next_kind(&place)) {
		if (!entry_is_act(place.kind))
			continue;
		do
			good = drop_page(batch, &place, &count, &removed);
		while (good && count > 0);
	}
	free(batch);
	if (good && removed > 0)
		log_warning("share=%s %zu overrides, pins, aliases and exceptions were dropped: "
			    "nobody else has them, and they may have been taken away since",
			    share->settings->share, removed);
	return good;
}
