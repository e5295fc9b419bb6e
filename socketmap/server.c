/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/daemon.h"
#include "daemon/daemon_loop.h"
#include "io/net/listen.h"
#include "io/net/loop.h"
#include "socketmap/answer.h"
#include "socketmap/connection.h"
#include "socketmap/parking.h"

#define LISTENERS_MAX 16
/* Descriptors that are not for clients: standard ones, ledger, prober, loop, listeners. */
#define RESERVED_FDS 32
/* Clients taken from one listener before others have their turn. */
#define ACCEPT_BATCH 64
/* How long not to accept after a failure, or when full, unless a client leaves. */
#define ACCEPT_RETRY_MS 1000
/* At the end, how long a client may take to ask that has just connected. */
#define SLOW_MS 2000
/* smtp(8) may run as any user. The directory decides who may reach the socket. */
#define SOCKET_MODE 0666

struct socketmap_server {
	const struct settings *settings;
	int fds[LISTENERS_MAX];
	size_t listeners;
	size_t clients_max;
	/* From here on: while it runs. */
	struct loop_io *ios[LISTENERS_MAX];
	bool accepting;
	struct loop_timer *accept_again;
	struct daemon_loop *watch;
	struct loop *loop;
	struct loop_timer *hurry; /* armed from the first signal on */
	struct log_throttle full;
	struct connection_home home;
};

static bool open_listeners(struct socketmap_server *server)
{
	const struct string_list *wanted = &server->settings->socketmap_listen;
	char error[LISTEN_ERROR_SIZE];
	struct endpoint endpoint;

	server->listeners = listen_inherited(server->fds, LISTENERS_MAX);
	if (server->listeners > 0)
		return true;
	/* The setting may be empty only if systemd listens. */
	if (wanted->count == 0)
		log_error("socketmap_listen={} is empty, and systemd does not hand over a socket");
	for (size_t i = 0; i < wanted->count; i++) {
		int fd;

		if (i == LISTENERS_MAX || !endpoint_parse(&endpoint, wanted->items[i])) {
			log_error("socketmap_listen=%s is not an address, or there are too many",
				  wanted->items[i]);
			return false;
		}
		fd = listen_open(&endpoint, SOCKET_MODE, error);
		if (fd < 0) {
			log_error("socketmap_listen=%s", error);
			return false;
		}
		server->fds[server->listeners++] = fd;
	}
	return server->listeners > 0;
}

/* A client of Postfix costs a descriptor for up to 100 s. */
static size_t clients_max(void)
{
	size_t descriptors = daemon_raise_descriptors();

	return descriptors > 2 * RESERVED_FDS ? descriptors - RESERVED_FDS : RESERVED_FDS;
}

void *server_open(const struct settings *settings)
{
	struct socketmap_server *server = mem_zero(1, sizeof(*server));

	server->settings = settings;
	server->clients_max = clients_max();
	if (!open_listeners(server)) {
		server_close(server);
		return NULL;
	}
	return server;
}

void server_close(void *state)
{
	struct socketmap_server *server = state;

	if (server == NULL)
		return;
	for (size_t i = 0; i < server->listeners; i++)
		close(server->fds[i]);
	free(server);
}

static void set_accepting(struct socketmap_server *server, bool accepting)
{
	server->accepting = accepting;
	for (size_t i = 0; i < server->listeners; i++)
		loop_io_set(server->ios[i], accepting ? LOOP_READ : 0);
}

/* Else a listener that is always ready would keep the loop busy. */
static void stop_accepting(struct socketmap_server *server, const char *why)
{
	char note[LOG_THROTTLE_NOTE_SIZE];

	if (log_throttle_pass(&server->full, clock_mono_ms(), note))
		log_warning("clients=%zu new clients wait: %s%s", server->home.count, why, note);
	set_accepting(server, false);
}

static void on_accept_again(void *context)
{
	struct socketmap_server *server = context;

	if (!server->accepting && server->home.finishing == FINISHING_NOT)
		set_accepting(server, true);
}

