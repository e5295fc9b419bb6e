/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hpke - sealing to a public key: HPKE (RFC 9180) in base mode, single shot, with
 * DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
 *
 * A public key is an uncompressed point, a private key its number, highest byte
 * first. Public keys come from browsers and from disk: one that is no point of the
 * curve seals and opens nothing.
 */
#ifndef POSTSEAL_IO_HPKE_H
#define POSTSEAL_IO_HPKE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mailbox/frame.h"

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
