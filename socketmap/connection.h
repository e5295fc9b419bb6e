/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection - one client of the socketmap: requests in, replies out, in order.
 *
 * A connection can harm only itself. Its buffers are bounded: while its replies are not read, or
 * a question of it is parked, its next requests wait, first in its input buffer, then in the
 * kernel's. It is closed for what the client does (see connection.c), and not for being idle: a
 * client that finds its connection closed may count that as a failed look-up (DESIGN.md section
 * 10). The server ends connections only when it ends itself (connection_finish_all), and when
 * others would have no place (connection_end_idle). It does so by a reset, after which Postfix
 * asks again.
 */
#ifndef POSTSEAL_SOCKETMAP_CONNECTION_H
#define POSTSEAL_SOCKETMAP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/log.h"
#include "io/net/loop.h"
#include "socketmap/answer.h"
#include "socketmap/parking.h"

struct connection;
LIST_HEAD(connection_list, connection);
TAILQ_HEAD(connection_queue, connection);

/* How connections end with the server. */
enum finishing {
	FINISHING_NOT,
	FINISHING_IDLE, /* each as soon as its questions are answered */
	FINISHING_SLOW, /* also those that have not asked yet, or have sent half a question */
};

/* What all connections share; outlives them. */
struct connection_home {
	struct loop *loop;
	struct answerer *answerer;
	struct parking *parking;
	struct sealing *sealing;
	struct connection_list connections;
	struct connection_queue ready; /* those with something to do */
	size_t count;                  /* of all connections */
	size_t served;                 /* requests of the present batch */
	int64_t now;                   /* clock_mono_us, of the present batch */
	void (*closed)(void *context); /* a connection has ended */
	void *context;
	enum finishing finishing;
	struct log_throttle malformed; /* log lines about clients that speak no netstrings */
	struct buf reply;              /* work space */
};

/* Serve a client on fd, which is non-blocking and belongs to the connection now. */
void connection_new(struct connection_home *home, int fd);
/*
 * To be called after each batch of events. First it reads from all clients that have sent
 * something, then it answers all their requests, then it sends all replies. Done client by
 * client, the kernel's code and ours would push each other out of the processor's caches, which
 * costs a fifth of the time of a look-up.
 */
void connection_serve_ready(struct connection_home *home);
/*
 * The server is about to end: answer all questions, also parked ones, then end each connection.
 * `closed` is called for each. A client whose next request crosses the end of its connection
 * finds it reset, and has to ask again elsewhere, as Postfix does.
 */
void connection_finish_all(struct connection_home *home, enum finishing how);
/*
 * All places are taken: end the connection that was idle for longest, so that idle clients keep
 * nobody out. False: none was idle for long enough.
 */
bool connection_end_idle(struct connection_home *home);
/* End them all; `closed` is not called. */
void connection_free_all(struct connection_home *home);

#endif
