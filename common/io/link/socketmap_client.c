/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/names/ipaddr.h"
#include "core/protocol/netstring.h"
#include "core/policy/request.h"
#include "io/net/stream.h"

#define READ_SIZE 4096

struct socketmap_client {
	int fd;
	char *name; /* as in the settings */
};

struct socketmap_client *socketmap_client_open(const struct settings *settings, int64_t deadline,
					       char error[SOCKETMAP_CLIENT_ERROR_SIZE])
{
	const struct string_list *endpoints = &settings->socketmap_listen;
	struct socketmap_client *client;

	snprintf(error, SOCKETMAP_CLIENT_ERROR_SIZE, "`socketmap_listen` names no socket to ask");
	for (size_t i = 0; i < endpoints->count; i++) {
		struct endpoint endpoint;
		int fd = -1;

		if (endpoint_parse(&endpoint, endpoints->items[i]))
			fd = stream_connect_endpoint(&endpoint, deadline);
		else
			errno = EINVAL;
		if (fd >= 0) {
			client = mem_alloc(sizeof(*client));
			client->fd = fd;
			client->name = mem_strdup(endpoints->items[i]);
			return client;
		}
		snprintf(
			error, SOCKETMAP_CLIENT_ERROR_SIZE,
			"cannot ask postseal-socketmap at %s: %s; is it running? (systemctl status "
			"postseal-socketmap)",
			endpoints->items[i], strerror(errno));
	}
	return NULL;
}

void socketmap_client_close(struct socketmap_client *client)
{
	if (client == NULL)
		return;
	close(client->fd);
	free(client->name);
	free(client);
}

static bool send_request(struct socketmap_client *client, const char *map, const char *key,
			 int64_t deadline)
{
	struct buf payload = { 0 }, framed = { 0 };
	bool sent;

	buf_printf(&payload, "%s %s", map, key);
	netstring_append(&framed, payload.data, payload.len);
	sent = stream_write(client->fd, framed.data, framed.len, deadline);
	buf_free(&payload);
	buf_free(&framed);
	return sent;
}

/* One whole netstring, and nothing after it: only one request is out. */
static bool receive_reply(struct socketmap_client *client, int64_t deadline, struct buf *reply)
{
	struct buf in = { 0 };
	struct netstring netstring;
	enum netstring_result result;

	do {
		ssize_t n =
			stream_read(client->fd, buf_reserve(&in, READ_SIZE), READ_SIZE, deadline);

		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0) {
			buf_free(&in);
			return false;
		}
		in.len += (size_t)n;
		result = netstring_decode(&netstring, in.data, in.len, REPLY_MAX);
	} while (result == NETSTRING_PARTIAL);
	errno = EPROTO;
	if (result == NETSTRING_WHOLE && netstring.consumed == in.len)
		buf_append(reply, netstring.payload, netstring.len);
	else
		result = NETSTRING_MALFORMED;
	buf_free(&in);
	return result == NETSTRING_WHOLE;
}

bool socketmap_client_ask(struct socketmap_client *client, const char *map, const char *key,
			  int64_t deadline, struct buf *reply,
			  char error[SOCKETMAP_CLIENT_ERROR_SIZE])
{
	error[0] = '\0';
	if (send_request(client, map, key, deadline) && receive_reply(client, deadline, reply))
		return true;
	snprintf(error, SOCKETMAP_CLIENT_ERROR_SIZE,
		 "postseal-socketmap at %s gave no answer: %s; see its log", client->name,
		 strerror(errno));
	return false;
}
