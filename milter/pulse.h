/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pulse - does the milter still answer? It is asked as an MTA asks: a connection
 * to its own socket, the negotiation that each begins with, and an end. Thus its
 * listener has taken somebody in, and one of its threads has spoken to him.
 *
 * What callbacks do later, with the ledger or the socketmap server, has time
 * limits of its own, and is not looked at here.
 *
 * Where it has never answered from here, as when a firewall is in between, no
 * answer means nothing: that is logged, and the service manager told that all is
 * well. One thread only.
 */
#ifndef POSTSEAL_MILTER_PULSE_H
#define POSTSEAL_MILTER_PULSE_H

#include "core/names/endpoint.h"

/* Ask, and let the service manager's watchdog know if all is well (daemon_alive). */
void pulse_take(const struct endpoint *endpoint);

#endif
