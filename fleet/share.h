/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-share - one memory for many hosts (doc/FLEET.md, postseal-share(8)).
 *
 * One thread: read, then tell, then wait. Whatever fails, the ledger is whole and mail
 * goes on; it is tried again, ever more rarely, up to once a minute.
 */
#ifndef POSTSEAL_FLEET_SHARE_H
#define POSTSEAL_FLEET_SHARE_H

#include "core/settings/settings.h"
#include "io/engine/engine.h"
#include "io/ledger/ledger_fleet.h"

struct share {
	const struct settings *settings;
	char name[FLEET_NAME_SIZE];
	struct ledger *ledger;
	struct engine *engine;           /* NULL: not connected */
	struct engine_greeting greeting; /* the latest */
	struct fleet_state state;        /* as the ledger has it */
	int signals;                     /* signalfd(2) */
	bool stop;
	int64_t backoff;  /* milliseconds; 0: all is well */
	int64_t next_try; /* clock_mono_ms, as the next three */
	int64_t next_pull;
	int64_t next_hello; /* tell the others of us */
	int64_t next_push;  /* after something was refused */
	int64_t pulled;     /* when all was last read; 0: never */
	int64_t saved;      /* when the state was last written */
	bool more;          /* the latest turn left something to be told at once */
	bool twice;         /* another host has our name */
	bool told_tables;   /* that they are old */
	bool nameless;      /* the engine does not let us have it: why is in `refusal` */
	char refusal[ENGINE_ERROR_SIZE];
	struct sweep {
		enum entry_kind kind; /* ENTRY_HEADER: not begun */
		char after[ENTRY_KEY_SIZE];
	} sweep;
	/*
	 * A fleet's rows can take half an hour to read, and connections break: a reading goes on
	 * where it was, as long as the batch that was the latest when it began is still there.
	 */
	struct reading {
		bool under_way;
		struct engine_place place; /* all before it is in the ledger */
		uint64_t last;
		uint8_t last_nonce[FLEET_ID_SIZE];
	} reading;
};

struct share *share_open(const struct settings *settings);
int share_serve(struct share *share);
void share_close(struct share *share); /* NULL is allowed */

/* Writes the state down. False on failure, which has been logged. */
bool share_save(struct share *share);
/* How many of the greeting's batches are still to be read, for who looks at the metrics. */
void share_count_behind(const struct share *share);
/*
 * All that others told up to the greeting's batch. False: try again later, and `engine` is
 * closed if it was the engine's fault.
 */
bool pull_all(struct share *share);
/* Some of what is to be told. *more: there is still some. False as above. */
bool push_some(struct share *share, bool *more);

/* What a call of the engine ended with, where that was not DONE: may the connection go on? */
bool share_goes_on(struct share *share, enum engine_result result);

/*
 * Takes out of the ledger the acts that the engine has none of: after an exchange so old
 * that what they say may have been taken away since.
 */
bool push_drop_old_acts(struct share *share);

/* False as push_some. */
bool eyes_meet(struct share *share);
/* Is anybody waiting for eyes_meet? */
bool eyes_wait(struct ledger_txn *txn);

#endif
