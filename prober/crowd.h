/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd - names without end. The owner of a domain can have any number of names below it, by a
 * wildcard, and each that can do TLS gets a floor. A floor is never let go: the next
 * mail to that name might be the one that somebody waits for with a forged MX record. So
 * such names stay in the ledger, some 600 bytes each; but what is done for them unasked is
 * bounded by what they are below: CROWD_DAILY names a day of each domain, however many
 * there are. Of a crowd of 20,000 each name is looked at in 20 days, or when it is asked
 * about.
 *
 * A name counts for each domain that it is below and that has a dot in it (counting those
 * of "example.com" for "com" would slow down all). That may be "co.uk": then a site with
 * more than CROWD_DAILY providers there looks at each of them less often than daily, and
 * sees a downgrade later. An MTA-STS policy in force is looked after daily all the same
 * (RFC 8461 3.3); a stranger needs a certificate for each name to have many of those.
 *
 * Counted is in a sketch of fixed size (count-min), so it may be more than there are; its hashes
 * are secret, so that nobody can choose to share a count with somebody else.
 */
#ifndef POSTSEAL_PROBER_CROWD_H
#define POSTSEAL_PROBER_CROWD_H

#include <stdint.h>

#define CROWD_DAILY 1000

struct crowd; /* opaque */

struct crowd *crowd_new(void);
void crowd_free(struct crowd *crowd); /* NULL is allowed */

/* A key of a next hop (nexthop.h). All addresses are one crowd. */
void crowd_add(struct crowd *crowd, const char *key);
/* Days from one look at it to the next: 1, or more in a crowd. */
int64_t crowd_days(const struct crowd *crowd, const char *key);

#endif
