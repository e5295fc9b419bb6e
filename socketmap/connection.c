/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/protocol/netstring.h"
#include "io/local/metrics_file.h"

#define READ_SIZE 16384
/* Room for one whole request, with "10000:" and ",". */
#define IN_MAX (REQUEST_MAX + 7)
/* Unread replies above this stop all work for the client. */
#define OUT_HIGH 65536
/*
 * When all places are taken: how long a client may be idle after a question, and before its first
 * whole question. Postfix itself ends a connection that was idle for ten seconds.
 */
#define IDLE_ASKED_MS 10000
#define IDLE_SILENT_MS 2000
/* An empty buffer larger than this is given back: most clients are idle. */
#define KEEP_MAX 4096

struct connection {
	struct connection_home *home;
	LIST_ENTRY(connection) siblings;
	TAILQ_ENTRY(connection) in_ready;
	bool ready; /* it is in home->ready */
	int fd;
	struct loop_io *io;
	struct buf in;
	struct buf out;
	struct parked *parked;        /* the question that all later ones wait for, or NULL */
	struct sealing_wait *sealing; /* the same, of postseal-mailbox */
	struct share_client share;
	int64_t active; /* clock_mono_us, of the batch that last answered it, or of its start */
	bool asked;     /* it has asked at least once */
	bool eof;       /* the client sends no more */
	bool malformed; /* it sends what cannot be understood */
};

/* All reasons why connections end. */
enum ending {
	ENDING_CLIENT_CLOSED,
	ENDING_CLIENT_GONE,
	ENDING_MALFORMED,
	ENDING_ERROR,
	ENDING_FINISHED,
	ENDING_IDLE,
};

static const char *const endings[] = {
	[ENDING_CLIENT_CLOSED] = "closed by the client",
	[ENDING_CLIENT_GONE] = "the client left while its question was waiting",
	[ENDING_MALFORMED] = "closed: the client did not send a netstring of at most 10000 bytes",
	[ENDING_ERROR] = "connection lost",
	[ENDING_FINISHED] = "answered, and the server ends",
	[ENDING_IDLE] = "idle, and others have no place",
};

#define PEER_SIZE 80

/* "127.0.0.1:4711", "[::1]:4711" or "pid:4711". */
static void peer_name(char dst[PEER_SIZE], int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer = { .any = { .sa_family = AF_UNSPEC } };
	struct ucred cred = { 0 };
	socklen_t len = sizeof(peer), cred_len = sizeof(cred);
	char host[INET6_ADDRSTRLEN] = "?";

	getpeername(fd, &peer.any, &len);
	if (peer.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &peer.v4.sin_addr, host, sizeof(host));
		snprintf(dst, PEER_SIZE, "%s:%u", host, ntohs(peer.v4.sin_port));
	} else if (peer.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &peer.v6.sin6_addr, host, sizeof(host));
		snprintf(dst, PEER_SIZE, "[%s]:%u", host, ntohs(peer.v6.sin6_port));
	} else {
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len);
		snprintf(dst, PEER_SIZE, "pid:%ld", (long)cred.pid);
	}
}

static void log_ending(struct connection *c, enum ending ending)
{
	char peer[PEER_SIZE];
	char note[LOG_THROTTLE_NOTE_SIZE];

	if (ending == ENDING_MALFORMED) {
		if (!log_throttle_pass(&c->home->malformed, clock_mono_ms(), note))
			return;
		peer_name(peer, c->fd);
		log_warning("client=%s %s%s", peer, endings[ending], note);
		return;
	}
	log_debug("client=fd:%d %s", c->fd, endings[ending]);
}

static void set_ready(struct connection *c, bool ready)
{
	if (ready && !c->ready)
		TAILQ_INSERT_TAIL(&c->home->ready, c, in_ready);
	else if (!ready && c->ready)
		TAILQ_REMOVE(&c->home->ready, c, in_ready);
	c->ready = ready;
}

