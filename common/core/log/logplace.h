/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logplace - up to where a log has been read. Reading goes on there after a
 * restart, even when the file was rotated meanwhile.
 *
 * A file is known by its inode and by a fingerprint of its first line: inodes
 * are used again, and a log that was truncated starts with another line. A
 * place in systemd's journal is the cursor of the last entry that was read.
 *
 * As text, as the ledger keeps it: "file INODE OFFSET FINGERPRINT", the last in
 * sixteen hexadecimal digits, or "journal CURSOR".
 */
#ifndef POSTSEAL_CORE_LOGPLACE_H
#define POSTSEAL_CORE_LOGPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum logplace_kind { LOGPLACE_FILE, LOGPLACE_JOURNAL };

#define LOGPLACE_CURSOR_SIZE 256
#define LOGPLACE_TEXT_SIZE (LOGPLACE_CURSOR_SIZE + 16)

struct logplace {
	enum logplace_kind kind;
	/* FILE */
	uint64_t inode;
	uint64_t offset;      /* bytes read; after a newline, or 0 */
	uint64_t fingerprint; /* 0 while there is no whole first line, and then offset is 0 */
	/* JOURNAL */
	char cursor[LOGPLACE_CURSOR_SIZE]; /* graphic ASCII, not empty */
};

void logplace_format(char dst[LOGPLACE_TEXT_SIZE], const struct logplace *place);
/* Strict; false, and *place undefined, for all that logplace_format does not write. */
bool logplace_parse(struct logplace *place, const char *text, size_t len);

/* Is this text a journal's cursor that can be kept? */
bool logplace_cursor_valid(const char *text, size_t len);

/* How much of a first line counts; more does not change its fingerprint. */
#define LOGPLACE_HEAD 1024

/*
 * Of a file that starts with these bytes: of its first line without the
 * newline, or of LOGPLACE_HEAD bytes if the line is longer. 0, which is never a
 * fingerprint, while there is less.
 */
uint64_t logplace_fingerprint(const char *head, size_t len);

#endif
