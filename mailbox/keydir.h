/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keydir - a recipient's OpenPGP key by Web Key Directory, where the setting mailbox_wkd names
 * the socket of postseal-wkd(8). This program itself talks to nobody on the Internet.
 *
 * A mail waits while it cannot be told whether there is a key, mailbox_wkd_wait minutes long,
 * and then goes to the temporary mailbox. Where a domain's look-ups have failed for so long
 * already no further mail to it waits; and what failed is left in peace for a minute.
 * Any thread.
 */
#ifndef POSTSEAL_MAILBOX_KEYDIR_H
#define POSTSEAL_MAILBOX_KEYDIR_H

#include <stdint.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "core/settings/settings.h"

struct keydir;

struct keydir *keydir_new(void);
void keydir_free(struct keydir *keydir); /* NULL is allowed */

/*
 * `marked`: since when this mail waits, by the wall clock. FOUND: *key. ABSENT: there is none,
 * or it could not be told for long enough. ERROR: the mail is to wait. Takes half a minute
 * at most.
 */
enum lookup keydir_find(struct keydir *keydir, const struct settings *settings, const char *address,
			int64_t marked, struct buf *key);

#endif