static void free_connection(struct connection *c)
{
	if (c->parked != NULL) {
		metrics_count(METRIC1(UNPARKED, METRIC_UNPARKED_LEFT));
		parking_leave(c->parked);
	}
	if (c->sealing != NULL)
		sealing_leave(c->sealing);
	share_leave(&c->share);
	set_ready(c, false);
	LIST_REMOVE(c, siblings);
	c->home->count--;
	metrics_drop(M_CONNECTIONS);
	loop_io_free(c->io);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void end(struct connection *c, enum ending ending)
{
	struct connection_home *home = c->home;

	log_ending(c, ending);
	free_connection(c);
	home->closed(home->context);
}

/* A question waits, and with it all later ones. */
static bool waits(const struct connection *c)
{
	return c->parked != NULL || c->sealing != NULL;
}

static void give_back(struct buf *b)
{
	if (b->len == 0 && b->cap > KEEP_MAX)
		buf_free(b);
}

/* False when the connection is broken. */
static bool flush(struct connection *c)
{
	ssize_t n;

	if (c->out.len == 0)
		return true;
	n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	buf_consume(&c->out, (size_t)n);
	give_back(&c->out);
	return true;
}

static void pump(struct connection *c);

/* The answer of the parked question has come. */
static void on_answered(void *context, const struct buf *reply)
{
	struct connection *c = context;

	c->parked = NULL;
	c->sealing = NULL;
	c->active = clock_mono_us();
	netstring_append(&c->out, reply->data, reply->len);
	pump(c);
}

static void serve(struct connection *c, const struct netstring *request)
{
	struct connection_home *home = c->home;
	int64_t now = clock_wall();
	struct question question;
	enum answer answer;

	home->reply.len = 0;
	answer = answer_request(home->answerer, request->payload, request->len, now, &question,
				&home->reply);
	if (answer == ANSWER_SEALING) {
		metrics_count(METRIC1(SERVED, METRIC_SERVED_MAILBOX));
		c->sealing = sealing_ask(home->sealing, question.address, on_answered, c);
		return;
	}
	if (answer == ANSWER_PARK) {
		c->parked = parking_park(home->parking, &question, &c->share, on_answered, c);
		if (c->parked != NULL) {
			metrics_count(METRIC1(SERVED, METRIC_SERVED_PARKED));
			return;
		}
		metrics_count(METRIC1(SERVED, METRIC_SERVED_ALONE));
		answer_question(home->answerer, &question, true, now, &home->reply);
	} else if (answer == ANSWER_REFRESH) {
		metrics_count(METRIC1(SERVED, METRIC_SERVED_REFRESH));
		parking_refresh(home->parking, &question, &c->share);
	} else {
		metrics_count(METRIC1(SERVED, METRIC_SERVED_LEDGER));
	}
	netstring_append(&c->out, home->reply.data, home->reply.len);
}

/* Serve what has arrived whole, as far as the connection's bounds allow. */
static void serve_arrived(struct connection *c)
{
	struct netstring request;
	size_t start = 0;

	while (!waits(c) && c->out.len <= OUT_HIGH && !c->malformed && start < c->in.len) {
		enum netstring_result result = netstring_decode(&request, c->in.data + start,
								c->in.len - start, REQUEST_MAX);

		if (result == NETSTRING_PARTIAL)
			break;
		if (result == NETSTRING_MALFORMED) {
			metrics_count(METRIC1(REFUSED, METRIC_REFUSED_NETSTRING));
			c->malformed = true;
			break;
		}
		serve(c, &request);
		c->asked = true;
		c->active = c->home->now;
		c->home->served++;
		start += request.consumed;
	}
	if (start > 0)
		buf_consume(&c->in, start);
	give_back(&c->in);
}

static void watch(struct connection *c)
{
	unsigned what = 0;

	if (!c->eof && !c->malformed && c->in.len < IN_MAX && c->out.len <= OUT_HIGH)
		what |= LOOP_READ;
	if (c->out.len > 0)
		what |= LOOP_WRITE;
	loop_io_set(c->io, what);
}

/* The server ends, and all questions of this client are answered. */
static bool finished(const struct connection *c)
{
	int waiting = 0;

	if (c->home->finishing == FINISHING_NOT || waits(c) || c->out.len > 0)
		return false;
	if (c->home->finishing == FINISHING_SLOW)
		return true;
	return c->asked && c->in.len == 0 && ioctl(c->fd, FIONREAD, &waiting) == 0 && waiting == 0;
}

/*
 * Makes the client find its connection reset, not closed. After an orderly end errno keeps an old
 * value, and Postfix does not ask again if that happens to be ETIMEDOUT, of a slow MX host
 * (dict_sockmap_lookup); a reset sets errno. This is not done while part of a reply is still to
 * be sent, since a reset would throw it away. What was sent is not taken back; if it is lost on a
 * real network, the client asks again.
 */
static void prepare_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	int unsent = 0;

	if (ioctl(fd, SIOCOUTQNSD, &unsent) == 0 && unsent == 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/*
 * Serve and send until the client has to act. Ends and frees the connection when nothing is left
 * to do for it.
 */
static void pump(struct connection *c)
{
	bool full;

	do {
		serve_arrived(c);
		full = c->out.len > OUT_HIGH;
		if (!flush(c)) {
			end(c, ENDING_ERROR);
			return;
		}
	} while (full && c->out.len <= OUT_HIGH);
	if (c->malformed && c->out.len == 0)
		end(c, ENDING_MALFORMED);
	else if (c->eof && c->out.len == 0)
		end(c, waits(c) ? ENDING_CLIENT_GONE : ENDING_CLIENT_CLOSED);
	else if (finished(c)) {
		prepare_reset(c->fd);
		end(c, ENDING_FINISHED);
	} else
		watch(c);
}

/* False when the connection is broken. */
static bool receive(struct connection *c)
{
	char chunk[READ_SIZE];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		c->eof = true;
	else
		buf_append(&c->in, chunk, (size_t)n);
	return true;
}

static void on_ready(void *context, int fd, unsigned ready)
{
	struct connection *c = context;

	(void)fd;
	if ((ready & LOOP_READ) && !receive(c))
		end(c, ENDING_ERROR);
	else
		set_ready(c, true);
}

void connection_serve_ready(struct connection_home *home)
{
	struct connection *c;
	int64_t began;

	if (TAILQ_EMPTY(&home->ready))
		return;
	home->now = began = clock_mono_us();
	home->served = 0;
	answerer_hold(home->answerer);
	TAILQ_FOREACH(c, &home->ready, in_ready)
	serve_arrived(c);
	answerer_release(home->answerer);
	metrics_observe(ANSWER_TIME, 0, clock_mono_us() - began, home->served);
	while ((c = TAILQ_FIRST(&home->ready)) != NULL) {
		set_ready(c, false);
		pump(c);
	}
}

void connection_finish_all(struct connection_home *home, enum finishing how)
{
	struct connection *c;

	home->finishing = how;
	LIST_FOREACH(c, &home->connections, siblings)
	set_ready(c, true);
	connection_serve_ready(home);
}

/* A client that is idle for less may be about to ask. smtp(8) asks as soon as it is connected. */
static int64_t patience_us(const struct connection *c)
{
	return (c->asked ? IDLE_ASKED_MS : IDLE_SILENT_MS) * INT64_C(1000);
}

bool connection_end_idle(struct connection_home *home)
{
	struct connection *c, *longest = NULL;
	int64_t now = clock_mono_us();

	LIST_FOREACH(c, &home->connections, siblings)
	{
		if (!waits(c) && c->out.len == 0 && now - c->active > patience_us(c) &&
		    (longest == NULL || c->active < longest->active))
			longest = c;
	}
	if (longest == NULL)
		return false;
	prepare_reset(longest->fd);
	end(longest, ENDING_IDLE);
	return true;
}

void connection_new(struct connection_home *home, int fd)
{
	struct connection *c = mem_zero(1, sizeof(*c));

	c->home = home;
	c->fd = fd;
	c->active = clock_mono_us();
	c->io = loop_io_new(home->loop, fd, LOOP_READ, on_ready, c);
	LIST_INSERT_HEAD(&home->connections, c, siblings);
	home->count++;
	metrics_count(M_CONNECTIONS);
	metrics_count(M_CONNECTED);
}

void connection_free_all(struct connection_home *home)
{
	struct connection *c;

	while ((c = LIST_FIRST(&home->connections)) != NULL)
		free_connection(c);
	buf_free(&home->reply);
}
