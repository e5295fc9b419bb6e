/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/net/stream.h"

/* The daemon serves one question at a time. Some more are open, to keep it busy; its backlog
 * is far longer. */
#define OPEN_AT_ONCE 4
#define READ_SIZE 65536

/* One question, which waits for its turn (fd -1) or is open. */
struct inquiry {
	TAILQ_ENTRY(inquiry) entry;
	struct mailbox_link *link;
	struct endpoint endpoint;
	struct buf out, in;
	mailbox_link_fn *heard;
	void *context;
	int fd;
	struct loop_io *io;
	struct loop_timer *late;
};

TAILQ_HEAD(inquiries, inquiry);

struct mailbox_link {
	struct loop *loop;
	struct loop_timer *turn; /* fires at once: the next one may open */
	size_t open;
	struct inquiries waiting, opened;
};

static void on_turn(void *context);

struct mailbox_link *mailbox_link_new(struct loop *loop)
{
	struct mailbox_link *link = mem_zero(1, sizeof(*link));

	link->loop = loop;
	link->turn = loop_timer_new(loop, on_turn, link);
	TAILQ_INIT(&link->waiting);
	TAILQ_INIT(&link->opened);
	return link;
}

/* It leaves all lists first: `heard` may ask again. */
static void end(struct inquiry *inquiry, const char *answer, int why)
{
	struct mailbox_link *link = inquiry->link;
	char error[MAILBOX_CLIENT_ERROR_SIZE] = "";

	if (inquiry->fd >= 0) {
		TAILQ_REMOVE(&link->opened, inquiry, entry);
		link->open--;
		loop_io_free(inquiry->io);
		close(inquiry->fd);
		loop_timer_arm(link->turn, 0);
	} else {
		TAILQ_REMOVE(&link->waiting, inquiry, entry);
	}
	loop_timer_free(inquiry->late);
	if (answer == NULL)
		mailbox_client_failed(error, &inquiry->endpoint, why);
	inquiry->heard(inquiry->context, answer, error);
	buf_free(&inquiry->in);
	buf_free(&inquiry->out);
	free(inquiry);
}

static void on_late(void *context)
{
	end(context, NULL, ETIMEDOUT);
}

static void read_more(struct inquiry *inquiry)
{
	struct buf *in = &inquiry->in;
	ssize_t n = read(inquiry->fd, buf_reserve(in, READ_SIZE), READ_SIZE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(inquiry, NULL, n == 0 ? ECONNRESET : errno);
		return;
	}
	in->len += (size_t)n;
	if (in->data[in->len - 1] == '\n') {
		in->len--;
		end(inquiry, buf_cstr(in), 0);
	} else if (in->len >= MAILBOX_ANSWER_MAX) {
		end(inquiry, NULL, EMSGSIZE);
	}
}

static void write_more(struct inquiry *inquiry)
{
	ssize_t n = send(inquiry->fd, inquiry->out.data, inquiry->out.len, MSG_NOSIGNAL);

	if (n >= 0)
		buf_consume(&inquiry->out, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		end(inquiry, NULL, errno);
	if (n >= 0 && inquiry->out.len == 0)
		loop_io_set(inquiry->io, LOOP_READ);
}

static void on_ready(void *context, int fd, unsigned ready)
{
	struct inquiry *inquiry = context;

	(void)fd;
	(void)ready;
	if (inquiry->out.len > 0)
		write_more(inquiry);
	else
		read_more(inquiry);
}

/* Connecting to a Unix socket succeeds or fails at once. */
static void open_now(struct inquiry *inquiry)
{
	struct mailbox_link *link = inquiry->link;
	int fd = stream_connect_endpoint(&inquiry->endpoint, 0);

	if (fd < 0) {
		end(inquiry, NULL, errno);
		return;
	}
	inquiry->fd = fd;
	inquiry->io = loop_io_new(link->loop, fd, LOOP_WRITE, on_ready, inquiry);
	TAILQ_REMOVE(&link->waiting, inquiry, entry);
	TAILQ_INSERT_TAIL(&link->opened, inquiry, entry);
	link->open++;
}

static void on_turn(void *context)
{
	struct mailbox_link *link = context;

	while (link->open < OPEN_AT_ONCE && !TAILQ_EMPTY(&link->waiting))
		open_now(TAILQ_FIRST(&link->waiting));
}

void mailbox_link_ask(struct mailbox_link *link, const struct settings *settings,
		      const struct mailbox_question *question, int64_t deadline,
		      mailbox_link_fn *heard, void *context)
{
	struct inquiry *inquiry = mem_zero(1, sizeof(*inquiry));
	int64_t left = deadline - clock_mono_ms();

	inquiry->link = link;
	inquiry->fd = -1;
	inquiry->heard = heard;
	inquiry->context = context;
	mailbox_client_endpoint(&inquiry->endpoint, settings);
	mailbox_client_line(&inquiry->out, question);
	inquiry->late = loop_timer_new(link->loop, on_late, inquiry);
	loop_timer_arm(inquiry->late, left > 0 ? left : 0);
	TAILQ_INSERT_TAIL(&link->waiting, inquiry, entry);
	loop_timer_arm(link->turn, 0);
}

void mailbox_link_free(struct mailbox_link *link)
{
	struct inquiry *inquiry;

	if (link == NULL)
		return;
	while ((inquiry = TAILQ_FIRST(&link->opened)) != NULL ||
	       (inquiry = TAILQ_FIRST(&link->waiting)) != NULL)
		end(inquiry, NULL, ECANCELED);
	loop_timer_free(link->turn);
	free(link);
}
