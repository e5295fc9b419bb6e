/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/tally.h"

#include <string.h>

#include "io/local/metrics_file.h"
#include "prober/tasks.h"

_Static_assert(METRIC_VALUES_LANE == LANE_COUNT, "all lanes");
_Static_assert(METRIC_VALUES_JOB == JOB_CHECK + 1, "all jobs");
_Static_assert(METRIC_VALUES_PROBED == OBSERVED_UNREACHABLE, "all that a probe may end with");

static void tally_lookup(unsigned kind, enum lookup found, unsigned how)
{
	if (found != LOOKUP_FOUND)
		how = found == LOOKUP_ABSENT ? METRIC_FOUND_ABSENT : METRIC_FOUND_FAILED;
	metrics_count(METRIC2(LOOKUPS, kind, how));
}

static unsigned security(bool secure)
{
	return secure ? METRIC_FOUND_SECURE : METRIC_FOUND_INSECURE;
}

/* [host] and [address] are not looked up. */
static void tally_mx(const struct job_mx *mx)
{
	enum lookup found = mx->found ? LOOKUP_FOUND : LOOKUP_ERROR;

	if (mx->found && mx->answer.facts.state == MX_LITERAL)
		return;
	if (mx->found && mx->answer.facts.state == MX_NXDOMAIN)
		found = LOOKUP_ABSENT;
	tally_lookup(METRIC_LOOKUP_MX, found, security(mx->answer.facts.secure));
}

static void tally_host(const struct job_host *host)
{
	struct ipaddr literal;

	if (ipaddr_parse(&literal, host->host, strlen(host->host)))
		return;
	tally_lookup(METRIC_LOOKUP_ADDRESS, host->address_status, security(host->addresses.secure));
	if (host->address_status == LOOKUP_FOUND)
		tally_lookup(METRIC_LOOKUP_TLSA, host->tlsa_status, METRIC_FOUND_SECURE);
}

void tally_job(const struct job *job)
{
	metrics_observe(JOB_TIME, job->kind, job->took, 1);
	switch (job->kind) {
	case JOB_MX:
		tally_mx(&job->mx);
		return;
	case JOB_HOST:
		tally_host(&job->host);
		return;
	case JOB_SMTP:
		if (job->smtp.seen.observed != OBSERVED_NOTHING)
			metrics_count(METRIC1(PROBES, job->smtp.seen.observed - OBSERVED_TLS));
		return;
	case JOB_TXT:
		tally_lookup(METRIC_LOOKUP_TXT, job->sts.look.txt, METRIC_FOUND_SOME);
		return;
	case JOB_FETCH:
		metrics_count(METRIC1(FETCHES, job->sts.look.fetch == STS_FETCH_GOOD
						       ? METRIC_FETCH_GOOD
						       : METRIC_FETCH_FAILED));
		return;
	case JOB_SCAN:
		metrics_set(M_DUE, job->scan.due.offered);
		return;
	case JOB_CHECK:
		tally_lookup(METRIC_LOOKUP_CHECK, job->check.found ? LOOKUP_FOUND : LOOKUP_ERROR,
			     security(job->check.secure));
		return;
	}
}

void tally_now(const struct prober *prober)
{
	struct ledger_size size;

	metrics_set(METRIC1(TASKS, METRIC_TASK_DOMAIN), HASH_COUNT(prober->domains));
	metrics_set(METRIC1(TASKS, METRIC_TASK_HOST), HASH_COUNT(prober->hosts));
	if (!ledger_measure(prober->ledger, &size))
		return;
	metrics_set(M_PROBER_USED, size.used);
	metrics_set(M_PROBER_MOST, size.most);
}