static void stop_when_empty(struct socketmap_server *server)
{
	if (server->home.finishing != FINISHING_NOT && server->home.count == 0)
		loop_stop(server->loop);
}

static void on_client_closed(void *context)
{
	on_accept_again(context);
	stop_when_empty(context);
}

static void accept_failed(struct socketmap_server *server)
{
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED: /* that client has left already */
		return;
	default:
		stop_accepting(server, strerror(errno));
		loop_timer_arm(server->accept_again, ACCEPT_RETRY_MS);
	}
}

/* When a client leaves, on_client_closed accepts again. */
static bool make_place(struct socketmap_server *server)
{
	if (connection_end_idle(&server->home))
		return true;
	stop_accepting(server, "no more descriptors (LimitNOFILE=)");
	loop_timer_arm(server->accept_again, ACCEPT_RETRY_MS);
	return false;
}

static void on_listener(void *context, int listener, unsigned ready)
{
	struct socketmap_server *server = context;
	const int on = 1;

	(void)ready;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd;

		if (server->home.count >= server->clients_max && !make_place(server))
			return;
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			accept_failed(server);
			return;
		}
		/* Fails on unix sockets, which do not need it. A reply is one write. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		connection_new(&server->home, fd);
	}
}

static void on_batch(void *context)
{
	connection_serve_ready(context);
}

static void finish(struct socketmap_server *server, enum finishing how, int64_t patience_ms)
{
	loop_timer_arm(server->hurry, patience_ms);
	connection_finish_all(&server->home, how);
	stop_when_empty(server);
}

/* First drop clients that have not sent a request; at the second time-out, stop. */
static void on_hurry(void *context)
{
	struct socketmap_server *server = context;

	if (server->home.finishing == FINISHING_IDLE)
		finish(server, FINISHING_SLOW, server->settings->first_contact_wait * 1000);
	else
		loop_stop(server->loop);
}

static void on_stop(void *context)
{
	struct socketmap_server *server = context;

	if (server->home.finishing != FINISHING_NOT) {
		loop_stop(server->loop);
		return;
	}
	set_accepting(server, false);
	finish(server, FINISHING_IDLE, SLOW_MS);
}

void server_reload(void *state, const struct settings *settings)
{
	struct socketmap_server *server = state;

	server->settings = settings;
	answerer_reload(server->home.answerer, settings);
	parking_reload(server->home.parking, settings);
	sealing_reload(server->home.sealing, settings);
}

static void start(struct socketmap_server *server, struct loop *loop)
{
	struct connection_home *home = &server->home;

	server->loop = loop;
	home->loop = loop;
	home->answerer = answerer_new(server->settings);
	home->parking = parking_new(loop, server->settings, home->answerer);
	home->sealing = sealing_new(loop, server->settings);
	home->closed = on_client_closed;
	home->context = server;
	LIST_INIT(&home->connections);
	TAILQ_INIT(&home->ready);
	answerer_open_ledger(home->answerer);
	server->accept_again = loop_timer_new(loop, on_accept_again, server);
	server->watch = daemon_loop_watch(loop, on_stop, server);
	server->hurry = loop_timer_new(loop, on_hurry, server);
	for (size_t i = 0; i < server->listeners; i++)
		server->ios[i] = loop_io_new(loop, server->fds[i], LOOP_READ, on_listener, server);
	server->accepting = true;
	loop_on_batch(loop, on_batch, home);
}

static void stop(struct socketmap_server *server)
{
	connection_free_all(&server->home);
	for (size_t i = 0; i < server->listeners; i++)
		loop_io_free(server->ios[i]);
	loop_timer_free(server->accept_again);
	daemon_loop_free(server->watch);
	loop_timer_free(server->hurry);
	parking_free(server->home.parking);
	sealing_free(server->home.sealing);
	answerer_free(server->home.answerer);
}

int server_serve(void *state)
{
	struct socketmap_server *server = state;
	struct loop *loop = loop_new();

	if (!daemon_shorten_slices())
		log_debug("the kernel does not give this server short time slices");
	start(server, loop);
	loop_run(loop);
	stop(server);
	loop_free(loop);
	return EXIT_SUCCESS;
}
