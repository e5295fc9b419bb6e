/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "io/crypto/crypto.h"

#define PATH_SIZE 4200

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
	for (size_t i = 0; i < HANDLE_SIZE; i++)
		snprintf(dst + 2 * i, 3, "%02x", handle->bytes[i]);
	return dst;
}

bool handle_same(const struct handle *a, const struct handle *b)
{
	return memcmp(a->bytes, b->bytes, HANDLE_SIZE) == 0;
}

static bool sync_directory(const char *dir)
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
	if (!str_join(path, sizeof(path), dir, "/server.key", NULL))
		return false;
	found = seal_key_read(key, path, error);
	if (found == LOOKUP_ABSENT && seal_key_make(path, error) && sync_directory(dir))
		found = seal_key_read(key, path, error);
	return found == LOOKUP_FOUND;
}

static bool path_of(char path[PATH_SIZE], const char *dir, const struct handle *mailbox)
{
	char hex[HANDLE_HEX_SIZE];

	return str_join(path, PATH_SIZE, dir, "/", handle_hex(hex, mailbox), ".key", NULL);
}

bool vault_make(const char *dir, const struct handle *mailbox)
{
	char path[PATH_SIZE], error[SEAL_KEY_ERROR_SIZE] = "too long a path";

	if (path_of(path, dir, mailbox) && seal_key_make(path, error) && sync_directory(dir))
		return true;
	log_error("mailbox_keys: %s", error);
	return false;
}

bool vault_read(struct seal_key *key, const char *dir, const struct handle *mailbox)
{
	char path[PATH_SIZE], error[SEAL_KEY_ERROR_SIZE] = "too long a path";

	if (path_of(path, dir, mailbox) && seal_key_read(key, path, error) == LOOKUP_FOUND)
		return true;
	log_error("mailbox_keys: %s", error);
	return false;
}

bool vault_shred(const char *dir, const struct handle *mailbox)
{
	static const char zeros[2 * FRAME_KEY_SIZE + 1];
	char path[PATH_SIZE];
	int fd;

	if (!path_of(path, dir, mailbox))
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
	return sync_directory(dir);
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
