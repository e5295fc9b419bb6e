/* SPDX-License-Identifier: BSD-2-Clause */
/* The second pair of eyes, on its way between ledger and engine (core/fleet/fleet_sighting.h). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fleet/share.h"
#include "io/engine/engine_eyes.h"
#include "io/ledger/ledger_entry.h"
#include "io/ledger/ledger_sighting.h"

/*
 * What we saw.
 */

/* What the ledger knows of the host; false: nothing that could be had. */
static bool get_host(struct ledger_txn *txn, const char *host_key, struct host_facts *facts)
{
	struct entry entry = { .kind = ENTRY_HOST };

	return entry_take_key(&entry, host_key) &&
	       ledger_get_host(txn, entry.key, entry.port, facts) == LOOKUP_FOUND;
}

static bool find_last_tls(struct share *share, const char *host_key, int64_t *last_tls)
{
	struct ledger_txn *txn = ledger_begin_read(share->ledger);
	struct host_facts facts;
	bool found = txn != NULL && get_host(txn, host_key, &facts);

	ledger_abort(txn);
	*last_tls = found ? facts.history.last_tls : 0;
	return found;
}

static enum engine_result ask_eyes(struct share *share, const struct fleet_view *view,
				   const char *host_key, const struct fleet_sighting *sighting,
				   struct fleet_round *round)
{
	const struct fleet_member *chosen[FLEET_EYES];
	const char *eyes[FLEET_EYES] = { "", "" };
	size_t count = fleet_choose_eyes(chosen, view, host_key);

	for (size_t i = 0; i < count; i++)
		eyes[i] = chosen[i]->name;
	return engine_sight(share->engine, host_key, sighting->seen, eyes, round);
}

/* What is to be thought of it, as far as that can be said now: into *sighting. */
static enum engine_result judge(struct share *share, const struct fleet_view *view,
				const char *host_key, struct fleet_sighting *sighting)
{
	struct fleet_round round;
	int64_t last_tls;
	enum engine_result result = ask_eyes(share, view, host_key, sighting, &round);

	if (result != ENGINE_DONE)
		return result;
	sighting->word = fleet_judge(&round);
	if (sighting->word != FLEET_LOST || !find_last_tls(share, host_key, &last_tls))
		return ENGINE_DONE;
	result = engine_claim(share->engine, host_key, sighting->seen, last_tls, sighting->teller);
	if (result != ENGINE_DONE)
		sighting->word = FLEET_WAITS;
	else if (sighting->teller[0] != '\0')
		sighting->word = FLEET_LOST_TOLD;
	return result;
}

