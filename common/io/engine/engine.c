/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/engine/engine.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/engine/engine_table.h"

struct engine {
	PGconn *conn;
	char *name;
	engine_wait_fn *wait;
	void *context;
	char error[ENGINE_ERROR_SIZE];
	enum engine_result result; /* of the latest statement that failed */
};

const char *engine_error(const struct engine *engine)
{
	return engine->error;
}

/* The first line of what libpq or the engine says, without what a terminal would act upon. */
static void note_error(char error[ENGINE_ERROR_SIZE], const char *prefix, const char *message)
{
	char line[ENGINE_ERROR_SIZE / 2];

	str_printable(line, sizeof(line), message, strcspn(message, "\n"));
	snprintf(error, ENGINE_ERROR_SIZE, "%s%s", prefix, line);
}

/*
 * The connection.
 */

static bool wait_for(struct engine *engine, bool writing, int64_t deadline)
{
	return engine->wait(engine->context, PQsocket(engine->conn), writing, deadline);
}

static bool connect_now(struct engine *engine)
{
	int64_t deadline = clock_mono_ms() + ENGINE_STEP_MS;
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	if (PQstatus(engine->conn) == CONNECTION_BAD)
		return false;
	while (status != PGRES_POLLING_OK) {
		if (status == PGRES_POLLING_FAILED)
			return false;
		if (!wait_for(engine, status == PGRES_POLLING_WRITING, deadline)) {
			str_copy(engine->error, sizeof(engine->error),
				 "it does not answer: nothing in 30 seconds");
			return false;
		}
		status = PQconnectPoll(engine->conn);
	}
	return PQsetnonblocking(engine->conn, 1) == 0;
}

static bool is_verified(PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn);
	bool verified = false;

	for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "sslmode") == 0 && o->val != NULL)
			verified = strcmp(o->val, "verify-full") == 0;
	PQconninfoFree(options);
	return verified;
}

/* Nobody on the way may read or write: acts of admins come by it. */
static bool is_safe(const struct engine *engine)
{
	const char *host = PQhost(engine->conn);

	return (host != NULL && host[0] == '/') ||
	       (PQsslInUse(engine->conn) != 0 && is_verified(engine->conn));
}

static enum engine_result run(struct engine *engine, const char *sql, int count,
			      const char *const *values, PGresult **result);

static bool prepare_session(struct engine *engine)
{
	PGresult *result;

	/* A key is compared as its bytes are, whatever the database's language. */
	if (run(engine, "set statement_timeout = 25000", 0, NULL, &result) != ENGINE_DONE)
		return false;
	PQclear(result);
	if (run(engine, "set lock_timeout = 10000", 0, NULL, &result) != ENGINE_DONE)
		return false;
	PQclear(result);
	return true;
}

static void discard_notice(void *context, const PGresult *result)
{
	(void)context, (void)result;
}

struct engine *engine_open(const char *service, const char *name, engine_wait_fn *wait,
			   void *context, char error[ENGINE_ERROR_SIZE])
{
	char application[FLEET_NAME_SIZE + 16];
	const char *const keywords[] = { "service", "application_name", "client_encoding", NULL };
	const char *const values[] = { service, application, "UTF8", NULL };
	struct engine *engine = mem_zero(1, sizeof(*engine));

	snprintf(application, sizeof(application), "postseal-share %s", name);
	engine->name = mem_strdup(name);
	engine->wait = wait;
	engine->context = context;
	engine->conn = PQconnectStartParams(keywords, values, 0);
	if (engine->conn != NULL)
		PQsetNoticeReceiver(engine->conn, discard_notice, NULL);
	if (engine->conn == NULL || !connect_now(engine)) {
		if (engine->error[0] == '\0')
			note_error(engine->error, "", PQerrorMessage(engine->conn));
	} else if (!is_safe(engine)) {
		str_copy(engine->error, sizeof(engine->error),
			 "the way to it is not safe: the service needs sslmode=verify-full and "
			 "sslrootcert=");
	} else if (prepare_session(engine)) {
		return engine;
	}
	str_copy(error, ENGINE_ERROR_SIZE, engine->error);
	engine_close(engine);
	return NULL;
}

void engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	PQfinish(engine->conn);
	free(engine->name);
	free(engine);
}

/*
 * Statements.
 */

static bool send_all(struct engine *engine, int64_t deadline)
{
	int left;

	while ((left = PQflush(engine->conn)) == 1)
		if (!wait_for(engine, true, deadline) || PQconsumeInput(engine->conn) == 0)
			return false;
	return left == 0;
}

/* The last result of a statement; NULL when the connection is lost. */
static PGresult *hear(struct engine *engine, int64_t deadline)
{
	PGresult *result, *last = NULL;

	for (;;) {
		while (PQisBusy(engine->conn) != 0)
			if (!wait_for(engine, false, deadline) ||
			    PQconsumeInput(engine->conn) == 0) {
				PQclear(last);
				return NULL;
			}
		result = PQgetResult(engine->conn);
		if (result == NULL)
			return last;
		PQclear(last);
		last = result;
	}
}

static enum engine_result classify(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 ||
			      strcmp(state, "55P03") == 0))
		return ENGINE_AGAIN;
	return state != NULL && strcmp(state, "23514") == 0 ? ENGINE_REFUSED : ENGINE_LOST;
}

/* *result is the caller's only when DONE. */
static enum engine_result run(struct engine *engine, const char *sql, int count,
			      const char *const *values, PGresult **result)
{
	int64_t deadline = clock_mono_ms() + ENGINE_STEP_MS;
	ExecStatusType status;

	*result = NULL;
	if (PQsendQueryParams(engine->conn, sql, count, NULL, values, NULL, NULL, 0) == 0 ||
	    !send_all(engine, deadline) || (*result = hear(engine, deadline)) == NULL) {
		note_error(engine->error, "", PQerrorMessage(engine->conn));
		if (engine->error[0] == '\0')
			str_copy(engine->error, sizeof(engine->error),
				 "it does not answer: nothing in 30 seconds");
		return ENGINE_LOST;
	}
	status = PQresultStatus(*result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return ENGINE_DONE;
	note_error(engine->error, "", PQresultErrorMessage(*result));
	engine->result = classify(*result);
	PQclear(*result);
	*result = NULL;
	return engine->result;
}

static enum engine_result run_plain(struct engine *engine, const char *sql)
{
	PGresult *result;
	enum engine_result done = run(engine, sql, 0, NULL, &result);

	PQclear(result);
	return done;
}

static enum engine_result lie(struct engine *engine, const char *what)
{
	snprintf(engine->error, sizeof(engine->error),
		 "it does not say what it should: %s; is postseal-share.sql of this version "
		 "installed there?",
		 what);
	return ENGINE_LOST;
}

/*
 * Values of a result.
 */

static struct fleet_text text_at(const PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column) != 0)
		return (struct fleet_text){ NULL, 0 };
	return (struct fleet_text){ PQgetvalue(result, row, column),
				    (size_t)PQgetlength(result, row, column) };
}

static bool number_at(const PGresult *result, int row, int column, uint64_t *value)
{
	struct fleet_text text = text_at(result, row, column);

	return text.bytes != NULL && str_number(text.bytes, text.len, INT64_MAX, value);
}

static bool id_at(const PGresult *result, int row, int column, uint8_t id[FLEET_ID_SIZE])
{
	struct fleet_text text = text_at(result, row, column);

	return text.bytes != NULL && fleet_take_id(id, text.bytes, text.len);
}

static bool bool_at(const PGresult *result, int row, int column, bool *value)
{
	struct fleet_text text = text_at(result, row, column);

	*value = text.len == 1 && text.bytes[0] == 't';
	return text.len == 1 && (text.bytes[0] == 't' || text.bytes[0] == 'f');
}

