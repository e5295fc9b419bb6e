/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/openpgp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/mailbox/mime.h"
#include "io/crypto/crypto.h"
#include "io/local/command.h"
#include "mailbox/vault.h"

#define PATIENCE_MS 60000
#define LISTING_MAX 65536
#define PATH_SIZE 4300
#define TRIAL ".new" /* at the end of a name: not on file */

/* A file's first line is the address, as a comment before the armor: names are hashes. */
#define LABEL "Address: "

static bool folder_of(char dir[PATH_SIZE], const struct home *home)
{
	return str_join(dir, PATH_SIZE, store_dir(home->store), "/openpgp", NULL);
}

static bool path_of(char path[PATH_SIZE], const struct home *home, const char *address)
{
	char dir[PATH_SIZE], hex[2 * CRYPTO_HASH_SIZE + 1];
	struct store_key key = store_key_address(address);

	for (size_t i = 0; i < key.len; i++)
		snprintf(hex + 2 * i, 3, "%02x", key.bytes[i]);
	return folder_of(dir, home) && str_join(path, PATH_SIZE, dir, "/", hex, ".asc", NULL);
}

enum lookup openpgp_find(const struct home *home, const char *address)
{
	char path[PATH_SIZE];

	if (!path_of(path, home, address))
		return LOOKUP_ERROR;
	if (access(path, R_OK) == 0)
		return LOOKUP_FOUND;
	return errno == ENOENT ? LOOKUP_ABSENT : LOOKUP_ERROR;
}

/* A run of gpg(1) that knows of nothing but what it is given. */
static enum lookup run_gpg(char *const *argv, const struct buf *input, size_t most,
			   struct buf *output)
{
	char error[COMMAND_ERROR_SIZE];
	enum lookup done =
		command_feed(argv, input, most, clock_mono_ms() + PATIENCE_MS, output, error);

	if (done != LOOKUP_FOUND)
		log_warning("openpgp: gpg: %s", error);
	return done;
}

static enum lookup encrypt_to(const char *key_path, const struct buf *plain, struct buf *out)
{
	char path[PATH_SIZE];
	char *argv[] = { (char[]){ "gpg" },
			 (char[]){ "--batch" },
			 (char[]){ "--quiet" },
			 (char[]){ "--no-options" },
			 (char[]){ "--no-autostart" },
			 (char[]){ "--no-keyring" },
			 (char[]){ "--trust-model" },
			 (char[]){ "always" },
			 (char[]){ "--recipient-file" },
			 path,
			 (char[]){ "-ea" },
			 NULL };

	str_copy(path, sizeof(path), key_path);
	return run_gpg(argv, plain, plain->len * 2 + LISTING_MAX, out);
}

static bool is_kept_outside(struct span name)
{
	static const char *const names[] = { "From",       "To",         "Cc",
					     "Date",       "Message-ID", "In-Reply-To",
					     "References", "Reply-To",   "Sender" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (name.len == strlen(names[i]) &&
		    str_starts_nocase_n(name.at, name.len, names[i]))
			return true;
	}
	return false;
}

/* What is encrypted: subject and content headers, and the body. */
static void put_inside(struct buf *out, struct span message)
{
	struct span name, value;
	size_t at = 0, start = 0, body = mime_body(message);
	bool typed = false;

	while (mime_next_header(message, &at, &name, &value)) {
		bool content = str_starts_nocase_n(name.at, name.len, "Content-");

		typed = typed || str_starts_nocase_n(name.at, name.len, "Content-Type");
		if (content || str_starts_nocase_n(name.at, name.len, "Subject"))
			buf_append(out, message.at + start, at - start);
		start = at;
	}
	if (!typed)
		buf_append_str(out, "Content-Type: text/plain\r\n");
	buf_append_str(out, "\r\n");
	buf_append(out, message.at + body, message.len - body);
}

static void put_outside(struct buf *out, struct span message, const struct buf *armor)
{
	struct span name, value;
	struct handle random;
	char boundary[HANDLE_HEX_SIZE];
	size_t at = 0, start = 0;

	while (mime_next_header(message, &at, &name, &value)) {
		if (is_kept_outside(name))
			buf_append(out, message.at + start, at - start);
		start = at;
	}
	handle_make(&random);
	handle_hex(boundary, &random);
	buf_printf(out,
		   "Subject: ...\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted;\r\n "
		   "protocol=\"application/pgp-encrypted\"; boundary=\"%s\"\r\n\r\n--%s\r\n"
		   "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--%s\r\n"
		   "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
		   "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
		   boundary, boundary, boundary);
	for (size_t i = 0; i < armor->len; i++) {
		if (armor->data[i] == '\n')
			buf_append_str(out, "\r");
		buf_append(out, armor->data + i, 1);
	}
	buf_printf(out, "\r\n--%s--\r\n", boundary);
}

