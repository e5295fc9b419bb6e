/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - the milter's socket: a thread for each MTA that connects (connection.h).
 * An MTA's session may have to wait for the socketmap server; no other waits for it.
 */
#ifndef POSTSEAL_MILTER_SERVER_H
#define POSTSEAL_MILTER_SERVER_H

#include <stdbool.h>

#include "core/settings/settings.h"

struct server; /* opaque; one a process, as signals are */

/* Bind and listen. NULL on failure, which has been logged. The settings outlive it. */
struct server *server_open(const struct settings *settings);
/* These count from the next message of any session on; see daemon.h. */
void server_reload(struct server *server, const struct settings *settings);
/*
 * Serve until SIGTERM or SIGINT, with new settings at SIGHUP; false when it could not go on. Sessions under
 * way are cut off then, which an MTA takes for a temporary failure.
 */
bool server_serve(struct server *server);
void server_close(struct server *server);

#endif
