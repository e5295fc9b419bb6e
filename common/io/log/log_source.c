/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/log/log_source.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

/* One of the two. */
struct log_source {
	struct log_file *file;
	struct log_journal *journal;
};

static struct log_source *source_of(struct log_file *file, struct log_journal *journal)
{
	struct log_source *source;

	if (file == NULL && journal == NULL)
		return NULL;
	source = mem_zero(1, sizeof(*source));
	source->file = file;
	source->journal = journal;
	return source;
}

struct log_source *log_source_file(const char *path, const struct logplace *from,
				   char error[LOG_SOURCE_ERROR_SIZE])
{
	return source_of(log_file_open(path, from, error), NULL);
}

struct log_source *log_source_stream(int fd)
{
	return source_of(log_file_stream(fd), NULL);
}

struct log_source *log_source_journal(const struct logplace *from, bool follow,
				      char error[LOG_SOURCE_ERROR_SIZE])
{
	return source_of(NULL, log_journal_open(from, follow, error));
}

void log_source_close(struct log_source *source)
{
	if (source == NULL)
		return;
	if (source->file != NULL)
		log_file_close(source->file);
	else
		log_journal_close(source->journal);
	free(source);
}

enum log_read log_source_next(struct log_source *source, struct span *line)
{
	return source->file != NULL ? log_file_next(source->file, line)
				    : log_journal_next(source->journal, line);
}

void log_source_wait(struct log_source *source, int milliseconds)
{
	struct pollfd wait = {
		.fd = source->file != NULL ? log_file_fd(source->file)
					   : log_journal_fd(source->journal),
		.events = POLLIN,
	};

	poll(&wait, 1, milliseconds); /* a negative descriptor is one to sleep by */
}

bool log_source_place(struct log_source *source, struct logplace *place)
{
	return source->file != NULL ? log_file_place(source->file, place)
				    : log_journal_place(source->journal, place);
}

int64_t log_source_reference(const struct log_source *source)
{
	return source->file != NULL ? log_file_reference(source->file) : clock_wall();
}

static int64_t ask_zone(int64_t utc)
{
	time_t moment = (time_t)utc;
	struct tm tm;

	return localtime_r(&moment, &tm) != NULL ? tm.tm_gmtoff : 0;
}

/* Clocks are changed at a quarter of an hour of UTC, not within one. */
#define ZONE_SPAN 900
#define ZONES 4

/* Each line asks, and most of them the same. */
int64_t log_source_zone(int64_t utc)
{
	static struct {
		int64_t span; /* 0: none yet */
		int64_t offset;
	} zones[ZONES];
	int64_t span = utc / ZONE_SPAN;

	if (span <= 0)
		return ask_zone(utc);
	if (zones[span % ZONES].span != span) {
		zones[span % ZONES].span = span;
		zones[span % ZONES].offset = ask_zone(utc);
	}
	return zones[span % ZONES].offset;
}
