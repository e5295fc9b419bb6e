/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/crypto/seal_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "core/mailbox/b64.h"
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
