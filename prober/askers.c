/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/askers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/local/metrics_file.h"

#define READ_SIZE 16384
/* Told and not yet read; more means that nobody reads. */
#define UNREAD_MAX ((size_t)1024 * 1024)
/* How long not to accept where it failed for want of something. */
#define ACCEPT_AGAIN_MS 1000

struct askers {
	struct loop *loop;
	struct loop_io *listening;
	struct loop_timer *accept_again;
	bool out_of_something; /* for want of which nobody can be accepted; it has been told */
	int fd;
	askers_fn *fn;
	void *context;
	size_t count;
	LIST_HEAD(, asker) all;
};

struct asker {
	LIST_ENTRY(asker) next;
	struct askers *askers;
	struct loop_io *io;
	int fd;
	struct buf in, out;
	LIST_HEAD(, ask) asks;
};

struct ask {
	LIST_ENTRY(ask) of_asker;
	LIST_ENTRY(ask) of_thing;
	struct asker *asker;
};

static void drop_ask(struct ask *ask)
{
	LIST_REMOVE(ask, of_asker);
	LIST_REMOVE(ask, of_thing);
	free(ask);
}

static void asker_free(struct asker *asker)
{
	struct ask *ask;

	while ((ask = LIST_FIRST(&asker->asks)) != NULL)
		drop_ask(ask);
	LIST_REMOVE(asker, next);
	asker->askers->count--;
	loop_io_free(asker->io);
	close(asker->fd);
	buf_free(&asker->in);
	buf_free(&asker->out);
	free(asker);
}

static void dismiss(struct asker *asker, const char *why)
{
	log_warning("asker=%d dismissed: %s", asker->fd, why);
	asker_free(asker);
}

/* False when the line is none that an asker says. */
static bool hear_line(struct asker *asker, const char *line, size_t len)
{
	struct prober_message message;

	if (!prober_message_parse(&message, line, len) ||
	    (message.word != PROBER_WANT && message.word != PROBER_PROBE &&
	     message.word != PROBER_REFUSED))
		return false;
	asker->askers->fn(asker->askers->context, asker, &message);
	return true;
}

/* All whole lines of `in`; false when one is malformed or longer than any may be. */
static bool hear_lines(struct asker *asker)
{
	size_t used = 0;
	const char *end;

	while ((end = memchr(asker->in.data + used, '\n', asker->in.len - used)) != NULL) {
		size_t len = (size_t)(end - (asker->in.data + used));

		if (!hear_line(asker, asker->in.data + used, len))
			return false;
		used += len + 1;
	}
	buf_consume(&asker->in, used);
	return asker->in.len < PROBER_LINE_MAX;
}

/* False when the asker is gone. */
static bool on_readable(struct asker *asker)
{
	ssize_t n = read(asker->fd, buf_reserve(&asker->in, READ_SIZE), READ_SIZE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		asker_free(asker);
		return false;
	}
	asker->in.len += (size_t)n;
	if (hear_lines(asker))
		return true;
	dismiss(asker, "it says what cannot be understood");
	return false;
}

static void on_writable(struct asker *asker)
{
	ssize_t n = send(asker->fd, asker->out.data, asker->out.len, MSG_NOSIGNAL);

	if (n > 0)
		buf_consume(&asker->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		shutdown(asker->fd, SHUT_RDWR); /* reading will find that it is gone */
	if (asker->out.len == 0)
		loop_io_set(asker->io, LOOP_READ);
}

static void on_asker(void *context, int fd, unsigned ready)
{
	struct asker *asker = context;

	(void)fd;
	if (asker->out.len > UNREAD_MAX) {
		dismiss(asker, "it does not read what it is told");
		return;
	}
	if ((ready & LOOP_READ) != 0 && !on_readable(asker))
		return;
	if ((ready & LOOP_WRITE) != 0 && asker->out.len > 0)
		on_writable(asker);
}

static void on_accept_again(void *context)
{
	struct askers *askers = context;

	loop_io_set(askers->listening, LOOP_READ);
}

/* The listener stays ready: without a pause the loop would be busy with failing. */
static void accept_failed(struct askers *askers)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	if (!askers->out_of_something)
		log_warning("askers=%zu new ones wait: %s", askers->count, strerror(errno));
	askers->out_of_something = true;
	loop_io_set(askers->listening, 0);
	loop_timer_arm(askers->accept_again, ACCEPT_AGAIN_MS);
}

static void on_connection(void *context, int fd, unsigned ready)
{
	struct askers *askers = context;
	struct asker *asker;
	int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)ready;
	if (connection < 0) {
		accept_failed(askers);
		return;
	}
	askers->out_of_something = false;
	if (askers->count == ASKERS_MAX) {
		log_warning("asker=%d dismissed: there are %d already", connection, ASKERS_MAX);
		close(connection);
		return;
	}
	asker = mem_zero(1, sizeof(*asker));
	asker->askers = askers;
	asker->fd = connection;
	LIST_INIT(&asker->asks);
	LIST_INSERT_HEAD(&askers->all, asker, next);
	askers->count++;
	asker->io = loop_io_new(askers->loop, connection, LOOP_READ, on_asker, asker);
}

struct askers *askers_new(struct loop *loop, int fd, askers_fn *fn, void *context)
{
	struct askers *askers = mem_zero(1, sizeof(*askers));

	askers->loop = loop;
	askers->fd = fd;
	askers->fn = fn;
	askers->context = context;
	LIST_INIT(&askers->all);
	askers->listening = loop_io_new(loop, fd, LOOP_READ, on_connection, askers);
	askers->accept_again = loop_timer_new(loop, on_accept_again, askers);
	return askers;
}

void askers_free(struct askers *askers)
{
	struct asker *asker;

	while ((asker = LIST_FIRST(&askers->all)) != NULL)
		asker_free(asker);
	loop_timer_free(askers->accept_again);
	loop_io_free(askers->listening);
	close(askers->fd);
	free(askers);
}

static unsigned counted(enum prober_word word)
{
	return word == PROBER_NEWS   ? METRIC_TOLD_NEWS
	       : word == PROBER_DONE ? METRIC_TOLD_DONE
	       : word == PROBER_LOST ? METRIC_TOLD_LOST
				     : METRIC_TOLD_BUSY;
}

void asker_tell(struct asker *asker, enum prober_word word, const char *key)
{
	/* Not freed here: whoever tells may be in the middle of its list. */
	if (asker->out.len > UNREAD_MAX) {
		shutdown(asker->fd, SHUT_RDWR);
		return;
	}
	metrics_count(METRIC1(TOLD, counted(word)));
	prober_message_append(&asker->out, word, key);
	loop_io_set(asker->io, LOOP_READ | LOOP_WRITE);
}

void asks_add(struct ask_list *asks, struct asker *asker)
{
	struct ask *ask;

	LIST_FOREACH(ask, asks, of_thing)
	if (ask->asker == asker)
		return;
	ask = mem_zero(1, sizeof(*ask));
	ask->asker = asker;
	LIST_INSERT_HEAD(asks, ask, of_thing);
	LIST_INSERT_HEAD(&asker->asks, ask, of_asker);
}

void asks_tell(const struct ask_list *asks, enum prober_word word, const char *key)
{
	const struct ask *ask;

	LIST_FOREACH(ask, asks, of_thing)
	asker_tell(ask->asker, word, key);
}

void asks_drop(struct ask_list *asks)
{
	struct ask *ask;

	while ((ask = LIST_FIRST(asks)) != NULL)
		drop_ask(ask);
}
