/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aliases - a user's own secure aliases: those that the settings' pairs give them, and those on
 * file for their mailbox. core/secure/alias decides which are theirs, as for the milter. For any
 * other address the answer is that there is no such alias, whether somebody has it or not.
 */
#ifndef POSTSEAL_WEBMAIL_ALIASES_H
#define POSTSEAL_WEBMAIL_ALIASES_H

#include "core/secure/alias.h"
#include "core/settings/settings.h"
#include "io/http/http.h"

struct aliases;

struct aliases *aliases_new(const struct settings *settings);
void aliases_reload(struct aliases *aliases, const struct settings *settings);
void aliases_free(struct aliases *aliases);

void aliases_answer_list(struct aliases *aliases, const char *user, struct http_request *request);
/* With an entry "webmail:USER" in the journal. */
void aliases_answer_change(struct aliases *aliases, const char *user, const char *address,
			   struct http_request *request);

/*
 * The addresses that this user writes from: their own, and their aliases. At most `max` of
 * them, in senders[]; how many. 0: the ledger cannot be read.
 */
size_t aliases_senders(struct aliases *aliases, const char *user,
		       char senders[][ALIAS_ADDRESS_SIZE], size_t max);

#endif
