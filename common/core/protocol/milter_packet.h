/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * milter_packet - the packets that an MTA and a milter exchange: sendmail's milter
 * protocol, versions 2 to 6, as Postfix's milter8.c speaks it.
 *
 * A packet is a length (4 bytes, network order) that counts all after it, one byte that
 * says what it is, and its data. Data are C strings, but for a few numbers.
 *
 * Whatever comes is hostile: every process on this machine may connect. Each decoder
 * takes exactly what it describes; anything else is false, and the connection is over,
 * which an MTA takes for "try again later".
 */
#ifndef POSTSEAL_CORE_MILTER_PACKET_H
#define POSTSEAL_CORE_MILTER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "core/names/ipaddr.h"

/* What an MTA says. */
#define MILTER_NEGOTIATE 'O'
#define MILTER_MACROS 'D'
#define MILTER_CONNECT 'C'
#define MILTER_HELO 'H'
#define MILTER_MAIL 'M'
#define MILTER_RECIPIENT 'R'
#define MILTER_DATA 'T'
#define MILTER_HEADER 'L'
#define MILTER_END_OF_HEADERS 'N'
#define MILTER_BODY 'B'
#define MILTER_END_OF_MESSAGE 'E'
#define MILTER_ABORT 'A'
#define MILTER_UNKNOWN 'U'
#define MILTER_QUIT 'Q'
#define MILTER_QUIT_NEW 'K' /* the session ends, the connection stays */

/* What a milter answers, */
#define MILTER_CONTINUE 'c'
#define MILTER_REPLY 'y'
#define MILTER_SKIP 's' /* to BODY: no more of it */
/* and does to a message before its last answer. */
#define MILTER_ADD_RECIPIENT '2' /* with ESMTP parameters */
#define MILTER_DELETE_RECIPIENT '-'
#define MILTER_CHANGE_FROM 'e'
#define MILTER_CHANGE_HEADER 'm'
#define MILTER_INSERT_HEADER 'i'

/* Bits of the negotiation: what a milter may do, */
#define MILTER_MAY_ADD_HEADERS 0x1u
#define MILTER_MAY_DELETE_RECIPIENTS 0x8u
#define MILTER_MAY_CHANGE_HEADERS 0x10u
#define MILTER_MAY_CHANGE_FROM 0x40u
#define MILTER_MAY_ADD_RECIPIENTS 0x80u
#define MILTER_MAY_CHOOSE_MACROS 0x100u
/* the steps that it does not want to see, */
#define MILTER_NO_HELO 0x2u
#define MILTER_NO_BODY 0x10u
#define MILTER_NO_END_OF_HEADERS 0x40u
#define MILTER_NO_UNKNOWN 0x100u
/* an answer that the MTA understands, */
#define MILTER_MAY_SKIP 0x400u
/* and those that it does not answer. */
#define MILTER_SILENT_HEADER 0x80u
#define MILTER_SILENT_CONNECT 0x1000u

/* Where macros can be chosen. */
#define MILTER_AT_HELO 1u
#define MILTER_AT_MAIL 2u
#define MILTER_AT_RECIPIENT 3u
#define MILTER_AT_DATA 4u

#define MILTER_LENGTH_SIZE 4
/* Postfix's header_size_limit is 100 KiB as shipped; a packet holds one header. */
#define MILTER_PACKET_MAX (1024 * 1024)

struct milter_packet {
	char command;
	struct span data;
};

/*
 * The first packet in bytes[0..len). 0: not all of it is there yet; *needs is how many
 * bytes it takes in all, as far as that is known. SIZE_MAX: no packet can begin so. Else
 * how many bytes it took.
 */
size_t milter_packet_read(struct milter_packet *packet, size_t *needs, const char *bytes,
			  size_t len);

struct milter_offer {
	uint32_t version, actions, steps;
};
bool milter_read_offer(struct milter_offer *offer, struct span data);

/* Of a packet of macros: the command that they come before, and pairs of name and value. */
bool milter_read_macros(char *command, struct span *pairs, struct span data);
/* The value of a macro in such pairs, or NULL. Names as "j" or "{j}", both the same. */
const char *milter_macro(struct span pairs, const char *name);

/* *known: the client has an Internet address, and this is it. */
bool milter_read_connect(struct ipaddr *addr, bool *known, struct span data);
/* MAIL, RCPT: the first of one or more C strings, an address, and the rest, ESMTP parameters. */
bool milter_read_envelope(const char **address, struct span *parameters, struct span data);
bool milter_read_header(const char **name, const char **value, struct span data);

/* Take a C string from the start of *strings; false where there is none. */
bool milter_next_string(const char **string, struct span *strings);

/* Packets are appended. Begin one, put its data in, end it with what `begin` returned. */
size_t milter_begin(struct buf *out, char command);
void milter_put_number(struct buf *out, uint32_t number);
void milter_put_string(struct buf *out, const char *string);
void milter_end(struct buf *out, size_t begun);

/* A packet of C strings alone. NULL ends them. */
void milter_write(struct buf *out, int command, ...) __attribute__((sentinel));
/* CHANGE_HEADER and INSERT_HEADER. `value` "" removes. */
void milter_write_header(struct buf *out, char command, uint32_t index, const char *name,
			 const char *value);

#endif
