/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/frame.h"

#include <string.h>

size_t frame_aad(unsigned char out[FRAME_AAD_MAX], const struct handle *mailbox,
		 const struct handle *object, const char *kind)
{
	size_t len = strnlen(kind, FRAME_KIND_MAX);

	memcpy(out, mailbox->bytes, HANDLE_SIZE);
	memcpy(out + HANDLE_SIZE, object->bytes, HANDLE_SIZE);
	memcpy(out + sizeof(struct handle) * 2, kind, len);
	return sizeof(struct handle) * 2 + len;
}

void frame_nonce(unsigned char out[FRAME_NONCE_SIZE], uint64_t number, bool last)
{
	memset(out, 0, FRAME_NONCE_SIZE);
	for (size_t i = 0; i < sizeof(number); i++)
		out[FRAME_NONCE_SIZE - 2 - i] = (unsigned char)(number >> (8 * i));
	out[FRAME_NONCE_SIZE - 1] = last;
}

uint64_t frame_sealed_size(uint64_t plain)
{
	uint64_t chunks = plain == 0 ? 1 : (plain + FRAME_PLAIN - 1) / FRAME_PLAIN;

	return plain + chunks * FRAME_TAG_SIZE;
}

bool frame_plain_size(uint64_t *plain, uint64_t sealed)
{
	uint64_t chunks = (sealed + FRAME_CHUNK - 1) / FRAME_CHUNK;

	if (sealed < chunks * FRAME_TAG_SIZE || sealed == 0)
		return false;
	*plain = sealed - chunks * FRAME_TAG_SIZE;
	return frame_sealed_size(*plain) == sealed;
}
