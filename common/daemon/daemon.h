/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon - the one skeleton of all daemons. Each starts in the same order:
 *
 *   options, settings, log, open, drop privileges, ready, serve
 *
 * and runs in the foreground until SIGTERM or SIGINT.
 *
 *   -c FILE   settings (default /etc/postseal/postseal.conf; a missing default
 *             file means all defaults, a missing named one is an error)
 *   -u USER   drop privileges to USER after opening (only as root)
 *   -l SINK   "stderr" (default) or "syslog"
 *   -V        print the version; -h print help
 *
 * "Ready" is one log line, "READY", and the systemd notify protocol
 * ($NOTIFY_SOCKET, sd_notify(3)); with $WATCHDOG_USEC the daemon's loop also
 * says it is alive.
 */
#ifndef POSTSEAL_DAEMON_DAEMON_H
#define POSTSEAL_DAEMON_DAEMON_H

#include "core/settings.h"

struct daemon {
	const char *name;    /* "postseal-socketmap" */
	const char *summary; /* one line for -h */
	/*
	 * Open what needs privileges: sockets, ledger. NULL ends the program;
	 * the reason has been logged. The settings live until `close` returned.
	 */
	void *(*open)(const struct settings *settings);
	/* Serve until daemon_stop_requested or a signal; the exit status. */
	int (*serve)(void *state);
	void (*close)(void *state);
};

/* The whole of a daemon's main(). */
int daemon_main(const struct daemon *daemon, int argc, char **argv);

/* For `serve`: tell the service manager that the loop still turns. Cheap. */
void daemon_alive(void);
/* Milliseconds between calls of daemon_alive; 0: nobody asks. */
long daemon_alive_interval(void);

#endif
