/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/settings/settings.h"
#include "io/net/stream.h"

struct prober_client {
	int fd;
	struct sockaddr_un address;
	struct buf in;
};

static const char *what_to_do(int reason)
{
	switch (reason) {
	case ENOENT:
	case ECONNREFUSED:
		return "the prober does not run; start it (systemctl start postseal-prober), or "
		       "correct `runtime` in the settings";
	case EACCES:
		return "only its owner and group may ask it: join the group postseal (adduser USER "
		       "postseal) or run this as root";
	default:
		return "see the prober's log";
	}
}

static void explain(const struct prober_client *client, const char *what, int reason,
		    char error[PROBER_CLIENT_ERROR_SIZE])
{
	snprintf(error, PROBER_CLIENT_ERROR_SIZE, "%s %s: %s; %s", what, client->address.sun_path,
		 strerror(reason), what_to_do(reason));
}

struct prober_client *prober_client_open(const char *runtime_dir, int64_t deadline,
					 char error[PROBER_CLIENT_ERROR_SIZE])
{
	struct prober_client *client = mem_zero(1, sizeof(*client));
	int len;

	client->fd = -1;
	client->address.sun_family = AF_UNIX;
	len = snprintf(client->address.sun_path, sizeof(client->address.sun_path), "%s/%s",
		       runtime_dir, PROBER_SOCKET);
	if (len < 0 || (size_t)len >= sizeof(client->address.sun_path))
		errno = ENAMETOOLONG;
	else
		client->fd = stream_connect((const struct sockaddr *)&client->address,
					    sizeof(client->address), deadline);
	if (client->fd >= 0)
		return client;
	explain(client, "cannot reach the prober at", errno, error);
	prober_client_close(client);
	return NULL;
}

void prober_client_close(struct prober_client *client)
{
	if (client == NULL)
		return;
	if (client->fd >= 0)
		close(client->fd);
	buf_free(&client->in);
	free(client);
}

bool prober_client_ask(struct prober_client *client, enum prober_word word, const char *key,
		       int64_t deadline, char error[PROBER_CLIENT_ERROR_SIZE])
{
	struct buf line = { 0 };
	bool sent;

	prober_message_append(&line, word, key);
	sent = stream_write(client->fd, line.data, line.len, deadline);
	buf_free(&line);
	if (!sent)
		explain(client, "cannot ask the prober at", errno, error);
	return sent;
}

/* Takes the first line out of `in`. ABSENT: there is no whole one yet. */
static enum lookup take_line(struct buf *in, struct prober_message *message)
{
	const char *end = in->len > 0 ? memchr(in->data, '\n', in->len) : NULL;
	size_t len;
	bool understood;

	if (end == NULL)
		return in->len < PROBER_LINE_MAX ? LOOKUP_ABSENT : LOOKUP_ERROR;
	len = (size_t)(end - in->data);
	understood = prober_message_parse(message, in->data, len);
	buf_consume(in, len + 1);
	return understood ? LOOKUP_FOUND : LOOKUP_ERROR;
}

enum lookup prober_client_hear(struct prober_client *client, int64_t deadline,
			       struct prober_message *message, char error[PROBER_CLIENT_ERROR_SIZE])
{
	enum lookup line;

	while ((line = take_line(&client->in, message)) == LOOKUP_ABSENT) {
		ssize_t n = stream_read(client->fd, buf_reserve(&client->in, PROBER_LINE_MAX),
					PROBER_LINE_MAX, deadline);

		if (n < 0 && errno == ETIMEDOUT)
			return LOOKUP_ABSENT;
		if (n <= 0) {
			explain(client, "lost the prober at", n == 0 ? ECONNRESET : errno, error);
			return LOOKUP_ERROR;
		}
		client->in.len += (size_t)n;
	}
	if (line == LOOKUP_ERROR)
		explain(client, "cannot understand the prober at", EPROTO, error);
	return line;
}

/* Each report has a connection of its own. They are few, and none is lost in a connection that
 * broke unseen. */
static int connect_now(const char *runtime_dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", runtime_dir,
			   PROBER_SOCKET);
	int fd, why;

	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

bool prober_client_report(const char *runtime_dir, const struct refusal *refusal)
{
	char text[REFUSAL_TEXT_SIZE];
	struct buf line = { 0 };
	int fd = connect_now(runtime_dir);
	ssize_t sent;
	bool whole;

	if (fd < 0)
		return false;
	refusal_format(text, refusal);
	prober_message_append(&line, PROBER_REFUSED, text);
	sent = send(fd, line.data, line.len, MSG_NOSIGNAL);
	whole = sent == (ssize_t)line.len;
	if (!whole && sent >= 0)
		errno = EAGAIN;
	buf_free(&line);
	close(fd);
	return whole;
}
