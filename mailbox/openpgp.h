/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openpgp - recipients whose key an administrator has put on file, or their domain in its Web
 * Key Directory: their mail is not kept here but encrypted with OpenPGP and sent (RFC 3156).
 * By gpg(1), one run each, without agent, keyring or home. It refuses keys that have expired
 * or were revoked; then the mail goes to the temporary mailbox.
 *
 * Where there are several keys in one, the first alone counts: it is the one that gpg uses.
 */
#ifndef POSTSEAL_MAILBOX_OPENPGP_H
#define POSTSEAL_MAILBOX_OPENPGP_H

#include "base/lookup.h"
#include "base/span.h"
#include "mailbox/home.h"

#define OPENPGP_KEY_MAX 65536 /* of a key, armored */
#define OPENPGP_ERROR_SIZE 256

/* Is there a key for this address? */
enum lookup openpgp_find(const struct home *home, const char *address);

/*
 * The message, encrypted: FOUND, appended to *out. ABSENT: there is no key, or it is none to
 * encrypt to (any more). ERROR: it could not be told.
 */
enum lookup openpgp_seal(const struct home *home, const char *address, struct span message,
			 struct buf *out);

/*
 * The same with a key from elsewhere, binary or armored. ABSENT, logged: none of the first key's
 * user IDs is just this address, or nothing can be encrypted to it.
 */
enum lookup openpgp_seal_to(const struct home *home, const char *address, struct span key,
			    struct span message, struct buf *out);

/*
 * Puts a key on file, in place of another. Refused, with the reason, where no user ID is
 * just this address or nothing can be encrypted to it.
 */
bool openpgp_add(const struct home *home, const char *address, const char *key, size_t len,
		 char error[OPENPGP_ERROR_SIZE]);
/* ABSENT: there was none. */
enum lookup openpgp_remove(const struct home *home, const char *address);
/* When the daemon starts: what an earlier one left when it was killed is removed. */
void openpgp_sweep(const struct home *home);
/* Calls `visit` with each address; false when the directory cannot be read. */
bool openpgp_each(const struct home *home, void (*visit)(void *context, const char *address),
		  void *context);

#endif
