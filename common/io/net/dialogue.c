/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/net/dialogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/net/stream.h"

#define READ_SIZE 65536

/* It waits for its turn (fd -1), or is open. */
struct dialogue {
	TAILQ_ENTRY(dialogue) entry;
	struct dialogues *all;
	struct buf out, in;
	size_t said; /* of `out` */
	const struct dialogue_ears *ears;
	void *context;
	int fd;
	struct loop_io *io;
	struct loop_timer *late;
	size_t count, next; /* of the endpoints: the one to try when this one fails */
	struct endpoint endpoints[];
};

TAILQ_HEAD(queue, dialogue);

struct dialogues {
	struct loop *loop;
	struct loop_timer *turn; /* now: whoever waits may open */
	size_t open, open_at_once;
	struct queue waiting, opened;
};

static void on_turn(void *context);

struct dialogues *dialogues_new(struct loop *loop, size_t open_at_once)
{
	struct dialogues *all = mem_zero(1, sizeof(*all));

	all->loop = loop;
	all->open_at_once = open_at_once;
	all->turn = loop_timer_new(loop, on_turn, all);
	TAILQ_INIT(&all->waiting);
	TAILQ_INIT(&all->opened);
	return all;
}

/* It is out of all lists before anybody hears of it, who may begin another. */
static void end(struct dialogue *dialogue, int why)
{
	struct dialogues *all = dialogue->all;

	if (dialogue->fd >= 0) {
		TAILQ_REMOVE(&all->opened, dialogue, entry);
		all->open--;
		loop_io_free(dialogue->io);
		close(dialogue->fd);
		loop_timer_arm(all->turn, 0);
	} else {
		TAILQ_REMOVE(&all->waiting, dialogue, entry);
	}
	loop_timer_free(dialogue->late);
	dialogue->ears->over(dialogue->context, why);
	buf_free(&dialogue->in);
	buf_free(&dialogue->out);
	free(dialogue);
}

static void on_late(void *context)
{
	end(context, ETIMEDOUT);
}

static void on_ready(void *context, int fd, unsigned ready);

/* A descriptor of the next endpoint that can be connected to, as far as one can tell; -1: none. */
static int connect_next(struct dialogue *dialogue)
{
	int fd = -1;

	errno = ENOTCONN;
	while (fd < 0 && dialogue->next < dialogue->count)
		fd = stream_begin_endpoint(&dialogue->endpoints[dialogue->next++]);
	return fd;
}

/* Nothing was heard by this connection; the next endpoint may do better. */
static void try_next(struct dialogue *dialogue, int why)
{
	int fd = connect_next(dialogue);

	if (fd < 0) {
		end(dialogue, why);
		return;
	}
	loop_io_free(dialogue->io);
	close(dialogue->fd);
	dialogue->fd = fd;
	dialogue->said = 0;
	dialogue->io = loop_io_new(dialogue->all->loop, fd, LOOP_WRITE, on_ready, dialogue);
}

static void read_more(struct dialogue *dialogue)
{
	struct buf *in = &dialogue->in;
	ssize_t n = read(dialogue->fd, buf_reserve(in, READ_SIZE), READ_SIZE);
	enum dialogue_sense sense;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(dialogue, n == 0 ? ECONNRESET : errno);
		return;
	}
	in->len += (size_t)n;
	sense = dialogue->ears->hear(dialogue->context, in, &dialogue->out);
	if (sense != DIALOGUE_GOES_ON)
		end(dialogue, sense == DIALOGUE_IS_OVER ? 0 : EPROTO);
	else if (dialogue->out.len > 0)
		loop_io_set(dialogue->io, LOOP_WRITE);
}

/* Also where it shows whether there is a connection. */
static void write_more(struct dialogue *dialogue)
{
	struct buf *out = &dialogue->out;
	ssize_t n = send(dialogue->fd, out->data + dialogue->said, out->len - dialogue->said,
			 MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		try_next(dialogue, errno);
	if (n < 0)
		return;
	dialogue->said += (size_t)n;
	if (dialogue->said < out->len)
		return;
	/* Somebody listens here: from now on no other is asked. */
	dialogue->next = dialogue->count;
	dialogue->said = 0;
	out->len = 0;
	loop_io_set(dialogue->io, LOOP_READ);
}

static void on_ready(void *context, int fd, unsigned ready)
{
	struct dialogue *dialogue = context;

	(void)fd;
	(void)ready;
	if (dialogue->out.len > 0)
		write_more(dialogue);
	else
		read_more(dialogue);
}

static void open_now(struct dialogue *dialogue)
{
	struct dialogues *all = dialogue->all;
	int fd = connect_next(dialogue);

	if (fd < 0) {
		end(dialogue, errno);
		return;
	}
	dialogue->fd = fd;
	dialogue->io = loop_io_new(all->loop, fd, LOOP_WRITE, on_ready, dialogue);
	TAILQ_REMOVE(&all->waiting, dialogue, entry);
	TAILQ_INSERT_TAIL(&all->opened, dialogue, entry);
	all->open++;
}

static void on_turn(void *context)
{
	struct dialogues *all = context;

	while (all->open < all->open_at_once && !TAILQ_EMPTY(&all->waiting))
		open_now(TAILQ_FIRST(&all->waiting));
}

void dialogue_begin(struct dialogues *dialogues, const struct endpoint *endpoints, size_t count,
		    struct buf *out, int64_t deadline, const struct dialogue_ears *ears,
		    void *context)
{
	struct dialogue *dialogue = mem_zero(1, sizeof(*dialogue) + count * sizeof(*endpoints));
	int64_t left = deadline - clock_mono_ms();

	dialogue->all = dialogues;
	dialogue->fd = -1;
	dialogue->ears = ears;
	dialogue->context = context;
	dialogue->out = *out;
	*out = (struct buf){ 0 };
	dialogue->count = count;
	if (count > 0) /* else there may be no array, which memcpy wants even so */
		memcpy(dialogue->endpoints, endpoints, count * sizeof(*endpoints));
	dialogue->late = loop_timer_new(dialogues->loop, on_late, dialogue);
	loop_timer_arm(dialogue->late, left > 0 ? left : 0);
	TAILQ_INSERT_TAIL(&dialogues->waiting, dialogue, entry);
	loop_timer_arm(dialogues->turn, 0);
}

void dialogues_free(struct dialogues *dialogues)
{
	struct dialogue *dialogue;

	if (dialogues == NULL)
		return;
	while ((dialogue = TAILQ_FIRST(&dialogues->opened)) != NULL ||
	       (dialogue = TAILQ_FIRST(&dialogues->waiting)) != NULL)
		end(dialogue, ECANCELED);
	loop_timer_free(dialogues->turn);
	free(dialogues);
}