enum engine_result engine_table(struct engine *engine, const char *sql, int count,
				const char *const *values, int columns, engine_texts_fn *visit,
				void *context)
{
	struct fleet_text texts[ENGINE_COLUMNS_MAX];
	PGresult *result;
	enum engine_result done = run(engine, sql, count, values, &result);
	bool good = done == ENGINE_DONE && PQnfields(result) == columns;

	for (int row = 0; good && row < PQntuples(result); row++) {
		for (int column = 0; column < columns; column++)
			texts[column] = text_at(result, row, column);
		good = visit(context, texts);
	}
	PQclear(result);
	return done == ENGINE_DONE && !good ? lie(engine, "a table was asked for") : done;
}

const char *engine_name(const struct engine *engine)
{
	return engine->name;
}

/*
 * Greeting.
 */

static bool read_greeting(const PGresult *result, struct engine_greeting *greeting)
{
	uint64_t now;

	if (PQntuples(result) != 1 || PQnfields(result) != 10 ||
	    !id_at(result, 0, 0, greeting->epoch) || !number_at(result, 0, 1, &greeting->n) ||
	    !number_at(result, 0, 2, &now) || !bool_at(result, 0, 3, &greeting->facts) ||
	    !bool_at(result, 0, 4, &greeting->acts) || !bool_at(result, 0, 9, &greeting->counts))
		return false;
	greeting->now = (int64_t)now;
	greeting->has_last = number_at(result, 0, 5, &greeting->last) &&
			     id_at(result, 0, 6, greeting->last_nonce);
	for (int i = 0; i < ENGINE_ASKED; i++)
		greeting->has_asked[i] = id_at(result, 0, 7 + i, greeting->asked_nonce[i]);
	return true;
}

enum engine_result engine_greet(struct engine *engine, const uint64_t asked[ENGINE_ASKED],
				struct engine_greeting *greeting)
{
	char n[ENGINE_ASKED][STR_DECIMAL_SIZE];
	const char *values[] = { str_decimal(n[0], asked[0]), str_decimal(n[1], asked[1]) };
	PGresult *result;
	enum engine_result done = run(
		engine,
		"select f.epoch, f.n, floor(extract(epoch from clock_timestamp()))::bigint,"
		" has_table_privilege('postseal.fact', 'insert'),"
		" has_table_privilege('postseal.act', 'insert'), b.n, b.nonce, a.nonce, t.nonce,"
		" exists (select from information_schema.columns where table_schema = 'postseal'"
		" and table_name = 'member' and column_name = 'waiting')"
		" from postseal.fleet f"
		" left join (select n, nonce from postseal.batch order by n desc limit 1) b on true"
		" left join postseal.batch a on a.n = $1::bigint"
		" left join postseal.batch t on t.n = $2::bigint",
		2, values, &result);

	memset(greeting, 0, sizeof(*greeting));
	if (done == ENGINE_DONE && !read_greeting(result, greeting))
		done = lie(engine, "a greeting was asked for");
	PQclear(result);
	return done;
}

/*
 * Rows.
 */
#define COLUMNS "kind, key, schema, record, first_tls, last_tls, latest, rev, n, origin"
#define ACT_COLUMNS "kind, key, schema, record, 0, 0, stamp, rev, n, origin"

static void visit_row(const PGresult *result, int i, engine_row_fn *visit, void *context, bool *go)
{
	struct fleet_text columns[FLEET_COLUMNS];
	char origin[FLEET_NAME_SIZE];
	struct fleet_row row;

	for (int c = 0; c < FLEET_COLUMNS; c++)
		columns[c] = text_at(result, i, c);
	str_printable(origin, sizeof(origin),
		      columns[FLEET_ORIGIN].bytes != NULL ? columns[FLEET_ORIGIN].bytes : "",
		      columns[FLEET_ORIGIN].len);
	*go = visit(context, fleet_row_read(&row, columns) ? &row : NULL, origin);
	fleet_row_free(&row);
}

