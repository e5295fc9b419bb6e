/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logfold.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#define PROCESS_SIZE 160
#define QUEUE_ID_SIZE 33

/* The TLS connection that a process of smtp(8) has at its latest told of. */
struct smtp_connection {
	UT_hash_handle hh; /* by process */
	char process[PROCESS_SIZE];
	char queue_id[QUEUE_ID_SIZE]; /* of the mail sent over it; "" while that is to come */
	char host[DOMAIN_SIZE];
	struct ipaddr addr;
	uint16_t port;
	bool reused;
	enum logline_trust trust;
	struct observation seen;
};

struct logfold {
	struct smtp_connection *connections; /* the one longest silent is the first */
	size_t used;                         /* of places */
	struct smtp_connection places[LOGFOLD_PROCESSES];
};

struct logfold *logfold_new(void)
{
	return mem_zero(1, sizeof(struct logfold));
}

void logfold_free(struct logfold *fold)
{
	if (fold != NULL)
		HASH_CLEAR(hh, fold->connections);
	free(fold);
}

static struct smtp_connection *find(struct logfold *fold, struct span process)
{
	struct smtp_connection *connection;

	HASH_FIND(hh, fold->connections, process.at, process.len, connection);
	return connection;
}

/* Behind all others: it was heard of just now. */
static void put_last(struct logfold *fold, struct smtp_connection *connection)
{
	HASH_ADD_KEYPTR(hh, fold->connections, connection->process, strlen(connection->process),
			connection);
}

static void move_last(struct logfold *fold, struct smtp_connection *connection)
{
	if (connection->hh.next == NULL)
		return;
	HASH_DEL(fold->connections, connection);
	put_last(fold, connection);
}

/* What the process says next is of another connection. */
static void end_connection(struct smtp_connection *connection)
{
	connection->host[0] = '\0';
}

/* A place for a process that is not known. */
static struct smtp_connection *new_place(struct logfold *fold)
{
	struct smtp_connection *longest_silent = fold->connections;

	if (fold->used < LOGFOLD_PROCESSES)
		return &fold->places[fold->used++];
	HASH_DEL(fold->connections, longest_silent);
	return longest_silent;
}

/* The place of a process, in which nothing is said yet; NULL for a name of no sensible length. */
static struct smtp_connection *take_place(struct logfold *fold, struct span process)
{
	struct smtp_connection *place;

	if (process.len >= PROCESS_SIZE)
		return NULL;
	place = find(fold, process);
	if (place == NULL) {
		place = new_place(fold);
		str_copy_n(place->process, PROCESS_SIZE, process.at, process.len);
		put_last(fold, place);
	}
	move_last(fold, place);
	place->queue_id[0] = '\0';
	return place;
}

static void prove(struct logfold_proof *proof, const struct smtp_connection *connection)
{
	*proof = (struct logfold_proof){
		.port = connection->port,
		.handshake = !connection->reused,
		.seen = connection->seen,
	};
	str_copy(proof->host, sizeof(proof->host), connection->host);
}

static void note_connection(struct smtp_connection *place, const struct logline *line, int64_t time)
{
	memcpy(place->host, line->host, sizeof(place->host));
	place->addr = line->addr;
	place->port = line->port;
	place->reused = line->reused;
	place->trust = line->trust;
	place->seen = (struct observation){
		.time = time,
		.source = SOURCE_DELIVERY,
		.observed = OBSERVED_TLS,
		.version = line->version,
	};
	str_copy(place->seen.cipher, sizeof(place->seen.cipher), line->cipher);
}

static bool fold_tls(struct logfold *fold, const struct logline *line, int64_t time,
		     struct logfold_proof *proof)
{
	struct smtp_connection *place = take_place(fold, line->process);
	struct smtp_connection unfollowed;

	if (place == NULL)
		place = &unfollowed;
	note_connection(place, line, time);
	prove(proof, place);
	return proof->handshake;
}

/* The level that was reached: what comes after ":" if it is another than was wanted. */
static struct span level_reached(struct span tls)
{
	bool found;
	struct span level = span_cut(&tls, "/", &found);
	struct span wanted = span_cut(&level, ":", &found);

	return found ? level : wanted;
}

/* Did this mail really go over TLS, as far as 3.11 and later say? */
static bool denies_tls(struct span tls)
{
	return tls.len > 0 && (span_starts(tls, "!") || span_ends(tls, "?") ||
			       span_is(level_reached(tls), "none"));
}

/*
 * "Verified" means that the certificate passed the policy of the delivery; what
 * policy that was only 3.11 and later say.
 */
static enum verified judge(enum logline_trust trust, struct span tls)
{
	struct span level = level_reached(tls);

	if (trust != LOGLINE_VERIFIED)
		return VERIFIED_UNKNOWN;
	if (span_is(level, "dane") || span_is(level, "dane-only") || span_is(level, "halfdane"))
		return VERIFIED_DANE;
	if (span_is(level, "verify") || span_is(level, "secure"))
		return VERIFIED_NAME;
	return VERIFIED_UNKNOWN;
}

/* Is this delivery the one that the connection was made for? */
static bool belongs(const struct smtp_connection *connection, const struct logline *line,
		    int64_t time)
{
	if (strcmp(connection->host, line->host) != 0 || connection->port != line->port ||
	    !ipaddr_equal(&connection->addr, &line->addr))
		return false;
	if (time < connection->seen.time || time - connection->seen.time > LOGFOLD_SPAN)
		return false;
	return connection->queue_id[0] == '\0' || span_is(line->queue_id, connection->queue_id);
}

static bool prove_plain(struct logfold_proof *proof, const struct logline *line, int64_t time)
{
	*proof = (struct logfold_proof){
		.port = line->port,
		.seen = { .time = time, .source = SOURCE_DELIVERY, .observed = OBSERVED_PLAIN },
	};
	str_copy(proof->host, sizeof(proof->host), line->host);
	return true;
}

static bool fold_delivery(struct logfold *fold, const struct logline *line, int64_t time,
			  struct logfold_proof *proof)
{
	struct smtp_connection *connection = find(fold, line->process);

	if (line->no_starttls) {
		if (connection != NULL)
			end_connection(connection);
		return prove_plain(proof, line, time);
	}
	if (connection == NULL)
		return false;
	/* Another mail, or another host: the connection is over, and nothing is known of this
	 * one. */
	if (!belongs(connection, line, time)) {
		end_connection(connection);
		return false;
	}
	str_copy_n(connection->queue_id, QUEUE_ID_SIZE, line->queue_id.at, line->queue_id.len);
	move_last(fold, connection);
	if (!line->sent || line->domain[0] == '\0' || denies_tls(line->tls))
		return false;
	connection->seen.verified = judge(connection->trust, line->tls);
	prove(proof, connection);
	str_copy(proof->domain, sizeof(proof->domain), line->domain);
	return true;
}

bool logfold_line(struct logfold *fold, const struct logline *line, int64_t time,
		  struct logfold_proof *proof)
{
	if (line->kind == LOGLINE_TLS)
		return fold_tls(fold, line, time, proof);
	return fold_delivery(fold, line, time, proof);
}
