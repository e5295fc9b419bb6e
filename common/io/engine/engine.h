/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine - the database that hosts share (fleet/postseal-share.sql), by libpq: greet,
 * since, fetch, swap, and the list of members. Another engine would be another file with
 * these functions.
 *
 * Nothing here waits by itself: whoever calls says how, so a daemon still hears its signals.
 * What comes from the engine is read strictly (core/fleet/fleet_row.h); each failure has a
 * reason in words. No statement takes longer than ENGINE_STEP_MS, or the connection is given
 * up. For one thread.
 */
#ifndef POSTSEAL_IO_ENGINE_H
#define POSTSEAL_IO_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fleet/fleet_row.h"

struct engine; /* opaque; one connection */

#define ENGINE_STEP_MS INT64_C(30000)
/* So many rows are asked for, or written, at a time. */
#define ENGINE_PAGE 500
#define ENGINE_ERROR_SIZE 512

/* Waits until fd is ready for reading, or for writing, too, or `deadline` (clock_mono_ms)
 * is over: then false, as when the program is to end. */
typedef bool engine_wait_fn(void *context, int fd, bool writing, int64_t deadline);

/*
 * By the service of this name in libpq's service file. NULL, and why and what to do in
 * `error`: it cannot be reached, does not know us, or the way to it is open to others: by
 * TCP there has to be TLS, and sslmode=verify-full.
 */
struct engine *engine_open(const char *service, const char *name, engine_wait_fn *wait,
			   void *context, char error[ENGINE_ERROR_SIZE]);
void engine_close(struct engine *engine); /* NULL is allowed */

enum engine_result {
	ENGINE_DONE,
	ENGINE_AGAIN,   /* somebody else was faster; try again (SQLSTATE 40001, 40P01) */
	ENGINE_REFUSED, /* a trigger of the engine does not take it (23514) */
	ENGINE_LOST     /* give the connection up */
};
/* Why the latest call did not end with ENGINE_DONE. */
const char *engine_error(const struct engine *engine);

#define ENGINE_ASKED 2

struct engine_greeting {
	uint8_t epoch[FLEET_ID_SIZE];
	uint64_t n;  /* all batches so far */
	int64_t now; /* its clock, seconds since 1970 */
	bool facts;  /* we may write facts; else the role postseal_mx is not ours */
	bool acts;   /* and acts: postseal_admin */
	bool counts; /* its tables are of this postseal; else members do not say what they hold */
	/* The latest batch, and those with the numbers that were asked for. */
	bool has_last, has_asked[ENGINE_ASKED];
	uint64_t last;
	uint8_t last_nonce[FLEET_ID_SIZE], asked_nonce[ENGINE_ASKED][FLEET_ID_SIZE];
};
enum engine_result engine_greet(struct engine *engine, const uint64_t asked[ENGINE_ASKED],
				struct engine_greeting *greeting);

/*
 * Rows that changed after a place, in the order in which they did, up to batch `most`: at
 * most ENGINE_PAGE of them. `place` starts as { .n = N } for what came after batch N, and
 * is moved on. `visit` gets NULL for a row that is none; `origin` then still says whose, as
 * far as that can be told. *count: how many there were; fewer than ENGINE_PAGE: no more.
 */
struct engine_place {
	uint64_t n;
	char kind[32];
	char key[4 * ENTRY_KEY_SIZE]; /* as the engine has it */
};
typedef bool engine_row_fn(void *context, const struct fleet_row *row, const char *origin);
enum engine_result engine_since(struct engine *engine, struct engine_place *place, uint64_t most,
				engine_row_fn *visit, void *context, size_t *count);

/* The rows with these kinds and keys, as far as there are any, in no order; count <=
 * ENGINE_PAGE. */
enum engine_result engine_fetch(struct engine *engine, const struct fleet_row *const *wanted,
				size_t count, engine_row_fn *visit, void *context);

/*
 * Writes these rows as one batch, each where the engine's has still the revision before
 * (row->rev - 1; 0: there is none). taken[i] says whether it was; *n is the number of the
 * batch. All or nothing unless DONE.
 */
enum engine_result engine_swap(struct engine *engine, const struct fleet_row *const *rows,
			       size_t count, const uint8_t nonce[FLEET_ID_SIZE], bool *taken,
			       uint64_t *n);

/*
 * Tells the others of ourselves. *twice: another host, heard of lately, has our name; then
 * nothing was written. `seen`, `login` and `acts` are the engine's business; what it holds is told
 * if `counts`, as greeted.
 */
enum engine_result engine_tell_member(struct engine *engine, const struct fleet_member *member,
				      bool counts, bool *twice);
enum engine_result engine_members(struct engine *engine,
				  bool (*visit)(void *context, const struct fleet_member *member),
				  void *context);

#endif