static bool visit_rows(const PGresult *result, engine_row_fn *visit, void *context)
{
	bool go = true;

	for (int i = 0; i < PQntuples(result) && go; i++)
		visit_row(result, i, visit, context, &go);
	return go;
}

/* Where the last row stands, in the engine's own words. */
static bool move_on(struct engine_place *place, const PGresult *result)
{
	int last = PQntuples(result) - 1;
	struct fleet_text kind = text_at(result, last, FLEET_KIND);
	struct fleet_text key = text_at(result, last, FLEET_KEY);

	return number_at(result, last, FLEET_N, &place->n) && kind.bytes != NULL &&
	       key.bytes != NULL &&
	       str_copy_n(place->kind, sizeof(place->kind), kind.bytes, kind.len) &&
	       str_copy_n(place->key, sizeof(place->key), key.bytes, key.len);
}

/* At most `most` rows, which end the result; `place` (NULL: none) moves on to the last of them. */
static enum engine_result give_rows(struct engine *engine, PGresult *result, size_t most,
				    struct engine_place *place, engine_row_fn *visit, void *context)
{
	enum engine_result done = ENGINE_DONE;
	size_t count = (size_t)PQntuples(result);

	if (PQnfields(result) != FLEET_COLUMNS || count > most ||
	    (place != NULL && count > 0 && !move_on(place, result)))
		done = lie(engine, "rows were asked for");
	else if (!visit_rows(result, visit, context))
		done = ENGINE_LOST;
	PQclear(result);
	return done;
}

enum engine_result engine_since(struct engine *engine, struct engine_place *place, uint64_t most,
				engine_row_fn *visit, void *context, size_t *count)
{
	static const char fresh[] =
		"select " COLUMNS " from ((select " COLUMNS
		" from postseal.fact where n > $1::bigint"
		" and n <= $2::bigint order by n, kind, key limit 500) union all "
		"(select " ACT_COLUMNS " from postseal.act where n > $1::bigint and n <= $2::bigint"
		" order by n, kind, key limit 500)) as t(" COLUMNS
		") order by n, kind, key limit 500";
	static const char onward[] =
		"select " COLUMNS " from ((select " COLUMNS " from postseal.fact"
		" where (n, kind, key) > ($1::bigint, $3, $4) and n <= $2::bigint"
		" order by n, kind, key limit 500) union all (select " ACT_COLUMNS
		" from postseal.act where (n, kind, key) > ($1::bigint, $3, $4)"
		" and n <= $2::bigint order by n, kind, key limit 500)) as t(" COLUMNS
		") order by n, kind, key limit 500";
	char after[STR_DECIMAL_SIZE], up_to[STR_DECIMAL_SIZE];
	const char *values[] = { str_decimal(after, place->n), str_decimal(up_to, most),
				 place->kind, place->key };
	bool begun = place->kind[0] != '\0';
	PGresult *result;
	enum engine_result done =
		run(engine, begun ? onward : fresh, begun ? 4 : 2, values, &result);

	*count = 0;
	if (done != ENGINE_DONE)
		return done;
	*count = (size_t)PQntuples(result);
	return give_rows(engine, result, ENGINE_PAGE, place, visit, context);
}

/* One column of all rows as an array. */
static void put_array(struct buf *out, const struct fleet_row *const *rows, size_t count,
		      enum fleet_column column)
{
	struct buf text = { 0 };

	buf_append(out, "{", 1);
	for (size_t i = 0; i < count; i++) {
		text.len = 0;
		fleet_row_show(&text, rows[i], column);
		if (i > 0)
			buf_append(out, ",", 1);
		buf_quote(out, text.data, text.len);
	}
	buf_append(out, "}", 1);
	buf_free(&text);
}

