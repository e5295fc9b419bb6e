/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/crypto/crypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

static void must(bool done, const char *what)
{
	if (!done)
		log_fatal("crypto: OpenSSL cannot %s", what);
}

void crypto_random(void *bytes, size_t len)
{
	must(len <= INT_MAX && RAND_bytes(bytes, (int)len) == 1, "make random bytes");
}

void crypto_wipe(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

bool crypto_same(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void crypto_sha256(unsigned char out[CRYPTO_HASH_SIZE], const void *bytes, size_t len)
{
	must(EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1, "hash");
}

void crypto_sha1(unsigned char out[CRYPTO_SHA1_SIZE], const void *bytes, size_t len)
{
	must(EVP_Digest(bytes, len, out, NULL, EVP_sha1(), NULL) == 1, "hash");
}

struct crypto_hash {
	EVP_MD_CTX *ctx;
};

struct crypto_hash *crypto_hash_new(void)
{
	struct crypto_hash *hash = mem_zero(1, sizeof(*hash));

	hash->ctx = EVP_MD_CTX_new();
	must(hash->ctx != NULL && EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL) == 1, "hash");
	return hash;
}

void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t len)
{
	must(EVP_DigestUpdate(hash->ctx, bytes, len) == 1, "hash");
}

void crypto_hash_end(struct crypto_hash *hash, unsigned char out[CRYPTO_HASH_SIZE])
{
	must(EVP_DigestFinal_ex(hash->ctx, out, NULL) == 1, "hash");
}

void crypto_hash_free(struct crypto_hash *hash)
{
	EVP_MD_CTX_free(hash->ctx);
	free(hash);
}

void crypto_hmac(unsigned char out[CRYPTO_HASH_SIZE], const void *key, size_t key_len,
		 const void *a, size_t a_len, const void *b, size_t b_len)
{
	static const unsigned char none[1];
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key_len > 0 ? key : none,
						      key_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t out_len = CRYPTO_HASH_SIZE;

	must(pkey != NULL && ctx != NULL &&
		     EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		     EVP_DigestSignUpdate(ctx, a, a_len) == 1 &&
		     EVP_DigestSignUpdate(ctx, b, b_len) == 1 &&
		     EVP_DigestSignFinal(ctx, out, &out_len) == 1,
	     "authenticate");
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

/* RFC 5869 2.2: an empty salt stands for as many zeros as a hash has. */
void crypto_extract(unsigned char out[CRYPTO_HASH_SIZE], const void *salt, size_t salt_len,
		    const void *key, size_t key_len)
{
	static const unsigned char zeros[CRYPTO_HASH_SIZE];

	crypto_hmac(out, salt_len > 0 ? salt : zeros, salt_len > 0 ? salt_len : sizeof(zeros), key,
		    key_len, "", 0);
}

void crypto_expand(unsigned char *out, size_t out_len, const unsigned char prk[CRYPTO_HASH_SIZE],
		   const void *info, size_t info_len)
{
	unsigned char block[CRYPTO_HASH_SIZE], text[CRYPTO_HASH_SIZE + 512];
	size_t before = 0;

	must(info_len + 1 <= sizeof(text) - CRYPTO_HASH_SIZE, "expand a key that far");
	for (unsigned char i = 1; out_len > 0; i++) {
		size_t take = out_len < sizeof(block) ? out_len : sizeof(block);

		memcpy(text + before, info, info_len);
		text[before + info_len] = i;
		crypto_hmac(block, prk, CRYPTO_HASH_SIZE, text, before + info_len + 1, "", 0);
		memcpy(out, block, take);
		memcpy(text, block, sizeof(block));
		before = sizeof(block);
		out += take;
		out_len -= take;
	}
	crypto_wipe(block, sizeof(block));
	crypto_wipe(text, sizeof(text));
}

void crypto_hkdf(unsigned char out[CRYPTO_HASH_SIZE], const void *key, size_t key_len,
		 const char *info)
{
	unsigned char prk[CRYPTO_HASH_SIZE];

	crypto_extract(prk, NULL, 0, key, key_len);
	crypto_expand(out, CRYPTO_HASH_SIZE, prk, info, strlen(info));
	crypto_wipe(prk, sizeof(prk));
}

void crypto_seal(unsigned char *out, const unsigned char key[FRAME_KEY_SIZE],
		 const unsigned char nonce[FRAME_NONCE_SIZE], const void *aad, size_t aad_len,
		 const void *plain, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, rest = 0;

	must(ctx != NULL && len <= INT_MAX && aad_len <= INT_MAX &&
		     EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
		     EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1 &&
		     EVP_EncryptUpdate(ctx, out, &n, plain, (int)len) == 1 &&
		     EVP_EncryptFinal_ex(ctx, out + n, &rest) == 1 &&
		     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, FRAME_TAG_SIZE, out + len) == 1,
	     "encrypt");
	EVP_CIPHER_CTX_free(ctx);
}

bool crypto_open(unsigned char *out, const unsigned char key[FRAME_KEY_SIZE],
		 const unsigned char nonce[FRAME_NONCE_SIZE], const void *aad, size_t aad_len,
		 const void *sealed, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char tag[FRAME_TAG_SIZE];
	int n = 0, rest = 0;
	bool good;

	must(ctx != NULL, "decrypt");
	good = len >= sizeof(tag) && len <= INT_MAX && aad_len <= INT_MAX;
	if (good) {
		len -= sizeof(tag);
		memcpy(tag, (const unsigned char *)sealed + len, sizeof(tag));
		good = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
		       EVP_DecryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1 &&
		       EVP_DecryptUpdate(ctx, out, &n, sealed, (int)len) == 1 &&
		       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) == 1 &&
		       EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1;
		if (!good)
			crypto_wipe(out, len);
	}
	EVP_CIPHER_CTX_free(ctx);
	return good;
}
