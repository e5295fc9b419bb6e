/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alias - what the files of the verb `alias` share: alias.c holds the aliases on
 * file, alias_allow.c who may write to one without TLS, alias_load.c many at once.
 */
#ifndef POSTSEAL_CLI_ALIAS_H
#define POSTSEAL_CLI_ALIAS_H

#include "cli/act.h"
#include "core/secure/alias.h"

/* Reads the alias that is the second word; false, and says why. */
bool alias_word(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli);
/* Postfix may take it for a way to another address; then it is said so. */
bool alias_looks_like_route(const struct cli *cli, const char *key);
/*
 * Switches one on, in a transaction of the caller. USAGE, and said why, where the options do
 * not go with it; UNSURE where it cannot be written.
 */
enum cli_status alias_enable_in(struct act *act, const struct cli *cli, struct entry *entry,
				const char *key);

enum cli_status alias_allow(const struct cli *cli);
enum cli_status alias_disallow(const struct cli *cli);
enum cli_status alias_load(const struct cli *cli);

#endif
