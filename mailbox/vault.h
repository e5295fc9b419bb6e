/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vault - the key files (`mailbox_keys`): the server's own key; one for each mailbox, under
 * which all that is sealed is encrypted once more; and those of the outbox. What a file
 * opens is gone without it: that is how it is deleted for good, in copies of the store, too.
 */
#ifndef POSTSEAL_MAILBOX_VAULT_H
#define POSTSEAL_MAILBOX_VAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mailbox/frame.h"
#include "core/mailbox/mbox.h"
#include "io/crypto/seal_token.h"

/* "server.key" in this directory, made where it is missing; the directory, too. */
bool vault_open_server(struct seal_key *key, const char *dir, char error[SEAL_KEY_ERROR_SIZE]);

/* Names of key files end so. */
#define VAULT_MAILBOX ".key"
#define VAULT_OUTBOX ".out"

/* On disk when true. */
bool vault_make(const char *dir, const struct handle *handle, const char *suffix);
/* The mailbox's. False: it is not there, or cannot be read; logged. */
bool vault_read(struct seal_key *key, const char *dir, const struct handle *mailbox);
/*
 * Any; not logged. ABSENT: this file is not there, and the directory is: it was shredded. Where
 * the whole directory is missing, that is ERROR.
 */
enum lookup vault_find(struct seal_key *key, const char *dir, const struct handle *handle,
		       const char *suffix);
/* Overwritten, then removed; true if it is not there any more. */
bool vault_shred(const char *dir, const struct handle *handle, const char *suffix);
/*
 * All files of this kind; and what was left half made is removed, so before there are other
 * threads. False, logged, if the directory cannot be read.
 */
bool vault_each(const char *dir, const char *suffix,
		void (*visit)(void *context, const struct handle *handle), void *context);

/* `out` has len + VAULT_EXTRA octets. What is sealed for one purpose and object opens for no
 * other. */
void vault_seal(unsigned char *out, const struct seal_key *key, const char *purpose,
		const struct handle *object, const void *octets, size_t len);
/* `len` is that of what is sealed; `out` has len - VAULT_EXTRA. */
bool vault_unseal(unsigned char *out, const struct seal_key *key, const char *purpose,
		  const struct handle *object, const void *sealed, size_t len);

/* What was made, renamed or removed in this directory stays so, even if the power fails now. */
bool vault_sync_directory(const char *dir);

void handle_make(struct handle *handle);
/* One that sorts by time, and cannot be guessed. */
void handle_make_dated(struct handle *handle, int64_t now);
#define HANDLE_HEX_SIZE (2 * HANDLE_SIZE + 1)
char *handle_hex(char dst[HANDLE_HEX_SIZE], const struct handle *handle);
bool handle_same(const struct handle *a, const struct handle *b);

/*
 * Keys K of letters in closed mailboxes are fresh: in memory alone, so that a later link
 * of the same sender opens earlier letters, too: then a link mail that is lost costs
 * nothing while another arrives.
 *
 * None of them is ever on disk. After a restart of the daemon an earlier letter opens with
 * the links that had been sent by then. A key is forgotten when the mailbox opens or
 * ends. Any thread.
 */
struct fresh;

struct fresh *fresh_new(void);
void fresh_free(struct fresh *fresh);
void fresh_keep(struct fresh *fresh, const struct handle *mailbox, const struct handle *letter,
		const unsigned char k[FRAME_KEY_SIZE]);
bool fresh_find(struct fresh *fresh, const struct handle *letter, unsigned char k[FRAME_KEY_SIZE]);
void fresh_forget(struct fresh *fresh, const struct handle *mailbox);

#endif
