/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code - the secret of a link as people type it: 128 bits and a checksum in 28
 * letters (postseal-mailbox-api(5), "The link").
 */
#ifndef POSTSEAL_CORE_MAILBOX_CODE_H
#define POSTSEAL_CORE_MAILBOX_CODE_H

#include <stdbool.h>
#include <stddef.h>

#define CODE_SECRET_SIZE 16
#define CODE_LETTERS 28
#define CODE_SIZE (CODE_LETTERS + 1)

char *code_format(char dst[CODE_SIZE], const unsigned char secret[CODE_SECRET_SIZE]);
/* In groups of four with '-' between, for a line of its own. */
#define CODE_GROUPED_SIZE (CODE_LETTERS + CODE_LETTERS / 4)
char *code_format_grouped(char dst[CODE_GROUPED_SIZE],
			  const unsigned char secret[CODE_SECRET_SIZE]);

/* Takes it as people type it: in any case, with blanks and '-' anywhere, with O, I and L in place
 * of the digits they look like, with "v1." or without. False: it is mistyped. */
bool code_parse(unsigned char secret[CODE_SECRET_SIZE], const char *text, size_t len);

#endif
