/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/names/ipaddr.h"
#include "daemon/daemon.h"
#include "io/net/listen.h"
#include "io/net/stream.h"

/* The directory decides who may connect, as for a port on loopback. */
#define SOCKET_MODE 0666
/* The deepest call of a session has a few buffers of some KiB. */
#define STACK_SIZE (512 * 1024)
/* For each session its own, and one to the socketmap server; the log, metrics and so on. */
#define DESCRIPTORS_EACH 2
#define DESCRIPTORS_OURS 32
/* How long to wait when a connection cannot be accepted. */
#define PAUSE_MS 100
/* How long the milter may take to answer itself. */
#define PULSE_MS 10000

struct guest {
	struct milter_server *server;
	int fd;
	LIST_ENTRY(guest) others;
};

struct milter_server {
	const struct settings *_Atomic settings;
	struct endpoint endpoint;
	int listener;
	int stop[2]; /* a pipe: its end tells the listener's thread to end */
	bool unable; /* the listener's thread alone: it could not accept, and has said so */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	LIST_HEAD(, guest) guests; /* under the lock, as is what follows */
	size_t count, most;
};

void *server_open(const struct settings *settings)
{
	struct milter_server *server = mem_zero(1, sizeof(*server));
	char error[LISTEN_ERROR_SIZE];

	if (settings->secure_domains.count == 0)
		log_warning("secure_domains is empty: every sender and recipient is accepted");
	server->settings = settings;
	server->listener = -1;
	if (!endpoint_parse(&server->endpoint, settings->milter_listen)) {
		log_error("milter_listen: %s is not an endpoint", settings->milter_listen);
		free(server);
		return NULL;
	}
	server->listener = listen_open(&server->endpoint, SOCKET_MODE, error);
	if (server->listener < 0 || pipe(server->stop) != 0) {
		log_error("milter_listen=%s", server->listener < 0 ? error : strerror(errno));
		free(server);
		return NULL;
	}
	server->most = daemon_raise_descriptors();
	server->most = server->most > DESCRIPTORS_OURS + DESCRIPTORS_EACH
			       ? (server->most - DESCRIPTORS_OURS) / DESCRIPTORS_EACH
			       : 1;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	return server;
}

static void *receive(void *argument)
{
	struct guest *guest = argument;
	struct milter_server *server = guest->server;

	connection_serve(guest->fd, &server->settings);
	pthread_mutex_lock(&server->lock);
	LIST_REMOVE(guest, others);
	close(guest->fd); /* under the lock: cut_off must not shut another's */
	server->count--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	free(guest);
	return NULL;
}

static bool start_thread(struct guest *guest)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attributes, receive, guest);
	pthread_attr_destroy(&attributes);
	if (rc != 0)
		log_error("cannot start a thread for an MTA: %s", strerror(rc));
	return rc == 0;
}

static void welcome(struct milter_server *server, int fd)
{
	struct guest *guest = mem_zero(1, sizeof(*guest));

	guest->server = server;
	guest->fd = fd;
	pthread_mutex_lock(&server->lock);
	LIST_INSERT_HEAD(&server->guests, guest, others);
	server->count++;
	if (!start_thread(guest)) {
		LIST_REMOVE(guest, others);
		server->count--;
		close(fd);
		free(guest);
	}
	pthread_mutex_unlock(&server->lock);
}

/* False when there is no more room: then new clients wait to be accepted. */
static bool has_room(struct milter_server *server)
{
	bool room;

	pthread_mutex_lock(&server->lock);
	room = server->count < server->most;
	pthread_mutex_unlock(&server->lock);
	return room;
}

/* Accepts a waiting client. False if that is not possible just now, which is said once. */
static bool take_one(struct milter_server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		server->unable = false;
		welcome(server, fd);
		return true;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
		return true;
	if (!server->unable)
		log_warning("milter_listen: new connections wait, since none can be accepted: %s",
			    strerror(errno));
	server->unable = true;
	return false;
}

static void *listen_on(void *argument)
{
	struct milter_server *server = argument;
	struct pollfd look[] = { { .fd = server->stop[0], .events = POLLIN },
				 { .fd = server->listener, .events = POLLIN } };
	bool able = true;

	while ((look[0].revents & (POLLIN | POLLHUP)) == 0) {
		bool open = able && has_room(server);

		if (poll(look, open ? 2 : 1, open ? -1 : PAUSE_MS) < 0 && errno != EINTR)
			break;
		able = !open || (look[1].revents & POLLIN) == 0 || take_one(server);
	}
	return NULL;
}

