/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/engine/engine_eyes.h"

#include <string.h>

#include "base/str.h"
#include "io/engine/engine_table.h"

static bool no_row(void *context, const struct fleet_text *columns)
{
	(void)context, (void)columns;
	return false;
}

struct reading {
	struct fleet_round *round;
	bool found;
};

static bool read_round(void *context, const struct fleet_text *columns)
{
	struct reading *reading = context;

	reading->found = true;
	return fleet_round_read(reading->round, columns);
}

enum engine_result engine_sight(struct engine *engine, const char *host_key, int64_t seen,
				const char *const eyes[FLEET_EYES], struct fleet_round *round)
{
	static const char open[] =
		"insert into postseal.sighting as s (host, observer, seen, eye1, eye2)"
		" values ($1, $2, $3::bigint, $4, $5) on conflict (host, observer) do update"
		" set seen = excluded.seen, eye1 = excluded.eye1, eye2 = excluded.eye2"
		" where s.seen <> excluded.seen";
	static const char look[] =
		"select greatest(0, floor(extract(epoch from clock_timestamp() - s.opened)))"
		"::bigint, s.eye1, v1.saw, s.eye2, v2.saw from postseal.sighting s"
		" left join postseal.vote v1 on v1.host = s.host and v1.observer = s.observer"
		" and v1.voter = s.eye1 and v1.seen = s.seen"
		" left join postseal.vote v2 on v2.host = s.host and v2.observer = s.observer"
		" and v2.voter = s.eye2 and v2.seen = s.seen"
		" where s.host = $1 and s.observer = $2";
	char number[STR_DECIMAL_SIZE];
	const char *values[] = { host_key, engine_name(engine), str_decimal(number, (uint64_t)seen),
				 eyes[0], eyes[1] };
	struct reading reading = { round, false };
	enum engine_result done = engine_table(engine, open, 5, values, 0, no_row, NULL);

	if (done == ENGINE_DONE)
		done = engine_table(engine, look, 2, values, FLEET_ROUND_COLUMNS, read_round,
				    &reading);
	/* Another has taken it away: an admin of the database, who tidies up. */
	if (done == ENGINE_DONE && !reading.found)
		done = ENGINE_AGAIN;
	return done;
}

static bool add_ask(void *context, const struct fleet_text *columns)
{
	struct engine_asks *asks = context;

	if (asks->count == FLEET_SIGHTINGS_MAX)
		return false;
	if (fleet_ask_read(&asks->ask[asks->count], columns))
		asks->count++;
	return true;
}

enum engine_result engine_asks(struct engine *engine, struct engine_asks *asks)
{
	static const char sql[] =
		/* Of each login the first, then the second: who asks much does not keep others out. */
		"select s.observer, s.host, s.seen from postseal.sighting s"
		" where s.opened > clock_timestamp() - interval '120 seconds'"
		" and (s.eye1 = $1 or s.eye2 = $1) and not exists (select 1 from postseal.vote v"
		" where v.host = s.host and v.observer = s.observer and v.voter = $1"
		" and v.seen = s.seen) order by row_number() over (partition by s.login"
		" order by s.opened), s.opened limit 64";
	const char *values[] = { engine_name(engine) };

	_Static_assert(FLEET_ROUND_WAIT == 120 && FLEET_SIGHTINGS_MAX == 64, "as in the statement");
	asks->count = 0;
	return engine_table(engine, sql, 1, values, FLEET_ASK_COLUMNS, add_ask, asks);
}

enum engine_result engine_answer(struct engine *engine, const struct fleet_ask *ask,
				 enum fleet_saw saw)
{
	char number[STR_DECIMAL_SIZE];
	const char *values[] = { ask->host, ask->observer, engine_name(engine),
				 str_decimal(number, (uint64_t)ask->seen), fleet_saw_name(saw) };

	return engine_table(engine,
			    "insert into postseal.vote (host, observer, voter, seen, saw)"
			    " values ($1, $2, $3, $4::bigint, $5) on conflict (host, observer,"
			    " voter) do update set seen = excluded.seen, saw = excluded.saw",
			    5, values, 0, no_row, NULL);
}

static bool read_teller(void *context, const struct fleet_text *columns)
{
	return columns[0].bytes != NULL && fleet_name_good(columns[0].bytes, columns[0].len) &&
	       str_copy_n(context, FLEET_NAME_SIZE, columns[0].bytes, columns[0].len);
}

enum engine_result engine_claim(struct engine *engine, const char *host_key, int64_t seen,
				int64_t last_tls, char teller[FLEET_NAME_SIZE])
{
	static const char claim[] =
		"insert into postseal.telling as t (host, teller, seen)"
		" values ($1, $2, $3::bigint) on conflict (host) do update"
		" set teller = excluded.teller, seen = excluded.seen where t.seen <= $4::bigint";
	char numbers[2][STR_DECIMAL_SIZE];
	const char *values[] = { host_key, engine_name(engine),
				 str_decimal(numbers[0], (uint64_t)seen),
				 str_decimal(numbers[1], (uint64_t)last_tls) };
	enum engine_result done = engine_table(engine, claim, 4, values, 0, no_row, NULL);

	teller[0] = '\0';
	if (done == ENGINE_DONE)
		done = engine_table(engine, "select teller from postseal.telling where host = $1",
				    1, values, 1, read_teller, teller);
	/* It says so as well if we had claimed it before, and died before we noted that. */
	if (done == ENGINE_DONE && strcmp(teller, engine_name(engine)) == 0)
		teller[0] = '\0';
	return done;
}
