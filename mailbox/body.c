/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"

#define PATH_SIZE 4300
#define OUTER_CHUNK (FRAME_CHUNK + FRAME_TAG_SIZE)

struct body_writer {
	int fd;
	char dir[PATH_SIZE], path[PATH_SIZE], new_path[PATH_SIZE];
	unsigned char inner[FRAME_KEY_SIZE], outer[FRAME_KEY_SIZE];
	unsigned char aad[FRAME_AAD_MAX];
	size_t aad_len;
	uint64_t number, sealed;
	struct buf plain; /* less than a chunk, or one whole */
};

static bool folder_of(char dir[PATH_SIZE], const struct store *store, const struct handle *mailbox)
{
	char hex[HANDLE_HEX_SIZE];

	return str_join(dir, PATH_SIZE, store_dir(store), "/", handle_hex(hex, mailbox), NULL);
}

static bool path_of(char path[PATH_SIZE], const struct store *store, const struct handle *mailbox,
		    const struct handle *object, const char *suffix)
{
	char dir[PATH_SIZE], hex[HANDLE_HEX_SIZE];

	return folder_of(dir, store, mailbox) &&
	       str_join(path, PATH_SIZE, dir, "/", handle_hex(hex, object), suffix, NULL);
}

static bool complain(const char *what, const char *path)
{
	log_error("file=%s cannot %s: %s", path, what, strerror(errno));
	return false;
}

static bool sync_directory(const char *dir)
{
	return vault_sync_directory(dir) || complain("be made safe", dir);
}

void part_key(unsigned char out[FRAME_KEY_SIZE], const unsigned char k[FRAME_KEY_SIZE],
	      const char *kind)
{
	char info[64];

	snprintf(info, sizeof(info), "postseal v1 part %s", kind);
	crypto_hkdf(out, k, FRAME_KEY_SIZE, info);
}

void part_seal(struct buf *out, const unsigned char k[FRAME_KEY_SIZE], const char *kind,
	       const struct handle *mailbox, const struct handle *object, const void *octets,
	       size_t len)
{
	unsigned char key[FRAME_KEY_SIZE], aad[FRAME_AAD_MAX], nonce[FRAME_NONCE_SIZE];
	size_t aad_len = frame_aad(aad, mailbox, object, kind), at = 0;
	uint64_t number = 0;

	part_key(key, k, kind);
	do {
		size_t n = len - at < FRAME_PLAIN ? len - at : FRAME_PLAIN;

		frame_nonce(nonce, number++, at + n == len);
		crypto_seal((unsigned char *)buf_reserve(out, n + FRAME_TAG_SIZE), key, nonce, aad,
			    aad_len, (const char *)octets + at, n);
		out->len += n + FRAME_TAG_SIZE;
		at += n;
	} while (at < len);
	crypto_wipe(key, sizeof(key));
}

static void outer_key(unsigned char out[FRAME_KEY_SIZE], const struct seal_key *vault,
		      const struct handle *letter)
{
	crypto_hmac(out, vault->bytes, sizeof(vault->bytes), "postseal v1 vault body", 22,
		    letter->bytes, HANDLE_SIZE);
}

struct body_writer *body_begin(const struct store *store, const struct seal_key *vault,
			       const struct handle *mailbox, const struct handle *letter,
			       const unsigned char k[FRAME_KEY_SIZE])
{
	struct body_writer *writer = mem_zero(1, sizeof(*writer));

	if (folder_of(writer->dir, store, mailbox) &&
	    path_of(writer->path, store, mailbox, letter, "") &&
	    str_join(writer->new_path, PATH_SIZE, writer->path, ".new", NULL) &&
	    (mkdir(writer->dir, 0700) == 0 ? sync_directory(store_dir(store)) : errno == EEXIST))
		writer->fd = open(writer->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	else
		writer->fd = -1;
	if (writer->fd < 0) {
		complain("be made", writer->new_path);
		free(writer);
		return NULL;
	}
	part_key(writer->inner, k, "body");
	outer_key(writer->outer, vault, letter);
	writer->aad_len = frame_aad(writer->aad, mailbox, letter, "body");
	return writer;
}

static bool write_all(int fd, const unsigned char *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		octets += n;
		len -= (size_t)n;
	}
	return true;
}

