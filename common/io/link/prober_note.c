/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/prober_note.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "core/protocol/prober_words.h"
#include "core/settings/settings.h"

/* A connection a note: they are few, and none can be lost with one that broke unseen. */
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

bool prober_note_refusal(const char *runtime_dir, const struct refusal *refusal)
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
