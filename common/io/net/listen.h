/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen - listening sockets: made from endpoints, or handed over by systemd
 * socket activation (sd_listen_fds(3): $LISTEN_PID, $LISTEN_FDS).
 */
#ifndef POSTSEAL_IO_LISTEN_H
#define POSTSEAL_IO_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/names/ipaddr.h"

#define LISTEN_ERROR_SIZE 256

/*
 * Non-blocking, close-on-exec. -1 and the reason in `error` on failure. A unix
 * socket left by a dead process is replaced; one that still answers is not. Its
 * mode is `unix_mode`.
 */
int listen_open(const struct endpoint *endpoint, mode_t unix_mode, char error[LISTEN_ERROR_SIZE]);

/*
 * To this unix socket, which is ours, these users may connect, root may, and nobody else. False
 * and errno where its file system keeps no such lists (acl(5)); its mode is as it was then.
 */
bool listen_allow(const char *path, const uid_t *users, size_t count);

/* Descriptors inherited from systemd, into fds[0..max); how many. They are checked
 * to be listening stream sockets and made non-blocking and close-on-exec. */
size_t listen_inherited(int *fds, size_t max);

#endif