enum engine_result engine_fetch(struct engine *engine, const struct fleet_row *const *wanted,
				size_t count, engine_row_fn *visit, void *context)
{
	struct buf kinds = { 0 }, keys = { 0 };
	const char *values[2];
	PGresult *result;
	enum engine_result done;

	put_array(&kinds, wanted, count, FLEET_KIND);
	put_array(&keys, wanted, count, FLEET_KEY);
	values[0] = buf_cstr(&kinds);
	values[1] = buf_cstr(&keys);
	/* Each by its own look-up: a join may be answered by reading all of the table. */
	done = run(engine,
		   "select " COLUMNS " from unnest($1::text[], $2::text[]) as w(w_kind, w_key)"
		   " cross join lateral (select " COLUMNS " from postseal.fact"
		   " where kind = w_kind and key = w_key limit 1) as f"
		   " union all select " COLUMNS " from unnest($1::text[], $2::text[])"
		   " as w(w_kind, w_key) cross join lateral (select " ACT_COLUMNS
		   " from postseal.act where kind = w_kind and key = w_key limit 1)"
		   " as a(" COLUMNS ")",
		   2, values, &result);
	buf_free(&kinds);
	buf_free(&keys);
	if (done != ENGINE_DONE)
		return done;
	return give_rows(engine, result, count, NULL, visit, context);
}

/*
 * Writing.
 */

/* Which of the rows came back. */
static void note_taken(const PGresult *result, const struct fleet_row *const *rows, size_t count,
		       bool *taken)
{
	for (int r = 0; r < PQntuples(result); r++) {
		const char *kind = PQgetvalue(result, r, 0), *key = PQgetvalue(result, r, 1);

		for (size_t i = 0; i < count; i++)
			if (strcmp(rows[i]->kind, kind) == 0 && strcmp(rows[i]->key, key) == 0)
				taken[i] = true;
	}
}

/* The rows of one of the tables; `only` of them are not taken, and none is no failure. */
static enum engine_result upsert(struct engine *engine, const struct fleet_row *const *rows,
				 size_t count, bool act, bool *taken)
{
	static const char facts[] =
		"insert into postseal.fact (kind, key, schema, record, first_tls, last_tls, "
		"latest, rev, n, origin) select kind, key, schema, record, first_tls, last_tls, "
		"latest, rev, $9::bigint, $10 from unnest($1::text[], $2::text[], $3::int[], "
		"$4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) as r(kind, "
		"key, schema, record, first_tls, last_tls, latest, rev) on conflict (kind, key) do "
		"update set schema = excluded.schema, record = excluded.record, first_tls = "
		"excluded.first_tls, last_tls = excluded.last_tls, latest = excluded.latest, rev = "
		"excluded.rev, n = excluded.n, origin = excluded.origin where fact.rev = "
		"excluded.rev - 1 returning kind, key";
	static const char acts[] =
		"insert into postseal.act (kind, key, schema, record, stamp, rev, n, origin)"
		" select kind, key, schema, record, latest, rev, $9::bigint, $10 from"
		" unnest($1::text[], $2::text[], $3::int[], $4::bytea[], $5::bigint[],"
		" $6::bigint[], $7::bigint[], $8::bigint[])"
		" as r(kind, key, schema, record, first_tls, last_tls, latest, rev)"
		" on conflict (kind, key) do update set schema = excluded.schema,"
		" record = excluded.record, stamp = excluded.stamp, rev = excluded.rev,"
		" n = excluded.n, origin = excluded.origin where act.rev = excluded.rev - 1"
		" returning kind, key";
	const struct fleet_row *some[ENGINE_PAGE];
	struct buf arrays[FLEET_REV + 1] = { 0 };
	char n[STR_DECIMAL_SIZE];
	const char *values[FLEET_REV + 3];
	enum engine_result done = ENGINE_DONE;
	PGresult *result = NULL;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i]->act == act)
			some[used++] = rows[i];
	if (used == 0)
		return ENGINE_DONE;
	for (int c = 0; c <= FLEET_REV; c++) {
		put_array(&arrays[c], some, used, (enum fleet_column)c);
		values[c] = buf_cstr(&arrays[c]);
	}
	values[FLEET_REV + 1] = str_decimal(n, some[0]->n);
	values[FLEET_REV + 2] = engine->name;
	done = run(engine, act ? acts : facts, FLEET_REV + 3, values, &result);
	if (done == ENGINE_DONE)
		note_taken(result, rows, count, taken);
	PQclear(result);
	for (int c = 0; c <= FLEET_REV; c++)
		buf_free(&arrays[c]);
	return done;
}

