/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token - what postseal-milter tells postseal-mailbox of a mail that is to be
 * sealed: header X-Postseal-Seal-Token. Here are its contents as octets; io/crypto/seal_token.h
 * encrypts them.
 *
 * The octets are numbers and strings of wire.h, after a kind and a version. One
 * token has one encoding; another is refused whole.
 */
#ifndef POSTSEAL_CORE_MAILBOX_TOKEN_H
#define POSTSEAL_CORE_MAILBOX_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/names/seal_address.h"

#define TOKEN_HEADER "X-Postseal-Seal-Token"
#define TOKEN_LOGIN_SIZE 256
#define TOKEN_RANDOM_SIZE 16
#define TOKEN_PRINT_SIZE 32
/* Of a PIN: 4 to 16 digits, "" where the mail names none for this recipient. */
#define PIN_DIGITS_MAX 16
#define PIN_SIZE (PIN_DIGITS_MAX + 1)
/* The most recipients of one mail in Postfix (smtpd_recipient_limit). */
#define TOKEN_RECIPIENTS_MAX 1000
#define TOKEN_OCTETS_MAX 65536
/*
 * How old a token may be: longer than any mail stays in a queue, and shorter than
 * the mailbox remembers which ones it has seen. A clock may be this far ahead.
 */
#define TOKEN_LIFE (INT64_C(30) * 86400)
#define TOKEN_AHEAD INT64_C(3600)

struct token_recipient {
	char address[SEAL_ADDRESS_SIZE]; /* outside: bob@example.net, as seal_address_take has it */
	char pin[PIN_SIZE];
};

struct token {
	char login[TOKEN_LOGIN_SIZE];   /* of the SASL session, printable */
	char sender[SEAL_ADDRESS_SIZE]; /* the real envelope sender, which From: equals */
	int64_t time;                   /* seconds since 1970 */
	unsigned char random[TOKEN_RANDOM_SIZE];
	/* Of the mail that it marks: io/crypto/seal_token.h. */
	unsigned parts;
	unsigned char print[TOKEN_PRINT_SIZE];
	bool pin_required; /* from a secure alias: whatever mailbox_pin says */
	size_t count;
	/* In the order in which they came. The intake may also get others, from an alias that
	 * leads outside. */
	struct token_recipient *recipients; /* owned */
};

/* Appends. False, and nothing appended, if it is larger than TOKEN_OCTETS_MAX. */
bool token_encode(struct buf *out, const struct token *token);
/* False, and *token zeroed, if it is not a token. */
bool token_decode(struct token *token, const void *octets, size_t len);
void token_free(struct token *token); /* leaves it zeroed */

/* The PIN that the mail names for this address (in any spelling of its key); "" if none. */
const char *token_pin(const struct token *token, const char *address);

#endif
