/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

/* sd_listen_fds(3): the first descriptor handed over. */
#define INHERITED_FIRST 3
#define INHERITED_MAX 1024

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

static int fail(int fd, char *error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts the reason into error, closes fd, returns -1. */
static int fail(int fd, char *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, LISTEN_ERROR_SIZE, fmt, args);
	va_end(args);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/*
 * Take a socket file out of the way if nobody listens on it any more: 1 if the
 * path is free now, 0 if it is in use, -1 with errno if it is no socket or the
 * question cannot be answered.
 */
static int clear_stale(const union address *addr, socklen_t len)
{
	struct stat st;
	int fd, saved;

	if (lstat(addr->local.sun_path, &st) != 0)
		return errno == ENOENT ? 1 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	fd = new_socket(AF_UNIX);
	if (fd < 0)
		return -1;
	/* EAGAIN: its queue is full, so somebody does listen. */
	if (connect(fd, &addr->any, len) == 0 || errno == EAGAIN) {
		close(fd);
		return 0;
	}
	saved = errno;
	close(fd);
	if (saved == ENOENT)
		return 1;
	errno = saved;
	return saved == ECONNREFUSED && unlink(addr->local.sun_path) == 0 ? 1 : -1;
}

static int open_unix(const char *path, mode_t mode, char *error)
{
	union address addr = { .local = { .sun_family = AF_UNIX } };
	mode_t saved_mask;
	int fd, free_now, rc;

	str_copy(addr.local.sun_path, sizeof(addr.local.sun_path), path);
	free_now = clear_stale(&addr, sizeof(addr.local));
	if (free_now == 0)
		return fail(-1, error, "unix:%s: another process listens here", path);
	if (free_now < 0)
		return fail(-1, error, "unix:%s: cannot replace it: %s", path,
			    errno == EEXIST ? "it is not a socket" : strerror(errno));
	fd = new_socket(AF_UNIX);
	if (fd < 0)
		return fail(-1, error, "unix:%s: socket: %s", path, strerror(errno));
	/* With the mask, no moment exists in which the mode is wider than asked for. */
	saved_mask = umask(~mode & 0777);
	rc = bind(fd, &addr.any, sizeof(addr.local));
	umask(saved_mask);
	if (rc != 0)
		return fail(fd, error, "unix:%s: bind: %s", path, strerror(errno));
	if (listen(fd, SOMAXCONN) != 0)
		return fail(fd, error, "unix:%s: listen: %s", path, strerror(errno));
	return fd;
}

static socklen_t inet_address(union address *out, const struct endpoint *endpoint)
{
	memset(out, 0, sizeof(*out));
	if (endpoint->addr.len == 4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(endpoint->port);
		memcpy(&out->v4.sin_addr, endpoint->addr.bytes, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(endpoint->port);
	memcpy(&out->v6.sin6_addr, endpoint->addr.bytes, 16);
	return sizeof(out->v6);
}

/* As in an endpoint: IPv6 in brackets. */
static void inet_host(char host[IPADDR_SIZE + 2], const struct ipaddr *addr)
{
	char text[IPADDR_SIZE];

	ipaddr_format(text, addr);
	snprintf(host, IPADDR_SIZE + 2, addr->len == 4 ? "%s" : "[%s]", text);
}

/* Of errno. */
static const char *why_not_bound(uint16_t port)
{
	if (errno == EADDRINUSE)
		return "another process listens here (which one: ss -ltnp)";
	if (errno == EACCES && port < 1024)
		return "ports below 1024 are for root: take another, or start as root with -u";
	return strerror(errno);
}

static int open_inet(const struct endpoint *endpoint, char *error)
{
	const int on = 1;
	char host[IPADDR_SIZE + 2];
	union address addr;
	socklen_t len = inet_address(&addr, endpoint);
	int fd = new_socket(addr.any.sa_family);

	inet_host(host, &endpoint->addr);
	if (fd < 0)
		return fail(-1, error, "inet:%s:%u: socket: %s", host, endpoint->port,
			    strerror(errno));
	/* A restart must not wait for the last connections' TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* "[::]:port" is IPv6 alone, so that the same port can be bound for IPv4 beside it. */
	if (addr.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &addr.any, len) != 0)
		return fail(fd, error, "inet:%s:%u: %s", host, endpoint->port,
			    why_not_bound(endpoint->port));
	if (listen(fd, SOMAXCONN) != 0)
		return fail(fd, error, "inet:%s:%u: listen: %s", host, endpoint->port,
			    strerror(errno));
	return fd;
}

int listen_open(const struct endpoint *endpoint, mode_t unix_mode, char error[LISTEN_ERROR_SIZE])
{
	if (endpoint->is_unix)
		return open_unix(endpoint->path, unix_mode, error);
	return open_inet(endpoint, error);
}

/* False when it is not set, or is no number of at most max. */
static bool environment_number(const char *name, uint64_t max, uint64_t *value)
{
	const char *text = getenv(name);

	return text != NULL && str_number(text, strlen(text), max, value);
}

static bool listens(int fd)
{
	int type = 0, accepting = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM)
		return false;
	len = sizeof(int);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &len) == 0 && accepting;
}

static bool take_over(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (!listens(fd)) {
		log_error("descriptor=%d from the service manager is not a listening stream "
			  "socket; left alone",
			  fd);
		return false;
	}
	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

size_t listen_inherited(int *fds, size_t max)
{
	uint64_t pid, count, i;
	size_t taken = 0;

	if (!environment_number("LISTEN_PID", INT32_MAX, &pid) || (pid_t)pid != getpid() ||
	    !environment_number("LISTEN_FDS", INHERITED_MAX, &count))
		return 0;
	for (i = 0; i < count && taken < max; i++) {
		int fd = INHERITED_FIRST + (int)i;

		if (take_over(fd))
			fds[taken++] = fd;
	}
	if (i < count)
		log_error("only the first %zu of %u sockets from the service manager are served",
			  max, (unsigned)count);
	/* They are taken now; a second call, or a library, must not take them again. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return taken;
}

static void put_entry(struct buf *list, unsigned tag, unsigned rights, uid_t user)
{
	const struct posix_acl_xattr_entry entry = {
		.e_tag = htole16((uint16_t)tag),
		.e_perm = htole16((uint16_t)rights),
		.e_id = htole32(user),
	};

	buf_append(list, (const char *)&entry, sizeof(entry));
}

/* connect(2) to a socket file takes the right to write to it. The order is acl(5)'s. */
bool listen_allow(const char *path, const uid_t *users, size_t count)
{
	const struct posix_acl_xattr_header header = { .a_version =
							       htole32(POSIX_ACL_XATTR_VERSION) };
	struct buf list = { 0 };
	bool done;

	buf_append(&list, (const char *)&header, sizeof(header));
	put_entry(&list, ACL_USER_OBJ, ACL_READ | ACL_WRITE, (uid_t)ACL_UNDEFINED_ID);
	for (size_t i = 0; i < count; i++)
		put_entry(&list, ACL_USER, ACL_READ | ACL_WRITE, users[i]);
	put_entry(&list, ACL_GROUP_OBJ, 0, (uid_t)ACL_UNDEFINED_ID);
	if (count > 0)
		put_entry(&list, ACL_MASK, ACL_READ | ACL_WRITE, (uid_t)ACL_UNDEFINED_ID);
	put_entry(&list, ACL_OTHER, 0, (uid_t)ACL_UNDEFINED_ID);
	done = setxattr(path, "system.posix_acl_access", list.data, list.len, 0) == 0;
	buf_free(&list);
	return done;
}
