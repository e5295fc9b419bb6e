/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owner - whose a secure alias is: the one rule that the milter applies to MAIL FROM and
 * postseal-webmail to who asks.
 *
 * The file comes first: an alias on file is its mailbox's, and nobody else's. For the
 * rest the settings have pairs (`secure_owner`): with "secure.example.com=example.com",
 * me@secure.example.com is me@example.com's. Without a pair for its domain an alias
 * that is not on file is nobody's. me@other.example never is me@example.com.
 */
#ifndef POSTSEAL_CORE_OWNER_H
#define POSTSEAL_CORE_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lookup.h"
#include "core/secure/alias.h"
#include "core/settings/settings.h"

/*
 * `key` as alias_key spells it; `found` and *alias (FOUND only) are what the ledger says
 * of it. FOUND: `mailbox` is whose it is. ABSENT: nobody's. ERROR: the file could not be
 * read, and who owns it cannot be told. Unless FOUND, `mailbox` is empty.
 */
enum lookup secure_owner_of(char mailbox[ALIAS_ADDRESS_SIZE], const struct settings *settings,
			    const char *key, enum lookup found, const struct alias *alias);

/*
 * The other way round: the alias that `mailbox` (spelt as alias_key does) has by the
 * pair-th of secure_owner, unless the file says otherwise. False: none by that pair.
 */
bool secure_owner_alias(char key[ALIAS_ADDRESS_SIZE], const struct settings *settings, size_t pair,
			const char *mailbox);

#endif
