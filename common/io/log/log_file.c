/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/log/log_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define READ_SIZE 65536

struct log_file {
	char *path; /* NULL: a stream */
	int fd;
	ino_t inode;
	uint64_t offset;      /* in the file: where the next line starts */
	uint64_t fingerprint; /* 0: not known yet */
	int64_t reference;    /* the last change, when it was last read from; 0: not yet */
	bool successor;       /* seen under our path: what is left here is the last */
	int barred;       /* errno with which that cannot be opened, which has been told; or 0 */
	struct buf bytes; /* read, and from `start` on not given */
	size_t start;
	bool skipping; /* in a line that is too long */
};

static struct log_file *file_new(const char *path, int fd)
{
	struct log_file *file = mem_zero(1, sizeof(*file));
	struct stat st;

	if (path != NULL)
		file->path = mem_strdup(path);
	if (fstat(fd, &st) == 0)
		file->inode = st.st_ino;
	file->fd = fd;
	return file;
}

struct log_file *log_file_stream(int fd)
{
	return file_new(NULL, fd);
}

void log_file_close(struct log_file *file)
{
	close(file->fd);
	buf_free(&file->bytes);
	free(file->path);
	free(file);
}

/* Of a file as it is now. */
static uint64_t fingerprint_of(int fd)
{
	char head[LOGPLACE_HEAD];
	ssize_t got = pread(fd, head, sizeof(head), 0);

	return got > 0 ? logplace_fingerprint(head, (size_t)got) : 0;
}

/* Everything read is forgotten; reading goes on at `offset`. */
static bool move_to(struct log_file *file, uint64_t offset)
{
	if (lseek(file->fd, (off_t)offset, SEEK_SET) < 0) {
		log_error("log=%s cannot be read at %llu: %s", file->path,
			  (unsigned long long)offset, strerror(errno));
		return false;
	}
	file->bytes.len = file->start = 0;
	file->skipping = false;
	file->offset = offset;
	file->fingerprint = fingerprint_of(file->fd);
	return true;
}

/*
 * Finding the place where we were.
 */

static bool is_place(int fd, const struct logplace *place)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == place->inode &&
	       (uint64_t)st.st_size >= place->offset && fingerprint_of(fd) == place->fingerprint;
}

/* The descriptor of that file if `name` is it, or -1. */
static int open_if_place(int dir, const char *name, const struct logplace *place)
{
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_ino != place->inode)
		return -1;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd >= 0 && !is_place(fd, place)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* "mail.log" is now "mail.log.1" or "mail.log-20261122" in the same directory. */
static int open_rotated(const char *path, const struct logplace *place)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char *folder = slash != NULL ? mem_strndup(path, (size_t)(base - path)) : mem_strdup(".");
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int fd = -1;

	free(folder);
	if (dir == NULL)
		return -1;
	while (fd < 0 && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, base, strlen(base)) == 0)
			fd = open_if_place(dirfd(dir), entry->d_name, place);
	closedir(dir);
	return fd;
}

/* Go on at `from`, in this file or in the one that it was renamed to. */
static bool resume(struct log_file *file, const struct logplace *from)
{
	int rotated;

	if (from == NULL || from->kind != LOGPLACE_FILE || from->offset == 0)
		return move_to(file, 0);
	if (is_place(file->fd, from))
		return move_to(file, from->offset);
	rotated = open_rotated(file->path, from);
	if (rotated < 0) {
		log_warning("log=%s was rotated, and what was not yet read of it cannot be found",
			    file->path);
		return move_to(file, 0);
	}
	close(file->fd);
	file->fd = rotated;
	file->inode = (ino_t)from->inode;
	return move_to(file, from->offset);
}

struct log_file *log_file_open(const char *path, const struct logplace *from,
			       char error[LOG_SOURCE_ERROR_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct log_file *file;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		snprintf(error, LOG_SOURCE_ERROR_SIZE, "%s cannot be read: %s", path,
			 fd < 0 ? strerror(errno) : "it is a directory");
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode))
		return log_file_stream(fd);
	file = file_new(path, fd);
	if (!resume(file, from)) {
		snprintf(error, LOG_SOURCE_ERROR_SIZE, "%s cannot be read", path);
		log_file_close(file);
		return NULL;
	}
	return file;
}

/*
 * Lines.
 */

static void give(struct log_file *file, size_t len)
{
	file->start += len;
	file->offset += len;
}

/* A whole line that has been read already. */
static bool next_line(struct log_file *file, struct span *line)
{
	for (;;) {
		const char *at = file->bytes.data + file->start;
		size_t len = file->bytes.len - file->start;
		const char *end = len > 0 ? memchr(at, '\n', len) : NULL;
		bool skip = file->skipping;

		if (end == NULL) {
			if (len > LOG_SOURCE_LINE_MAX) {
				file->skipping = true;
				give(file, len);
			}
			return false;
		}
		*line = (struct span){ at, (size_t)(end - at) };
		give(file, line->len + 1);
		file->skipping = false;
		if (!skip && line->len <= LOG_SOURCE_LINE_MAX)
			return true;
	}
}

