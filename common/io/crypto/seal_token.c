/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/crypto/seal_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/b64.h"
#include "core/mailbox/mime.h"
#include "io/crypto/crypto.h"

#define AAD "postseal v1 token"
#define LINE 900
#define RETURN "return-"
#define MAC_LETTERS 24 /* hexadecimal: case does not survive every mailer */
#define HEX_LEN ((size_t)2 * FRAME_KEY_SIZE)

enum lookup seal_key_read(struct seal_key *key, const char *path, char error[SEAL_KEY_ERROR_SIZE])
{
	char text[HEX_LEN + 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	bool good;

	if (fd < 0) {
		int why = errno;

		snprintf(error, SEAL_KEY_ERROR_SIZE, "%.150s cannot be opened: %s", path,
			 strerror(why));
		return why == ENOENT ? LOOKUP_ABSENT : LOOKUP_ERROR;
	}
	n = read(fd, text, sizeof(text));
	close(fd);
	good = (n == HEX_LEN || (n == HEX_LEN + 1 && text[HEX_LEN] == '\n')) &&
	       str_hex_read(key->bytes, sizeof(key->bytes), text);
	crypto_wipe(text, sizeof(text));
	if (!good)
		snprintf(error, SEAL_KEY_ERROR_SIZE,
			 "%.150s is no key: expected 64 hexadecimal digits in lower case", path);
	return good ? LOOKUP_FOUND : LOOKUP_ERROR;
}

bool seal_key_make(const char *path, char error[SEAL_KEY_ERROR_SIZE])
{
	unsigned char bytes[FRAME_KEY_SIZE];
	char text[HEX_LEN + 2], new_path[4096];
	int fd = -1;
	bool good = str_join(new_path, sizeof(new_path), path, ".new", NULL);

	crypto_random(bytes, sizeof(bytes));
	str_hex(text, bytes, sizeof(bytes));
	text[HEX_LEN] = '\n';
	if (good)
		fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	/* link(2), unlike rename(2), never replaces what another made meanwhile. */
	good = fd >= 0 && write(fd, text, HEX_LEN + 1) == (ssize_t)HEX_LEN + 1 && fsync(fd) == 0 &&
	       (link(new_path, path) == 0 || errno == EEXIST);
	if (!good)
		snprintf(error, SEAL_KEY_ERROR_SIZE, "%.150s cannot be made: %s", path,
			 strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(new_path);
	}
	crypto_wipe(bytes, sizeof(bytes));
	crypto_wipe(text, sizeof(text));
	return good;
}

static void append_folded(struct buf *value, const struct buf *letters, const char *fold)
{
	for (size_t at = 0; at < letters->len; at += LINE) {
		size_t left = letters->len - at;

		if (at > 0)
			buf_append_str(value, fold);
		buf_append(value, letters->data + at, left < LINE ? left : LINE);
	}
}

bool seal_token_write(struct buf *value, const struct token *token, const struct seal_key *key,
		      const char *fold)
{
	struct buf octets = { 0 }, sealed = { 0 }, letters = { 0 };
	bool fits = token_encode(&octets, token);

	if (fits) {
		unsigned char *at = (unsigned char *)buf_reserve(
			&sealed, FRAME_NONCE_SIZE + octets.len + FRAME_TAG_SIZE);

		crypto_random(at, FRAME_NONCE_SIZE);
		crypto_seal(at + FRAME_NONCE_SIZE, key->bytes, at, AAD, strlen(AAD), octets.data,
			    octets.len);
		sealed.len = FRAME_NONCE_SIZE + octets.len + FRAME_TAG_SIZE;
		b64_put(&letters, sealed.data, sealed.len);
		append_folded(value, &letters, fold);
		crypto_wipe(octets.data, octets.len);
	}
	buf_free(&octets);
	buf_free(&sealed);
	buf_free(&letters);
	return fits;
}

bool seal_token_read(struct token *token, const char *value, size_t len, const struct seal_key *key)
{
	struct buf letters = { 0 }, octets = { 0 };
	bool good;

	*token = (struct token){ 0 };
	for (size_t i = 0; i < len && letters.len <= B64_LEN(2 * TOKEN_OCTETS_MAX); i++) {
		if (strchr(" \t\r\n", value[i]) == NULL || value[i] == '\0')
			buf_append(&letters, &value[i], 1);
	}
	good = b64_get(&octets, letters.data, letters.len) &&
	       octets.len > FRAME_NONCE_SIZE + FRAME_TAG_SIZE;
	if (good) {
		unsigned char *at = (unsigned char *)octets.data;
		size_t sealed = octets.len - FRAME_NONCE_SIZE;

		good = crypto_open(at + FRAME_NONCE_SIZE, key->bytes, at, AAD, strlen(AAD),
				   at + FRAME_NONCE_SIZE, sealed) &&
		       token_decode(token, at + FRAME_NONCE_SIZE, sealed - FRAME_TAG_SIZE);
		crypto_wipe(octets.data, octets.len);
	}
	buf_free(&letters);
	buf_free(&octets);
	return good;
}

static void return_mac(char mac[MAC_LETTERS + 1], const char *sender, const struct seal_key *key)
{
	unsigned char full[CRYPTO_HASH_SIZE];

	crypto_hmac(full, key->bytes, sizeof(key->bytes), "postseal v1 return", 18, sender,
		    strlen(sender));
	str_hex(mac, full, MAC_LETTERS / 2);
}

bool seal_return_write(char dst[SEAL_ADDRESS_SIZE], const char *sender, const char *mailbox_domain,
		       const struct seal_key *key)
{
	char taken[SEAL_ADDRESS_SIZE], marked[SEAL_ADDRESS_SIZE], mac[MAC_LETTERS + 1];

	dst[0] = '\0';
	if (!seal_address_take(taken, sender, strlen(sender)))
		return false;
	return_mac(mac, taken, key);
	/* A quoted local part keeps its quotes around the whole. */
	if (taken[0] == '"')
		return str_join(marked, sizeof(marked), "\"" RETURN, mac, "-", taken + 1, NULL) &&
		       seal_address_encode(dst, marked, strlen(marked), mailbox_domain);
	return str_join(marked, sizeof(marked), RETURN, mac, "-", taken, NULL) &&
	       seal_address_encode(dst, marked, strlen(marked), mailbox_domain);
}

bool seal_return_read(char sender[SEAL_ADDRESS_SIZE], const char *text, size_t len,
		      const char *mailbox_domain, const struct seal_key *key)
{
	char real[SEAL_ADDRESS_SIZE], plain[SEAL_ADDRESS_SIZE], mac[MAC_LETTERS + 1];
	bool quoted;
	const char *at;

	sender[0] = '\0';
	if (seal_address_decode(real, text, len, mailbox_domain) != LOOKUP_FOUND)
		return false;
	quoted = real[0] == '"';
	at = real + quoted;
	if (!str_starts_nocase(at, RETURN) || strlen(at) < strlen(RETURN) + MAC_LETTERS + 2)
		return false;
	at += strlen(RETURN);
	if (at[MAC_LETTERS] != '-' ||
	    !str_join(plain, sizeof(plain), quoted ? "\"" : "", at + MAC_LETTERS + 1, NULL) ||
	    !seal_address_take(sender, plain, strlen(plain)))
		return false;
	return_mac(mac, sender, key);
	if (crypto_same(mac, at, MAC_LETTERS))
		return true;
	sender[0] = '\0';
	return false;
}

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
