/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setup_files - files that `postseal setup` changes: what they were and are to be, how
 * that differs, a copy of both, and the way back.
 *
 * A copy is a directory SETUP_COPIES/setup-DATE, for root alone:
 *
 *   files        a line a file: "NUMBER existed|made MODE UID GID PATH"
 *   NUMBER.before, NUMBER.after
 *   units        a line a unit that was enabled; it is for the caller to disable them
 *   undone       there once it was undone
 *
 * Each file is written beside the one that it replaces, and takes its place by
 * rename(2), with the owner and mode that the other had.
 */
#ifndef POSTSEAL_CLI_SETUP_FILES_H
#define POSTSEAL_CLI_SETUP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

#define SETUP_COPIES "/var/backups/postseal"
#define SETUP_PATH_SIZE 1024
#define SETUP_FILES_MAX 8
#define SETUP_ERROR_SIZE 1280

struct setup_file {
	char path[SETUP_PATH_SIZE];
	bool existed;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool secret; /* the value of a line "password=" is not shown */
	struct buf before, after;
};

struct setup_files {
	size_t count;
	struct setup_file list[SETUP_FILES_MAX];
	struct buf units; /* a line each: units that are enabled now and were not before */
	char copy[SETUP_PATH_SIZE]; /* directory; "" if there is none yet */
};

/*
 * Adds a file as it is (a link is followed; one that is not there is to be made, with
 * mode 0644); NULL, and why, when it cannot be read. `after` is what it is now, to be
 * changed by the caller.
 */
struct setup_file *setup_files_add(struct setup_files *files, const char *path,
				   char error[SETUP_ERROR_SIZE]);
void setup_files_free(struct setup_files *files);

bool setup_file_differs(const struct setup_file *file);
bool setup_files_differ(const struct setup_files *files);
/* As diff(1) -u has it, on standard output. */
void setup_file_print(const struct setup_file *file);

/* Keeps the copy, then puts the new files in place. False, and why, at the first that fails. */
bool setup_files_install(struct setup_files *files, char error[SETUP_ERROR_SIZE]);

/*
 * The latest copy that is not undone. False, with `error` empty, when there is none.
 * `before` is what the file is to be again, `after` what it is now.
 */
bool setup_files_last(struct setup_files *files, char error[SETUP_ERROR_SIZE]);
/* Is it still as setup left it? */
bool setup_file_untouched(const struct setup_files *files, size_t index);
/* Puts the files back as they were; those that were made are removed. */
bool setup_files_undo(struct setup_files *files, char error[SETUP_ERROR_SIZE]);

/* The whole of a file; false with errno. */
bool setup_read(const char *path, struct buf *text);

#endif
