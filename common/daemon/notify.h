/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify - the service manager's side of readiness: the protocol of
 * sd_notify(3), one datagram a message to the socket named in $NOTIFY_SOCKET,
 * and sd_watchdog_enabled(3), $WATCHDOG_USEC and $WATCHDOG_PID. Without these
 * variables nothing happens.
 */
#ifndef POSTSEAL_DAEMON_NOTIFY_H
#define POSTSEAL_DAEMON_NOTIFY_H

/* Reads the environment; call once, before there are threads. */
void notify_open(void);
/* "READY=1" and the like. A failure is logged. Thread-safe. */
void notify_send(const char *message);
/* Half of the time in which the watchdog wants to hear WATCHDOG=1; 0: it does not. */
long notify_watchdog_ms(void);

#endif
