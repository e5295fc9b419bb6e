/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_source - the lines of a log, one by one, from a file, a stream or
 * systemd's journal, and where one has read up to.
 *
 * A file is read on across rotation, by renaming (what the writer still put
 * into the old file before it changed to the new one is read too) and by
 * truncation. Only whole lines are given; those longer than LOG_SOURCE_LINE_MAX
 * are passed over. Not for several threads.
 */
#ifndef POSTSEAL_IO_LOG_SOURCE_H
#define POSTSEAL_IO_LOG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/log/logplace.h"
#include "base/span.h"

struct log_source; /* opaque */

#define LOG_SOURCE_LINE_MAX 8192
#define LOG_SOURCE_ERROR_SIZE 512

/*
 * Each returns NULL, and why in `error`, when it cannot be opened. `from`
 * (NULL: the beginning) is where to go on; if what stood there has been rotated
 * away, that is logged, and reading begins with what there is.
 *
 * A file that was renamed since is looked for in its directory, under its old
 * name with something appended, as logrotate(8) names it. A path that leads to
 * no regular file is read as a stream.
 */
struct log_source *log_source_file(const char *path, const struct logplace *from,
				   char error[LOG_SOURCE_ERROR_SIZE]);
/* Takes over the descriptor. A last line without an end counts as one. */
struct log_source *log_source_stream(int fd);
/* What processes named smtp of Postfix's mail_owner wrote. With `follow` it never ends. */
struct log_source *log_source_journal(const struct logplace *from, bool follow,
				      char error[LOG_SOURCE_ERROR_SIZE]);
void log_source_close(struct log_source *source); /* NULL is allowed */

enum log_read {
	LOG_READ_LINE,  /* one is here, without its newline, until the next call */
	LOG_READ_IDLE,  /* no more for now: wait, or be content. A file never ends. */
	LOG_READ_END,   /* nor will there ever be any */
	LOG_READ_FAILED /* which has been logged */
};

enum log_read log_source_next(struct log_source *source, struct span *line);

/* After IDLE: until there may be more, a signal came, or this time is over. */
void log_source_wait(struct log_source *source, int milliseconds);

/* After the line that was given last. False for a stream, which has no places. */
bool log_source_place(struct log_source *source, struct logplace *place);

/*
 * The moment that lines without a year are counted back from (logline_time): a
 * file's last change, else the present.
 */
int64_t log_source_reference(const struct log_source *source);

/*
 * Seconds by which this machine's local time, in which syslog dates lines, is ahead of UTC at a
 * moment given in UTC. For one thread.
 */
int64_t log_source_zone(int64_t utc);

/* For log_source.c alone, which is one of two. log_file reads files and streams, */
struct log_file; /* opaque */

struct log_file *log_file_open(const char *path, const struct logplace *from,
			       char error[LOG_SOURCE_ERROR_SIZE]);
struct log_file *log_file_stream(int fd);
void log_file_close(struct log_file *file);

enum log_read log_file_next(struct log_file *file, struct span *line);
bool log_file_place(struct log_file *file, struct logplace *place);
int64_t log_file_reference(const struct log_file *file);
/* To poll(2) for; -1: look again after a while. */
int log_file_fd(const struct log_file *file);

/* and log_journal reads systemd's journal. */
struct log_journal; /* opaque */

struct log_journal *log_journal_open(const struct logplace *from, bool follow,
				     char error[LOG_SOURCE_ERROR_SIZE]);
void log_journal_close(struct log_journal *journal);

/* Each entry as a line of syslog with an RFC 3339 time. */
enum log_read log_journal_next(struct log_journal *journal, struct span *line);
bool log_journal_place(const struct log_journal *journal, struct logplace *place);
int log_journal_fd(const struct log_journal *journal);

#endif