/* Wakes threads that read. A thread that asks the socketmap server ends when that answers. */
static void cut_off(struct milter_server *server)
{
	struct guest *guest;

	pthread_mutex_lock(&server->lock);
	LIST_FOREACH(guest, &server->guests, others)
	shutdown(guest->fd, SHUT_RDWR);
	while (server->count > 0)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

/*
 * Does it still answer?
 */

/* The milter protocol: four bytes of length, a command, its data. */
#define NEGOTIATE 'O'
/* Room for the lists of macros that come with the answer. */
#define PACKET_MAX 4096
/* Version 6, of an MTA that takes every action and can leave out every step. */
static const char pulse_offer[] = "\0\0\0\15O\0\0\0\6\0\0\1\377\0\37\377\377";
static const char pulse_end[] = "\0\0\0\1Q";

/* Whatever is agreed. All of the answer is read: to close before that would be a reset. */
static bool negotiates(int fd, int64_t deadline)
{
	uint32_t length;
	char packet[PACKET_MAX];

	if (!stream_write(fd, pulse_offer, sizeof(pulse_offer) - 1, deadline) ||
	    !stream_read_all(fd, &length, sizeof(length), deadline))
		return false;
	length = ntohl(length);
	errno = EPROTO;
	return length > 0 && length <= sizeof(packet) &&
	       stream_read_all(fd, packet, length, deadline) && packet[0] == NEGOTIATE;
}

static bool beats(const struct endpoint *endpoint)
{
	int64_t deadline = clock_mono_ms() + PULSE_MS;
	int fd = stream_connect_endpoint(endpoint, deadline), saved;
	bool good;

	if (fd < 0)
		return false;
	good = negotiates(fd, deadline);
	saved = errno;
	/* If this fails, closing will do as well. */
	(void)stream_write(fd, pulse_end, sizeof(pulse_end) - 1, deadline);
	close(fd);
	errno = saved;
	return good;
}

/* Asks, and tells the watchdog if all is well. */
static void take_pulse(const struct endpoint *endpoint)
{
	static bool felt, missed; /* ever; and the last time, which was logged */
	bool good = beats(endpoint);

	if (!good && !missed)
		log_warning("milter_listen: the milter did not answer itself within %d s: %s; %s",
			    PULSE_MS / 1000, strerror(errno),
			    felt ? "the service manager will restart it"
				 : "so the watchdog cannot see whether it hangs");
	if (good && missed)
		log_info("milter_listen: the milter answers itself again");
	felt = felt || good;
	missed = !good;
	if (good || !felt)
		daemon_alive();
}

/*
 * Serving.
 */

/* The signal that came; 0 when it is time to tell the watchdog. */
static int wait_for(const sigset_t *signals, long milliseconds)
{
	const struct timespec pause = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	int signum;

	do
		signum = milliseconds > 0 ? sigtimedwait(signals, NULL, &pause)
					  : sigwaitinfo(signals, NULL);
	while (signum < 0 && errno == EINTR);
	return signum > 0 ? signum : 0;
}

void server_reload(void *state, const struct settings *settings)
{
	struct milter_server *server = state;

	server->settings = settings;
}

/* All threads inherit the mask, so signals wait for the main thread. */
int server_serve(void *state)
{
	struct milter_server *server = state;
	sigset_t signals;
	pthread_t listener;
	int signum;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (pthread_create(&listener, NULL, listen_on, server) != 0) {
		log_error("cannot start a thread to listen");
		return EXIT_FAILURE;
	}
	while ((signum = wait_for(&signals, daemon_alive_interval())) == 0 || signum == SIGHUP) {
		if (signum == SIGHUP)
			daemon_reload();
		take_pulse(&server->endpoint);
	}
	close(server->stop[1]);
	server->stop[1] = -1;
	pthread_join(listener, NULL);
	cut_off(server);
	return EXIT_SUCCESS;
}

void server_close(void *state)
{
	struct milter_server *server = state;

	close(server->listener);
	close(server->stop[0]);
	if (server->stop[1] >= 0)
		close(server->stop[1]);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
