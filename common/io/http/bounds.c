/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/http/bounds.h"

bool bounds_init(struct bounds *bounds, size_t places_max, size_t held_max, size_t headers_max,
		 size_t body_max)
{
	const size_t right = BOUNDS_SMALL + BOUNDS_READ + BOUNDS_SMALL;

	*bounds = (struct bounds){ .places_max = places_max };
	TAILQ_INIT(&bounds->all);
	TAILQ_INIT(&bounds->waiting);
	/* A body that comes in chunks has their lengths beside it. */
	bounds->share = headers_max + body_max + BOUNDS_READ;
	if (held_max / right < places_max || held_max - places_max * right < bounds->share)
		return false;
	bounds->room_max = held_max - places_max * right;
	return true;
}

/* Those who were moved last stand last. */
static void move(struct bounds *bounds, struct bounds_place *place, enum bounds_state state,
		 int64_t now)
{
	TAILQ_REMOVE(&bounds->all, place, next);
	TAILQ_INSERT_TAIL(&bounds->all, place, next);
	place->state = state;
	place->since = now;
}

void bounds_enter(struct bounds *bounds, struct bounds_place *place, int64_t now)
{
	*place = (struct bounds_place){ .state = BOUNDS_IDLE, .since = now };
	TAILQ_INSERT_TAIL(&bounds->all, place, next);
	bounds->places++;
}

/* What it holds is free. */
static void clear(struct bounds *bounds, struct bounds_place *place)
{
	if (place->state == BOUNDS_WAITING)
		TAILQ_REMOVE(&bounds->waiting, place, queue);
	bounds->held -= place->read + place->answer;
	bounds->room -= place->share;
	place->read = place->answer = place->share = 0;
}

void bounds_leave(struct bounds *bounds, struct bounds_place *place)
{
	clear(bounds, place);
	TAILQ_REMOVE(&bounds->all, place, next);
	bounds->places--;
}

static bool take(struct bounds *bounds, struct bounds_place *place, size_t bytes, int64_t now)
{
	if (bytes > bounds->room_max || bounds->room > bounds->room_max - bytes)
		return false;
	bounds->room += bytes;
	place->share += bytes;
	place->granted = now;
	return true;
}

bool bounds_read(struct bounds *bounds, struct bounds_place *place, size_t bytes, int64_t now)
{
	place->read += bytes;
	bounds->held += bytes;
	if (place->state == BOUNDS_IDLE)
		move(bounds, place, BOUNDS_READING, now);
	if (place->read <= BOUNDS_SMALL)
		return true;
	if (place->state == BOUNDS_READING && place->share == 0 &&
	    !(TAILQ_EMPTY(&bounds->waiting) && take(bounds, place, bounds->share, now))) {
		place->state = BOUNDS_WAITING;
		TAILQ_INSERT_TAIL(&bounds->waiting, place, queue);
	}
	/* More than a request can have is the next one, or none. */
	return place->state == BOUNDS_READING && place->read <= BOUNDS_SMALL + bounds->share;
}

void bounds_handle(struct bounds *bounds, struct bounds_place *place)
{
	if (place->state == BOUNDS_WAITING)
		TAILQ_REMOVE(&bounds->waiting, place, queue);
	place->state = BOUNDS_HANDLED;
}

bool bounds_answer(struct bounds *bounds, struct bounds_place *place, size_t bytes, bool forced,
		   int64_t now)
{
	const size_t more = bytes > BOUNDS_SMALL ? bytes : 0;

	if (more > 0 && !take(bounds, place, more, now)) {
		if (!forced)
			return false;
		bounds->room += more;
		place->share += more;
	}
	bounds_handle(bounds, place);
	place->state = BOUNDS_ANSWERING;
	place->granted = now;
	place->answer = bytes;
	bounds->held += bytes;
	return true;
}

void bounds_done(struct bounds *bounds, struct bounds_place *place, size_t left, int64_t now)
{
	clear(bounds, place);
	move(bounds, place, left > 0 ? BOUNDS_READING : BOUNDS_IDLE, now);
	place->read = left;
	bounds->held += left;
}

struct bounds_place *bounds_admit(struct bounds *bounds, int64_t now)
{
	struct bounds_place *first = TAILQ_FIRST(&bounds->waiting);

	if (first == NULL || !take(bounds, first, bounds->share, now))
		return NULL;
	TAILQ_REMOVE(&bounds->waiting, first, queue);
	first->state = BOUNDS_READING;
	return first;
}

/* The oldest, if it is as old as that, but for those in this state. */
static struct bounds_place *oldest_but(const struct bounds *bounds, enum bounds_state spared,
				       int64_t age, int64_t now)
{
	struct bounds_place *place;

	TAILQ_FOREACH(place, &bounds->all, next)
	{
		if (now - place->since < age)
			return NULL;
		if (place->state != spared)
			return place;
	}
	return NULL;
}

struct bounds_place *bounds_slowest(const struct bounds *bounds, int64_t now)
{
	return oldest_but(bounds, BOUNDS_HANDLED, bounds->patience, now);
}

struct bounds_place *bounds_holder(const struct bounds *bounds, int64_t now)
{
	struct bounds_place *place, *longest = NULL;

	TAILQ_FOREACH(place, &bounds->all, next)
	{
		if (place->share > 0 && place->state != BOUNDS_HANDLED &&
		    now - place->granted >= bounds->patience &&
		    (longest == NULL || place->granted < longest->granted))
			longest = place;
	}
	return longest;
}

struct bounds_place *bounds_late(const struct bounds *bounds, int64_t now)
{
	return oldest_but(bounds, BOUNDS_IDLE, bounds->whole, now);
}
