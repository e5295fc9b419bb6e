/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/logfold.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define PROCESS_SIZE 160
#define QUEUE_ID_SIZE 33

/* The TLS connection that a process of smtp(8) has at its latest told of. */
struct connection {
	char process[PROCESS_SIZE];   /* "" in a free place */
	char queue_id[QUEUE_ID_SIZE]; /* of the mail sent over it; "" while that is to come */
	char host[DOMAIN_SIZE];
	struct ipaddr addr;
	uint16_t port;
	bool reused;
	enum logline_trust trust;
	struct observation seen;
	uint64_t used;                /* for finding the one longest silent */
};

struct logfold {
	uint64_t lines;
	struct connection connections[LOGFOLD_PROCESSES];
};

struct logfold *logfold_new(void)
{
	return mem_zero(1, sizeof(struct logfold));
}

void logfold_free(struct logfold *fold)
{
	free(fold);
}

static struct connection *find(struct logfold *fold, struct span process)
{
	for (size_t i = 0; i < LOGFOLD_PROCESSES; i++)
		if (span_is(process, fold->connections[i].process))
			return &fold->connections[i];
	return NULL;
}

/* Free places were never used, so they are the longest silent of all. */
static struct connection *longest_silent(struct logfold *fold)
{
	struct connection *oldest = &fold->connections[0];

	for (size_t i = 1; i < LOGFOLD_PROCESSES; i++)
		if (fold->connections[i].used < oldest->used)
			oldest = &fold->connections[i];
	return oldest;
}

static void prove(struct logfold_proof *proof, const struct connection *connection)
{
	*proof = (struct logfold_proof){
		.port = connection->port,
		.handshake = !connection->reused,
		.seen = connection->seen,
	};
	str_copy(proof->host, sizeof(proof->host), connection->host);
}

static bool fold_tls(struct logfold *fold, const struct logline *line, int64_t time,
		     struct logfold_proof *proof)
{
	struct connection *place = find(fold, line->process);
	struct connection made = {
		.addr = line->addr,
		.port = line->port,
		.reused = line->reused,
		.trust = line->trust,
		.seen = {
			.time = time,
			.source = SOURCE_DELIVERY,
			.observed = OBSERVED_TLS,
			.version = line->version,
		},
		.used = fold->lines,
	};

	str_copy(made.host, sizeof(made.host), line->host);
	str_copy(made.seen.cipher, sizeof(made.seen.cipher), line->cipher);
	prove(proof, &made);
	/* A process with a name of no sensible length is not followed. */
	if (str_copy_n(made.process, PROCESS_SIZE, line->process.at, line->process.len))
		*(place != NULL ? place : longest_silent(fold)) = made;
	return proof->handshake;
}

/* The level that was reached: what stands behind ":" if it is another than was wanted. */
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
static bool belongs(const struct connection *connection, const struct logline *line, int64_t time)
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
		.seen = {.time = time, .source = SOURCE_DELIVERY, .observed = OBSERVED_PLAIN},
	};
	str_copy(proof->host, sizeof(proof->host), line->host);
	return true;
}

static bool fold_delivery(struct logfold *fold, const struct logline *line, int64_t time,
			  struct logfold_proof *proof)
{
	struct connection *connection = find(fold, line->process);

	if (line->no_starttls) {
		if (connection != NULL)
			*connection = (struct connection){0};
		return prove_plain(proof, line, time);
	}
	if (connection == NULL)
		return false;
	/* Another mail, or another host: the connection is over, and nothing is known of this one. */
	if (!belongs(connection, line, time)) {
		*connection = (struct connection){0};
		return false;
	}
	str_copy_n(connection->queue_id, QUEUE_ID_SIZE, line->queue_id.at, line->queue_id.len);
	connection->used = fold->lines;
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
	fold->lines++;
	if (line->kind == LOGLINE_TLS)
		return fold_tls(fold, line, time, proof);
	return fold_delivery(fold, line, time, proof);
}
