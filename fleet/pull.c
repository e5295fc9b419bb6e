/* SPDX-License-Identifier: BSD-2-Clause */
/* What others told, into the ledger (share.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/record/merge.h"
#include "fleet/share.h"
#include "io/ledger/ledger_entry.h"
#include "io/local/metrics_file.h"

/*
 * Pages are gathered in memory and written together: nobody waits for the network inside a
 * transaction of the ledger, and each transaction waits for the disk. A host that joins reads
 * millions of rows.
 */
#define GATHER_ROWS (10 * ENGINE_PAGE)
#define GATHER_BYTES ((size_t)4 << 20) /* of records; the page that comes to it is the last */

struct gathered {
	struct share *share;
	size_t count;
	size_t bytes;
	struct fleet_row rows[GATHER_ROWS];
	bool told_dropped; /* in this reading */
};

/* What no host may write is dropped by all alike; whose it is, an admin wants to know. */
static void drop(struct gathered *g, const char *origin, const char *kind, const char *key)
{
	metrics_count(M_SHARE_DROPPED);
	if (g->told_dropped)
		return;
	g->told_dropped = true;
	log_warning("origin=%s wrote rows that no host writes, %s %s among them: they are dropped; "
		    "look after that host, and after its login",
		    origin, kind, key);
}

static bool keep_row(void *context, const struct fleet_row *row, const char *origin)
{
	struct gathered *g = context;
	struct fleet_row *copy = &g->rows[g->count];

	metrics_count(M_SHARE_READ);
	if (row == NULL) {
		drop(g, origin, "one", "that cannot be read");
		return true;
	}
	*copy = *row;
	copy->record = (struct buf){ 0 };
	buf_append(&copy->record, row->record.data, row->record.len);
	g->count++;
	g->bytes += row->record.len;
	return true;
}

static void empty(struct gathered *g)
{
	for (size_t i = 0; i < g->count; i++)
		fleet_row_free(&g->rows[i]);
	g->count = 0;
	g->bytes = 0;
}

/* Another page may not fit in. */
static bool is_full(const struct gathered *g)
{
	return g->count + ENGINE_PAGE > GATHER_ROWS || g->bytes >= GATHER_BYTES;
}

/*
 * What this ledger holds of it now says more than the engine does? Nothing of that should be
 * so, but for a backup that was restored there: it is told again.
 */
static bool tell_more(struct ledger_take *take, const struct entry *theirs)
{
	struct entry ours = take->merged, all = *theirs;
	enum fleet_change change;

	merge_reduce(&ours);
	if (theirs->kind == ENTRY_DOMAIN && theirs->of.domain.forgotten == 0)
		ours.of.domain.forgotten = 0;
	if (theirs->kind == ENTRY_DOMAIN && theirs->of.domain.forgotten != 0) {
		int64_t forgotten = ours.of.domain.forgotten;

		memset(&ours.of, 0, sizeof(ours.of));
		ours.of.domain.forgotten = forgotten;
	}
	merge_shared(&all, &ours);
	change = fleet_compare(theirs, &all);
	return change == FLEET_SAME ||
	       ledger_outbox_mark(take->txn, &take->merged,
				  change == FLEET_NOW ? LEDGER_BOX_NOW : LEDGER_BOX_LATER);
}

/* Of an MX host that lost TLS, or has it again, another tells the admin; here the journal has it. */
static bool note_loss(const struct ledger_take *take)
{
	struct journal_entry entry = { .time = take->now };
	char date[UTC_SIZE], key[ENTRY_KEY_SIZE];
	int64_t before, after;

	if (take->merged.kind != ENTRY_HOST)
		return true;
	before = fold_downgrade_since(&take->have.of.host.history);
	after = fold_downgrade_since(&take->merged.of.host.history);
	if ((before != 0) == (after != 0))
		return true;
	entry_key(key, &take->merged);
	str_copy(entry.subject, sizeof(entry.subject), key);
	str_copy(entry.author, sizeof(entry.author), take->author);
	str_copy(entry.event, sizeof(entry.event),
		 after != 0 ? "downgrade-elsewhere" : "downgrade-ended-elsewhere");
	snprintf(entry.detail, sizeof(entry.detail), "%.80s: %s%s", take->by,
		 after != 0 ? "no STARTTLS since " : "STARTTLS is offered again",
		 after != 0 ? utc_format(date, after) : "");
	return ledger_add_journal(take->txn, &entry);
}

/*
 * It may stand where a good one stood, which a host that joins would then miss. If we hold that
 * one, it waits in the outbox until it can be told.
 */
static bool retell(struct ledger_take *take, const struct fleet_row *row, enum ledger_box box)
{
	enum entry_kind kind;

	return !fleet_row_kind(&kind, row) || ledger_outbox_retell(take->txn, kind, row->key, box);
}

