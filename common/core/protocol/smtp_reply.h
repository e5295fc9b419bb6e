/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smtp_reply - a reply of an SMTP server (RFC 5321 4.2), read as it arrives.
 *
 * The server is not trusted: a line is at most SMTP_LINE_MAX bytes with its
 * end, a reply at most SMTP_LINES_MAX lines. Lines end with CRLF; a bare LF is
 * let pass, since Postfix lets it pass. Anything else that is not a reply is
 * malformed: other codes than 200 to 599, lines of one reply with different
 * codes, a NUL.
 */
#ifndef POSTSEAL_CORE_SMTP_REPLY_H
#define POSTSEAL_CORE_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#define SMTP_LINE_MAX 2048
#define SMTP_LINES_MAX 100
#define SMTP_TEXT_SIZE 100 /* of the first line, for people */

enum smtp_reply_state {
	SMTP_REPLY_MORE, /* not all of it is here yet */
	SMTP_REPLY_DONE,
	SMTP_REPLY_MALFORMED
};

/* Zero it before the first byte of a reply. */
struct smtp_reply {
	unsigned code; /* 200 .. 599, once there was a line */
	size_t lines;
	bool starttls; /* a line behind the first bears the keyword (RFC 5321 4.1.1.1) */
	char text[SMTP_TEXT_SIZE]; /* the first line behind its code, printable */
};

/*
 * Read the whole lines at the start of bytes[0..len), up to the end of the
 * reply; *used says how many bytes those were. The caller keeps the rest and
 * comes back with it and more. After anything but MORE, stop.
 */
enum smtp_reply_state smtp_reply_feed(struct smtp_reply *reply, const char *bytes, size_t len,
				      size_t *used);

#endif
