/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_table - a statement, and what it answers as texts: for files of this room, of which
 * one alone knows libpq.
 */
#ifndef POSTSEAL_IO_ENGINE_TABLE_H
#define POSTSEAL_IO_ENGINE_TABLE_H

#include "io/engine/engine.h"

#define ENGINE_COLUMNS_MAX 16

/* A row; false: that is none. */
typedef bool engine_texts_fn(void *context, const struct fleet_text *columns);

/*
 * Visits each row of the answer, which has to have so many columns, at most
 * ENGINE_COLUMNS_MAX. A row that is none is a lie of the engine: LOST.
 */
enum engine_result engine_table(struct engine *engine, const char *sql, int count,
				const char *const *values, int columns, engine_texts_fn *visit,
				void *context);

/* Ours, as in engine_open. */
const char *engine_name(const struct engine *engine);

#endif
