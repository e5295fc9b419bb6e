/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings_file - reads postseal.conf (libconfuse syntax, as far as
 * settings_text.h lets it through) into settings.
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

#endif
