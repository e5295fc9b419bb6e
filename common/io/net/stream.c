/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/net/stream.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

socklen_t stream_address(struct sockaddr_storage *addr, const struct ipaddr *ip, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(addr, 0, sizeof(*addr));
	if (ip->len == sizeof(in.sin_addr)) {
		memcpy(&in.sin_addr, ip->bytes, sizeof(in.sin_addr));
		memcpy(addr, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, ip->bytes, sizeof(in6.sin6_addr));
	memcpy(addr, &in6, sizeof(in6));
	return sizeof(in6);
}

static int milliseconds_left(int64_t deadline)
{
	int64_t left = deadline - clock_mono_ms();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

bool stream_wait(int fd, short events, int64_t deadline)
{
	struct pollfd waiting = { .fd = fd, .events = events };
	int n;

	/* Also when fd is ready: who sends without end must not hold us without end. */
	if (milliseconds_left(deadline) == 0) {
		errno = ETIMEDOUT;
		return false;
	}
	do
		n = poll(&waiting, 1, milliseconds_left(deadline));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}

/* A connection that is made, or (then *pending) being made. */
static int begin(const struct sockaddr *addr, socklen_t len, bool *pending)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*pending = false;
	if (fd < 0 || connect(fd, addr, len) == 0)
		return fd;
	*pending = errno == EINPROGRESS || errno == EINTR;
	if (*pending)
		return fd;
	stream_close(fd);
	return -1;
}

static bool is_made(int fd, int64_t deadline)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (!stream_wait(fd, POLLOUT, deadline) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return false;
	errno = error;
	return error == 0;
}

void stream_close(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

int stream_connect(const struct sockaddr *addr, socklen_t len, int64_t deadline)
{
	bool pending;
	int fd = begin(addr, len, &pending);

	if (!pending || is_made(fd, deadline))
		return fd;
	stream_close(fd);
	return -1;
}

/* An endpoint's address; returns its length. */
static socklen_t endpoint_address(struct sockaddr_storage *addr, const struct endpoint *endpoint)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	if (!endpoint->is_unix)
		return stream_address(addr, &endpoint->addr, endpoint->port);
	memcpy(local.sun_path, endpoint->path, sizeof(local.sun_path));
	memcpy(addr, &local, sizeof(local));
	return sizeof(local);
}

int stream_connect_endpoint(const struct endpoint *endpoint, int64_t deadline)
{
	struct sockaddr_storage addr;
	socklen_t len = endpoint_address(&addr, endpoint);

	return stream_connect((const struct sockaddr *)&addr, len, deadline);
}

int stream_begin_endpoint(const struct endpoint *endpoint)
{
	struct sockaddr_storage addr;
	socklen_t len = endpoint_address(&addr, endpoint);
	bool pending;

	return begin((const struct sockaddr *)&addr, len, &pending);
}

ssize_t stream_read(int fd, void *bytes, size_t size, int64_t deadline)
{
	for (;;) {
		ssize_t n = recv(fd, bytes, size, 0);

		if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
			return n;
		if (!stream_wait(fd, POLLIN, deadline))
			return -1;
	}
}

bool stream_read_all(int fd, void *bytes, size_t len, int64_t deadline)
{
	char *next = bytes;

	while (len > 0) {
		ssize_t n = stream_read(fd, next, len, deadline);

		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return false;
		next += n;
		len -= (size_t)n;
	}
	return true;
}

bool stream_write(int fd, const void *bytes, size_t len, int64_t deadline)
{
	const char *next = bytes;

	while (len > 0) {
		ssize_t n = send(fd, next, len, MSG_NOSIGNAL);

		if (n >= 0) {
			next += n;
			len -= (size_t)n;
		} else if ((errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ||
			   !stream_wait(fd, POLLOUT, deadline)) {
			return false;
		}
	}
	return true;
}
