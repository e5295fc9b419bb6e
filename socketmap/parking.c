/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/parking.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <uthash.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/local/metrics_file.h"
#include "io/link/link.h"

#define PARKED_MAX 16384
/* After this time the prober has lost the question. */
#define ROOM_STALE_MS 120000
/* How long to wait after the prober could not write down what it found, as on a full disk. */
#define LOST_PAUSE_MS 10000

LIST_HEAD(parked_list, parked);
TAILQ_HEAD(parked_queue, parked);

struct parked {
	struct parking *parking;
	struct question question;
	parking_answered_fn *answered;
	void *context;
	int64_t deadline; /* clock_mono_ms */
	LIST_ENTRY(parked) in_room;
	TAILQ_ENTRY(parked) in_queue;
};

struct room {
	char key[NEXTHOP_SIZE];
	int64_t asked; /* clock_mono_ms */
	struct parked_list waiting;
	struct share share;
	UT_hash_handle hh;
};

struct parking {
	const struct settings *settings;
	struct answerer *answerer;
	struct prober_link *link;
	bool outage;        /* the prober cannot be reached, and the log says so */
	int64_t refresh_at; /* clock_mono_ms; not before */
	struct room *rooms; /* by key */
	struct shares shares;
	size_t parked_count;
	struct parked_queue by_deadline; /* all wait for the same time, so the newest is last */
	struct loop_timer *timer;
	struct buf reply;
};

static void note_outage(struct parking *parking)
{
	if (!parking->outage)
		log_warning("prober=%s/%s cannot be reached; questions about unknown domains are "
			    "answered without it",
			    parking->settings->runtime, PROBER_SOCKET);
	metrics_add(M_PROBER_LOST, !parking->outage);
	parking->outage = true;
}

void parking_leave(struct parked *parked)
{
	LIST_REMOVE(parked, in_room);
	TAILQ_REMOVE(&parked->parking->by_deadline, parked, in_queue);
	parked->parking->parked_count--;
	metrics_drop(M_PARKED);
	free(parked);
}

/* Its wait is over. */
static void count_wait(const struct parked *parked)
{
	const struct parking *parking = parked->parking;
	int64_t now = clock_mono_ms();
	int64_t since = parked->deadline - parking->settings->first_contact_wait * 1000;

	metrics_observe(PARKED_TIME, 0, (now - since) * 1000, 1);
	if (now >= parked->deadline)
		metrics_count(METRIC1(UNPARKED, METRIC_UNPARKED_TIMEOUT));
	else
		metrics_count(METRIC1(UNPARKED, parking->outage ? METRIC_UNPARKED_LOST
								: METRIC_UNPARKED_SETTLED));
}

/* False if the question stays parked. */
static bool try_answer(struct parked *parked, bool waited)
{
	struct parking *parking = parked->parking;
	parking_answered_fn *answered = parked->answered;
	void *context = parked->context;
	enum answer answer;

	parking->reply.len = 0;
	answer = answer_question(parking->answerer, &parked->question, waited, clock_wall(),
				 &parking->reply);
	if (answer == ANSWER_PARK)
		return false;
	count_wait(parked);
	/* On ANSWER_REFRESH there is nothing to do: the prober was asked when it was parked. */
	parking_leave(parked);
	answered(context, &parking->reply);
	return true;
}

/*
 * Answer all questions of a list, except those not settled yet. The list belongs to the caller:
 * an answered client may ask again, and that question goes to a room's list.
 */
static void answer_list(struct parked_list *list, bool waited, struct parked_list *unsettled)
{
	struct parked *parked;

	while ((parked = LIST_FIRST(list)) != NULL) {
		if (try_answer(parked, waited))
			continue;
		LIST_REMOVE(parked, in_room);
		LIST_INSERT_HEAD(unsettled, parked, in_room);
	}
}

static void take_list(struct parked_list *to, struct parked_list *from)
{
	struct parked *parked;

	LIST_INIT(to);
	while ((parked = LIST_FIRST(from)) != NULL) {
		LIST_REMOVE(parked, in_room);
		LIST_INSERT_HEAD(to, parked, in_room);
	}
}

static struct room *find_room(struct parking *parking, const char *key)
{
	struct room *room;

	HASH_FIND_STR(parking->rooms, key, room);
	return room;
}

/* Answers all its questions with what is known now. */
static void close_room(struct parking *parking, struct room *room)
{
	struct parked_list nobody = LIST_HEAD_INITIALIZER(nobody);

	HASH_DEL(parking->rooms, room);
	share_give_back(&parking->shares, &room->share);
	answer_list(&room->waiting, true, &nobody);
	free(room);
}

