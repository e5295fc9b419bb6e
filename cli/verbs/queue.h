/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue - Postfix's queue, as far as postseal holds mail up: what waits because of TLS that
 * postseal requires, or for an answer of postseal's.
 */
#ifndef POSTSEAL_CLI_QUEUE_H
#define POSTSEAL_CLI_QUEUE_H

#include "cli/known.h"
#include "core/log/waiting.h"
#include "io/local/command.h"

/*
 * Asks postqueue(1) and postconf(1), for at most 30 s. FOUND: *waiting, which the caller
 * ends; it may hold no domain. ABSENT: there is no Postfix here. ERROR: it cannot be told,
 * and why stands in `error`.
 *
 * Of what waits because of TLS, only that is kept for which postseal answers here (or has
 * sent a secure alias's mail); the rest waits by main.cf.
 */
enum lookup queue_find(struct waiting *waiting, const struct cli *cli, struct ledger *ledger,
		       char error[COMMAND_ERROR_SIZE]);

#endif
