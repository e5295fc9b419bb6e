/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream - connecting, reading and writing where every step has a deadline.
 *
 * For threads that may wait; for an event loop there is dialogue. Deadlines are points of clock_mono_ms(); a step
 * that passes its deadline fails with errno ETIMEDOUT. SIGPIPE is never raised.
 */
#ifndef POSTSEAL_IO_STREAM_H
#define POSTSEAL_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "core/names/ipaddr.h"

/* `ip` and `port` as a socket address; returns its length. */
socklen_t stream_address(struct sockaddr_storage *addr, const struct ipaddr *ip, uint16_t port);

/* A connection, non-blocking and close-on-exec; -1 and errno on failure. */
/* Closes it, and errno stays what it is. */
void stream_close(int fd);
int stream_connect(const struct sockaddr *addr, socklen_t len, int64_t deadline);
/* The same, to where a program of ours listens. */
int stream_connect_endpoint(const struct endpoint *endpoint, int64_t deadline);
/* The same, not waited for: if the connection cannot be made, the first write says so. */
int stream_begin_endpoint(const struct endpoint *endpoint);

/* Until fd is ready for `events` of poll(2); false and errno on failure. */
bool stream_wait(int fd, short events, int64_t deadline);

/* At least one byte of what is there; 0 at the end; -1 and errno on failure. */
ssize_t stream_read(int fd, void *bytes, size_t size, int64_t deadline);
/* `len` bytes, no less: an end before that is ECONNRESET. */
bool stream_read_all(int fd, void *bytes, size_t len, int64_t deadline);
/* All of it. */
bool stream_write(int fd, const void *bytes, size_t len, int64_t deadline);

#endif