static void on_heard(void *context, enum prober_word word, const struct nexthop *nexthop)
{
	struct parking *parking = context;
	struct room *room = find_room(parking, nexthop->key);
	struct parked_list list;

	if (parking->outage)
		log_info("prober=%s/%s answers again", parking->settings->runtime, PROBER_SOCKET);
	parking->outage = false;
	if (room == NULL)
		return;
	if (word == PROBER_LOST)
		parking->refresh_at = clock_mono_ms() + LOST_PAUSE_MS;
	if (word != PROBER_NEWS) {
		close_room(parking, room);
		return;
	}
	take_list(&list, &room->waiting);
	answer_list(&list, false, &room->waiting);
}

static void on_lost(void *context)
{
	struct parking *parking = context;
	struct room *rooms = parking->rooms, *room;

	note_outage(parking);
	parking->rooms = NULL;
	while ((room = rooms) != NULL) {
		struct parked_list nobody = LIST_HEAD_INITIALIZER(nobody);

		HASH_DEL(rooms, room);
		share_give_back(&parking->shares, &room->share);
		answer_list(&room->waiting, true, &nobody);
		free(room);
	}
}

static void arm_timer(struct parking *parking)
{
	const struct parked *first = TAILQ_FIRST(&parking->by_deadline);
	int64_t left;

	if (first == NULL)
		return;
	left = first->deadline - clock_mono_ms();
	loop_timer_arm(parking->timer, left > 0 ? left : 0);
}

static void on_timer(void *context)
{
	struct parking *parking = context;
	int64_t now = clock_mono_ms();
	struct parked *parked;

	while ((parked = TAILQ_FIRST(&parking->by_deadline)) != NULL && parked->deadline <= now)
		try_answer(parked, true);
	arm_timer(parking);
}

struct parking *parking_new(struct loop *loop, const struct settings *settings,
			    struct answerer *answerer)
{
	struct parking *parking = mem_zero(1, sizeof(*parking));

	parking->settings = settings;
	parking->answerer = answerer;
	parking->link = prober_link_new(loop, settings->runtime, on_heard, on_lost, parking);
	parking->timer = loop_timer_new(loop, on_timer, parking);
	TAILQ_INIT(&parking->by_deadline);
	return parking;
}

void parking_reload(struct parking *parking, const struct settings *settings)
{
	parking->settings = settings;
}

void parking_free(struct parking *parking)
{
	struct room *room;

	if (parking == NULL)
		return;
	while ((room = parking->rooms) != NULL) {
		HASH_DEL(parking->rooms, room);
		share_give_back(&parking->shares, &room->share);
		free(room);
	}
	loop_timer_free(parking->timer);
	prober_link_free(parking->link);
	buf_free(&parking->reply);
	free(parking);
}

/* NULL: there is no room for it. */
static struct room *add_room(struct parking *parking, const struct question *question,
			     struct share_client *client)
{
	struct room *room = mem_zero(1, sizeof(*room));

	if (!share_take(&parking->shares, &room->share, question->map, &question->nexthop,
			client)) {
		free(room);
		return NULL;
	}
	str_copy(room->key, sizeof(room->key), question->nexthop.key);
	LIST_INIT(&room->waiting);
	HASH_ADD_STR(parking->rooms, key, room);
	return room;
}

/* The room of a next hop which the prober has been asked about; NULL: it cannot be. */
static struct room *open_room(struct parking *parking, const struct question *question,
			      struct share_client *client)
{
	struct room *room = find_room(parking, question->nexthop.key);
	int64_t now = clock_mono_ms();

	if (room != NULL)
		share_join(&parking->shares, &room->share, question->map);
	if (room != NULL && now - room->asked < ROOM_STALE_MS)
		return room;
	if (room == NULL && (room = add_room(parking, question, client)) == NULL)
		return NULL;
	if (prober_link_ask(parking->link, PROBER_WANT, room->key)) {
		room->asked = now;
		return room;
	}
	note_outage(parking);
	/* Questions that wait in it are left to the timer. */
	if (LIST_EMPTY(&room->waiting)) {
		HASH_DEL(parking->rooms, room);
		share_give_back(&parking->shares, &room->share);
		free(room);
	}
	return NULL;
}

struct parked *parking_park(struct parking *parking, const struct question *question,
			    struct share_client *client, parking_answered_fn *answered,
			    void *context)
{
	struct parked *parked;
	struct room *room;

	if (parking->parked_count >= PARKED_MAX)
		return NULL;
	room = open_room(parking, question, client);
	if (room == NULL)
		return NULL;
	parked = mem_zero(1, sizeof(*parked));
	parked->parking = parking;
	parked->question = *question;
	parked->answered = answered;
	parked->context = context;
	parked->deadline = clock_mono_ms() + parking->settings->first_contact_wait * 1000;
	LIST_INSERT_HEAD(&room->waiting, parked, in_room);
	TAILQ_INSERT_TAIL(&parking->by_deadline, parked, in_queue);
	metrics_count(M_PARKED);
	if (parking->parked_count++ == 0)
		arm_timer(parking);
	return parked;
}

void parking_refresh(struct parking *parking, const struct question *question,
		     struct share_client *client)
{
	if (clock_mono_ms() >= parking->refresh_at)
		open_room(parking, question, client);
}
