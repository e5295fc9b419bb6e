/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal_print - what a token stands for: a fingerprint of the mail that it marks. Whoever sees a
 * token (each recipient of a marked mail on this host does) can send no other mail with it.
 *
 * Its body, Subject, Content-Type and Content-Transfer-Encoding count as they are or are
 * missing; Message-ID and Date where they are there when it is marked, since Postfix may add
 * them later. Blanks and line ends count nowhere: Postfix breaks lines of more than 998 octets
 * (smtp_line_length_limit). Addresses in headers do not count: Postfix may rewrite
 * them (trivial-rewrite(8)).
 */
#ifndef POSTSEAL_IO_SEAL_PRINT_H
#define POSTSEAL_IO_SEAL_PRINT_H

#include "base/span.h"
#include "core/mailbox/token.h"

struct seal_print;

struct seal_print *seal_print_new(void);
void seal_print_free(struct seal_print *print); /* NULL is allowed */
/* Any header; most do not count. In their order, and before the body. */
void seal_print_header(struct seal_print *print, struct span name, struct span value);
void seal_print_body(struct seal_print *print, struct span octets);
/* For a token that is to be written. Ends it. */
void seal_print_write(struct seal_print *print, struct token *token);
/* Is it that of this token? Ends it. */
bool seal_print_is(struct seal_print *print, const struct token *token);
/* A message at once. */
void seal_print_message(struct seal_print *print, struct span message);

#endif
