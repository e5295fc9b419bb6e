/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings_file - reads postseal.conf (libconfuse syntax) into settings.
 */
#ifndef POSTSEAL_IO_SETTINGS_FILE_H
#define POSTSEAL_IO_SETTINGS_FILE_H

#include <stdbool.h>

#include "core/settings.h"

#define SETTINGS_FILE_DEFAULT "/etc/postseal/postseal.conf"
#define SETTINGS_FILE_ERROR_SIZE 512

/*
 * *settings must be initialised (defaults); what the file sets is put over it.
 * On failure false, *settings unchanged, and in `error` the file, the line, the
 * setting, what was found and what was expected.
 */
bool settings_file_read(struct settings *settings, const char *path,
			char error[SETTINGS_FILE_ERROR_SIZE]);

#endif
