/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto - what seals mail (OpenSSL inside, hidden). The symmetric half: random bytes, SHA-256,
 * HMAC, HKDF and AES-256-GCM (crypto.c). The other half: HPKE (hpke.c).
 *
 * What can only fail for want of memory or of a working OpenSSL ends the program:
 * nothing may ever be sealed by halves. Opening fails when a single bit is wrong,
 * and writes nothing then.
 */
#ifndef POSTSEAL_IO_CRYPTO_H
#define POSTSEAL_IO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mailbox/frame.h"

#define CRYPTO_HASH_SIZE 32

void crypto_random(void *bytes, size_t len);
void crypto_wipe(void *bytes, size_t len);
/* In a time that does not depend on where they differ. */
bool crypto_same(const void *a, const void *b, size_t len);

void crypto_sha256(unsigned char out[CRYPTO_HASH_SIZE], const void *bytes, size_t len);
/* SHA-1, for names that are made of it (wkd.h), never for what is to be safe. */
#define CRYPTO_SHA1_SIZE 20
void crypto_sha1(unsigned char out[CRYPTO_SHA1_SIZE], const void *bytes, size_t len);
/* SHA-256, piece by piece. */
struct crypto_hash;
struct crypto_hash *crypto_hash_new(void);
void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t len);
void crypto_hash_end(struct crypto_hash *hash, unsigned char out[CRYPTO_HASH_SIZE]);
void crypto_hash_free(struct crypto_hash *hash);
/* Of what is put together from `a` and `b`. */
void crypto_hmac(unsigned char out[CRYPTO_HASH_SIZE], const void *key, size_t key_len,
		 const void *a, size_t a_len, const void *b, size_t b_len);
/* HKDF-SHA-256 (RFC 5869) with an empty salt, and its two halves. */
void crypto_hkdf(unsigned char out[CRYPTO_HASH_SIZE], const void *key, size_t key_len,
		 const char *info);
void crypto_extract(unsigned char out[CRYPTO_HASH_SIZE], const void *salt, size_t salt_len,
		    const void *key, size_t key_len);
void crypto_expand(unsigned char *out, size_t out_len, const unsigned char prk[CRYPTO_HASH_SIZE],
		   const void *info, size_t info_len);

/* AES-256-GCM; the tag of FRAME_TAG_SIZE bytes stands after the rest. `out` may be `plain`. */
void crypto_seal(unsigned char *out, const unsigned char key[FRAME_KEY_SIZE],
		 const unsigned char nonce[FRAME_NONCE_SIZE], const void *aad, size_t aad_len,
		 const void *plain, size_t len);
/* `len` is that of what is sealed, with its tag. */
bool crypto_open(unsigned char *out, const unsigned char key[FRAME_KEY_SIZE],
		 const unsigned char nonce[FRAME_NONCE_SIZE], const void *aad, size_t aad_len,
		 const void *sealed, size_t len);

/*
 * Sealing to a public key: HPKE (RFC 9180) in base mode, single shot, with
 * DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
 *
 * A public key is an uncompressed point, a private key its number, highest byte
 * first. Public keys come from browsers and from disk: one that is no point of the
 * curve seals and opens nothing.
 */
/* RFC 9180 7.1.3, of at least 32 bytes that nobody can guess. */
void hpke_derive_pair(unsigned char private_key[HPKE_PRIVATE_SIZE],
		      unsigned char public_key[HPKE_PUBLIC_SIZE], const void *ikm, size_t len);

/* Is it a point of the curve? */
bool hpke_is_public(const unsigned char public_key[HPKE_PUBLIC_SIZE]);

/*
 * `out` has room for HPKE_PUBLIC_SIZE + len + FRAME_TAG_SIZE bytes: enc, and what is
 * encrypted. False where public_key is none.
 */
bool hpke_seal(unsigned char *out, const unsigned char public_key[HPKE_PUBLIC_SIZE],
	       const char *info, const void *aad, size_t aad_len, const void *plain, size_t len);
/* The same with the pair that is made of `ikm` in place of a random one: for vectors alone. */
bool hpke_seal_from(unsigned char *out, const void *ikm, size_t ikm_len,
		    const unsigned char public_key[HPKE_PUBLIC_SIZE], const void *info,
		    size_t info_len, const void *aad, size_t aad_len, const void *plain,
		    size_t len);

/* `out` has room for what was sealed; false, and nothing of worth in `out`, if it does not open. */
bool hpke_open(unsigned char *out, const unsigned char private_key[HPKE_PRIVATE_SIZE],
	       const unsigned char public_key[HPKE_PUBLIC_SIZE], const void *info, size_t info_len,
	       const void *aad, size_t aad_len, const void *sealed, size_t len);

#endif