/* False when the transaction is broken. */
static bool take_row(struct gathered *g, struct ledger_take *take, const struct fleet_row *row)
{
	struct entry entry;

	switch (fleet_row_take(&entry, row)) {
	case FLEET_ROW_NEWER:
		metrics_count(M_SHARE_NEWER);
		return retell(take, row, LEDGER_BOX_LATER);
	case FLEET_ROW_BAD:
		drop(g, row->origin, row->kind, row->key);
		return retell(take, row, LEDGER_BOX_NOW);
	case FLEET_ROW_GOOD:
		break;
	}
	if (entry_is_spent(&entry, take->now))
		return true;
	/* A policy is a start: whoever is asked about first fetches its own. */
	if (entry.kind == ENTRY_DOMAIN)
		entry.of.domain.sts.id[0] = '\0';
	if (ledger_take(take, &entry)) {
		metrics_count(M_SHARE_CHANGED);
		if (!ledger_take_write(take) || !note_loss(take))
			return false;
	}
	return fleet_row_take(&entry, row) != FLEET_ROW_GOOD || tell_more(take, &entry);
}

static bool write_rows(struct gathered *g)
{
	const struct share *share = g->share;
	struct ledger_take *take = mem_zero(1, sizeof(*take));
	bool good = true;

	*take = (struct ledger_take){
		.txn = ledger_begin_write(share->ledger),
		.every_host = share->settings->mixed_mx == MIXED_MX_LENIENT,
		.default_port = share->settings->smtp_port,
		.now = clock_wall(),
		.author = "fleet",
	};
	good = take->txn != NULL;
	if (good)
		ledger_outbox_pause(take->txn, true);
	for (size_t i = 0; i < g->count && good; i++) {
		char by[FLEET_NAME_SIZE + 8];

		str_join(by, sizeof(by), "by ", g->rows[i].origin, NULL);
		take->by = by;
		good = take_row(g, take, &g->rows[i]);
	}
	if (good)
		good = ledger_commit(take->txn);
	else
		ledger_abort(take->txn);
	free(take);
	return good;
}

static void begin_reading(struct share *share)
{
	const struct engine_greeting *greeting = &share->greeting;
	struct reading *reading = &share->reading;

	if (reading->under_way) {
		log_info("share=%s reading goes on at batch %" PRIu64 " of %" PRIu64,
			 share->settings->share, reading->place.n, greeting->n);
		return;
	}
	memset(reading, 0, sizeof(*reading));
	reading->place.n = share->state.n;
	/* Where no batch left a note of itself, nothing tells later that it is still there. */
	reading->under_way = greeting->has_last;
	reading->last = greeting->last;
	memcpy(reading->last_nonce, greeting->last_nonce, FLEET_ID_SIZE);
}

static bool read_pages(struct gathered *g)
{
	struct share *share = g->share;
	struct engine_place place = share->reading.place;
	size_t count = ENGINE_PAGE;

	while (count == ENGINE_PAGE) {
		if (engine_since(share->engine, &place, share->greeting.n, keep_row, g, &count) !=
		    ENGINE_DONE)
			return share_goes_on(share, ENGINE_LOST);
		if (count == ENGINE_PAGE && !is_full(g) && !share->stop)
			continue;
		if (!write_rows(g) || share->stop)
			return false;
		empty(g);
		share->reading.place = place;
		share_count_behind(share);
	}
	share->reading.under_way = false;
	return true;
}

/* All up to here was read. Where a batch left no note of itself, up to the one before. */
static bool move_cursor(struct share *share, bool fresh)
{
	struct fleet_state *state = &share->state;

	state->exchanged = share->greeting.now;
	if (share->greeting.has_last && share->greeting.last <= share->greeting.n) {
		fresh = fresh || state->n != share->greeting.last;
		state->n = share->greeting.last;
		memcpy(state->nonce, share->greeting.last_nonce, FLEET_ID_SIZE);
	}
	metrics_set(M_SHARE_BEHIND, 0);
	return !fresh || share_save(share);
}

bool pull_all(struct share *share)
{
	bool old = fleet_state_is_old(&share->state, share->greeting.now);
	struct gathered *g;
	bool good = true;

	if (old) {
		log_warning("share=%s the last exchange was more than 300 days ago: of the acts of "
			    "admins here those count that the others still have",
			    share->settings->share);
		if (share->state.n != 0)
			share->reading.under_way = false;
		share->state.n = 0;
		share->state.sweep = true;
	}
	if (share->greeting.n > share->state.n) {
		g = mem_zero(1, sizeof(*g));
		g->share = share;
		begin_reading(share);
		good = read_pages(g);
		empty(g);
		free(g);
	}
	if (good && old)
		good = push_drop_old_acts(share);
	return good && move_cursor(share, old || share->state.exchanged == 0);
}
