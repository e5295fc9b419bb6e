/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/policy/fold.h"
#include "core/policy/freshness.h"
#include "core/record/entry.h"
#include "io/ledger/ledger_sighting.h"
#include "io/local/metrics_file.h"
#include "prober/result.h"
#include "prober/tell.h"

struct sightings {
	struct prober *prober;
	bool stripped; /* an admin was told that our path takes STARTTLS away */
	struct fleet_view view;
};

/*
 * Our own path.
 */

/* Any host of which others said so, and that has not shown TLS to us since. */
static bool has_path(struct ledger_txn *txn)
{
	struct ledger_sightings *all;
	bool found = false;

	if (!ledger_has_sightings(txn))
		return false;
	all = mem_zero(1, sizeof(*all));
	if (ledger_all_sightings(txn, all))
		for (size_t i = 0; i < all->count; i++)
			found = found || all->at[i].sighting.path;
	free(all);
	return found;
}

bool sightings_tell_path(struct sightings *sightings, struct ledger_txn *txn, const char *host_key)
{
	bool path = has_path(txn), guard = sightings->prober->guard.stripped;

	if (sightings->stripped == (path || guard))
		return true;
	sightings->stripped = path || guard;
	if (path)
		return tell_path(txn, host_key);
	return tell_stripping(txn, host_key, guard ? STRIP_BEGAN : STRIP_ENDED);
}

struct sightings *sightings_new(struct prober *prober)
{
	struct sightings *sightings = mem_zero(1, sizeof(*sightings));
	struct ledger_txn *txn = ledger_begin_read(prober->ledger);

	sightings->prober = prober;
	sightings->stripped = txn != NULL && has_path(txn);
	metrics_set(M_STRIPPED, sightings->stripped);
	ledger_abort(txn);
	return sightings;
}

void sightings_free(struct sightings *sightings)
{
	free(sightings);
}

/*
 * Looks that are left to others.
 */

bool sightings_in_fleet(const struct sightings *sightings)
{
	return sightings->view.count > 1;
}

int64_t sightings_spare(const struct sightings *sightings, const char *host_key,
			const struct host_facts *host)
{
	return fleet_spared_until(&sightings->view, host_key, host, clock_wall());
}

/*
 * What was seen.
 */

static enum fleet_saw saw_of(enum observed observed)
{
	return observed == OBSERVED_TLS     ? FLEET_SAW_TLS
	       : observed == OBSERVED_PLAIN ? FLEET_SAW_PLAIN
					    : FLEET_SAW_NOTHING;
}

/* Another wants to know. *asked: so, and lately. */
static bool answer_look(struct ledger_txn *txn, const char *host_key, enum observed observed,
			int64_t now, bool *asked)
{
	struct fleet_look look;

	*asked = ledger_get_look(txn, host_key, &look) == LOOKUP_FOUND && look.wanted <= now &&
		 look.wanted > now - FLEET_SIGHTING_WAIT;
	if (!*asked || look.saw != FLEET_SAW_NOT_YET)
		return true;
	look.saw = saw_of(observed);
	return ledger_put_look(txn, host_key, &look);
}

static bool keep_sighting(struct ledger_txn *txn, const struct host_task *task,
			  const struct history *history, const struct observation *seen, bool *kept)
{
	struct fleet_sighting sighting = { .seen = seen->time };
	const struct host_wait *wait;

	LIST_FOREACH(wait, &task->waits, next)
	{
		if (sighting.domains < FLEET_SIGHTING_DOMAINS)
			str_copy(sighting.domain[sighting.domains++], NEXTHOP_SIZE,
				 wait->domain->nexthop.key);
	}
	return ledger_keep_sighting(txn, task->key, history, &sighting, clock_wall(), kept);
}

/* TLS is seen: whatever was seen before, we have our own eyes. */
static bool end_sighting(struct sightings *sightings, struct ledger_txn *txn, const char *host_key)
{
	return ledger_remove_sighting(txn, host_key) &&
	       sightings_tell_path(sightings, txn, host_key);
}

