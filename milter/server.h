/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - the milter's socket, and a thread for each MTA that connects.
 * A session may have to wait for the socketmap server; no other session waits for it.
 *
 * The service manager's watchdog is fed only while the milter answers. To find out, the
 * server asks itself as an MTA asks: a connection to its own socket, the negotiation that
 * each begins with, and an end. So its listener has taken somebody in, and one of its
 * threads has answered. What threads do later has time limits of its own, and is not
 * looked at here. Where it has never answered from here, as when a firewall is in between,
 * no answer means nothing: that is logged, and the service manager is told that all is
 * well.
 */
#ifndef POSTSEAL_MILTER_SERVER_H
#define POSTSEAL_MILTER_SERVER_H

#include "core/settings/settings.h"

/*
 * The four acts of a daemon (daemon/daemon.h); one server a process, as signals are.
 * `state` is what server_open returned: NULL, and logged, where it cannot listen.
 */
void *server_open(const struct settings *settings);
/* These count from the next message of any session on. */
void server_reload(void *state, const struct settings *settings);
/*
 * Serve until SIGTERM or SIGINT, with new settings at SIGHUP; EXIT_FAILURE when it could
 * not go on. Sessions under way are cut off then, which an MTA takes for a temporary
 * failure.
 */
int server_serve(void *state);
void server_close(void *state);

/*
 * A connection is one MTA's. It turns packets of the milter protocol
 * (core/protocol/milter_packet.h) into calls of a session (session.h), and its answers into
 * packets (connection.c).
 *
 * If anything goes wrong, the MTA is told to try again later, or the connection ends, which means
 * the same to it. It is never told to accept.
 *
 * Serves until either side ends the connection, or `fd` is shut down. `fd` is non-blocking, and
 * stays open. *settings may change: new settings count from the next message on, and earlier ones
 * stay valid.
 */
void connection_serve(int fd, const struct settings *_Atomic *settings);

#endif
