/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sdjournal - systemd's Journal Export Format
 * (https://systemd.io/JOURNAL_EXPORT_FORMATS/), as `journalctl -o export`
 * writes it, read as it comes in.
 *
 * A field is "NAME=value\n", or, where the value is not plain text, "NAME\n",
 * its length in eight bytes (little-endian), the value and "\n". An empty line
 * ends an entry. Of each entry only what a line of syslog has is kept; a value
 * that is too long for its place counts as missing, however long it is.
 */
#ifndef POSTSEAL_CORE_SDJOURNAL_H
#define POSTSEAL_CORE_SDJOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log/logline.h"
#include "core/log/logplace.h"

#define SDJOURNAL_WORD_SIZE 128

/* Strings are "" and numbers 0 where the entry has none. */
struct sdjournal_entry {
	char cursor[LOGPLACE_CURSOR_SIZE];
	int64_t time;                      /* seconds since 1970 */
	char machine[SDJOURNAL_WORD_SIZE]; /* _HOSTNAME */
	char tag[SDJOURNAL_WORD_SIZE];     /* SYSLOG_IDENTIFIER */
	uint32_t pid; /* SYSLOG_PID, which is what syslog shows, or else _PID */
	size_t len;
	char message[LOGLINE_TEXT_MAX + 1]; /* may hold any bytes */
};

/*
 * Of a field this much is read, its name with it. What is cut off then was too
 * long for its place anyway.
 */
#define SDJOURNAL_FIELD_SIZE (64 + LOGLINE_TEXT_MAX)

enum sdjournal_state {
	SDJOURNAL_TEXT,   /* in a name, or in a field that is text */
	SDJOURNAL_LENGTH, /* in the length of a binary value */
	SDJOURNAL_BINARY, /* in that value */
	SDJOURNAL_END     /* before the newline after it */
};

/* A reader; zeroed at first. Not for others to look into. */
struct sdjournal {
	enum sdjournal_state state;
	uint64_t remaining; /* LENGTH, BINARY: bytes still to come */
	uint64_t length;    /* LENGTH: what has come of it */
	bool malformed;
	size_t used;
	char field[SDJOURNAL_FIELD_SIZE];
	struct sdjournal_entry entry;
};

enum sdjournal_result {
	SDJOURNAL_ENTRY,    /* one is whole; more bytes may be left */
	SDJOURNAL_MORE,     /* all bytes are used up */
	SDJOURNAL_MALFORMED /* not this format; so it stays */
};

/* Uses up some of bytes[0..len), and says how many in *used. *entry is set for ENTRY. */
enum sdjournal_result sdjournal_read(struct sdjournal *reader, const char *bytes, size_t len,
				     size_t *used, struct sdjournal_entry *entry);

#endif
