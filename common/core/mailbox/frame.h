/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame - how sealed parts are cut into chunks, and what each chunk is bound to
 * (postseal-mailbox-api(5), "Sealed parts"). This is about sizes and octets only;
 * io/crypto/crypto.h encrypts.
 */
#ifndef POSTSEAL_CORE_MAILBOX_FRAME_H
#define POSTSEAL_CORE_MAILBOX_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_KEY_SIZE 32
#define FRAME_NONCE_SIZE 12
#define FRAME_TAG_SIZE 16
#define FRAME_PLAIN 65536 /* of a chunk that is not the last */
#define FRAME_CHUNK (FRAME_PLAIN + FRAME_TAG_SIZE)
#define HPKE_PUBLIC_SIZE 65
#define HPKE_PRIVATE_SIZE 32
/* K, sealed. */
#define SEALED_KEY_SIZE (HPKE_PUBLIC_SIZE + FRAME_KEY_SIZE + FRAME_TAG_SIZE)
/* nonce, private key, tag */
#define WRAPPED_KEY_SIZE (FRAME_NONCE_SIZE + HPKE_PRIVATE_SIZE + FRAME_TAG_SIZE)

#define FRAME_KEY_INFO "postseal v1 key" /* HPKE's, of sealed keys */

/* A handle: a mailbox, a letter, a link. */
#define HANDLE_SIZE 16
struct handle {
	unsigned char bytes[HANDLE_SIZE];
};

#define FRAME_KIND_MAX 16
#define FRAME_AAD_MAX (2 * HANDLE_SIZE + FRAME_KIND_MAX)

/* mailbox || object || kind; returns how long that is. `kind` is at most FRAME_KIND_MAX. */
size_t frame_aad(unsigned char out[FRAME_AAD_MAX], const struct handle *mailbox,
		 const struct handle *object, const char *kind);
void frame_nonce(unsigned char out[FRAME_NONCE_SIZE], uint64_t number, bool last);

/* The size of `plain` octets once they are sealed. */
uint64_t frame_sealed_size(uint64_t plain);
/* The reverse; false where no part has this size. */
bool frame_plain_size(uint64_t *plain, uint64_t sealed);

#endif
