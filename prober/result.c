/* SPDX-License-Identifier: BSD-2-Clause */
/* From the end: result_write, then one job after another, of hosts, and of domains. */
#include "prober/result.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "core/policy/floor.h"
#include "core/policy/fold.h"
#include "core/policy/freshness.h"
#include "core/policy/survey.h"
#include "core/protocol/sts.h"
#include "core/record/entry.h"
#include "io/ledger/ledger_facts.h"
#include "io/local/metrics_file.h"
#include "prober/sightings.h"
#include "prober/tell.h"

/*
 * Domains.
 */

/* What an admin is told about when it changes. */
struct standing {
	bool floor;
	bool override;
	int64_t downgrade;
	bool sts_enforced;
	bool dane; /* signed MX records, and usable TLSA records of one of the hosts */
};

static bool has_dane(const struct facts *facts)
{
	const struct mx_facts *mx = &facts->domain.mx;

	for (size_t i = 0; mx->secure && i < mx->count; i++)
		if (facts->host[i].tlsa == TLSA_USABLE)
			return true;
	return false;
}

static struct standing domain_standing(const struct prober *prober, const struct facts *facts,
				       int64_t now)
{
	const struct domain_facts *domain = &facts->domain;

	return (struct standing){
		.floor = floor_holds(&domain->history, prober->settings, now),
		.override = override_in_force(&facts->override, now),
		.downgrade = fold_domain_downgrade_since(facts),
		.sts_enforced = sts_in_force(&domain->sts, now) == STS_ENFORCE,
		.dane = has_dane(facts),
	};
}

/*
 * As it stood when it was last looked at: what has run out since then is told.
 * (Not later than now, should the clock have been set back.)
 */
static struct standing standing_before(const struct prober *prober, const struct facts *facts,
				       int64_t now)
{
	int64_t looked = facts->domain.mx.fresh.checked;

	return domain_standing(prober, facts, looked != 0 && looked < now ? looked : now);
}

/* The domain of these facts, which stood like `before`. */
static bool write_domain(const struct prober *prober, struct ledger_txn *txn,
			 const struct facts *facts, const struct standing *before)
{
	const struct domain_facts *domain = &facts->domain;
	const char *key = facts->nexthop.key;
	struct standing after = domain_standing(prober, facts, clock_wall());

	if (!ledger_put_domain(txn, key, domain))
		return false;
	if (after.floor && !before->floor && !tell_floor(txn, key, &domain->history))
		return false;
	if (before->floor && !after.floor && !tell_floor_expired(txn, key, &domain->history))
		return false;
	if (before->override && !after.override && !tell_override_expired(txn, key))
		return false;
	/* Without a floor nothing was lost and nothing waits. */
	if ((after.downgrade != 0) != (before->downgrade != 0) && after.floor &&
	    !tell_domain_downgrade(txn, key, after.downgrade))
		return false;
	/* TLSA records are told of with their hosts, which may be new ones and not known yet. */
	if (before->dane && !domain->mx.secure && !tell_mx_unsigned(txn, key))
		return false;
	if (after.sts_enforced && !before->sts_enforced)
		tell_sts_enforced(key);
	return after.sts_enforced || !before->sts_enforced || tell_sts_lost(txn, key);
}

static bool same_hosts(const struct mx_facts *a, const struct mx_facts *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->refs[i].host, b->refs[i].host) != 0)
			return false;
	return true;
}

/*
 * False when the facts cannot be read. What an admin made us forget by a clock that
 * has been set back since was before now: else nothing would count until then.
 */
static bool read_facts(const struct prober *prober, struct ledger_txn *txn,
		       const struct nexthop *nexthop, struct facts *facts)
{
	int64_t *forgotten = &facts->domain.forgotten, now = clock_wall();

	if (ledger_get_facts(txn, nexthop, prober->settings->smtp_port, now, facts) == LOOKUP_ERROR)
		return false;
	if (*forgotten > now + ACTS_BEHIND)
		*forgotten = now - 1;
	return true;
}

static void note_failure(const char *what, const char *key, struct freshness *fresh,
			 const struct job *job)
{
	if (fresh->failed == 0)
		log_warning("%s=%s look-up fails: %s", what, key, job->trouble);
	else
		log_debug("%s=%s look-up still fails: %s", what, key, job->trouble);
	freshness_failed(fresh, clock_wall(), freshness_salt(key));
}

