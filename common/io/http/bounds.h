/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bounds - how much the clients of an HTTP server may take of it, all together: connections,
 * bytes, time. Only counts and decides; http.c reads, writes and closes.
 *
 * Each connection has a place, and in it a small request and a small answer, which are always
 * served. What is larger comes out of one room that all share: a request gets as much as one can
 * have, in one piece and before the rest is read, so that whoever has begun can also end; an answer
 * gets as much as it has. A request that finds no room waits, in the order in which they came, and
 * is not read meanwhile.
 *
 * Slow clients give way, but only when somebody needs what they hold, and never before they had
 * `patience`: a place to a new connection, room to those that wait. A request that is with its
 * handler never does.
 *
 * Bytes are counted from the first of a request until its answer has been sent, also those that
 * were made into something else. Times are milliseconds of a clock that never goes back.
 */
#ifndef POSTSEAL_IO_HTTP_BOUNDS_H
#define POSTSEAL_IO_HTTP_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* What libevent reads at once, at most. */
#define BOUNDS_READ 16384
/* A request or an answer up to this needs no room. */
#define BOUNDS_SMALL 16384

enum bounds_state {
	BOUNDS_IDLE,     /* no byte of a request has come */
	BOUNDS_READING,  /* a part of a request has */
	BOUNDS_WAITING,  /* a part of it has, and for the rest there is no room yet */
	BOUNDS_HANDLED,  /* its handler has to answer */
	BOUNDS_ANSWERING /* the answer is being sent */
};

struct bounds_place {
	TAILQ_ENTRY(bounds_place) next, queue;
	enum bounds_state state;
	int64_t since;   /* its request began, or it became idle */
	int64_t granted; /* it got its share of the room */
	size_t read, answer, share;
};
TAILQ_HEAD(bounds_places, bounds_place);

struct bounds {
	size_t places, places_max;
	size_t share;          /* bytes of a large request in the room */
	size_t held;           /* bytes of requests and answers in all places */
	size_t room, room_max; /* shares given, and to give */
	int64_t whole, patience;
	struct bounds_places all; /* by `since` */
	struct bounds_places waiting;
};

/* False: so many bytes are not enough for so many connections. */
bool bounds_init(struct bounds *bounds, size_t places_max, size_t held_max, size_t headers_max,
		 size_t body_max);

void bounds_enter(struct bounds *bounds, struct bounds_place *place, int64_t now);
void bounds_leave(struct bounds *bounds, struct bounds_place *place);
/* One has entered who is too many. */
static inline bool bounds_crowded(const struct bounds *bounds)
{
	return bounds->places > bounds->places_max;
}

/* So many bytes came. False: nothing more may be read here until bounds_admit or bounds_done. */
bool bounds_read(struct bounds *bounds, struct bounds_place *place, size_t bytes, int64_t now);
/* The request is whole. */
void bounds_handle(struct bounds *bounds, struct bounds_place *place);
/* It gets an answer of so many bytes. False: there is no room; it gets it all the same if `forced`. */
bool bounds_answer(struct bounds *bounds, struct bounds_place *place, size_t bytes, bool forced,
		   int64_t now);
/* The answer has been sent. So many bytes of the next request came already. */
void bounds_done(struct bounds *bounds, struct bounds_place *place, size_t left, int64_t now);

/* The next one that waited and may be read now. NULL: none. */
struct bounds_place *bounds_admit(struct bounds *bounds, int64_t now);

/* Who is to be ended; each NULL if nobody is. */
/* .. so that a new connection has a place */
struct bounds_place *bounds_slowest(const struct bounds *bounds, int64_t now);
/* .. so that others have room */
struct bounds_place *bounds_holder(const struct bounds *bounds, int64_t now);
/* .. since its request lasts for too long, whoever it keeps waiting */
struct bounds_place *bounds_late(const struct bounds *bounds, int64_t now);

#endif
