/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/fresh.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "io/crypto/crypto.h"

/* Beyond this many the oldest are forgotten. */
#define KEPT_MAX 100000

struct kept {
	struct handle letter, mailbox;
	unsigned char k[FRAME_KEY_SIZE];
	UT_hash_handle hh;
};

struct fresh {
	pthread_mutex_t lock;
	struct kept *kept;
};

struct fresh *fresh_new(void)
{
	struct fresh *fresh = mem_zero(1, sizeof(*fresh));

	pthread_mutex_init(&fresh->lock, NULL);
	return fresh;
}

static void drop(struct fresh *fresh, struct kept *kept)
{
	HASH_DEL(fresh->kept, kept);
	crypto_wipe(kept, sizeof(*kept));
	free(kept);
}

void fresh_free(struct fresh *fresh)
{
	if (fresh == NULL)
		return;
	while (fresh->kept != NULL)
		drop(fresh, fresh->kept);
	pthread_mutex_destroy(&fresh->lock);
	free(fresh);
}

void fresh_keep(struct fresh *fresh, const struct handle *mailbox, const struct handle *letter,
		const unsigned char k[FRAME_KEY_SIZE])
{
	struct kept *kept = mem_zero(1, sizeof(*kept));

	kept->letter = *letter;
	kept->mailbox = *mailbox;
	memcpy(kept->k, k, FRAME_KEY_SIZE);
	pthread_mutex_lock(&fresh->lock);
	if (HASH_COUNT(fresh->kept) >= KEPT_MAX)
		drop(fresh, fresh->kept);
	HASH_ADD(hh, fresh->kept, letter, sizeof(kept->letter), kept);
	pthread_mutex_unlock(&fresh->lock);
}

bool fresh_find(struct fresh *fresh, const struct handle *letter, unsigned char k[FRAME_KEY_SIZE])
{
	struct kept *kept;

	pthread_mutex_lock(&fresh->lock);
	HASH_FIND(hh, fresh->kept, letter, sizeof(*letter), kept);
	if (kept != NULL)
		memcpy(k, kept->k, FRAME_KEY_SIZE);
	pthread_mutex_unlock(&fresh->lock);
	return kept != NULL;
}

void fresh_forget(struct fresh *fresh, const struct handle *mailbox)
{
	struct kept *kept, *next;

	pthread_mutex_lock(&fresh->lock);
	HASH_ITER(hh, fresh->kept, kept, next)
	{
		if (memcmp(&kept->mailbox, mailbox, sizeof(*mailbox)) == 0)
			drop(fresh, kept);
	}
	pthread_mutex_unlock(&fresh->lock);
}