/* A change is told, as it may change the answer; that nothing has changed is no news. */
static enum log_level level_of(bool change)
{
	return change ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

static bool write_mx(const struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct job_mx *found = &job->mx;
	const char *key = found->nexthop.key;
	struct facts facts;
	struct mx_facts *mx = &facts.domain.mx;
	struct standing before;
	enum log_level level;
	bool same, never;

	job->lost = !read_facts(prober, txn, &found->nexthop, &facts);
	if (job->lost)
		return true;
	never = freshness_never_looked(&facts.domain);
	if (!found->found) {
		before = domain_standing(prober, &facts, clock_wall());
		note_failure("domain", key, &mx->fresh, job);
		return write_domain(prober, txn, &facts, &before);
	}
	before = standing_before(prober, &facts, clock_wall());
	same = same_hosts(mx, &found->answer.facts);
	level = level_of(!same || mx->state != found->answer.facts.state ||
			 mx->secure != found->answer.facts.secure);
	/* What the old hosts have shown must be the domain's before they are replaced. */
	fold_domain(&facts, prober->settings);
	*mx = found->answer.facts;
	freshness_good(&mx->fresh, clock_wall(), found->answer.ttl);
	if (!same) {
		if (!ledger_put_domain(txn, key, &facts.domain))
			return false;
		/* What the new hosts have shown is the domain's, too. */
		job->lost = !read_facts(prober, txn, &found->nexthop, &facts);
		if (job->lost)
			return true;
		fold_domain(&facts, prober->settings);
		/* Whose hosts we know from others: what these lost, others have told. */
		if (never && sightings_in_fleet(prober->sightings))
			before.downgrade = fold_domain_downgrade_since(&facts);
	}
	log_at(level, "domain=%s mx=%s%s hosts=%zu", key, mx_state_name(mx->state),
	       mx->secure ? " secure" : "", mx->count);
	return write_domain(prober, txn, &facts, &before);
}

static bool write_sts(const struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct domain_task *task = job->task;
	struct facts facts;
	struct sts_facts *known = &facts.domain.sts;
	struct sts_look *look = &job->sts.look;
	int64_t now = clock_wall();
	struct standing before;
	bool enforced;

	job->lost = !read_facts(prober, txn, &task->nexthop, &facts);
	if (job->lost)
		return true;
	if (job->kind == JOB_TXT && look->txt == LOOKUP_FOUND) {
		job->sts.fetch_due =
			task->effort == EFFORT_PROBE || sts_fetch_due(known, look->id, now);
		if (job->sts.fetch_due)
			return true;
	}
	before = domain_standing(prober, &facts, now);
	enforced = standing_before(prober, &facts, now).sts_enforced;
	sts_fold(known, look, now);
	/* One that ran out since, and is off the record now, is seen by no later look. */
	if (known->mode != STS_ENFORCE)
		before.sts_enforced = enforced;
	if (look->detail[0] != '\0')
		log_info("domain=%s MTA-STS: %s", task->nexthop.key, look->detail);
	return write_domain(prober, txn, &facts, &before);
}

bool result_write_known(const struct prober *prober, struct facts *facts)
{
	const struct nexthop nexthop = facts->nexthop;
	struct history known = facts->domain.history;
	struct standing before = domain_standing(prober, facts, clock_wall());
	struct ledger_txn *txn;

	/* Nearly always there is nothing new; then nobody has to write. */
	fold_domain(facts, prober->settings);
	if (fold_equal(&known, &facts->domain.history))
		return true;
	txn = ledger_begin_write(prober->ledger);
	if (txn == NULL)
		return false;
	if (read_facts(prober, txn, &nexthop, facts)) {
		fold_domain(facts, prober->settings);
		if (write_domain(prober, txn, facts, &before))
			return ledger_commit(txn);
	}
	ledger_abort(txn);
	return false;
}

/*
 * Hosts.
 */

static void note_addresses(struct host_facts *facts, const struct host_task *task,
			   const struct job *job)
{
	const struct job_host *found = &job->host;

	if (found->address_status == LOOKUP_ERROR) {
		note_failure("host", task->key, &facts->addr_fresh, job);
		return;
	}
	facts->addr = found->address_status == LOOKUP_FOUND ? ADDR_FOUND : ADDR_NONE;
	facts->addr_secure = found->addresses.secure;
	freshness_good(&facts->addr_fresh, clock_wall(), found->addresses.ttl);
}

static void note_tlsa(struct host_facts *facts, const struct host_task *task, const struct job *job)
{
	const struct tlsa_answer *found = &job->host.tlsa;

	/* Records that nobody could look for stand as they were. */
	if (job->host.address_status == LOOKUP_ERROR) {
		freshness_failed(&facts->tlsa_fresh, clock_wall(), freshness_salt(task->key));
		return;
	}
	if (job->host.address_status == LOOKUP_ABSENT)
		return;
	if (job->host.tlsa_status == LOOKUP_ERROR) {
		note_failure("host", task->key, &facts->tlsa_fresh, job);
		return;
	}
	facts->tlsa = job->host.tlsa_status == LOOKUP_ABSENT ? TLSA_ABSENT
		      : found->set.count > 0                 ? TLSA_USABLE
							     : TLSA_UNUSABLE;
	facts->tlsa_usable = (uint16_t)num_min((int64_t)found->set.count, UINT16_MAX);
	facts->tlsa_unusable = (uint16_t)num_min((int64_t)found->set.unusable, UINT16_MAX);
	memcpy(facts->tlsa_base, found->base, sizeof(facts->tlsa_base));
	freshness_good(&facts->tlsa_fresh, clock_wall(), found->ttl);
}

/* Next it would be spoken to. Is that left to another host of the fleet? */
static void spare_host(const struct prober *prober, const struct host_task *task,
		       struct host_facts *facts)
{
	int64_t then = clock_wall() + task->ahead, until;