/* A number for the batch, which nobody else gets before this transaction ends. */
static enum engine_result number_batch(struct engine *engine, const uint8_t nonce[FLEET_ID_SIZE],
				       uint64_t *n)
{
	struct fleet_row id = { .record = { .data = NULL } };
	struct buf hex = { 0 };
	char number[STR_DECIMAL_SIZE];
	const char *values[3];
	PGresult *result;
	enum engine_result done =
		run(engine, "update postseal.fleet set n = n + 1 returning n", 0, NULL, &result);

	if (done == ENGINE_DONE && (PQntuples(result) != 1 || !number_at(result, 0, 0, n)))
		done = lie(engine, "a number was asked for");
	PQclear(result);
	if (done != ENGINE_DONE)
		return done;
	buf_append(&id.record, nonce, FLEET_ID_SIZE);
	fleet_row_show(&hex, &id, FLEET_RECORD);
	values[0] = str_decimal(number, *n);
	values[1] = buf_cstr(&hex);
	values[2] = engine->name;
	done = run(engine,
		   "insert into postseal.batch (n, nonce, origin)"
		   " values ($1::bigint, $2::bytea, $3)",
		   3, values, &result);
	PQclear(result);
	fleet_row_free(&id);
	buf_free(&hex);
	return done;
}

static enum engine_result swap_inside(struct engine *engine, struct fleet_row *copies,
				      const struct fleet_row *const *rows, size_t count,
				      const uint8_t nonce[FLEET_ID_SIZE], bool *taken, uint64_t *n)
{
	const struct fleet_row *numbered[ENGINE_PAGE];
	enum engine_result done = number_batch(engine, nonce, n);

	for (size_t i = 0; i < count; i++) {
		copies[i] = *rows[i];
		copies[i].n = *n;
		numbered[i] = &copies[i];
	}
	if (done == ENGINE_DONE)
		done = upsert(engine, numbered, count, false, taken);
	if (done == ENGINE_DONE)
		done = upsert(engine, numbered, count, true, taken);
	return done;
}

enum engine_result engine_swap(struct engine *engine, const struct fleet_row *const *rows,
			       size_t count, const uint8_t nonce[FLEET_ID_SIZE], bool *taken,
			       uint64_t *n)
{
	struct fleet_row *copies = mem_zero(ENGINE_PAGE, sizeof(*copies));
	enum engine_result done = run_plain(engine, "begin");

	*n = 0;
	memset(taken, 0, count * sizeof(*taken));
	if (done == ENGINE_DONE)
		done = swap_inside(engine, copies, rows, count, nonce, taken, n);
	free(copies); /* their records are the rows' */
	if (done == ENGINE_DONE)
		done = run_plain(engine, "commit");
	else if (done != ENGINE_LOST && run_plain(engine, "rollback") != ENGINE_DONE)
		done = ENGINE_LOST;
	if (done != ENGINE_DONE)
		memset(taken, 0, count * sizeof(*taken));
	return done;
}

/*
 * Members.
 */
#define UNLESS_TWICE                           \
	"where m.instance = excluded.instance" \
	" or m.seen < clock_timestamp() - interval '90 seconds' returning name"

