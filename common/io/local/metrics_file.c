/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/local/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define FILE_MODE 0644

_Static_assert(sizeof(_Atomic(uint64_t)) == sizeof(uint64_t), "cells are words");

static _Atomic(uint64_t) unseen[METRICS_CELLS];
_Atomic(uint64_t) *metrics_cells = unseen;

static _Atomic(uint64_t) *mapped; /* the file, or NULL */
static int file = -1;             /* stays open for its lock */

static bool path_of(char path[PATH_MAX], const char *runtime, enum metrics_source source,
		    const char *suffix)
{
	int len = snprintf(path, PATH_MAX, "%s/%s.metrics%s", runtime, metrics_source_name(source),
			   suffix);

	errno = ENAMETOOLONG;
	return len > 0 && len < PATH_MAX;
}

/* Of another open file description only: a daemon's own does not stand in its way. */
static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/*
 * All of it is written rather than left as a hole: a page that is not there yet
 * when the disk is full would kill whoever counts in it (SIGBUS).
 */
static bool fill(int fd, enum metrics_source source)
{
	const struct metrics_snapshot empty = { .source = source,
						.pid = getpid(),
						.started = clock_wall() };
	unsigned char bytes[METRICS_FILE_SIZE];
	struct flock lock = whole_file(F_WRLCK);
	ssize_t n;

	metrics_encode(bytes, &empty);
	n = write(fd, bytes, sizeof(bytes));
	if (n >= 0 && (size_t)n < sizeof(bytes))
		errno = ENOSPC;
	return n == (ssize_t)sizeof(bytes) && fchmod(fd, FILE_MODE) == 0 &&
	       fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool map(int fd)
{
	void *at = mmap(NULL, METRICS_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return false;
	mapped = at;
	return true;
}

/* The file takes its place only when all else has gone well. */
static bool make(const char *runtime, enum metrics_source source)
{
	char path[PATH_MAX], new[PATH_MAX];

	if (!path_of(path, runtime, source, "") || !path_of(new, runtime, source, ".new"))
		return false;
	unlink(new); /* of one that died here */
	file = open(new, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	return file >= 0 && fill(file, source) && map(file) && rename(new, path) == 0;
}

const char *metrics_directory(const struct settings *settings, enum metrics_source source)
{
	switch (source) {
	case METRICS_MAILBOX:
		return settings->mailbox_runtime;
	case METRICS_SHARE:
		return settings->share_runtime;
	default:
		return settings->runtime;
	}
}

void metrics_open(const char *runtime, enum metrics_source source)
{
	if (make(runtime, source)) {
		metrics_cells = mapped + METRICS_WORDS_BEFORE;
		return;
	}
	log_warning("metrics=%s/%s.metrics cannot be made: %s; `postseal stats` sees nothing of "
		    "this program",
		    runtime, metrics_source_name(source), strerror(errno));
}

void metrics_settings(const struct settings *settings, enum metrics_source source)
{
	if (mapped != NULL)
		atomic_store(&mapped[METRICS_SETTINGS_WORD],
			     settings_digest(settings, metrics_source_name(source)));
}

/* The mapping, which stays, would keep the lock. */
void metrics_close(void)
{
	struct flock none = whole_file(F_UNLCK);

	if (metrics_cells == unseen || file < 0)
		return;
	atomic_store(&mapped[METRICS_ENDED_WORD], (uint64_t)clock_wall());
	fcntl(file, F_OFD_SETLK, &none);
	close(file);
	file = -1;
}

/*
 * Reading.
 */

static bool is_locked(int fd)
{
	struct flock lock = whole_file(F_RDLCK);

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* One byte more than it may have, so that a longer file is seen to be one. */
static enum lookup read_file(int fd, struct metrics_snapshot *snapshot, const char *path,
			     char error[METRICS_FILE_ERROR_SIZE])
{
	unsigned char bytes[METRICS_FILE_SIZE + 1];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0) {
		snprintf(error, METRICS_FILE_ERROR_SIZE, "cannot read %.120s: %s", path,
			 strerror(errno));
		return LOOKUP_ERROR;
	}
	switch (metrics_decode(snapshot, bytes, (size_t)n)) {
	case METRICS_GOOD:
		return LOOKUP_FOUND;
	case METRICS_OTHER_TABLE:
		snprintf(error, METRICS_FILE_ERROR_SIZE,
			 "%.120s is of another version of postseal; restart the daemon", path);
		break;
	case METRICS_DAMAGED:
		snprintf(error, METRICS_FILE_ERROR_SIZE, "%.120s is damaged; restart the daemon",
			 path);
		break;
	}
	return LOOKUP_ERROR;
}

enum lookup metrics_read(const char *runtime, enum metrics_source source,
			 struct metrics_snapshot *snapshot, bool *alive,
			 char error[METRICS_FILE_ERROR_SIZE])
{
	char path[PATH_MAX];
	enum lookup found;
	int fd;

	*alive = false;
	fd = path_of(path, runtime, source, "") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
						: -1;
	if (fd < 0 && errno == ENOENT)
		return LOOKUP_ABSENT;
	if (fd < 0) {
		snprintf(error, METRICS_FILE_ERROR_SIZE, "cannot open %.120s: %s", path,
			 strerror(errno));
		return LOOKUP_ERROR;
	}
	/* Before the counts: a daemon that ends in between has them all. */
	*alive = is_locked(fd);
	found = read_file(fd, snapshot, path, error);
	if (found == LOOKUP_FOUND && snapshot->source != source) {
		snprintf(error, METRICS_FILE_ERROR_SIZE, "%.120s is another daemon's", path);
		found = LOOKUP_ERROR;
	}
	close(fd);
	return found;
}
