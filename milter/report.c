/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/report.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "io/link/prober_client.h"

static atomic_size_t dropped; /* since the prober last took one */

void report_refusal(const struct settings *settings, const struct refusal *refusal)
{
	size_t before;

	if (!settings->refusal_digest)
		return;
	if (prober_client_report(settings->runtime, refusal)) {
		before = atomic_exchange(&dropped, 0);
		if (before > 0)
			log_warning(
				"refusals=%zu are lost to the digests; the prober takes them again",
				before);
		return;
	}
	if (atomic_fetch_add(&dropped, 1) == 0)
		log_warning("alias=%s the prober does not take note of what is refused, for the "
			    "digest: "
			    "%s; is postseal-prober running?",
			    refusal->alias, strerror(errno));
}
