/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setup_wish - what a person asks of `postseal setup` by its words: settings that a part
 * needs, and for a fleet the login at the engine.
 *
 * A wish also changes cli->settings, so that doctor judges this machine by them.
 */
#ifndef POSTSEAL_CLI_SETUP_WISH_H
#define POSTSEAL_CLI_SETUP_WISH_H

#include "base/buf.h"
#include "cli/cli.h"

struct setup_wish {
	struct buf settings; /* lines that postseal.conf is to get; empty: none */
	struct buf service;  /* the whole of SHARE_SERVICE_FILE; empty: as it is */
};

void setup_wish_free(struct setup_wish *wish);

/*
 * Each reads the words after the part's name. USAGE, and says why, when one is wrong or missing,
 * or a setting has another value already: that is for a person to change.
 */
enum cli_status setup_wish_aliases(struct cli *cli, struct setup_wish *wish);
/* Secure aliases come first, since their milter seals. */
enum cli_status setup_wish_mailbox(struct cli *cli, struct setup_wish *wish);
/* Asks for the password, or takes $PGPASSWORD where nobody is there. */
enum cli_status setup_wish_fleet(struct cli *cli, struct setup_wish *wish);

#endif
