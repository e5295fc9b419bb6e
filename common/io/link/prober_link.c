/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Pause between attempts to connect. */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 5000
/* Questions that the prober has not yet read; more means that it hangs. */
#define UNSENT_MAX ((size_t)256 * 1024)
#define READ_SIZE 4096

struct prober_link {
	struct loop *loop;
	struct sockaddr_un address;
	prober_link_fn *heard;
	prober_link_lost_fn *lost;
	void *context;
	int fd; /* -1: not connected */
	struct loop_io *io;
	struct buf in;
	struct buf out;
	int64_t retry_at; /* clock_mono_ms; not before */
	int64_t pause_ms; /* after the next failure; 0: none yet */
};

struct prober_link *prober_link_new(struct loop *loop, const char *runtime_dir,
				    prober_link_fn *heard, prober_link_lost_fn *lost, void *context)
{
	struct prober_link *link = mem_zero(1, sizeof(*link));
	int n;

	link->loop = loop;
	link->heard = heard;
	link->lost = lost;
	link->context = context;
	link->fd = -1;
	link->address.sun_family = AF_UNIX;
	n = snprintf(link->address.sun_path, sizeof(link->address.sun_path), "%s/%s", runtime_dir,
		     PROBER_SOCKET);
	if (n < 0 || (size_t)n >= sizeof(link->address.sun_path))
		log_fatal("runtime=%s is too long a path for a socket in it", runtime_dir);
	return link;
}

static void disconnect(struct prober_link *link)
{
	if (link->fd < 0)
		return;
	loop_io_free(link->io);
	link->io = NULL;
	close(link->fd);
	link->fd = -1;
	buf_free(&link->in);
	buf_free(&link->out);
}

/* The pause grows, so that a prober that keeps dying is not kept busy as well. */
static void pause_attempts(struct prober_link *link)
{
	link->pause_ms = link->pause_ms == 0 ? PAUSE_FIRST_MS : link->pause_ms * 2;
	if (link->pause_ms > PAUSE_MAX_MS)
		link->pause_ms = PAUSE_MAX_MS;
	link->retry_at = clock_mono_ms() + link->pause_ms;
}

/* Only from the loop, never from inside prober_link_ask: see its contract. */
static void lose(struct prober_link *link, const char *why)
{
	log_debug("prober=%s connection lost: %s", link->address.sun_path, why);
	disconnect(link);
	pause_attempts(link);
	link->lost(link->context);
}

/* False when a line cannot be understood. */
static bool hear_line(struct prober_link *link, const char *line, size_t len)
{
	struct prober_message message;

	if (!prober_message_parse(&message, line, len) || message.word == PROBER_WANT ||
	    message.word == PROBER_PROBE || message.word == PROBER_REFUSED)
		return false;
	link->pause_ms = 0;
	link->heard(link->context, message.word, &message.nexthop);
	return true;
}

/*
 * All whole lines of `in`. The lines are taken out first: `heard` may ask, and
 * asking must find the link in order.
 */
static bool hear_lines(struct prober_link *link)
{
	struct buf lines = link->in;
	size_t start = 0;
	bool understood = true;
	char *end;

	link->in = (struct buf){ 0 };
	while (understood && (end = memchr(lines.data + start, '\n', lines.len - start)) != NULL) {
		size_t len = (size_t)(end - (lines.data + start));

		understood = hear_line(link, lines.data + start, len);
		start += len + 1;
	}
	if (start < lines.len)
		buf_append(&link->in, lines.data + start, lines.len - start);
	buf_free(&lines);
	return understood && link->in.len <= PROBER_LINE_MAX;
}

static void on_readable(struct prober_link *link)
{
	ssize_t n = read(link->fd, buf_reserve(&link->in, READ_SIZE), READ_SIZE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose(link, n == 0 ? "closed" : strerror(errno));
		return;
	}
	link->in.len += (size_t)n;
	if (!hear_lines(link))
		lose(link, "it said something that cannot be understood");
}

static void on_writable(struct prober_link *link)
{
	ssize_t n = send(link->fd, link->out.data, link->out.len, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			lose(link, strerror(errno));
		return;
	}
	buf_consume(&link->out, (size_t)n);
	if (link->out.len == 0)
		loop_io_set(link->io, LOOP_READ);
}

static void on_ready(void *context, int fd, unsigned ready)
{
	struct prober_link *link = context;

	(void)fd;
	if ((ready & LOOP_WRITE) && link->out.len > 0)
		on_writable(link);
	if ((ready & LOOP_READ) && link->fd >= 0)
		on_readable(link);
}

/* Connecting to a unix socket succeeds or fails at once. */
static bool connect_now(struct prober_link *link)
{
	int fd;

	if (link->fd >= 0)
		return true;
	if (clock_mono_ms() < link->retry_at)
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&link->address, sizeof(link->address)) != 0) {
		log_debug("prober=%s cannot connect: %s", link->address.sun_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		pause_attempts(link);
		return false;
	}
	link->fd = fd;
	link->io = loop_io_new(link->loop, fd, LOOP_READ, on_ready, link);
	return true;
}

bool prober_link_ask(struct prober_link *link, enum prober_word word, const char *key)
{
	if (!connect_now(link) || link->out.len > UNSENT_MAX)
		return false;
	/* Sent from the loop: many questions of one round share a write. */
	prober_message_append(&link->out, word, key);
	loop_io_set(link->io, LOOP_READ | LOOP_WRITE);
	return true;
}

void prober_link_free(struct prober_link *link)
{
	if (link == NULL)
		return;
	disconnect(link);
	free(link);
}