bool sightings_take(struct sightings *sightings, struct ledger_txn *txn,
		    const struct host_task *task, const struct history *history,
		    const struct observation *seen, bool *learn)
{
	const struct prober *prober = sightings->prober;
	bool asked, kept;

	*learn = (prober->settings->learn_from & LEARN_PROBE) != 0 &&
		 !(prober->guard.stripped && seen->observed == OBSERVED_PLAIN);
	if (!answer_look(txn, task->key, seen->observed, clock_wall(), &asked))
		return false;
	if (seen->observed == OBSERVED_TLS)
		return end_sighting(sightings, txn, task->key);
	if (seen->observed != OBSERVED_PLAIN || !*learn)
		return true;
	/* Who is asked says what it saw, and leaves it to who asks. */
	*learn = !asked || history->last_tls == 0 || fold_downgrade_since(history) != 0;
	if (!*learn)
		return true;
	if (!keep_sighting(txn, task, history, seen, &kept))
		return false;
	*learn = !kept;
	if (kept)
		log_info("host=%s other hosts of the fleet are asked whether they see TLS there",
			 task->key);
	return true;
}

/*
 * What becomes of it.
 */

static bool settle_path(struct sightings *sightings, struct ledger_txn *txn, const char *host_key,
			struct fleet_sighting *sighting)
{
	sighting->word = FLEET_OURS;
	sighting->path = true;
	return ledger_put_sighting(txn, host_key, sighting) &&
	       sightings_tell_path(sightings, txn, host_key);
}

static bool settle(struct sightings *sightings, struct ledger_txn *txn, const char *host_key,
		   struct fleet_sighting *sighting)
{
	int64_t now = clock_wall();
	bool over = sighting->seen <= now - FLEET_SIGHTING_WAIT ||
		    sighting->seen > now + FLEET_SIGHTING_WAIT;

	switch (sighting->word) {
	case FLEET_WAITS:
		if (!over)
			return true;
		break;
	case FLEET_OURS:
		return sighting->path || settle_path(sightings, txn, host_key, sighting);
	case FLEET_LOST_TOLD:
		if (!tell_elsewhere(txn, host_key, sighting->seen, sighting->teller))
			return false;
		break;
	case FLEET_LOST:
	case FLEET_ALONE:
		break;
	}
	/* Nobody knows better: what was said of our path stands, and nothing is learned. */
	if (sighting->path && (sighting->word == FLEET_WAITS || sighting->word == FLEET_ALONE))
		return settle_path(sightings, txn, host_key, sighting);
	return ledger_remove_sighting(txn, host_key) &&
	       result_learn_plain(sightings->prober, txn, host_key, sighting) &&
	       sightings_tell_path(sightings, txn, host_key);
}

static bool settle_all(struct sightings *sightings, struct ledger_txn *txn)
{
	struct ledger_sightings *all = mem_zero(1, sizeof(*all));
	bool good = ledger_all_sightings(txn, all);

	for (size_t i = 0; good && i < all->count; i++)
		good = settle(sightings, txn, all->at[i].host, &all->at[i].sighting);
	free(all);
	return good;
}

/*
 * Looks for others.
 */

static bool begin_look(struct sightings *sightings, struct ledger_txn *txn, const char *host_key,
		       struct fleet_look *look)
{
	struct entry host = { .kind = ENTRY_HOST };
	const struct host_task *task;

	if (look->saw != FLEET_SAW_NOT_YET || look->wanted <= clock_wall() - FLEET_ROUND_WAIT ||
	    !entry_take_key(&host, host_key))
		return true;
	HASH_FIND_STR(sightings->prober->hosts, host_key, task);
	if (!look->begun) {
		tasks_look_at_host(sightings->prober, host.key, host.port);
		look->begun = true;
	} else if (task == NULL) {
		/* It has no address now, or we were restarted meanwhile. */
		look->saw = FLEET_SAW_NOTHING;
	} else {
		return true;
	}
	return ledger_put_look(txn, host_key, look);
}

static bool begin_looks(struct sightings *sightings, struct ledger_txn *txn)
{
	struct ledger_looks *all = mem_zero(1, sizeof(*all));
	bool good = ledger_all_looks(txn, all);

	for (size_t i = 0; good && i < all->count; i++)
		good = begin_look(sightings, txn, all->at[i].host, &all->at[i].look);
	free(all);
	return good;
}

void sightings_tick(struct sightings *sightings)
{
	struct ledger_txn *txn = ledger_begin_read(sightings->prober->ledger);
	bool any = txn != NULL && ledger_has_sightings(txn), good;

	if (txn != NULL && !ledger_get_view(txn, clock_wall(), &sightings->view))
		memset(&sightings->view, 0, sizeof(sightings->view));
	ledger_abort(txn);
	if (!any)
		return;
	txn = ledger_begin_write(sightings->prober->ledger);
	if (txn == NULL)
		return;
	good = settle_all(sightings, txn) && begin_looks(sightings, txn);
	if (good)
		ledger_commit(txn);
	else
		ledger_abort(txn);
}
