/* SPDX-License-Identifier: BSD-2-Clause */
/* log_journal - the part of log_source that reads systemd's journal. See there. */
#ifndef POSTSEAL_IO_LOG_JOURNAL_H
#define POSTSEAL_IO_LOG_JOURNAL_H

#include "io/log/log_source.h"

struct log_journal; /* opaque */

struct log_journal *log_journal_open(const struct logplace *from, bool follow,
				     char error[LOG_SOURCE_ERROR_SIZE]);
void log_journal_close(struct log_journal *journal);

/* Each entry as a line of syslog with an RFC 3339 time. */
enum log_read log_journal_next(struct log_journal *journal, struct span *line);
bool log_journal_place(const struct log_journal *journal, struct logplace *place);
int log_journal_fd(const struct log_journal *journal);

#endif