/* Unless the prober has done with it meanwhile. */
static bool write_word(struct share *share, const char *host_key,
		       const struct fleet_sighting *sighting)
{
	struct ledger_txn *txn = ledger_begin_write(share->ledger);
	struct fleet_sighting stands;
	bool good = txn != NULL;

	if (good && ledger_get_sighting(txn, host_key, &stands) == LOOKUP_FOUND &&
	    stands.seen == sighting->seen && stands.word == FLEET_WAITS)
		good = ledger_put_sighting(txn, host_key, sighting);
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool read_own(struct share *share, struct ledger_sightings *all, struct fleet_view *view)
{
	struct ledger_txn *txn = ledger_begin_read(share->ledger);
	bool good = txn != NULL && ledger_all_sightings(txn, all) &&
		    (all->count == 0 || ledger_get_view(txn, clock_wall(), view));

	ledger_abort(txn);
	return good;
}

static bool ask_others(struct share *share)
{
	struct ledger_sightings *all = mem_zero(1, sizeof(*all));
	struct fleet_view *view = mem_zero(1, sizeof(*view));
	bool good = read_own(share, all, view);

	for (size_t i = 0; good && i < all->count; i++) {
		struct fleet_sighting *sighting = &all->at[i].sighting;
		enum engine_result result;

		if (sighting->word != FLEET_WAITS)
			continue;
		result = judge(share, view, all->at[i].host, sighting);
		good = result == ENGINE_DONE ? sighting->word == FLEET_WAITS ||
						       write_word(share, all->at[i].host, sighting)
					     : share_goes_on(share, result);
	}
	free(all);
	free(view);
	return good;
}

/*
 * What others saw.
 */

/* What the ledger says to this; a look is noted there where it says nothing. */
static bool look_for(struct ledger_txn *txn, const char *host_key, int64_t now, enum fleet_saw *saw)
{
	struct fleet_look look;
	struct host_facts facts;

	*saw = FLEET_SAW_NOTHING;
	/* At what never had TLS nobody makes us look. */
	if (!get_host(txn, host_key, &facts) || facts.history.last_tls == 0)
		return true;
	*saw = FLEET_SAW_NOT_YET;
	if (ledger_get_look(txn, host_key, &look) == LOOKUP_FOUND && look.wanted <= now &&
	    look.wanted > now - FLEET_ROUND_WAIT) {
		*saw = look.saw;
		return true;
	}
	look = (struct fleet_look){ .wanted = now };
	return ledger_put_look(txn, host_key, &look);
}

/* Those that nobody waits for any more. */
static bool drop_old(struct ledger_txn *txn, int64_t now, size_t *left)
{
	struct ledger_looks *all = mem_zero(1, sizeof(*all));
	bool good = ledger_all_looks(txn, all);

	*left = 0;
	for (size_t i = 0; good && i < all->count; i++) {
		int64_t wanted = all->at[i].look.wanted;

		if (wanted > now || wanted <= now - FLEET_SIGHTING_WAIT)
			good = ledger_remove_look(txn, all->at[i].host);
		else
			++*left;
	}
	free(all);
	return good;
}

static bool find_answers(struct share *share, const struct engine_asks *asks, enum fleet_saw *saw)
{
	struct ledger_txn *txn = ledger_begin_write(share->ledger);
	int64_t now = clock_wall();
	size_t left;
	bool good = txn != NULL && drop_old(txn, now, &left);

	for (size_t i = 0; good && i < asks->count; i++) {
		saw[i] = FLEET_SAW_NOTHING;
		if (left + i < FLEET_SIGHTINGS_MAX)
			good = look_for(txn, asks->ask[i].host, now, &saw[i]);
	}
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool answer(struct share *share, const struct engine_asks *asks)
{
	enum fleet_saw saw[FLEET_SIGHTINGS_MAX] = { 0 };

	if (!find_answers(share, asks, saw))
		return false;
	for (size_t i = 0; i < asks->count; i++) {
		enum engine_result result;

		if (saw[i] == FLEET_SAW_NOT_YET)
			continue;
		log_info("host=%s seen without TLS by %s; here: %s", asks->ask[i].host,
			 asks->ask[i].observer, fleet_saw_name(saw[i]));
		result = engine_answer(share->engine, &asks->ask[i], saw[i]);
		if (result != ENGINE_DONE && !share_goes_on(share, result))
			return false;
	}
	return true;
}

static bool answer_others(struct share *share)
{
	struct engine_asks *asks = mem_zero(1, sizeof(*asks));
	enum engine_result result = engine_asks(share->engine, asks);
	bool good = result == ENGINE_DONE ? asks->count == 0 || answer(share, asks)
					  : share_goes_on(share, result);

	free(asks);
	return good;
}

bool eyes_meet(struct share *share)
{
	return ask_others(share) && answer_others(share);
}

bool eyes_wait(struct ledger_txn *txn)
{
	struct ledger_sightings *all;
	struct ledger_looks *looks;
	bool waits = false;

	if (!ledger_has_sightings(txn))
		return false;
	all = mem_zero(1, sizeof(*all));
	looks = mem_zero(1, sizeof(*looks));
	if (ledger_all_sightings(txn, all))
		for (size_t i = 0; i < all->count; i++)
			waits = waits || all->at[i].sighting.word == FLEET_WAITS;
	waits = waits || (ledger_all_looks(txn, looks) && looks->count > 0);
	free(all);
	free(looks);
	return waits;
}
