/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection - one MTA's connection: the milter protocol (core/protocol/milter_packet.h)
 * on its way to a session (session.h) and back.
 *
 * Whatever goes wrong, the MTA is told to try again later, or the connection ends, which
 * it takes for the same; never is it told to accept.
 */
#ifndef POSTSEAL_MILTER_CONNECTION_H
#define POSTSEAL_MILTER_CONNECTION_H

#include "core/settings/settings.h"

/*
 * Until either side ends it, or `fd` is shut down. `fd` is non-blocking, and stays open.
 * What *settings points to may change, and counts from the next message on; the ones
 * before stay valid.
 */
void connection_serve(int fd, const struct settings *_Atomic *settings);

#endif
