/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"

#define PATH_SIZE 4200
#define SERVER_KEY "/server.key"

void handle_make(struct handle *handle)
{
	crypto_random(handle->bytes, sizeof(handle->bytes));
}

void handle_make_dated(struct handle *handle, int64_t now)
{
	static _Atomic unsigned made; /* orders those of one second */
	unsigned number = atomic_fetch_add(&made, 1);

	handle_make(handle);
	for (size_t i = 0; i < 5; i++)
		handle->bytes[i] = (unsigned char)(now >> (8 * (4 - i)));
	handle->bytes[5] = (unsigned char)(number >> 8);
	handle->bytes[6] = (unsigned char)number;
}

char *handle_hex(char dst[HANDLE_HEX_SIZE], const struct handle *handle)
{
	return str_hex(dst, handle->bytes, HANDLE_SIZE);
}

bool handle_same(const struct handle *a, const struct handle *b)
{
	return memcmp(a->bytes, b->bytes, HANDLE_SIZE) == 0;
}

bool vault_sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

bool vault_open_server(struct seal_key *key, const char *dir, char error[SEAL_KEY_ERROR_SIZE])
{
	char path[PATH_SIZE];
	enum lookup found;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		snprintf(error, SEAL_KEY_ERROR_SIZE, "mailbox_keys=%.120s cannot be made: %s", dir,
			 strerror(errno));
		return false;
	}
	if (!str_join(path, sizeof(path), dir, SERVER_KEY, NULL))
		return false;
	found = seal_key_read(key, path, error);
	if (found == LOOKUP_ABSENT && seal_key_make(path, error) && vault_sync_directory(dir))
		found = seal_key_read(key, path, error);
	return found == LOOKUP_FOUND;
}

static bool path_of(char path[PATH_SIZE], const char *dir, const struct handle *handle,
		    const char *suffix)
{
	char hex[HANDLE_HEX_SIZE];

	return str_join(path, PATH_SIZE, dir, "/", handle_hex(hex, handle), suffix, NULL);
}

bool vault_make(const char *dir, const struct handle *handle, const char *suffix)
{
	char path[PATH_SIZE], error[SEAL_KEY_ERROR_SIZE] = "too long a path";

	if (path_of(path, dir, handle, suffix) && seal_key_make(path, error) &&
	    vault_sync_directory(dir))
		return true;
	log_error("mailbox_keys: %s", error);
	return false;
}

bool vault_read(struct seal_key *key, const char *dir, const struct handle *mailbox)
{
	char path[PATH_SIZE], error[SEAL_KEY_ERROR_SIZE] = "too long a path";

	if (path_of(path, dir, mailbox, VAULT_MAILBOX) &&
	    seal_key_read(key, path, error) == LOOKUP_FOUND)
		return true;
	log_error("mailbox_keys: %s", error);
	return false;
}

enum lookup vault_find(struct seal_key *key, const char *dir, const struct handle *handle,
		       const char *suffix)
{
	char path[PATH_SIZE], error[SEAL_KEY_ERROR_SIZE];
	enum lookup found;

	if (!path_of(path, dir, handle, suffix))
		return LOOKUP_ERROR;
	found = seal_key_read(key, path, error);
	/* The server's own key is there as long as the directory is. */
	if (found == LOOKUP_ABSENT &&
	    (!str_join(path, sizeof(path), dir, SERVER_KEY, NULL) || access(path, F_OK) != 0))
		return LOOKUP_ERROR;
	return found;
}

bool vault_shred(const char *dir, const struct handle *handle, const char *suffix)
{
	static const char zeros[2 * FRAME_KEY_SIZE + 1];
	char path[PATH_SIZE];
	int fd;

	if (!path_of(path, dir, handle, suffix))
		return false;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, zeros, sizeof(zeros)) < 0 || fsync(fd) != 0)
			log_warning("mailbox_keys: %s cannot be overwritten: %s", path,
				    strerror(errno));
		close(fd);
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		log_error("mailbox_keys: %s cannot be removed: %s", path, strerror(errno));
		return false;
	}
	return vault_sync_directory(dir);
}

/* The handle in "HEX.suffix"; false for any other name. */
static bool read_name(struct handle *handle, const char *name, const char *suffix)
{
	return strlen(name) == HANDLE_HEX_SIZE - 1 + strlen(suffix) &&
	       strcmp(name + HANDLE_HEX_SIZE - 1, suffix) == 0 &&
	       str_hex_read(handle->bytes, HANDLE_SIZE, name);
}

bool vault_each(const char *dir, const char *suffix,
		void (*visit)(void *context, const struct handle *handle), void *context)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	struct handle handle;
	char path[PATH_SIZE];

	if (folder == NULL) {
		log_error("mailbox_keys=%s cannot be read: %s", dir, strerror(errno));
		return false;
	}
	while ((entry = readdir(folder)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');

		if (read_name(&handle, entry->d_name, suffix))
			visit(context, &handle);
		else if (end != NULL && strcmp(end, ".new") == 0 &&
			 str_join(path, sizeof(path), dir, "/", entry->d_name, NULL) &&
			 unlink(path) != 0)
			log_warning("mailbox_keys: %s cannot be removed: %s", path,
				    strerror(errno));
	}
	closedir(folder);
	return true;
}

static void key_for(unsigned char out[FRAME_KEY_SIZE], const struct seal_key *key,
		    const char *purpose)
{
	char info[64];

	snprintf(info, sizeof(info), "postseal v1 vault %s", purpose);
	crypto_hkdf(out, key->bytes, sizeof(key->bytes), info);
}

void vault_seal(unsigned char *out, const struct seal_key *key, const char *purpose,
		const struct handle *object, const void *octets, size_t len)
{
	unsigned char own[FRAME_KEY_SIZE];

	key_for(own, key, purpose);
	crypto_random(out, FRAME_NONCE_SIZE);
	crypto_seal(out + FRAME_NONCE_SIZE, own, out, object->bytes, HANDLE_SIZE, octets, len);
	crypto_wipe(own, sizeof(own));
}

bool vault_unseal(unsigned char *out, const struct seal_key *key, const char *purpose,
		  const struct handle *object, const void *sealed, size_t len)
{
	unsigned char own[FRAME_KEY_SIZE];
	bool good;

	if (len < VAULT_EXTRA)
		return false;
	key_for(own, key, purpose);
	good = crypto_open(out, own, sealed, object->bytes, HANDLE_SIZE,
			   (const unsigned char *)sealed + FRAME_NONCE_SIZE,
			   len - FRAME_NONCE_SIZE);
	crypto_wipe(own, sizeof(own));
	return good;
}

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
	struct kept *kept;

	pthread_mutex_lock(&fresh->lock);
	HASH_FIND(hh, fresh->kept, letter, sizeof(*letter), kept);
	if (kept == NULL) {
		if (HASH_COUNT(fresh->kept) >= KEPT_MAX)
			drop(fresh, fresh->kept);
		kept = mem_zero(1, sizeof(*kept));
		kept->letter = *letter;
		kept->mailbox = *mailbox;
		memcpy(kept->k, k, FRAME_KEY_SIZE);
		HASH_ADD(hh, fresh->kept, letter, sizeof(kept->letter), kept);
	}
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
