/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_from - what another program kept, into the ledger: for who moves in.
 *
 *   postfix            the text of a table for smtp_tls_policy_maps: minimum levels, as overrides
 *   postfix-tlspol     what `postfix-tlspol -export` prints: the prober looks at these domains now
 *   mta-sts-resolver   the cache of postfix-mta-sts-resolver: MTA-STS policies in force
 *
 * Each only makes postseal stricter. The report has a line for each entry: taken, kept (postseal
 * knows better), or left, and why.
 */
#ifndef POSTSEAL_CLI_IMPORT_FROM_H
#define POSTSEAL_CLI_IMPORT_FROM_H

#include "cli/cli.h"

/* cli->from says which; cli->words[0] is the file, or "-". NO where something was left. */
enum cli_status import_from(const struct cli *cli);

#endif
