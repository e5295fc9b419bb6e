/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon_loop - what the event loop of each daemon has in it: signals, and the watchdog.
 *
 * SIGTERM and SIGINT call `stop`, which ends the loop now or later (loop_stop). SIGHUP has
 * the settings read again (daemon_reload). As often as the service manager wants to hear it,
 * the loop says that it still turns (daemon_alive).
 */
#ifndef POSTSEAL_DAEMON_DAEMON_LOOP_H
#define POSTSEAL_DAEMON_DAEMON_LOOP_H

#include "io/net/loop.h"

struct daemon_loop;

struct daemon_loop *daemon_loop_watch(struct loop *loop, loop_fn *stop, void *context);
void daemon_loop_free(struct daemon_loop *watch); /* before the loop */

#endif
