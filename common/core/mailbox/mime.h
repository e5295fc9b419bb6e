/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mime - reading the few headers that sealing needs, and writing mail of our own
 * (RFC 5322, 2045, 2047, 2231). Lines end with CRLF.
 *
 * What is written holds only the headers, line ends and addresses that the caller named: text of
 * strangers is encoded, whatever it holds.
 */
#ifndef POSTSEAL_CORE_MAILBOX_MIME_H
#define POSTSEAL_CORE_MAILBOX_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "core/names/seal_address.h"

/*
 * Reading. The header section ends at the first empty line, and a message without one
 * is all header. Lines may end with CRLF or LF.
 */

/* One header of message[at..): its name, and its value with the line ends in it. *at moves on. */
bool mime_next_header(struct span message, size_t *at, struct span *name, struct span *value);
/* The first header of this name (any case). */
bool mime_find_header(struct span message, const char *name, struct span *value);
/* How many there are. */
size_t mime_count_header(struct span message, const char *wanted);
/* Where the body begins: after the empty line, or at the end. */
size_t mime_body(struct span message);

/*
 * A value for people, as UTF-8 in one line: unfolded, encoded words decoded where their
 * charset is UTF-8, US-ASCII, ISO-8859-1 or -15, or Windows-1252 (others stay as they are, for the
 * pages, which know more), controls and bytes that are not UTF-8 replaced by '?'. At most `most`
 * octets are appended.
 */
void mime_decode(struct buf *out, struct span value, size_t most);

/* The first address of a From: or To: value; the name is decoded, or left out where it cannot be.
 * False if there is no address. */
bool mime_first_address(struct span value, char address[SEAL_ADDRESS_SIZE], struct buf *name);

/* Seconds since 1970 of a Date: value; false if it is not a date. */
bool mime_parse_date(struct span value, int64_t *seconds);

/* "<...>" of a Message-ID: value, if it fits in dst and is printable without blanks; else "". */
void mime_message_id(char *dst, size_t size, struct span value);

/* Is this header for the mailbox daemon's eyes alone? X-Postseal-Seal, -PIN, -Seal-Token and
 * kin. */
bool mime_is_ours(struct span name);

/* Writing; all append. */

/* "Name: value\r\n"; value is UTF-8, encoded if it is not plain ASCII, and folded. */
void mime_put_text(struct buf *out, const char *name, const char *value);
/* "Name: Display <address>\r\n"; without a display name the address alone. */
void mime_put_address(struct buf *out, const char *name, const char *display, const char *address);
void mime_put_date(struct buf *out, int64_t seconds); /* "Date: ...\r\n", in UTC */
/* A parameter: "; name=\"value\"", or by RFC 2231 where it is not plain. */
void mime_put_parameter(struct buf *out, const char *name, const char *value);
/* Bodies. Quoted-printable takes LF or CRLF as the ends of lines. */
void mime_put_quoted(struct buf *out, const char *text, size_t len);
/* Whole lines of 57 octets become lines of 76; so calls with multiples of 57 join. */
void mime_put_base64(struct buf *out, const void *octets, size_t len);

/* Is it UTF-8, without overlong forms, surrogates and NUL? */
bool mime_is_utf8(const char *text, size_t len);

#endif