	if (task->effort == EFFORT_PROBE ||
	    !freshness_probe_due(facts, task->effort == EFFORT_WANT, then))
		return;
	until = sightings_spare(prober->sightings, task->key, facts);
	if (until <= then)
		return;
	facts->last_expires = until;
	metrics_count(M_SPARED);
}

static bool write_host(const struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct host_task *task = job->task;
	struct host_facts facts;
	enum tlsa_state before;

	job->lost = ledger_get_host(txn, task->host, task->port, &facts) == LOOKUP_ERROR;
	if (job->lost)
		return true;
	before = facts.tlsa;
	note_addresses(&facts, task, job);
	note_tlsa(&facts, task, job);
	spare_host(prober, task, &facts);
	log_at(level_of(facts.tlsa != before), "host=%s address=%s%s tlsa=%s", task->key,
	       addr_state_name(facts.addr), facts.addr_secure ? " secure" : "",
	       tlsa_state_name(facts.tlsa));
	if (!ledger_put_host(txn, task->host, task->port, &facts))
		return false;
	if (before != TLSA_USABLE || facts.tlsa == TLSA_USABLE)
		return true;
	return tell_dane_lost(txn, task->key, facts.tlsa);
}

/*
 * The latest look is shown in any case; learned from only if the admin wants it, if it is
 * not our own network that we look at, and if no other eyes are to look first. A look for
 * another host of the fleet is made without our domains' names, so it is not shown.
 */
static bool take_observation(struct prober *prober, struct ledger_txn *txn,
			     const struct host_task *task, struct host_facts *facts,
			     const struct observation *seen)
{
	int64_t next = freshness_next_probe(facts, seen, freshness_salt(task->key));
	enum strip_change change =
		strip_guard_note(&prober->guard, task->key, &facts->history, seen, clock_wall());
	bool learn;

	if (change != STRIP_SAME && !sightings_tell_path(prober->sightings, txn, task->key))
		return false;
	if (!sightings_take(prober->sightings, txn, task, &facts->history, seen, &learn))
		return false;
	if (LIST_EMPTY(&task->waits)) {
		if (learn)
			fold_history(&facts->history, seen);
	} else if ((prober->settings->learn_from & LEARN_PROBE) != 0) {
		fold_host(facts, seen, next, !learn);
	} else {
		facts->last = *seen;
		facts->last_expires = next;
	}
	return true;
}

/*
 * A host was `old` until a moment ago: into the domain of this next hop. *lost: the domain's
 * record is damaged.
 */
static bool write_into_domain(const struct prober *prober, struct ledger_txn *txn,
			      const struct nexthop *nexthop, const char *host,
			      const struct host_facts *old, bool *lost)
{
	struct facts facts;
	const struct mx_facts *mx = &facts.domain.mx;
	struct host_facts new;
	struct standing before;
	size_t i = 0;

	*lost = !read_facts(prober, txn, nexthop, &facts);
	if (*lost)
		return true;
	while (i < mx->count && strcmp(mx->refs[i].host, host) != 0)
		i++;
	/* The MX records changed while we looked: the host is not its any more. */
	if (i == mx->count)
		return true;
	new = facts.host[i];
	facts.host[i] = *old;
	before = domain_standing(prober, &facts, clock_wall());
	facts.host[i] = new;
	fold_domain(&facts, prober->settings);
	return write_domain(prober, txn, &facts, &before);
}

/* The same for all domains that wait for the host. */
static bool write_into_domains(const struct prober *prober, struct ledger_txn *txn,
			       const struct host_task *task, const struct host_facts *old)
{
	const struct host_wait *wait;

	LIST_FOREACH(wait, &task->waits, next)
	{
		bool lost;

		if (!write_into_domain(prober, txn, &wait->domain->nexthop, task->host, old, &lost))
			return false;
		/* A damaged domain does not spoil the host's other domains. */
		wait->domain->lost |= lost;
	}
	return true;
}

/* A host's history is no more what it was. */
static bool tell_host_change(struct ledger_txn *txn, const char *key, const struct history *old,
			     const struct history *new)
{
	int64_t before = fold_downgrade_since(old), after = fold_downgrade_since(new);

	return (before != 0) == (after != 0) || tell_host_downgrade(txn, key, after);
}

static bool write_smtp(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct host_task *task = job->task;
	struct host_facts facts, old;

	job->lost = ledger_get_host(txn, task->host, task->port, &facts) == LOOKUP_ERROR;
	if (job->lost)
		return true;
	old = facts;
	tell_observation(task->key, &job->smtp.seen);
	return take_observation(prober, txn, task, &facts, &job->smtp.seen) &&
	       ledger_put_host(txn, task->host, task->port, &facts) &&
	       tell_host_change(txn, task->key, &old.history, &facts.history) &&
	       write_into_domains(prober, txn, task, &old);
}

static bool tell_in_domains(const struct prober *prober, struct ledger_txn *txn, const char *host,
			    const struct host_facts *old, const struct fleet_sighting *sighting)
{
	for (size_t i = 0; i < sighting->domains; i++) {
		const char *key = sighting->domain[i];
		struct nexthop nexthop;
		bool lost;

		if (nexthop_parse(&nexthop, key, strlen(key)) == NEXTHOP_OK &&
		    !write_into_domain(prober, txn, &nexthop, host, old, &lost))
			return false;
	}
	return true;
}

bool result_learn_plain(const struct prober *prober, struct ledger_txn *txn, const char *host_key,
			const struct fleet_sighting *sighting)
{
	const struct observation plain = { .time = sighting->seen,
					   .source = SOURCE_PROBE,
					   .observed = OBSERVED_PLAIN };
	struct entry host = { .kind = ENTRY_HOST };
	struct host_facts facts, old;

	if (!entry_take_key(&host, host_key) ||
	    ledger_get_host(txn, host.key, host.port, &facts) == LOOKUP_ERROR)
		return true;
	old = facts;
	/* Who is to tell it does so, even if it heard of it from others meanwhile. */
	if (sighting->word == FLEET_LOST)
		old.history.last_plain = old.history.plain_days.count = 0;
	fold_history(&facts.history, &plain);
	if (!ledger_put_host(txn, host.key, host.port, &facts))
		return false;
	/* Told by another: for all hosts, and all domains. */
	return sighting->word == FLEET_LOST_TOLD ||
	       (tell_host_change(txn, host_key, &old.history, &facts.history) &&
		tell_in_domains(prober, txn, host.key, &old, sighting));
}

/*
 * Jobs.
 */

/* False: the transaction is broken. */
static bool write_job(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	switch (job->kind) {
	case JOB_MX:
		return write_mx(prober, txn, job);
	case JOB_HOST:
		return write_host(prober, txn, job);
	case JOB_SMTP:
		return write_smtp(prober, txn, job);
	case JOB_TXT:
	case JOB_FETCH:
		return write_sts(prober, txn, job);
	case JOB_SCAN:
		return scan_forget(prober, txn, job);
	case JOB_CHECK:
		break;
	}
	return true;
}

bool result_write(struct prober *prober, const struct job_list *done)
{
	int64_t began = clock_mono_us();
	struct ledger_txn *txn = ledger_begin_write(prober->ledger);
	bool written = txn != NULL;
	struct job *job;

	STAILQ_FOREACH(job, done, next)
	{
		written = written && write_job(prober, txn, job);
	}
	if (written)
		written = ledger_commit(txn);
	else
		ledger_abort(txn);
	metrics_observe(COMMIT_TIME, 0, clock_mono_us() - began, 1);
	metrics_add(M_UNWRITTEN, !written);
	return written;
}
