/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor - the least that any socketmap server must do: epoll, frame netstrings,
 * answer. It looks nothing up and says "OK encrypt" to everyone. What it reaches
 * is what this machine's kernel lets a server of one thread reach.
 *
 *   floor ENDPOINT [LEDGER]        until it is killed
 *
 * With a ledger it makes one bare look-up in it for each request, of the domain that
 * is asked about, and answers the same: what this machine lets a server reach that
 * keeps what it knows in LMDB.
 */
#include <errno.h>
#include <lmdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/names/ipaddr.h"
#include "core/protocol/netstring.h"
#include "io/net/listen.h"

#define IN_SIZE 4096
#define REPLY "10:OK encrypt,"
#define REPLY_LEN (sizeof(REPLY) - 1)
#define EVENTS 256

/* The ledger's databases; look-ups are in the one of domains. */
#define DATABASES 16
#define MAP_SIZE ((size_t)32 << 30)

struct store {
	MDB_env *env; /* NULL: none */
	MDB_txn *txn;
	MDB_dbi domains;
};

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

static void check(int rc, const char *what)
{
	if (rc != 0)
		log_fatal("%s: %s", what, mdb_strerror(rc));
}

static void open_store(struct store *store, const char *dir)
{
	check(mdb_env_create(&store->env), "create");
	mdb_env_set_maxdbs(store->env, DATABASES);
	mdb_env_set_mapsize(store->env, MAP_SIZE);
	check(mdb_env_open(store->env, dir, MDB_RDONLY | MDB_NOTLS, 0), dir);
	check(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->txn), "begin");
	check(mdb_dbi_open(store->txn, "domain", 0, &store->domains), "domain");
	/* The handle is there for later transactions only if this one is committed. */
	check(mdb_txn_commit(store->txn), "commit");
	check(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->txn), "begin");
	mdb_txn_reset(store->txn);
}

/* Behind "MAP ". A snapshot of its own, as each question to postseal is one of its moment. */
static bool look_up(const struct store *store, const struct netstring *request)
{
	const char *space = memchr(request->payload, ' ', request->len);
	MDB_val key, value;
	int rc;

	if (space == NULL || mdb_txn_renew(store->txn) != 0)
		return false;
	/* LMDB does not change it. */
	key.mv_data = (void *)(uintptr_t)(space + 1);
	key.mv_size = request->len - (size_t)(space + 1 - request->payload);
	rc = mdb_get(store->txn, store->domains, &key, &value);
	mdb_txn_reset(store->txn);
	return rc == 0;
}

/* Answers all that is here whole; false when it is no netstring, too long a one, or unknown. */
static bool answer(const struct store *store, struct client *client)
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
		if (store->env != NULL && !look_up(store, &request))
			return false;
		if (send(client->fd, REPLY, REPLY_LEN, MSG_NOSIGNAL) != (ssize_t)REPLY_LEN)
			return false;
		start += request.consumed;
	}
	client->len -= start;
	memmove(client->in, client->in + start, client->len);
	return true;
}

static void serve(const struct store *store, struct client *client)
{
	ssize_t n = read(client->fd, client->in + client->len, IN_SIZE - client->len);

	if (n > 0) {
		client->len += (size_t)n;
		if (answer(store, client))
			return;
	}
	close(client->fd);
	free(client);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	struct store store = { 0 };
	struct rlimit limit;
	int listener, epoll;

	if (argc != 2 && argc != 3)
		log_fatal("usage: floor ENDPOINT [LEDGER]");
	if (argc == 3)
		open_store(&store, argv[2]);
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
				serve(&store, events[i].data.ptr);
		}
	}
}