/* False: gpg does not take this key. */
static bool seal_by(const char *path, struct span message, struct buf *out)
{
	struct buf inside = { 0 }, armor = { 0 };
	bool good;

	put_inside(&inside, message);
	good = encrypt_to(path, &inside, &armor) == LOOKUP_FOUND && armor.len > 0 &&
	       strncmp(armor.data, "-----BEGIN PGP MESSAGE-----", 27) == 0;
	if (good)
		put_outside(out, message, &armor);
	crypto_wipe(inside.data, inside.cap);
	buf_free(&inside);
	buf_free(&armor);
	return good;
}

enum lookup openpgp_seal(const struct home *home, const char *address, struct span message,
			 struct buf *out)
{
	char path[PATH_SIZE];
	enum lookup found = openpgp_find(home, address);

	if (found != LOOKUP_FOUND || !path_of(path, home, address))
		return found;
	/* A key that gpg does not take has expired, or was revoked: the mailbox takes the mail. */
	if (seal_by(path, message, out))
		return LOOKUP_FOUND;
	log_warning("recipient=%s the key on file is of no use: it has expired, was revoked, or "
		    "gpg cannot be run; the mail goes to the temporary mailbox",
		    address);
	return LOOKUP_ABSENT;
}

/* Is this user ID just this address, or a name and <this address>? */
static bool is_user_id(struct span id, const char *address)
{
	const char *open = memchr(id.at, '<', id.len);
	char wanted[SEAL_ADDRESS_SIZE], key[SEAL_ADDRESS_SIZE];

	if (open != NULL) {
		id.len -= (size_t)(open - id.at);
		id.at = open;
	}
	return seal_address_key(wanted, address, strlen(address)) &&
	       seal_address_key(key, id.at, id.len) && strcmp(wanted, key) == 0;
}

/*
 * Of `gpg --show-keys --with-colons`: a line for each user ID of the first key, whose tenth field
 * it is.
 */
static bool names(struct buf *listing, const char *address)
{
	struct span rest = { buf_cstr(listing), listing->len };
	bool more = true, found;
	int keys = 0;

	while (more) {
		struct span line = span_cut(&rest, "\n", &more), field = { "", 0 };

		keys += span_starts(line, "pub:");
		if (keys > 1)
			return false;
		if (!span_starts(line, "uid:") || span_starts(line, "uid:r:") ||
		    span_starts(line, "uid:e:"))
			continue;
		for (int i = 0; i < 10; i++)
			field = span_cut(&line, ":", &found);
		if (is_user_id(field, address))
			return true;
	}
	return false;
}

/* `dir` is a home for gpg: to look at a key it wants one, and leaves a trust database there. */
static bool check_key(const char *dir, const char *address, const struct buf *key,
		      char error[OPENPGP_ERROR_SIZE])
{
	char home[PATH_SIZE];
	char *argv[] = { (char[]){ "gpg" },
			 (char[]){ "--homedir" },
			 home,
			 (char[]){ "--batch" },
			 (char[]){ "--no-options" },
			 (char[]){ "--no-autostart" },
			 (char[]){ "--no-keyring" },
			 (char[]){ "--with-colons" },
			 (char[]){ "--show-keys" },
			 NULL };
	struct buf listing = { 0 };
	bool good;

	str_copy(home, sizeof(home), dir);
	good = run_gpg(argv, key, LISTING_MAX, &listing) == LOOKUP_FOUND;

	if (!good)
		str_copy(error, OPENPGP_ERROR_SIZE,
			 "gpg cannot read this key, or is not installed");
	else if (!names(&listing, address)) {
		str_copy(error, OPENPGP_ERROR_SIZE, "no user ID of this key is just this address");
		good = false;
	}
	buf_free(&listing);
	return good;
}

