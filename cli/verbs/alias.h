/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alias - what the files of the verb `alias` share: alias.c holds the aliases on
 * file, alias_allow.c who may write to one without TLS.
 */
#ifndef POSTSEAL_CLI_ALIAS_H
#define POSTSEAL_CLI_ALIAS_H

#include "cli/cli.h"
#include "core/secure/alias.h"

/* Reads the alias that is the second word; false, and says why. */
bool alias_word(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli);

enum cli_status alias_allow(const struct cli *cli);
enum cli_status alias_disallow(const struct cli *cli);

#endif
