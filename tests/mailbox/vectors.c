/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes tests/mailbox/vectors.json: inputs and results of each step of
 * postseal-mailbox-api(5), for the tests of the pages. test_crypto compares the file with
 * what this program writes.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "core/mailbox/b64.h"
#include "core/mailbox/code.h"
#include "core/mailbox/frame.h"
#include "io/crypto/crypto.h"

static const struct handle mailbox = { "mailbox-0123456" }, object = { "letter-01234567" };

static void put(const char *name, const void *octets, size_t len, const char *after)
{
	struct buf text = { 0 };

	b64_put(&text, octets, len);
	printf("\"%s\": \"%s\"%s", name, buf_cstr(&text), after);
	buf_free(&text);
}

/* Octets 0, 1, 2 and so on, from `start`. */
static void fill(unsigned char *octets, size_t len, unsigned start)
{
	for (size_t i = 0; i < len; i++)
		octets[i] = (unsigned char)(start + i);
}

static void write_codes(void)
{
	static const unsigned starts[] = { 0, 1, 100, 200 };
	unsigned char secret[CODE_SECRET_SIZE];
	char code[CODE_SIZE];

	printf(" \"codes\": [\n");
	for (size_t i = 0; i < 4; i++) {
		fill(secret, sizeof(secret), starts[i]);
		if (i == 0)
			memset(secret, 255, sizeof(secret));
		printf("  {");
		put("secret", secret, sizeof(secret), ", ");
		printf("\"code\": \"%s\"}%s\n", code_format(code, secret), i < 3 ? "," : "");
	}
	printf(" ],\n");
}

static void write_link(void)
{
	unsigned char secret[CODE_SECRET_SIZE], out[32], private_key[32], public_key[65];

	fill(secret, sizeof(secret), 100);
	printf(" \"link\": {");
	put("secret", secret, sizeof(secret), ", ");
	crypto_hkdf(out, secret, sizeof(secret), "postseal v1 link id");
	put("id", out, sizeof(out), ",\n  ");
	crypto_hkdf(out, secret, sizeof(secret), "postseal v1 link key");
	hpke_derive_pair(private_key, public_key, out, sizeof(out));
	put("ikm", out, sizeof(out), ",\n  ");
	put("private", private_key, sizeof(private_key), ",\n  ");
	put("public", public_key, sizeof(public_key), "},\n");
}

static void write_keys(void)
{
	unsigned char s[32], out[32], ikm[32], private_key[32], public_key[65], aad[128];
	unsigned char wrapped[WRAPPED_KEY_SIZE];

	fill(s, sizeof(s), 7);
	fill(ikm, sizeof(ikm), 50);
	printf(" \"password\": {");
	put("s", s, sizeof(s), ", ");
	crypto_hkdf(out, s, sizeof(s), "postseal v1 auth");
	put("auth", out, sizeof(out), ",\n  ");
	crypto_hkdf(out, s, sizeof(s), "postseal v1 wrap");
	put("wrap", out, sizeof(out), "},\n");
	hpke_derive_pair(private_key, public_key, ikm, sizeof(ikm));
	memcpy(aad, mailbox.bytes, HANDLE_SIZE);
	memcpy(aad + HANDLE_SIZE, public_key, sizeof(public_key));
	memcpy(aad + HANDLE_SIZE + sizeof(public_key), "postseal v1 private key", 23);
	fill(wrapped, FRAME_NONCE_SIZE, 30);
	crypto_seal(wrapped + FRAME_NONCE_SIZE, out, wrapped, aad,
		    HANDLE_SIZE + sizeof(public_key) + 23, private_key, sizeof(private_key));
	printf(" \"wrapped\": {");
	put("mailbox", mailbox.bytes, HANDLE_SIZE, ", ");
	put("wrap", out, sizeof(out), ",\n  ");
	put("private", private_key, sizeof(private_key), ",\n  ");
	put("public", public_key, sizeof(public_key), ",\n  ");
	put("wrapped", wrapped, sizeof(wrapped), "},\n");
}

