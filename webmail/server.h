/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - listens on a Unix socket, and answers only the users in `webmail_clients`. They say * who the webmail's user is (X-Postseal-User), and are believed. So for each request the * kernel is asked first who sent it (SO_PEERCRED), which no client can forge.
 */
#ifndef POSTSEAL_WEBMAIL_SERVER_H
#define POSTSEAL_WEBMAIL_SERVER_H

#include "core/settings/settings.h"

/*
 * The four acts of a daemon (daemon/daemon.h). `state` is what server_open returned: NULL,
 * and logged, when it cannot listen or a client is not a user of this machine.
 */
void *server_open(const struct settings *settings);
int server_serve(void *state); /* until SIGTERM or SIGINT */
/* Counts from the next request on. Where a client is not a user, the clients stay. */
void server_reload(void *state, const struct settings *settings);
void server_close(void *state);

#endif
