/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - the socketmap server as a whole: listeners, connections, and what they share.
 *
 * It serves as many clients at once as the process may have descriptors, less some for its own
 * needs. Further clients wait in the listeners' queues until another one leaves, or is dropped
 * because it was idle for long.
 */
#ifndef POSTSEAL_SOCKETMAP_SERVER_H
#define POSTSEAL_SOCKETMAP_SERVER_H

#include "core/settings/settings.h"

/*
 * The four acts of a daemon (daemon/daemon.h). `state` is what server_open returned.
 *
 * Open the listeners: those handed over by systemd, else `socketmap_listen`.
 * NULL, and the reason logged, when one of them cannot be.
 */
void *server_open(const struct settings *settings);
/* These settings count from the next question on. */
void server_reload(void *state, const struct settings *settings);
/*
 * Serve until SIGTERM or SIGINT. Then no more clients are accepted: they wait in the queue of the
 * listener, for the next server if systemd keeps it. All questions asked so far are answered
 * first, even those that wait for the prober. Another signal cuts that short.
 */
int server_serve(void *state);
void server_close(void *state); /* NULL is allowed */

#endif
