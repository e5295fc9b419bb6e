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

#endif