static bool write_file(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good =
		fd >= 0 && write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* gpg(1) takes a key as a file: of a name of its own, since two mails may need the same. */
static bool write_trial(char path[PATH_SIZE], const struct home *home, const struct buf *key)
{
	struct handle random;
	char dir[PATH_SIZE], hex[HANDLE_HEX_SIZE];

	handle_make(&random);
	return folder_of(dir, home) && (mkdir(dir, 0700) == 0 || errno == EEXIST) &&
	       str_join(path, PATH_SIZE, dir, "/", handle_hex(hex, &random), TRIAL, NULL) &&
	       write_file(path, key);
}

enum lookup openpgp_seal_to(const struct home *home, const char *address, struct span key,
			    struct span message, struct buf *out)
{
	char dir[PATH_SIZE], path[PATH_SIZE] = "", error[OPENPGP_ERROR_SIZE];
	struct buf whole = { 0 };
	enum lookup found = LOOKUP_ABSENT;

	buf_append(&whole, key.at, key.len);
	if (!folder_of(dir, home) || !write_trial(path, home, &whole)) {
		log_error("recipient=%s its key cannot be written to %s: %s", address, path,
			  strerror(errno));
		found = LOOKUP_ERROR;
	} else if (!check_key(dir, address, &whole, error)) {
		log_warning("recipient=%s the key by WKD is of no use: %s", address, error);
	} else if (!seal_by(path, message, out)) {
		log_warning("recipient=%s the key by WKD is of no use: it has expired, was "
			    "revoked, or is for signing alone",
			    address);
	} else {
		found = LOOKUP_FOUND;
	}
	if (path[0] != '\0')
		unlink(path);
	buf_free(&whole);
	return found;
}

bool openpgp_add(const struct home *home, const char *address, const char *key, size_t len,
		 char error[OPENPGP_ERROR_SIZE])
{
	char dir[PATH_SIZE], path[PATH_SIZE], new_path[PATH_SIZE];
	struct buf whole = { 0 }, trial = { 0 }, armor = { 0 };
	bool good = false;

	buf_printf(&whole, LABEL "%s\n", address);
	buf_append(&whole, key, len);
	buf_append_str(&trial, "trial");
	if (len > OPENPGP_KEY_MAX || !folder_of(dir, home) || !path_of(path, home, address) ||
	    !str_join(new_path, sizeof(new_path), path, TRIAL, NULL))
		str_copy(error, OPENPGP_ERROR_SIZE, "the key is larger than 64 KiB");
	else if ((mkdir(dir, 0700) != 0 && errno != EEXIST) || !write_file(new_path, &whole))
		snprintf(error, OPENPGP_ERROR_SIZE, "it cannot be written: %s", strerror(errno));
	else if (!check_key(dir, address, &whole, error))
		good = false;
	else if (encrypt_to(new_path, &trial, &armor) != LOOKUP_FOUND)
		str_copy(error, OPENPGP_ERROR_SIZE,
			 "nothing can be encrypted to it: it has expired, was revoked, or is for "
			 "signing alone");
	else
		good = rename(new_path, path) == 0;
	if (!good)
		unlink(new_path);
	buf_free(&whole);
	buf_free(&trial);
	buf_free(&armor);
	return good;
}

enum lookup openpgp_remove(const struct home *home, const char *address)
{
	char path[PATH_SIZE];

	if (!path_of(path, home, address))
		return LOOKUP_ERROR;
	if (unlink(path) == 0)
		return LOOKUP_FOUND;
	return errno == ENOENT ? LOOKUP_ABSENT : LOOKUP_ERROR;
}

void openpgp_sweep(const struct home *home)
{
	char dir[PATH_SIZE], path[PATH_SIZE];
	struct dirent *entry;
	DIR *folder = folder_of(dir, home) ? opendir(dir) : NULL;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		if (span_ends(span_of(entry->d_name), TRIAL) &&
		    str_join(path, sizeof(path), dir, "/", entry->d_name, NULL))
			unlink(path);
	}
	closedir(folder);
}

bool openpgp_each(const struct home *home, void (*visit)(void *context, const char *address),
		  void *context)
{
	char dir[PATH_SIZE], path[PATH_SIZE], line[SEAL_ADDRESS_SIZE + 16];
	struct dirent *entry;
	DIR *folder = folder_of(dir, home) ? opendir(dir) : NULL;

	if (folder == NULL)
		return errno == ENOENT;
	while ((entry = readdir(folder)) != NULL) {
		FILE *file;

		if (!span_ends(span_of(entry->d_name), ".asc") ||
		    !str_join(path, sizeof(path), dir, "/", entry->d_name, NULL) ||
		    (file = fopen(path, "re")) == NULL)
			continue;
		if (fgets(line, sizeof(line), file) != NULL && str_starts_nocase(line, LABEL)) {
			line[strcspn(line, "\n")] = '\0';
			visit(context, line + strlen(LABEL));
		}
		fclose(file);
	}
	closedir(folder);
	return true;
}
