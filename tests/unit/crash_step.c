/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon that kills itself with SIGKILL before its N-th step from now on, where N stands in
 * the file $CRASH_STEP, as soon as that is there. A step is a call that others can see the
 * outcome of: on files, of LMDB as well, and on sockets.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long left = -1; /* steps until the end; -1: nobody has said */

/* Also in a handler of signals, where libevent writes into its pipe: no stdio. */
static void arm(void)
{
	const char *path = getenv("CRASH_STEP");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	long wanted = 0, unsaid = -1;
	char digits[20];
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, digits, sizeof(digits));
	close(fd);
	for (ssize_t i = 0; i < n && digits[i] >= '0' && digits[i] <= '9'; i++)
		wanted = 10 * wanted + (digits[i] - '0');
	if (n > 0)
		atomic_compare_exchange_strong(&left, &unsaid, wanted);
}

static void step(void)
{
	if (atomic_load(&left) < 0)
		arm();
	if (atomic_load(&left) > 0 && atomic_fetch_sub(&left, 1) == 1)
		kill(getpid(), SIGKILL);
}

/* The real one. Threads may look for it at the same time. */
#define STEP(result, name, parameters, arguments)         \
	result name parameters                            \
	{                                                 \
		static _Atomic(void *) found;             \
		void *symbol = atomic_load(&found);       \
		result(*real) parameters;                 \
                                                          \
		if (symbol == NULL) {                     \
			symbol = dlsym(RTLD_NEXT, #name); \
			atomic_store(&found, symbol);     \
		}                                         \
		memcpy(&real, &symbol, sizeof(real));     \
		step();                                   \
		return real arguments;                    \
	}

STEP(int, fsync, (int fd), (fd))
STEP(int, fdatasync, (int fd), (fd))
STEP(int, rename, (const char *from, const char *to), (from, to))
STEP(int, link, (const char *from, const char *to), (from, to))
STEP(int, unlink, (const char *path), (path))
STEP(int, rmdir, (const char *path), (path))
STEP(int, mkdir, (const char *path, mode_t mode), (path, mode))
STEP(ssize_t, write, (int fd, const void *octets, size_t len), (fd, octets, len))
STEP(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
STEP(ssize_t, pwrite, (int fd, const void *octets, size_t len, off_t at), (fd, octets, len, at))
STEP(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at),
     (fd, parts, count, at))
STEP(ssize_t, send, (int fd, const void *octets, size_t len, int flags), (fd, octets, len, flags))
STEP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
