/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/crypto/seal_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/mime.h"
#include "io/crypto/crypto.h"

enum part { PART_BODY, PART_SUBJECT, PART_TYPE, PART_ENCODING, PART_ID, PART_DATE, PARTS };

static const struct {
	const char *name;
	bool optional; /* counts only where it was there */
} parts[PARTS] = {
	[PART_BODY] = { "", false },
	[PART_SUBJECT] = { "Subject", false },
	[PART_TYPE] = { "Content-Type", false },
	[PART_ENCODING] = { "Content-Transfer-Encoding", false },
	[PART_ID] = { "Message-ID", true },
	[PART_DATE] = { "Date", true },
};

struct seal_print {
	struct crypto_hash *hash[PARTS];
	bool there[PARTS];
};

struct seal_print *seal_print_new(void)
{
	struct seal_print *print = mem_zero(1, sizeof(*print));

	for (size_t i = 0; i < PARTS; i++)
		print->hash[i] = crypto_hash_new();
	return print;
}

void seal_print_free(struct seal_print *print)
{
	for (size_t i = 0; print != NULL && i < PARTS; i++)
		crypto_hash_free(print->hash[i]);
	free(print);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void add(struct crypto_hash *hash, struct span octets)
{
	size_t at = 0;

	while (at < octets.len) {
		size_t start = at;

		while (at < octets.len && !is_blank(octets.at[at]))
			at++;
		crypto_hash_add(hash, octets.at + start, at - start);
		while (at < octets.len && is_blank(octets.at[at]))
			at++;
	}
}

void seal_print_header(struct seal_print *print, struct span name, struct span value)
{
	name = span_trim(name);
	for (size_t i = PART_BODY + 1; i < PARTS; i++) {
		if (strlen(parts[i].name) != name.len ||
		    !str_starts_nocase_n(name.at, name.len, parts[i].name))
			continue;
		print->there[i] = true;
		/* One that stands twice is another than both in one. */
		crypto_hash_add(print->hash[i], "\n", 1);
		add(print->hash[i], value);
	}
}

void seal_print_body(struct seal_print *print, struct span octets)
{
	add(print->hash[PART_BODY], octets);
}

void seal_print_message(struct seal_print *print, struct span message)
{
	size_t at = 0, body = mime_body(message);
	struct span name, value;

	while (mime_next_header(message, &at, &name, &value))
		seal_print_header(print, name, value);
	seal_print_body(print, (struct span){ message.at + body, message.len - body });
}

/* Of the parts in `which`, bit by bit. */
static void end(struct seal_print *print, unsigned which, unsigned char out[TOKEN_PRINT_SIZE])
{
	struct crypto_hash *whole = crypto_hash_new();
	unsigned char part[CRYPTO_HASH_SIZE], octet = (unsigned char)which;

	crypto_hash_add(whole, &octet, 1);
	for (size_t i = 0; i < PARTS; i++) {
		crypto_hash_end(print->hash[i], part);
		if ((which & 1u << i) != 0)
			crypto_hash_add(whole, part, sizeof(part));
	}
	crypto_hash_end(whole, out);
	crypto_hash_free(whole);
}

void seal_print_write(struct seal_print *print, struct token *token)
{
	token->parts = 0;
	for (size_t i = 0; i < PARTS; i++)
		if (!parts[i].optional || print->there[i])
			token->parts |= 1u << i;
	end(print, token->parts, token->print);
}

bool seal_print_is(struct seal_print *print, const struct token *token)
{
	unsigned char own[TOKEN_PRINT_SIZE];
	unsigned which = token->parts;

	/* What always counts, counts whatever the token says. */
	for (size_t i = 0; i < PARTS; i++)
		if (!parts[i].optional)
			which |= 1u << i;
	end(print, which, own);
	return crypto_same(own, token->print, sizeof(own));
}