static void write_sealed_keys(void)
{
	static const char *const kinds[] = { "key to link", "key to mailbox", "key of draft" };
	unsigned char ikm[32], ikm_e[32], k[32], private_key[32], public_key[65];
	unsigned char aad[FRAME_AAD_MAX], sealed[SEALED_KEY_SIZE];

	fill(ikm, sizeof(ikm), 50);
	fill(k, sizeof(k), 150);
	hpke_derive_pair(private_key, public_key, ikm, sizeof(ikm));
	printf(" \"sealed_keys\": [\n");
	for (size_t i = 0; i < 3; i++) {
		size_t aad_len = frame_aad(aad, &mailbox, &object, kinds[i]);

		fill(ikm_e, sizeof(ikm_e), (unsigned)(80 + i));
		hpke_seal_from(sealed, ikm_e, sizeof(ikm_e), public_key, FRAME_KEY_INFO,
			       strlen(FRAME_KEY_INFO), aad, aad_len, k, sizeof(k));
		printf("  {\"kind\": \"%s\", ", kinds[i]);
		put("mailbox", mailbox.bytes, HANDLE_SIZE, ", ");
		put("object", object.bytes, HANDLE_SIZE, ",\n   ");
		put("aad", aad, aad_len, ",\n   ");
		put("private", private_key, sizeof(private_key), ",\n   ");
		put("public", public_key, sizeof(public_key), ",\n   ");
		put("ikm_e", ikm_e, sizeof(ikm_e), ",\n   ");
		put("k", k, sizeof(k), ",\n   ");
		put("sealed", sealed, sizeof(sealed), i < 2 ? "},\n" : "}\n");
	}
	printf(" ],\n");
}

/* Plain octets are 0, 1, 2 ... modulo 256. Of long ones the hash of what they become. */
static void write_parts(void)
{
	static const struct {
		const char *kind;
		size_t len;
	} parts[] = { { "summary", 0 },        { "summary", 5 },
		      { "body", FRAME_PLAIN }, { "body", FRAME_PLAIN + 1 },
		      { "upload", 200000 },    { "draft", 100 } };
	static unsigned char plain[200000], chunk[FRAME_CHUNK];
	unsigned char k[32], key[32], aad[FRAME_AAD_MAX], nonce[FRAME_NONCE_SIZE], hash[32];
	char info[64];

	fill(k, sizeof(k), 150);
	fill(plain, sizeof(plain), 0);
	printf(" \"parts\": [\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t aad_len = frame_aad(aad, &mailbox, &object, parts[i].kind), at = 0;
		struct buf sealed = { 0 };
		uint64_t number = 0;

		snprintf(info, sizeof(info), "postseal v1 part %s", parts[i].kind);
		crypto_hkdf(key, k, sizeof(k), info);
		do {
			size_t n =
				parts[i].len - at < FRAME_PLAIN ? parts[i].len - at : FRAME_PLAIN;

			frame_nonce(nonce, number++, at + n == parts[i].len);
			crypto_seal(chunk, key, nonce, aad, aad_len, plain + at, n);
			buf_append(&sealed, chunk, n + FRAME_TAG_SIZE);
			at += n;
		} while (at < parts[i].len);
		crypto_sha256(hash, sealed.data, sealed.len);
		printf("  {\"kind\": \"%s\", \"length\": %zu, ", parts[i].kind, parts[i].len);
		put("mailbox", mailbox.bytes, HANDLE_SIZE, ", ");
		put("object", object.bytes, HANDLE_SIZE, ",\n   ");
		put("k", k, sizeof(k), ",\n   ");
		put("key", key, sizeof(key), ",\n   ");
		if (sealed.len < 1000)
			put("sealed", sealed.data, sealed.len, ",\n   ");
		put("sha256", hash, sizeof(hash),
		    i + 1 < sizeof(parts) / sizeof(parts[0]) ? "},\n" : "}\n");
		buf_free(&sealed);
	}
	printf(" ],\n");
}

/* RFC 9180 A.3 for the KEM; sealed by @hpke/core 1.9.0, since the RFC prints none for this suite. */
static void write_hpke(void)
{
	printf(" \"hpke\": {\n"
	       "  \"ikmR\": \"668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550\",\n"
	       "  \"skRm\": \"f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2\",\n"
	       "  \"pkRm\": "
	       "\"04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a"
	       "0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0\",\n"
	       "  \"ikmE\": \"4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e\",\n"
	       "  \"enc\": "
	       "\"04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b"
	       "78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4\",\n"
	       "  \"info\": \"4f6465206f6e2061204772656369616e2055726e\",\n"
	       "  \"aad\": \"436f756e742d30\",\n"
	       "  \"pt\": \"4265617574792069732074727574682c20747275746820626561757479\",\n"
	       "  \"ct\": "
	       "\"518c46e6810fbc55362f7d5995b0f54339d93664ca44e5c74d0f289c4f7983b4781b193de04ad3319"
	       "f177244de\"\n }\n");
}

int main(void)
{
	printf("{\n");
	write_codes();
	write_link();
	write_keys();
	write_sealed_keys();
	write_parts();
	write_hpke();
	printf("}\n");
	return 0;
}
