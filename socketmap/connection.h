/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection - one client of the socketmap: requests in, replies out, in order.
 *
 * Each connection can do harm to itself only. Its buffers are bounded: while
 * its replies pile up unread, or a question of it is parked, the requests
 * after it wait, first in its input buffer, then in the kernel's. It is closed
 * for a reason that is one of the client's making (see connection.c), and not
 * for being idle: a client that finds its connection closed may count that as
 * a failed look-up (DESIGN.md section 10). From this side connections are ended only
 * when the server itself ends (connection_finish_all), and where others would have no
 * place (connection_end_idle); and then by a reset, after which Postfix asks anew.
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
	FINISHING_IDLE, /* each as soon as it has been answered what it asked */
	FINISHING_SLOW, /* as well those who have yet to ask, or are in the middle of it */
};

/* What all connections share; outlives them. */
struct connection_home {
	struct loop *loop;
	struct answerer *answerer;
	struct parking *parking;
	struct connection_list connections;
	struct connection_queue ready; /* those with something to do */
	size_t count;                  /* of all connections */
	size_t served;                 /* requests of the batch at hand */
	int64_t now;                   /* clock_mono_us, of the batch at hand */
	void (*closed)(void *context); /* one has ended by itself */
	void *context;
	enum finishing finishing;
	struct log_throttle malformed; /* log lines about clients that speak no netstrings */
	struct buf reply;              /* work space */
};

/* Serve a client on fd, which is non-blocking and belongs to the connection now. */
void connection_new(struct connection_home *home, int fd);
/*
 * To be called after each batch of events. First all clients that have sent
 * something are read from, then all their requests are answered, then all replies
 * sent: client by client, the kernel's code and ours would push each other out of
 * the processor's caches, which costs a fifth of the time of a look-up.
 */
void connection_serve_ready(struct connection_home *home);
/*
 * The server is about to end: answer what has been asked, what is parked included,
 * and end each connection when that is done. `closed` is called for each. A client
 * whose next request crosses the end of its connection finds it reset, and has to
 * ask anew elsewhere, as Postfix does.
 */
void connection_finish_all(struct connection_home *home, enum finishing how);
/*
 * All places are taken: end the connection that has been idle for longest, so that idle
 * clients keep nobody else out. False: none has been for long enough.
 */
bool connection_end_idle(struct connection_home *home);
/* End them all; `closed` is not called. */
void connection_free_all(struct connection_home *home);

#endif
