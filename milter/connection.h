/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection - one MTA's connection: turns packets of the milter protocol
 * (core/protocol/milter_packet.h) into calls of a session (session.h), and its answers into
 * packets.
 *
 * If anything goes wrong, the MTA is told to try again later, or the connection ends, which means
 * the same to it. It is never told to accept.
 */
#ifndef POSTSEAL_MILTER_CONNECTION_H
#define POSTSEAL_MILTER_CONNECTION_H

#include "core/settings/settings.h"

/*
 * Serves until either side ends the connection, or `fd` is shut down. `fd` is non-blocking, and
 * stays open. *settings may change: new settings count from the next message on, and earlier ones
 * stay valid.
 */
void connection_serve(int fd, const struct settings *_Atomic *settings);

#endif
