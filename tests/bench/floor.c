/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor - the least that any socketmap server must do: epoll, frame netstrings,
 * answer. It looks nothing up and says "OK encrypt" to everyone. What it reaches
 * is what this machine's kernel lets a server of one thread reach.
 *
 *   floor ENDPOINT        until it is killed
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/endpoint.h"
#include "core/netstring.h"
#include "io/listen.h"

#define IN_SIZE 4096
#define REPLY "10:OK encrypt,"
#define REPLY_LEN (sizeof(REPLY) - 1)
#define EVENTS 256

struct client {
	int fd;
	size_t len;
	char in[IN_SIZE];
};

static int open_listener(const char *text)
{
	char error[LISTEN_ERROR_SIZE];
	struct endpoint endpoint;
	int fd;

	if (!endpoint_parse(&endpoint, text))
		log_fatal("endpoint=%s cannot be understood", text);
	fd = listen_open(&endpoint, 0600, error);
	if (fd < 0)
		log_fatal("endpoint=%s %s", text, error);
	return fd;
}

static void watch(int epoll, int fd, void *data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		log_fatal("epoll: %s", strerror(errno));
}

static void welcome(int epoll, int listener)
{
	const int on = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *client;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	client = mem_alloc(sizeof(*client));
	client->fd = fd;
	client->len = 0;
	watch(epoll, fd, client);
}

/* Answers all that is here whole; false when it is no netstring, or too long a one. */
static bool answer(struct client *client)
{
	struct netstring request;
	size_t start = 0;

	while (start < client->len) {
		enum netstring_result result = netstring_decode(&request, client->in + start,
								client->len - start, IN_SIZE - 8);

		if (result == NETSTRING_MALFORMED)
			return false;
		if (result == NETSTRING_PARTIAL)
			break;
		if (send(client->fd, REPLY, REPLY_LEN, MSG_NOSIGNAL) != (ssize_t)REPLY_LEN)
			return false;
		start += request.consumed;
	}
	client->len -= start;
	memmove(client->in, client->in + start, client->len);
	return true;
}

static void serve(struct client *client)
{
	ssize_t n = read(client->fd, client->in + client->len, IN_SIZE - client->len);

	if (n > 0) {
		client->len += (size_t)n;
		if (answer(client))
			return;
	}
	close(client->fd);
	free(client);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	struct rlimit limit;
	int listener, epoll;

	if (argc != 2)
		log_fatal("usage: floor ENDPOINT");
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	listener = open_listener(argv[1]);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, listener, NULL);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				welcome(epoll, listener);
			else
				serve(events[i].data.ptr);
		}
	}
}
