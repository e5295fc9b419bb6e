/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal_token - what postseal-milter and postseal-mailbox share: the key
 * (`mailbox_token_key`), the token that one encrypts and the other opens, and the
 * address to which a marked mail comes back.
 */
#ifndef POSTSEAL_IO_SEAL_TOKEN_H
#define POSTSEAL_IO_SEAL_TOKEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "base/span.h"
#include "core/mailbox/frame.h"
#include "core/mailbox/token.h"

#define SEAL_KEY_ERROR_SIZE 256

struct seal_key {
	unsigned char bytes[FRAME_KEY_SIZE];
};

/* The file is 64 hexadecimal digits and a newline. ABSENT: it is not there. */
enum lookup seal_key_read(struct seal_key *key, const char *path, char error[SEAL_KEY_ERROR_SIZE]);
/* A new one, of mode 0640, where there is none; never replaces one. */
bool seal_key_make(const char *path, char error[SEAL_KEY_ERROR_SIZE]);

/*
 * The value of the header, appended: base64url of nonce, ciphertext and tag, in lines of at
 * most 900 letters that "\r\n\t" parts (a milter writes "\n\t": ask with that as
 * `fold`). `time` and `random` of the token are for the caller to set. False if there is too much of it.
 */
bool seal_token_write(struct buf *value, const struct token *token, const struct seal_key *key,
		      const char *fold);
/* Blanks and line ends in it do not count. False for all but what was written with this key. */
bool seal_token_read(struct token *token, const char *value, size_t len,
		     const struct seal_key *key);

/*
 * The envelope sender of a marked mail: an address of mailbox_domain that says, with a
 * MAC, who gets what comes back: return-MAC-me=example.com@sealed.example.com. Postfix
 * delivers what is sent to it to the intake, which hands it to the sender.
 */
bool seal_return_write(char dst[SEAL_ADDRESS_SIZE], const char *sender, const char *mailbox_domain,
		       const struct seal_key *key);
/* False for an address that is none of these, or forged. */
bool seal_return_read(char sender[SEAL_ADDRESS_SIZE], const char *text, size_t len,
		      const char *mailbox_domain, const struct seal_key *key);

/*
 * What a token stands for: a fingerprint of the mail that it marks. Whoever sees a
 * token (each recipient of a marked mail on this host does) can send no other mail with it.
 *
 * Its body, Subject, Content-Type and Content-Transfer-Encoding count as they are or are
 * missing; Message-ID and Date where they are there when it is marked, since Postfix may add
 * them later. Blanks and line ends count nowhere: Postfix breaks lines of more than 998 octets
 * (smtp_line_length_limit). Addresses in headers do not count: Postfix may rewrite
 * them (trivial-rewrite(8)).
 */
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
