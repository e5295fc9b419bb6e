/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/str.h"

#define CUT_MARK " [cut]"

/* Written once, by log_open, before there are threads; but for the level. */
static const char *log_program = "postseal";
static _Atomic int log_level_max = LOG_LEVEL_INFO;
static enum log_sink log_sink_now = LOG_SINK_STDERR;
static bool log_journal;

static const int syslog_priority[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

void log_open(const char *program, enum log_level level, enum log_sink sink)
{
	log_program = program;
	log_level_max = level;
	log_sink_now = sink;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
	if (sink == LOG_SINK_SYSLOG)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_set_level(enum log_level level)
{
	log_level_max = level;
}

bool log_shows(enum log_level level)
{
	return (int)level <= log_level_max;
}

/* One write(2) a line, so that lines of several threads never mix. */
static void write_stderr(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 128];
	int len;
	ssize_t ignored;

	if (log_journal)
		len = snprintf(line, sizeof(line), "<%d>%s\n", syslog_priority[level], text);
	else
		len = snprintf(line, sizeof(line), "%s: %s%s\n", log_program,
			       level == LOG_LEVEL_ERROR     ? "error: "
			       : level == LOG_LEVEL_WARNING ? "warning: "
							    : "",
			       text);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line))
		len = sizeof(line) - 1;
	/* There is nobody to tell that telling failed. */
	ignored = write(STDERR_FILENO, line, (size_t)len);
	(void)ignored;
}

static void log_write(enum log_level level, const char *fmt, va_list args)
{
	char raw[LOG_LINE_MAX];
	char shown[LOG_LINE_MAX];
	int len;

	if (!log_shows(level))
		return;
	len = vsnprintf(raw, sizeof(raw), fmt, args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(raw)) {
		memcpy(raw + sizeof(raw) - sizeof(CUT_MARK), CUT_MARK, sizeof(CUT_MARK));
		len = sizeof(raw) - 1;
	}
	str_printable(shown, sizeof(shown), raw, (size_t)len);
	if (log_sink_now == LOG_SINK_SYSLOG)
		syslog(syslog_priority[level], "%s", shown);
	else
		write_stderr(level, shown);
}

#define LOG_AT(level)                        \
	do {                                 \
		va_list args;                \
		va_start(args, fmt);         \
		log_write(level, fmt, args); \
		va_end(args);                \
	} while (0)

void log_error(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
}

void log_warning(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_WARNING);
}

void log_info(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_INFO);
}

void log_debug(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG);
}

void log_at(enum log_level level, const char *fmt, ...)
{
	LOG_AT(level);
}

void log_fatal(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
	exit(EXIT_FAILURE);
}

bool log_throttle_pass(struct log_throttle *throttle, int64_t now_ms,
		       char note[LOG_THROTTLE_NOTE_SIZE])
{
	if (throttle->used && now_ms - throttle->since < LOG_THROTTLE_MS) {
		throttle->held++;
		return false;
	}
	note[0] = '\0';
	if (throttle->held > 0)
		snprintf(note, LOG_THROTTLE_NOTE_SIZE, " (%u more like it before)", throttle->held);
	*throttle = (struct log_throttle){ .used = true, .since = now_ms };
	return true;
}
