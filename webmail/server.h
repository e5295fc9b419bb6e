/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server - listens on a Unix socket and answers the users of `webmail_clients` there, and
 * nobody else. It believes them who the webmail's user is (X-Postseal-User), so others cannot
 * connect, by the socket's access list (acl(5)), and each request is first asked who sent it:
 * SO_PEERCRED, which no client can forge.
 */
#ifndef POSTSEAL_WEBMAIL_SERVER_H
#define POSTSEAL_WEBMAIL_SERVER_H

#include "core/settings/settings.h"

struct server;

/* NULL, and logged, when it cannot listen or a client is no user of this machine. */
struct server *server_open(const struct settings *settings);
void server_run(struct server *server); /* until SIGTERM or SIGINT */
/* Counts from the next request on; with a client that is no user, the clients stay. */
void server_reload(struct server *server, const struct settings *settings);
void server_close(struct server *server);

#endif
