/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/utc.h"

#define CUT_MARK " [cut]"

/* Written once, by log_open, before there are threads; but for the level. */
static const char *log_program = "postseal";
static _Atomic int log_level_max = LOG_LEVEL_INFO;
static _Atomic int log_format_now = LOG_FORMAT_TEXT;
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

void log_set_format(enum log_format format)
{
	log_format_now = (int)format;
}

bool log_shows(enum log_level level)
{
	return (int)level <= log_level_max;
}

static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* "domain=example.com host=mx.example.com: " before the sentence, each name once. */
static void put_subject(struct buf *out, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	const char *names[8] = { NULL };
	size_t lens[8] = { 0 }, count = 0;

	while (count < 8) {
		size_t name = strspn(text, letters), value = strcspn(text + name, " ");
		bool repeated = false;

		if (name == 0 || text[name] != '=')
			return;
		for (size_t i = 0; i < count; i++)
			repeated |= lens[i] == name && memcmp(names[i], text, name) == 0;
		if (repeated)
			return;
		names[count] = text;
		lens[count] = name;
		if (count++ > 0)
			buf_append(out, ",", 1);
		buf_quote(out, text, name);
		buf_append(out, ":", 1);
		buf_quote(out, text + name + 1, value - 1);
		text += name + value;
		text += *text == ' ';
	}
}

static void put_json(struct buf *out, enum log_level level, const char *text)
{
	char date[UTC_SIZE];

	buf_printf(out, "{\"time\":\"%s\",\"program\":\"%s\",\"level\":\"%s\",\"subject\":{",
		   utc_format(date, clock_wall()), log_program, level_words[level]);
	put_subject(out, text);
	buf_append_str(out, "},\"text\":");
	buf_quote(out, text, strlen(text));
	buf_append_str(out, "}");
}

/* There is nobody to tell that telling failed. */
static void write_line(struct buf *line)
{
	ssize_t ignored;

	buf_append(line, "\n", 1);
	ignored = write(STDERR_FILENO, line->data, line->len);
	(void)ignored;
}

static void write_json(enum log_level level, const char *text)
{
	struct buf line = { 0 };

	if (log_sink_now != LOG_SINK_SYSLOG && log_journal)
		buf_printf(&line, "<%d>", syslog_priority[level]);
	put_json(&line, level, text);
	if (log_sink_now == LOG_SINK_SYSLOG)
		syslog(syslog_priority[level], "%s", buf_cstr(&line));
	else
		write_line(&line);
	buf_free(&line);
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

LOG_PRINTF(2, 0) static void log_write(enum log_level level, const char *fmt, va_list args)
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
	if (log_format_now == LOG_FORMAT_JSON)
		write_json(level, shown);
	else if (log_sink_now == LOG_SINK_SYSLOG)
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