static bool put_chunk(struct body_writer *writer, bool last)
{
	unsigned char nonce[FRAME_NONCE_SIZE];
	unsigned char *chunk = mem_alloc(OUTER_CHUNK);
	size_t len = writer->plain.len;
	bool good;

	frame_nonce(nonce, writer->number++, last);
	crypto_seal(chunk, writer->inner, nonce, writer->aad, writer->aad_len, writer->plain.data,
		    len);
	len += FRAME_TAG_SIZE;
	writer->sealed += len;
	crypto_seal(chunk, writer->outer, nonce, "", 0, chunk, len);
	good = write_all(writer->fd, chunk, len + FRAME_TAG_SIZE);
	free(chunk);
	if (writer->plain.len > 0)
		crypto_wipe(writer->plain.data, writer->plain.len);
	writer->plain.len = 0;
	return good || complain("be written", writer->new_path);
}

bool body_write(struct body_writer *writer, const void *octets, size_t len)
{
	const char *at = octets;

	while (len > 0) {
		size_t room = FRAME_PLAIN - writer->plain.len, n = len < room ? len : room;

		/* A full chunk waits until it is known whether it is the last one. */
		if (room == 0) {
			if (!put_chunk(writer, false))
				return false;
			continue;
		}
		buf_append(&writer->plain, at, n);
		at += n;
		len -= n;
	}
	return true;
}

static void end_writer(struct body_writer *writer)
{
	crypto_wipe(writer->inner, sizeof(writer->inner));
	if (writer->plain.cap > 0)
		crypto_wipe(writer->plain.data, writer->plain.cap);
	buf_free(&writer->plain);
	free(writer);
}

bool body_finish(struct body_writer *writer, uint64_t *sealed)
{
	bool good = put_chunk(writer, true);

	if (good && fsync(writer->fd) != 0)
		good = complain("be made safe", writer->new_path);
	if (close(writer->fd) != 0 && good)
		good = complain("be closed", writer->new_path);
	if (good && rename(writer->new_path, writer->path) != 0)
		good = complain("be renamed", writer->new_path);
	good = good && sync_directory(writer->dir);
	if (!good)
		unlink(writer->new_path);
	*sealed = writer->sealed;
	end_writer(writer);
	return good;
}

void body_abandon(struct body_writer *writer)
{
	close(writer->fd);
	unlink(writer->new_path);
	end_writer(writer);
}

static bool read_at(int fd, unsigned char *octets, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pread(fd, octets, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return false;
		}
		octets += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

/* Chunk `number` of a body, as the API has it, into *out. */
static bool read_chunk(struct buf *out, int fd, const unsigned char outer[FRAME_KEY_SIZE],
		       uint64_t size, uint64_t number)
{
	uint64_t start = number * FRAME_CHUNK, left = size - start;
	size_t len = left < FRAME_CHUNK ? (size_t)left : FRAME_CHUNK;
	unsigned char nonce[FRAME_NONCE_SIZE];
	unsigned char *at = (unsigned char *)buf_reserve(out, OUTER_CHUNK);

	frame_nonce(nonce, number, start + len == size);
	if (!read_at(fd, at, len + FRAME_TAG_SIZE, number * OUTER_CHUNK))
		return false;
	errno = EBADMSG;
	if (!crypto_open(at, outer, nonce, "", 0, at, len + FRAME_TAG_SIZE))
		return false;
	out->len += len;
	return true;
}

bool body_read(struct buf *out, const struct store *store, const struct seal_key *vault,
	       const struct handle *mailbox, const struct handle *letter, uint64_t size,
	       uint64_t from, uint64_t to)
{
	unsigned char outer[FRAME_KEY_SIZE];
	struct buf chunks = { 0 };
	char path[PATH_SIZE] = "";
	uint64_t first = from / FRAME_CHUNK;
	int fd = path_of(path, store, mailbox, letter, "") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	bool good = fd >= 0;

	outer_key(outer, vault, letter);
	for (uint64_t number = first; good && number * FRAME_CHUNK < to; number++)
		good = read_chunk(&chunks, fd, outer, size, number);
	if (good)
		buf_append(out, chunks.data + (from - first * FRAME_CHUNK), (size_t)(to - from));
	else
		complain("be read", path);
	if (fd >= 0)
		close(fd);
	buf_free(&chunks);
	return good;
}

void body_remove(const struct store *store, const struct handle *mailbox,
		 const struct handle *letter)
{
	char path[PATH_SIZE];

	if (path_of(path, store, mailbox, letter, "") && unlink(path) != 0 && errno != ENOENT)
		complain("be removed", path);
}

void body_remove_all(const struct store *store, const struct handle *mailbox)
{
	char dir[PATH_SIZE], path[PATH_SIZE];
	struct dirent *entry;
	DIR *open_dir;

	if (!folder_of(dir, store, mailbox) || (open_dir = opendir(dir)) == NULL)
		return;
	while ((entry = readdir(open_dir)) != NULL) {
		if (entry->d_name[0] != '.' &&
		    str_join(path, sizeof(path), dir, "/", entry->d_name, NULL))
			unlink(path);
	}
	closedir(open_dir);
	if (rmdir(dir) != 0)
		complain("be removed", dir);
}

static bool read_file(struct body_file *file, int folder, const char *name)
{
	static const char *const suffixes[] = {
		[BODY_LETTER] = "", [BODY_UPLOAD] = ".up", [BODY_UNFINISHED] = ".new"
	};
	struct stat st;

	if (strlen(name) < 2 * HANDLE_SIZE ||
	    !str_hex_read(file->object.bytes, HANDLE_SIZE, name) ||
	    fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	file->changed = st.st_ctim.tv_sec;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		file->kind = i;
		if (strcmp(name + 2 * HANDLE_SIZE, suffixes[i]) == 0)
			return true;
	}
	return false;
}

static void sweep_folder(const char *dir, struct body_file *file,
			 bool (*drop)(void *context, const struct body_file *file), void *context)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		if (!read_file(file, dirfd(folder), entry->d_name) || !drop(context, file))
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			log_info("file=%s/%s removed: it is of no letter", dir, entry->d_name);
	}
	closedir(folder);
}

