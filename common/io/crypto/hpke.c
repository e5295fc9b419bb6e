/* SPDX-License-Identifier: BSD-2-Clause */

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "io/crypto/crypto.h"

/* RFC 9180 7: KEM, KDF and AEAD. */
#define SUITE_ID "HPKE\x00\x10\x00\x01\x00\x02"
#define KEM_SUITE_ID "KEM\x00\x10"
#define MODE_BASE 0
#define SECRET_SIZE 32

struct suite {
	const char *id;
	size_t len;
};

static const struct suite kem = { KEM_SUITE_ID, sizeof(KEM_SUITE_ID) - 1 };
static const struct suite whole = { SUITE_ID, sizeof(SUITE_ID) - 1 };

static void must(bool done, const char *what)
{
	if (!done)
		log_fatal("hpke: OpenSSL cannot %s", what);
}

/* RFC 9180 4: LabeledExtract and LabeledExpand. */
static void extract(unsigned char out[CRYPTO_HASH_SIZE], const struct suite *suite,
		    const void *salt, size_t salt_len, const char *label, const void *ikm,
		    size_t len)
{
	struct buf text = { 0 };

	buf_append_str(&text, "HPKE-v1");
	buf_append(&text, suite->id, suite->len);
	buf_append_str(&text, label);
	buf_append(&text, ikm, len);
	crypto_extract(out, salt, salt_len, text.data, text.len);
	crypto_wipe(text.data, text.len);
	buf_free(&text);
}

static void expand(unsigned char *out, size_t out_len, const struct suite *suite,
		   const unsigned char prk[CRYPTO_HASH_SIZE], const char *label, const void *info,
		   size_t len)
{
	const char length[2] = { (char)(out_len >> 8), (char)out_len };
	struct buf text = { 0 };

	buf_append(&text, length, sizeof(length));
	buf_append_str(&text, "HPKE-v1");
	buf_append(&text, suite->id, suite->len);
	buf_append_str(&text, label);
	buf_append(&text, info, len);
	crypto_expand(out, out_len, prk, text.data, text.len);
	buf_free(&text);
}

static bool is_in_range(const unsigned char number[HPKE_PRIVATE_SIZE], const EC_GROUP *group)
{
	BIGNUM *n = BN_bin2bn(number, HPKE_PRIVATE_SIZE, NULL);
	bool good;

	must(n != NULL, "keep a number");
	good = !BN_is_zero(n) && BN_cmp(n, EC_GROUP_get0_order(group)) < 0;
	BN_clear_free(n);
	return good;
}

static void public_of(unsigned char public_key[HPKE_PUBLIC_SIZE],
		      const unsigned char private_key[HPKE_PRIVATE_SIZE], const EC_GROUP *group)
{
	BIGNUM *n = BN_bin2bn(private_key, HPKE_PRIVATE_SIZE, NULL);
	EC_POINT *point = EC_POINT_new(group);

	if (n != NULL)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	must(n != NULL && point != NULL && EC_POINT_mul(group, point, n, NULL, NULL, NULL) == 1 &&
		     EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public_key,
					HPKE_PUBLIC_SIZE, NULL) == HPKE_PUBLIC_SIZE,
	     "make a public key");
	EC_POINT_free(point);
	BN_clear_free(n);
}

void hpke_derive_pair(unsigned char private_key[HPKE_PRIVATE_SIZE],
		      unsigned char public_key[HPKE_PUBLIC_SIZE], const void *ikm, size_t len)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	unsigned char prk[CRYPTO_HASH_SIZE], counter = 0;

	must(group != NULL, "know P-256");
	extract(prk, &kem, NULL, 0, "dkp_prk", ikm, len);
	do {
		/* RFC 9180 7.1.3; that it happens twice has a chance of 1 in 2^32. */
		must(counter < UINT8_MAX, "derive a key");
		expand(private_key, HPKE_PRIVATE_SIZE, &kem, prk, "candidate", &counter, 1);
		counter++;
	} while (!is_in_range(private_key, group));
	public_of(public_key, private_key, group);
	crypto_wipe(prk, sizeof(prk));
	EC_GROUP_free(group);
}

