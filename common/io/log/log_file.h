/* SPDX-License-Identifier: BSD-2-Clause */
/* log_file - the part of log_source that reads files and streams. See there. */
#ifndef POSTSEAL_IO_LOG_FILE_H
#define POSTSEAL_IO_LOG_FILE_H

#include "io/log/log_source.h"

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

#endif
