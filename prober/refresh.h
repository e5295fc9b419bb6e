/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refresh - looking again without being asked.
 *
 *   hot    a domain that was asked about in the last REFRESH_HOT seconds is
 *          looked at before the earliest of its facts runs out, so that mail to
 *          it need not wait. While its facts are fresh,
 *          questions about it do not come here. So a hot domain cools down. The first
 *          question after that makes it hot again; it is answered from stale facts
 *          while this runs.
 *   idle   every other domain in the ledger is looked at once a day. That also
 *          keeps MTA-STS policies alive (RFC 8461 3.3) and sees downgrades. Of
 *          names without end below one domain only so many a day (crowd.h).
 *
 * Hosts have no schedule of their own: they are looked at with their domains,
 * and only when they are due, however many domains share them.
 *
 * With each scan of the ledger for those the resolver is checked, too: does it
 * still validate what is signed for certain?
 *
 * At most a quarter as many domains as there are workers are being refreshed at a time. The
 * rate lies between REFRESH_RATE_MIN and REFRESH_RATE_MAX: at it, all domains that a scan has
 * found have their turn in three quarters of a day. So after a long sleep the ledger of a
 * large site takes its time to become fresh, and nobody who asks waits for that. Nor does the
 * resolver of a small site get all questions at once.
 */
#ifndef POSTSEAL_PROBER_REFRESH_H
#define POSTSEAL_PROBER_REFRESH_H

#include "prober/prober.h"
#include "prober/tasks.h"

#define REFRESH_HOT INT64_C(86400)
/* Of more hot domains than this, those that were asked about first cool down. */
#define REFRESH_HOT_MAX 10000

struct refresh *refresh_new(struct prober *prober, size_t workers);
void refresh_free(struct refresh *refresh);

/* Domains begun a second; the greater is enough for 130 million. */
#define REFRESH_RATE_MIN 50
#define REFRESH_RATE_MAX 2000
int64_t refresh_rate(size_t domains);

/* Begin what is due, as far as there is room. To be called this often or more. */
#define REFRESH_TICK_MS 5000
void refresh_tick(struct refresh *refresh);
/* The same, cheaply, when something has ended. */
void refresh_go_on(struct refresh *refresh);

/* A look at a domain has ended, with these facts; NULL: they were lost. */
void refresh_looked(struct prober *prober, const struct domain_task *task,
		    const struct facts *facts);

/* The resolver was checked; what is wrong with it is logged. */
void refresh_checked(struct prober *prober, const struct job *job);

/* A scan of the ledger is done. */
void refresh_advance(struct prober *prober, struct job *job);

#endif
