/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon - the one skeleton of all daemons. Each starts in the same order:
 *
 *   options, settings, log, open, drop privileges, ready, serve
 *
 * and runs in the foreground.
 *
 *   -c FILE   settings (default /etc/postseal/postseal.conf; a missing default
 *             file means all defaults, a missing named one is an error)
 *   -u USER   drop privileges to USER after opening (only as root)
 *   -l SINK   "stderr" (default) or "syslog"
 *   -V        print the version; -h print help
 *
 * Exit status: 0 stopped by a signal, 1 could not start or go on, 2 usage.
 *
 * "Ready" is one log line, "READY", and the systemd notify protocol ($NOTIFY_SOCKET,
 * sd_notify(3)); with $WATCHDOG_USEC the daemon's loop also says it is alive.
 *
 * Signals: SIGPIPE is ignored. SIGTERM and SIGINT have their default action until `serve` is
 * called; then they are its own, and it returns when one comes (loop_signal in an event loop;
 * sigwaitinfo(2) where threads serve).
 *
 * Reload: on SIGHUP a daemon calls daemon_reload, which reads the settings anew. A bad file
 * changes nothing, and is logged. Settings that count only from a start on (`fixed` in the table)
 * stay as they were, and that is logged. No connection is closed, and no client notices.
 *
 * Files: the umask is 0007, so modes given to open(2) hold for owner and group. The directories
 * `ledger` (0750) and `runtime` (0755) are made if they are missing and that is permitted. If
 * not, there is a warning: not every daemon needs both, and one that does says what is wrong.
 * Under systemd they come from StateDirectory= and RuntimeDirectory=.
 */
#ifndef POSTSEAL_DAEMON_DAEMON_H
#define POSTSEAL_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/metrics/metrics.h"
#include "core/settings/settings.h"

struct daemon {
	const char *name;            /* "postseal-socketmap" */
	const char *summary;         /* one line for -h */
	enum metrics_source metrics; /* whose counts it keeps (io/local/metrics_file.h) */
	/*
	 * Open what needs privileges: sockets, ledger. With -u, files are found and made as USER
	 * already (privileges.h). NULL, after logging the reason, ends the program. The settings
	 * live until `close` has returned.
	 */
	void *(*open)(const struct settings *settings);
	/* Serve until SIGTERM or SIGINT; the exit status. */
	int (*serve)(void *state);
	/*
	 * From now on these settings count. The earlier ones stay valid until `close` has
	 * returned, for threads that still use them. Called in the thread that called
	 * daemon_reload. NULL: takes no new settings.
	 */
	void (*reload)(void *state, const struct settings *settings);
	void (*close)(void *state);
};

/* The whole of a daemon's main(). */
int daemon_main(const struct daemon *daemon, int argc, char **argv);

/* For `serve`: SIGHUP came. In one thread, and never in a signal handler. */
void daemon_reload(void);

/*
 * Raises the limit of descriptors as far as allowed (RLIMIT_NOFILE), and returns it. Most systems
 * give a program few until it asks.
 */
size_t daemon_raise_descriptors(void);

/*
 * Shorter slices of the processor, to be run as soon as there is something to do. Another
 * program's time slice, a millisecond or three, is long beside an answer that takes 30 us.
 * From Linux 6.12 on a thread can ask for shorter slices than others (sched_setattr(2),
 * sched_runtime): it gets no more of the processor, but gets it at once, ahead of those that
 * are in the middle of a longer one. No privilege is needed for it.
 *
 * This is for the calling thread and those that it starts from now on; niceness and policy
 * stay. False, and nothing has changed, where the kernel is older, will not be asked (a
 * system call filter), or runs the thread by a policy that has no slices.
 */
#define DAEMON_SLICE_NS 100000 /* the shortest that Linux grants */
bool daemon_shorten_slices(void);

/*
 * For `serve`: tell the service manager that the loop still turns. Cheap, from any thread. It
 * does no harm if nobody asks, or if it is called more often than needed.
 */
void daemon_alive(void);
/* Milliseconds between calls of daemon_alive; 0: nobody asks. */
long daemon_alive_interval(void);

#endif
