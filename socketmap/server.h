/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - the socketmap server as a whole: listeners, connections, and what
 * they share.
 *
 * As many clients are served at once as the process may have descriptors, less
 * some for its own needs; beyond that, new ones wait in the listeners' queues
 * until another leaves, or has been idle for so long that it must.
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
 * Serve until SIGTERM or SIGINT. Then no more clients are taken in: they wait in
 * the queue of the listener, for the next server where systemd keeps it. All that
 * has been asked is answered first, what waits for the prober included; another
 * signal cuts that short.
 */
int server_serve(void *state);
void server_close(void *state); /* NULL is allowed */

#endif