/* What a stream has after its last newline. */
static bool last_line(struct log_file *file, struct span *line)
{
	size_t len = file->bytes.len - file->start;

	if (len == 0 || file->skipping)
		return false;
	*line = (struct span){ file->bytes.data + file->start, len };
	give(file, len);
	return true;
}

static int64_t last_change(const struct log_file *file)
{
	struct stat st;

	if (file->path == NULL || fstat(file->fd, &st) != 0)
		return clock_wall();
	return st.st_mtime;
}

/* More than 0: that many bytes. 0: the end, for now. Below: failed, and logged. */
static ssize_t fill(struct log_file *file)
{
	ssize_t got;

	buf_consume(&file->bytes, file->start);
	file->start = 0;
	do {
		got = read(file->fd, buf_reserve(&file->bytes, READ_SIZE), READ_SIZE);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		file->bytes.len += (size_t)got;
		file->reference = last_change(file);
	}
	if (got < 0)
		log_error("log=%s cannot be read: %s", file->path != NULL ? file->path : "-",
			  strerror(errno));
	return got;
}

/*
 * Rotation.
 */

/* Truncated, and perhaps written anew. */
static bool begins_anew(const struct log_file *file)
{
	struct stat st;

	if (fstat(file->fd, &st) != 0)
		return false;
	return (uint64_t)st.st_size < file->offset ||
	       (file->fingerprint != 0 && fingerprint_of(file->fd) != file->fingerprint);
}

/* Another file under our path, with something in it: so the writer has changed over. */
static bool has_successor(const struct log_file *file)
{
	struct stat st;

	return stat(file->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino != file->inode &&
	       st.st_size > 0;
}

/* It is tried again and again; the same trouble is told once. */
static void tell_barred(struct log_file *file, int error)
{
	if (error != file->barred)
		log_error("log=%s was rotated, and the new one cannot be read: %s; nothing is "
			  "learned until it can",
			  file->path, strerror(error));
	file->barred = error;
}

static bool change_over(struct log_file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		tell_barred(file, errno);
		if (fd >= 0)
			close(fd);
		return false;
	}
	log_info("log=%s was rotated; reading the new one", file->path);
	close(file->fd);
	file->fd = fd;
	file->inode = st.st_ino;
	file->successor = false;
	file->barred = 0;
	return move_to(file, 0);
}

/* Before each reading: the place where we are must still be one. */
static bool keep_place(struct log_file *file)
{
	if (!begins_anew(file))
		return true;
	log_info("log=%s was truncated; reading it from its beginning", file->path);
	return move_to(file, 0);
}

/*
 * At the end of the file: is there more to be had elsewhere? The writer goes on
 * in a renamed file until it is told, so that one is read to its end once more
 * after the new one was seen.
 */
static bool rotate(struct log_file *file)
{
	if (file->fingerprint == 0)
		file->fingerprint = fingerprint_of(file->fd);
	if (!has_successor(file))
		return false;
	if (!file->successor)
		return file->successor = true;
	return change_over(file);
}

static bool readable(int fd)
{
	struct pollfd now = { .fd = fd, .events = POLLIN };

	return poll(&now, 1, 0) != 0;
}

static enum log_read next_of_stream(struct log_file *file, struct span *line)
{
	ssize_t got = 1;

	while (!next_line(file, line)) {
		if (!readable(file->fd))
			return LOG_READ_IDLE;
		got = fill(file);
		if (got < 0)
			return LOG_READ_FAILED;
		if (got == 0)
			return last_line(file, line) ? LOG_READ_LINE : LOG_READ_END;
	}
	return LOG_READ_LINE;
}

enum log_read log_file_next(struct log_file *file, struct span *line)
{
	if (file->path == NULL)
		return next_of_stream(file, line);
	while (!next_line(file, line)) {
		ssize_t got = keep_place(file) ? fill(file) : -1;

		if (got < 0)
			return LOG_READ_FAILED;
		if (got == 0 && !rotate(file))
			return LOG_READ_IDLE;
	}
	return LOG_READ_LINE;
}

bool log_file_place(struct log_file *file, struct logplace *place)
{
	if (file->path == NULL)
		return false;
	if (file->fingerprint == 0)
		file->fingerprint = fingerprint_of(file->fd);
	*place = (struct logplace){
		.kind = LOGPLACE_FILE,
		.inode = file->inode,
		.offset = file->offset,
		.fingerprint = file->fingerprint,
	};
	return true;
}

int64_t log_file_reference(const struct log_file *file)
{
	return file->reference != 0 ? file->reference : last_change(file);
}

int log_file_fd(const struct log_file *file)
{
	return file->path == NULL ? file->fd : -1;
}
