/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * body - the files of the store: a sealed body for each letter, and uploads.
 *
 * A body's chunks (core/mailbox/frame.h) are encrypted once more, each by itself, under a key of
 * the mailbox's key file and the letter. What is written is on disk, under its name, when
 * body_finish is true, or is not there.
 */
#ifndef POSTSEAL_MAILBOX_BODY_H
#define POSTSEAL_MAILBOX_BODY_H

#include "mailbox/store.h"
#include "mailbox/vault.h"

struct body_writer;

/* NULL, logged, when there is no file to be had. K is the letter's. */
struct body_writer *body_begin(const struct store *store, const struct seal_key *vault,
			       const struct handle *mailbox, const struct handle *letter,
			       const unsigned char k[FRAME_KEY_SIZE]);
bool body_write(struct body_writer *writer, const void *octets, size_t len);
/* *sealed: octets as the API has them. Ends the writer either way. */
bool body_finish(struct body_writer *writer, uint64_t *sealed);
void body_abandon(struct body_writer *writer);

/* Octets [from, to) of the sealed body of `size` octets, appended; false, logged. */
bool body_read(struct buf *out, const struct store *store, const struct seal_key *vault,
	       const struct handle *mailbox, const struct handle *letter, uint64_t size,
	       uint64_t from, uint64_t to);
void body_remove(const struct store *store, const struct handle *mailbox,
		 const struct handle *letter);
/* All files of a mailbox. */
void body_remove_all(const struct store *store, const struct handle *mailbox);

/* A file of a mailbox: a letter's body, an upload, or one that was never finished. */
struct body_file {
	struct handle mailbox, object;
	enum { BODY_LETTER, BODY_UPLOAD, BODY_UNFINISHED } kind;
	int64_t changed; /* seconds since 1970; when it came to be, whatever was restored */
};
/*
 * All files; those for which `drop` is true are removed, and then folders that are empty and not
 * of a mailbox that `keeps` knows. False, logged, if the store's folder cannot be read.
 */
bool body_sweep(const struct store *store,
		bool (*drop)(void *context, const struct body_file *file),
		bool (*keeps)(void *context, const struct handle *mailbox, int64_t changed),
		void *context);

/* Uploads, as the browser sealed them. */
bool upload_write(const struct store *store, const struct handle *mailbox,
		  const struct handle *upload, uint64_t offset, const void *octets, size_t len);
bool upload_read(const struct store *store, const struct handle *mailbox,
		 const struct handle *upload, uint64_t offset, void *octets, size_t len);
void upload_remove(const struct store *store, const struct handle *mailbox,
		   const struct handle *upload);

/* One part in memory: `out` gets frame_sealed_size(len) octets, appended. */
void part_seal(struct buf *out, const unsigned char k[FRAME_KEY_SIZE], const char *kind,
	       const struct handle *mailbox, const struct handle *object, const void *octets,
	       size_t len);
/* "postseal v1 part KIND" of K. */
void part_key(unsigned char out[FRAME_KEY_SIZE], const unsigned char k[FRAME_KEY_SIZE],
	      const char *kind);

#endif
