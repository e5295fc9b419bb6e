/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smtp_reply - a reply of an SMTP server (RFC 5321 4.2), read as it arrives, and as
 * Postfix reads it (smtp_chat_resp, smtp_helo): what we see has to be what it will see.
 *
 * So the last line's code is the reply's, a line that is no reply line is passed over,
 * a bare LF ends a line, a NUL ends what is looked at of one, and no more than
 * SMTP_LINE_MAX bytes are looked at of a line, or (but for the line that crosses it) of
 * a reply. The server is not trusted: after SMTP_REPLY_MAX bytes it is not listened to
 * any more.
 */
#ifndef POSTSEAL_CORE_SMTP_REPLY_H
#define POSTSEAL_CORE_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#define SMTP_LINE_MAX 2048 /* Postfix's line_length_limit */
#define SMTP_REPLY_MAX ((size_t)1024 * 1024)
#define SMTP_TEXT_SIZE 100 /* of the first line, for people */

enum smtp_reply_state {
	SMTP_REPLY_MORE, /* not all of it is here yet */
	SMTP_REPLY_DONE,
	SMTP_REPLY_ENDLESS /* longer than SMTP_REPLY_MAX */
};

/* Zero it before the first byte of a reply. */
struct smtp_reply {
	unsigned code;             /* 0 .. 999, once it is done */
	bool starttls;             /* a line after the first bears the keyword (RFC 5321 4.1.1.1) */
	bool masked;               /* nothing but "2", "0", "*" and blanks: a firewall hid it */
	char text[SMTP_TEXT_SIZE]; /* the first line after its code, printable */

	/* smtp_reply_feed's own: */
	size_t bytes, lines, kept, words;
	size_t len; /* of the line that is not whole yet */
	bool cut;   /* a NUL was in it */
	char line[SMTP_LINE_MAX + 1];
};

/*
 * Read on, up to the end of the reply; *used says how many of bytes[0..len) are the
 * reply's. After anything but MORE, stop.
 */
enum smtp_reply_state smtp_reply_feed(struct smtp_reply *reply, const char *bytes, size_t len,
				      size_t *used);

#endif
