/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lmtp - what a client of the intake says (RFC 2033): commands, and the text of a message with
 * its end. The client is Postfix, but its mail comes from the world.
 */
#ifndef POSTSEAL_CORE_MAILBOX_LMTP_H
#define POSTSEAL_CORE_MAILBOX_LMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define LMTP_LINE_MAX 4096 /* of a command, with its end */

enum lmtp_verb {
	LMTP_LHLO,
	LMTP_MAIL,
	LMTP_RCPT,
	LMTP_DATA,
	LMTP_RSET,
	LMTP_NOOP,
	LMTP_QUIT,
	LMTP_OTHER,    /* known to nobody here: 502 */
	LMTP_MALFORMED /* 501 */
};

struct lmtp_command {
	enum lmtp_verb verb;
	struct span path; /* MAIL, RCPT: between the angle brackets; may be empty for MAIL */
	uint64_t size;    /* MAIL: SIZE=; 0 if not said */
};

/* A line without its end. */
struct lmtp_command lmtp_parse(struct span line);

/*
 * The text after DATA, in pieces of any size. Dots are taken off (RFC 5321 4.5.2), and the
 * end is CRLF . CRLF alone: a bare LF ends nothing, and is kept as it is.
 */
struct lmtp_text {
	unsigned state;
	bool ended;
	bool too_large;
};

/* Appends the text to *out, which grows to `most` octets at most. Returns how many of the
 * bytes were used. */
size_t lmtp_feed(struct lmtp_text *text, struct buf *out, size_t most, const char *bytes,
		 size_t len);

#endif
