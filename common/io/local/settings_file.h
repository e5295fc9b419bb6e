/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings_file - reads postseal.conf (libconfuse syntax, as far as
 * settings_text.c lets it through) into settings.
 *
 * One thread at a time: libconfuse's scanner is global.
 */
#ifndef POSTSEAL_IO_SETTINGS_FILE_H
#define POSTSEAL_IO_SETTINGS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/settings/settings.h"

#define SETTINGS_FILE_DEFAULT "/etc/postseal/postseal.conf"
#define SETTINGS_FILE_MAX (1024 * 1024) /* bytes; a longer file is refused */
#define SETTINGS_FILE_ERROR_SIZE 512

/*
 * *settings must be initialised (defaults); what the file sets is put over it.
 * `path` NULL is the default file, which need not exist; any other must.
 * On failure false, *settings unchanged, and in `error`, printable and without
 * newline, the file, the line, the setting, what was found and what was
 * expected.
 */
bool settings_file_read(struct settings *settings, const char *path,
			char error[SETTINGS_FILE_ERROR_SIZE]);

/* The same from memory: text[0..len) is what stands in the file `name`. */
bool settings_file_parse(struct settings *settings, const char *name, const char *text, size_t len,
			 char error[SETTINGS_FILE_ERROR_SIZE]);

/*
 * settings_text.c stands between an admin's file and libconfuse, whose
 * scanner (3.3) reads much that nobody meant to write:
 *
 *   - an unclosed comment or string silently swallows the rest of the file, and
 *     leaves the scanner in that state for the next file;
 *   - a comment counts as up to three lines, and none may stand inside a list;
 *   - ${NAME} is replaced from the environment, in strings and outside;
 *   - `*`, and `+` without `=`, are dropped: "*.example.com" becomes
 *     ".example.com"; `+=` adds to nothing, as defaults are not known to it;
 *   - "\0" ends a string early, and other escapes make bytes nobody can see.
 *
 * Here comments are blanked out and all the rest is refused with a reason. What
 * is left: names, `=`, values with or without quotes, lists in braces. In double
 * quotes there are two escapes, \" and \\; in single quotes \' and \\.
 */
/*
 * Cleans text[0..len) in place; its lines stay where they are. NULL when it may
 * be given to libconfuse; else what is wrong, for people, and the line, counted
 * from 1, in *line.
 */
const char *settings_text_clean(char *text, size_t len, int *line);

#endif