bool body_sweep(const struct store *store,
		bool (*drop)(void *context, const struct body_file *file),
		bool (*keeps)(void *context, const struct handle *mailbox, int64_t changed),
		void *context)
{
	DIR *folder = opendir(store_dir(store));
	struct body_file file;
	struct dirent *entry;
	struct stat st;
	char dir[PATH_SIZE];

	if (folder == NULL)
		return complain("be read", store_dir(store));
	while ((entry = readdir(folder)) != NULL) {
		if (strlen(entry->d_name) != 2 * HANDLE_SIZE ||
		    !str_hex_read(file.mailbox.bytes, HANDLE_SIZE, entry->d_name) ||
		    !folder_of(dir, store, &file.mailbox))
			continue;
		sweep_folder(dir, &file, drop, context);
		if (stat(dir, &st) == 0 && !keeps(context, &file.mailbox, st.st_ctim.tv_sec))
			rmdir(dir);
	}
	closedir(folder);
	return true;
}

bool upload_write(const struct store *store, const struct handle *mailbox,
		  const struct handle *upload, uint64_t offset, const void *octets, size_t len)
{
	char path[PATH_SIZE] = "", dir[PATH_SIZE];
	bool good = false;
	int fd = -1;

	if (folder_of(dir, store, mailbox) && path_of(path, store, mailbox, upload, ".up") &&
	    (mkdir(dir, 0700) == 0 || errno == EEXIST))
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0) {
		good = lseek(fd, (off_t)offset, SEEK_SET) == (off_t)offset &&
		       write_all(fd, octets, len) && fdatasync(fd) == 0;
		close(fd);
	}
	return good || complain("be written", path);
}

bool upload_read(const struct store *store, const struct handle *mailbox,
		 const struct handle *upload, uint64_t offset, void *octets, size_t len)
{
	char path[PATH_SIZE] = "";
	int fd = path_of(path, store, mailbox, upload, ".up") ? open(path, O_RDONLY | O_CLOEXEC)
							      : -1;
	bool good = fd >= 0 && read_at(fd, octets, len, offset);

	if (fd >= 0)
		close(fd);
	return good || complain("be read", path);
}

void upload_remove(const struct store *store, const struct handle *mailbox,
		   const struct handle *upload)
{
	char path[PATH_SIZE];

	if (path_of(path, store, mailbox, upload, ".up") && unlink(path) != 0 && errno != ENOENT)
		complain("be removed", path);
}