/* NULL if it is not on the curve. */
static EVP_PKEY *import(const unsigned char *private_key,
			const unsigned char public_key[HPKE_PUBLIC_SIZE])
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	BIGNUM *n = private_key != NULL ? BN_bin2bn(private_key, HPKE_PRIVATE_SIZE, NULL) : NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	must(build != NULL && ctx != NULL && (private_key == NULL || n != NULL) &&
		     OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
						     "prime256v1", 0) == 1 &&
		     OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public_key,
						      HPKE_PUBLIC_SIZE) == 1 &&
		     (n == NULL ||
		      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, n) == 1) &&
		     (params = OSSL_PARAM_BLD_to_param(build)) != NULL &&
		     EVP_PKEY_fromdata_init(ctx) == 1,
	     "import a key");
	if (EVP_PKEY_fromdata(ctx, &key, n != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_clear_free(n);
	ERR_clear_error();
	return key;
}

bool hpke_is_public(const unsigned char public_key[HPKE_PUBLIC_SIZE])
{
	EVP_PKEY *key = public_key[0] == 4 ? import(NULL, public_key) : NULL;
	EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	bool good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

static bool diffie_hellman(unsigned char out[SECRET_SIZE],
			   const unsigned char private_key[HPKE_PRIVATE_SIZE],
			   const unsigned char own_public[HPKE_PUBLIC_SIZE],
			   const unsigned char peer_public[HPKE_PUBLIC_SIZE])
{
	EVP_PKEY *own = import(private_key, own_public), *peer = import(NULL, peer_public);
	EVP_PKEY_CTX *ctx = own != NULL && peer != NULL ? EVP_PKEY_CTX_new(own, NULL) : NULL;
	size_t len = SECRET_SIZE;
	bool good = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
		    EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
		    EVP_PKEY_derive(ctx, out, &len) == 1 && len == SECRET_SIZE;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	ERR_clear_error();
	return good;
}

/* RFC 9180 4.1: ExtractAndExpand, with enc || public key as context. */
static void shared_secret(unsigned char out[SECRET_SIZE], const unsigned char dh[SECRET_SIZE],
			  const unsigned char enc[HPKE_PUBLIC_SIZE],
			  const unsigned char public_key[HPKE_PUBLIC_SIZE])
{
	unsigned char context[2 * HPKE_PUBLIC_SIZE], prk[CRYPTO_HASH_SIZE];

	memcpy(context, enc, HPKE_PUBLIC_SIZE);
	memcpy(context + HPKE_PUBLIC_SIZE, public_key, HPKE_PUBLIC_SIZE);
	extract(prk, &kem, NULL, 0, "eae_prk", dh, SECRET_SIZE);
	expand(out, SECRET_SIZE, &kem, prk, "shared_secret", context, sizeof(context));
	crypto_wipe(prk, sizeof(prk));
}

/* RFC 9180 5.1: KeySchedule of mode base, whose psk and psk_id are empty. */
static void schedule(unsigned char key[FRAME_KEY_SIZE], unsigned char nonce[FRAME_NONCE_SIZE],
		     const unsigned char shared[SECRET_SIZE], const void *info, size_t info_len)
{
	unsigned char context[1 + 2 * CRYPTO_HASH_SIZE] = { MODE_BASE }, secret[CRYPTO_HASH_SIZE];

	extract(context + 1, &whole, NULL, 0, "psk_id_hash", "", 0);
	extract(context + 1 + CRYPTO_HASH_SIZE, &whole, NULL, 0, "info_hash", info, info_len);
	extract(secret, &whole, shared, SECRET_SIZE, "secret", "", 0);
	expand(key, FRAME_KEY_SIZE, &whole, secret, "key", context, sizeof(context));
	expand(nonce, FRAME_NONCE_SIZE, &whole, secret, "base_nonce", context, sizeof(context));
	crypto_wipe(secret, sizeof(secret));
}

bool hpke_seal_from(unsigned char *out, const void *ikm, size_t ikm_len,
		    const unsigned char public_key[HPKE_PUBLIC_SIZE], const void *info,
		    size_t info_len, const void *aad, size_t aad_len, const void *plain, size_t len)
{
	unsigned char private_key[HPKE_PRIVATE_SIZE], dh[SECRET_SIZE], shared[SECRET_SIZE];
	unsigned char key[FRAME_KEY_SIZE], nonce[FRAME_NONCE_SIZE];
	bool good;

	hpke_derive_pair(private_key, out, ikm, ikm_len);
	good = public_key[0] == 4 && diffie_hellman(dh, private_key, out, public_key);
	if (good) {
		shared_secret(shared, dh, out, public_key);
		schedule(key, nonce, shared, info, info_len);
		crypto_seal(out + HPKE_PUBLIC_SIZE, key, nonce, aad, aad_len, plain, len);
	}
	crypto_wipe(private_key, sizeof(private_key));
	crypto_wipe(dh, sizeof(dh));
	crypto_wipe(shared, sizeof(shared));
	crypto_wipe(key, sizeof(key));
	return good;
}

bool hpke_seal(unsigned char *out, const unsigned char public_key[HPKE_PUBLIC_SIZE],
	       const char *info, const void *aad, size_t aad_len, const void *plain, size_t len)
{
	unsigned char ikm[HPKE_PRIVATE_SIZE];
	bool good;

	crypto_random(ikm, sizeof(ikm));
	good = hpke_seal_from(out, ikm, sizeof(ikm), public_key, info, strlen(info), aad, aad_len,
			      plain, len);
	crypto_wipe(ikm, sizeof(ikm));
	return good;
}

bool hpke_open(unsigned char *out, const unsigned char private_key[HPKE_PRIVATE_SIZE],
	       const unsigned char public_key[HPKE_PUBLIC_SIZE], const void *info, size_t info_len,
	       const void *aad, size_t aad_len, const void *sealed, size_t len)
{
	const unsigned char *enc = sealed;
	unsigned char dh[SECRET_SIZE], shared[SECRET_SIZE];
	unsigned char key[FRAME_KEY_SIZE], nonce[FRAME_NONCE_SIZE];
	bool good = len >= HPKE_PUBLIC_SIZE + FRAME_TAG_SIZE && enc[0] == 4 &&
		    diffie_hellman(dh, private_key, public_key, enc);

	if (!good)
		return false;
	shared_secret(shared, dh, enc, public_key);
	schedule(key, nonce, shared, info, info_len);
	good = crypto_open(out, key, nonce, aad, aad_len, enc + HPKE_PUBLIC_SIZE,
			   len - HPKE_PUBLIC_SIZE);
	crypto_wipe(dh, sizeof(dh));
	crypto_wipe(shared, sizeof(shared));
	crypto_wipe(key, sizeof(key));
	return good;
}