enum engine_result engine_tell_member(struct engine *engine, const struct fleet_member *member,
				      bool counts, bool *twice)
{
	static const char with_counts[] =
		"insert into postseal.member as m (name, instance, n, version, domains, hosts,"
		" waiting) values ($1, $2::bytea, $3::bigint, $4, $5::bigint, $6::bigint,"
		" $7::bigint) on conflict (name) do update set instance = excluded.instance,"
		" n = excluded.n, version = excluded.version, domains = excluded.domains,"
		" hosts = excluded.hosts, waiting = excluded.waiting " UNLESS_TWICE;
	static const char without[] =
		"insert into postseal.member as m (name, instance, n, version)"
		" values ($1, $2::bytea, $3::bigint, $4) on conflict (name) do update set"
		" instance = excluded.instance, n = excluded.n, version = excluded.version"
		" " UNLESS_TWICE;
	struct fleet_row id = { .record = { .data = NULL } };
	struct buf hex = { 0 };
	char n[4][STR_DECIMAL_SIZE];
	const char *values[] = { member->name,
				 NULL,
				 str_decimal(n[0], member->n),
				 member->version,
				 str_decimal(n[1], (uint64_t)member->domains),
				 str_decimal(n[2], (uint64_t)member->hosts),
				 str_decimal(n[3], (uint64_t)member->waiting) };
	PGresult *result;
	enum engine_result done;

	buf_append(&id.record, member->instance, FLEET_ID_SIZE);
	fleet_row_show(&hex, &id, FLEET_RECORD);
	values[1] = buf_cstr(&hex);
	done = run(engine, counts ? with_counts : without, counts ? 7 : 4, values, &result);
	*twice = done == ENGINE_DONE && PQntuples(result) == 0;
	PQclear(result);
	fleet_row_free(&id);
	buf_free(&hex);
	return done;
}

static int64_t count_at(const PGresult *result, int row, int column)
{
	uint64_t count;

	return number_at(result, row, column, &count) ? (int64_t)count : FLEET_UNTOLD;
}

static bool read_member(const PGresult *result, int i, struct fleet_member *member)
{
	struct fleet_text name = text_at(result, i, 0), version = text_at(result, i, 5);
	struct fleet_text login = text_at(result, i, 6);
	uint64_t seen;

	memset(member, 0, sizeof(*member));
	if (name.bytes == NULL || !fleet_name_good(name.bytes, name.len) ||
	    !id_at(result, i, 1, member->instance) || !number_at(result, i, 2, &seen) ||
	    !number_at(result, i, 3, &member->n) || !bool_at(result, i, 4, &member->acts) ||
	    version.bytes == NULL || login.bytes == NULL)
		return false;
	str_copy_n(member->name, sizeof(member->name), name.bytes, name.len);
	str_printable(member->version, sizeof(member->version), version.bytes, version.len);
	str_printable(member->login, sizeof(member->login), login.bytes, login.len);
	member->seen = (int64_t)seen;
	member->domains = count_at(result, i, 7);
	member->hosts = count_at(result, i, 8);
	member->waiting = count_at(result, i, 9);
	return true;
}

enum engine_result engine_members(struct engine *engine,
				  bool (*visit)(void *context, const struct fleet_member *member),
				  void *context)
{
	struct fleet_member member;
	PGresult *result;
	enum engine_result done = run(
		engine,
		/* As JSON, what is not there is null: the tables may be of an older postseal. */
		"select name, instance, floor(extract(epoch from seen))::bigint, n, acts, version,"
		" login, to_jsonb(m) ->> 'domains', to_jsonb(m) ->> 'hosts',"
		" to_jsonb(m) ->> 'waiting' from postseal.member m order by seen desc limit 1000",
		0, NULL, &result);

	if (done != ENGINE_DONE)
		return done;
	for (int i = 0; i < PQntuples(result) && done == ENGINE_DONE; i++) {
		/* One that is none does not hide the others. */
		if (PQnfields(result) != 10)
			done = lie(engine, "members were asked for");
		else if (read_member(result, i, &member) && !visit(context, &member))
			done = ENGINE_LOST;
	}
	PQclear(result);
	return done;
}
