/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_hosts - the gist of hosts (core/record/record.h), kept in memory for as long as
 * the ledger does not change: a few providers take the mail of most domains, so
 * most look-ups of a host repeat an earlier one.
 *
 * What is kept belongs to one snapshot of the ledger, by its number, and counts in no other:
 * what anybody commits is seen as soon as it would be without this. It is bounded: a host
 * takes the place of another whose name falls on the same row. What cannot be read is not
 * kept, nor is a name of more than LEDGER_HOSTS_NAME_MAX bytes.
 */
#ifndef POSTSEAL_IO_LEDGER_HOSTS_H
#define POSTSEAL_IO_LEDGER_HOSTS_H

#include "io/ledger/ledger.h"

#define LEDGER_HOSTS_NAME_MAX 63

struct ledger_hosts; /* opaque; one thread at a time, and for one ledger */

struct ledger_hosts *ledger_hosts_new(void);
void ledger_hosts_free(struct ledger_hosts *hosts); /* NULL is allowed */

/* As ledger_get_host, but of *out no more than the gist is told. */
enum lookup ledger_hosts_get(struct ledger_hosts *hosts, struct ledger_txn *txn, const char *host,
			     uint16_t port, struct host_facts *out);

#endif
