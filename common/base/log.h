/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log - what the admin reads at three in the morning.
 *
 * Every line has its subject first (`domain=... host=... `), then one sentence.
 * A line is made printable as a whole before it is written: bytes outside
 * printable ASCII become \xNN, so nothing that came from the network can start
 * a new line, colour a terminal or pose as another program.
 *
 * Severities, as in Postfix:
 *   fatal    the program cannot go on and exits with status 1
 *   error    something an admin has to mend; the program goes on
 *   warning  something an admin should look at (a downgrade, a bad request)
 *   info     the normal course of work, a line or two per event
 *   debug    for the developer
 *
 * Not for common/core, which reports by return value alone. Thread-safe: a
 * line is written with one write(2).
 */
#ifndef POSTSEAL_BASE_LOG_H
#define POSTSEAL_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_sink { LOG_SINK_STDERR, LOG_SINK_SYSLOG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* A line longer than this is cut, and says so. */
#define LOG_LINE_MAX 2048

/*
 * Before log_open, lines of level info and above go to standard error. On
 * standard error under systemd ($JOURNAL_STREAM) each line carries the
 * sd-daemon(3) priority prefix; elsewhere it starts with the program's name.
 * `program` must outlive the logger.
 */
void log_open(const char *program, enum log_level level, enum log_sink sink);

/* Another level from now on; any thread. */
void log_set_level(enum log_level level);

/*
 * How lines are written from now on; any thread. As JSON each is one object (RFC 8259) of
 * ASCII: `time`, `program`, `level`; `subject`, an object of what stands before the
 * sentence; and `text`, the whole line as it would be else.
 */
void log_set_format(enum log_format format);

/* Are lines of this level written? For what is not worth putting together if not. */
bool log_shows(enum log_level level);

#define LOG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

void log_error(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_warning(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_info(const char *fmt, ...) LOG_PRINTF(1, 2);
void log_debug(const char *fmt, ...) LOG_PRINTF(1, 2);
/* For what is an event at one time and the usual thing at another. */
void log_at(enum log_level level, const char *fmt, ...) LOG_PRINTF(2, 3);
_Noreturn void log_fatal(const char *fmt, ...) LOG_PRINTF(1, 2);

/*
 * At most one line of a kind in LOG_THROTTLE_MS, and how many were held back since: what a
 * client does a thousand times a second is news once. A zeroed struct is ready for use, by
 * one thread.
 */
#define LOG_THROTTLE_MS 10000
#define LOG_THROTTLE_NOTE_SIZE 48

struct log_throttle {
	bool used;
	int64_t since; /* when the latest line was let through */
	unsigned held; /* lines held back since then */
};

/*
 * May a line be written now (clock_mono_ms)? If so, `note` is what to end it with:
 * " (17 more like it before)", or "" if none was held back.
 */
bool log_throttle_pass(struct log_throttle *throttle, int64_t now_ms,
		       char note[LOG_THROTTLE_NOTE_SIZE]);

#endif
