/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/learn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/fold.h"
#include "core/freshness.h"
#include "core/sts.h"

#define AUTHOR "prober"

static bool add_entry(struct ledger_txn *txn, const char *subject, const char *event,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static bool add_entry(struct ledger_txn *txn, const char *subject, const char *event,
		      const char *fmt, ...)
{
	struct journal_entry entry = {.time = clock_wall(), .author = AUTHOR};
	va_list args;

	str_copy(entry.subject, sizeof(entry.subject), subject);
	str_copy(entry.event, sizeof(entry.event), event);
	va_start(args, fmt);
	vsnprintf(entry.detail, sizeof(entry.detail), fmt, args);
	va_end(args);
	return ledger_add_journal(txn, &entry);
}

/*
 * Domains.
 */

/* What an admin is told about when it changes. */
struct standing {
	bool floor;
	int64_t downgrade;
	bool sts_enforced;
};

static struct standing domain_standing(const struct prober *prober, int64_t now)
{
	const struct domain_facts *domain = &prober->facts.domain;

	return (struct standing){
		.floor = fold_floor(&domain->history, prober->settings, now),
		.downgrade = fold_domain_downgrade_since(&prober->facts),
		.sts_enforced = sts_in_force(&domain->sts, now) == STS_ENFORCE,
	};
}

static bool tell_floor(struct ledger_txn *txn, const char *key, const struct history *history)
{
	log_info("domain=%s has been reached over TLS; TLS is required from now on", key);
	return add_entry(txn, key, "raised", "reached over %s with %s; TLS is required from now on",
			 tls_version_name(history->last_version), history->last_cipher);
}

static bool tell_downgrade(struct ledger_txn *txn, const char *key, int64_t since)
{
	char date[UTC_SIZE];

	if (since == 0) {
		log_info("domain=%s offers TLS again", key);
		return add_entry(txn, key, "downgrade-ended", "TLS is offered again");
	}
	log_warning("domain=%s no longer offers TLS since %s; mail to it waits", key,
		    utc_format(date, since));
	return add_entry(txn, key, "downgrade", "no TLS since %s; mail to it waits", date);
}

static bool tell_sts_lost(struct ledger_txn *txn, const char *key)
{
	log_warning("domain=%s no longer enforces MTA-STS", key);
	return add_entry(txn, key, "sts-lost", "MTA-STS is no longer enforced");
}

/* prober->facts.domain, which stood like `before`. */
static bool write_domain(struct prober *prober, struct ledger_txn *txn, const char *key,
			 const struct standing *before)
{
	const struct domain_facts *domain = &prober->facts.domain;
	struct standing after = domain_standing(prober, clock_wall());

	if (!ledger_put_domain(txn, key, domain))
		return false;
	if (after.floor && !before->floor && !tell_floor(txn, key, &domain->history))
		return false;
	/* Without a floor nothing was lost and nothing waits. */
	if ((after.downgrade != 0) != (before->downgrade != 0) && after.floor &&
	    !tell_downgrade(txn, key, after.downgrade))
		return false;
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

/* False when the facts cannot be read. */
static bool read_facts(struct prober *prober, struct ledger_txn *txn, const struct nexthop *nexthop)
{
	return ledger_get_facts(txn, nexthop, prober->settings->smtp_port, &prober->facts) !=
	       LOOKUP_ERROR;
}

/*
 * The look-up's result into prober->facts. What the old hosts have shown must
 * be the domain's before they are replaced.
 */
static void adopt_mx(struct prober *prober, const struct job_mx *found)
{
	struct domain_facts *domain = &prober->facts.domain;

	fold_domain(&prober->facts, prober->settings);
	domain->mx = found->answer.facts;
	freshness_good(&domain->mx.fresh, clock_wall(), found->answer.ttl);
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

static void log_mx(const char *key, const struct mx_facts *mx)
{
	log_debug("domain=%s mx=%s%s hosts=%zu", key, mx_state_name(mx->state),
		  mx->secure ? " secure" : "", mx->count);
}

static bool learn_mx(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct job_mx *found = &job->mx;
	const char *key = found->nexthop.key;
	struct domain_facts *domain = &prober->facts.domain;
	struct standing before;

	if (!read_facts(prober, txn, &found->nexthop)) {
		job->lost = true;
		return true;
	}
	before = domain_standing(prober, clock_wall());
	if (!found->found) {
		note_failure("domain", key, &domain->mx.fresh, job);
		return write_domain(prober, txn, key, &before);
	}
	if (same_hosts(&domain->mx, &found->answer.facts)) {
		adopt_mx(prober, found);
	} else {
		adopt_mx(prober, found);
		if (!ledger_put_domain(txn, key, domain))
			return false;
		/* What the new hosts have shown is the domain's, too. */
		job->lost = !read_facts(prober, txn, &found->nexthop);
		if (job->lost)
			return true;
		fold_domain(&prober->facts, prober->settings);
	}
	log_mx(key, &domain->mx);
	return write_domain(prober, txn, key, &before);
}

static bool learn_sts(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct domain_task *task = job->task;
	struct sts_facts *known = &prober->facts.domain.sts;
	struct sts_look *look = &job->sts.look;
	int64_t now = clock_wall();
	struct standing before;

	if (!read_facts(prober, txn, &task->nexthop)) {
		job->lost = true;
		return true;
	}
	if (job->kind == JOB_TXT && look->txt == LOOKUP_FOUND) {
		job->sts.fetch_due = task->effort == EFFORT_PROBE ||
				     sts_fetch_due(known, look->id, now);
		if (job->sts.fetch_due)
			return true;
	}
	before = domain_standing(prober, now);
	sts_fold(known, look, now);
	if (look->detail[0] != '\0')
		log_info("domain=%s MTA-STS: %s", task->nexthop.key, look->detail);
	return write_domain(prober, txn, task->nexthop.key, &before);
}

static bool fold_hosts(struct prober *prober, struct ledger_txn *txn, const struct nexthop *nexthop)
{
	struct history known = prober->facts.domain.history;
	struct standing before = domain_standing(prober, clock_wall());

	fold_domain(&prober->facts, prober->settings);
	return memcmp(&known, &prober->facts.domain.history, sizeof(known)) == 0 ||
	       write_domain(prober, txn, nexthop->key, &before);
}

bool learn_from_hosts(struct prober *prober, const struct nexthop *nexthop)
{
	struct history known = prober->facts.domain.history;
	struct ledger_txn *txn;

	/* Nearly always there is nothing new; then nobody has to write. */
	fold_domain(&prober->facts, prober->settings);
	if (memcmp(&known, &prober->facts.domain.history, sizeof(known)) == 0)
		return true;
	txn = ledger_begin_write(prober->ledger);
	if (txn == NULL)
		return false;
	if (read_facts(prober, txn, nexthop) && fold_hosts(prober, txn, nexthop))
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

/*
 * Hosts.
 */

static void learn_addresses(struct host_facts *facts, const struct host_task *task,
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

static uint16_t count16(size_t count)
{
	return count > UINT16_MAX ? UINT16_MAX : (uint16_t)count;
}

static void learn_tlsa(struct host_facts *facts, const struct host_task *task,
		       const struct job *job)
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
		    : found->set.count > 0		     ? TLSA_USABLE
							     : TLSA_UNUSABLE;
	facts->tlsa_usable = count16(found->set.count);
	facts->tlsa_unusable = count16(found->set.unusable);
	memcpy(facts->tlsa_base, found->base, sizeof(facts->tlsa_base));
	freshness_good(&facts->tlsa_fresh, clock_wall(), found->ttl);
}

static bool learn_host(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct host_task *task = job->task;
	struct host_facts *facts = &prober->facts.host[0];
	enum tlsa_state before;

	if (ledger_get_host(txn, task->host, task->port, facts) == LOOKUP_ERROR) {
		job->lost = true;
		return true;
	}
	before = facts->tlsa;
	learn_addresses(facts, task, job);
	learn_tlsa(facts, task, job);
	log_debug("host=%s address=%s%s tlsa=%s", task->key, addr_state_name(facts->addr),
		  facts->addr_secure ? " secure" : "", tlsa_state_name(facts->tlsa));
	if (!ledger_put_host(txn, task->host, task->port, facts))
		return false;
	if (before != TLSA_USABLE || facts->tlsa == TLSA_USABLE)
		return true;
	log_warning("host=%s has no usable TLSA records any more", task->key);
	return add_entry(txn, task->key, "dane-lost", "TLSA records: %s",
			 tlsa_state_name(facts->tlsa));
}

static void log_observation(const char *key, const struct observation *seen)
{
	if (seen->observed == OBSERVED_TLS)
		log_info("host=%s %s with %s, certificate verified: %s%s%s", key,
			 tls_version_name(seen->version), seen->cipher,
			 verified_name(seen->verified), seen->detail[0] != '\0' ? "; " : "",
			 seen->detail);
	else
		log_info("host=%s %s%s%s", key, observed_name(seen->observed),
			 seen->detail[0] != '\0' ? ": " : "", seen->detail);
}

/* Once, and loudly: until an admin mends it, nothing that we see in the clear means anything. */
static bool tell_stripping(struct ledger_txn *txn, const char *key, enum strip_change change)
{
	if (change == STRIP_BEGAN) {
		log_error("host=%s is one of many that offer no STARTTLS any more: something between "
			  "here and the Internet takes it away (a firewall's SMTP inspection, a "
			  "transparent proxy); every requirement of TLS stays, and mail waits", key);
		return add_entry(txn, "*", "stripping",
				 "many hosts lost STARTTLS at once, the latest being %.60s; our own "
				 "network takes it away", key);
	}
	log_warning("host=%s offers STARTTLS, as most hosts do again", key);
	return add_entry(txn, "*", "stripping-ended", "most hosts offer STARTTLS again");
}

/*
 * The latest look is shown in any case; learned from only if the admin wants
 * it, and if it is not our own network that we look at.
 */
static bool take_observation(struct prober *prober, struct ledger_txn *txn,
			     struct host_facts *facts, const char *key,
			     const struct observation *seen)
{
	int64_t next = freshness_next_probe(facts, seen, freshness_salt(key));
	enum strip_change change = strip_guard_note(&prober->guard, key, &facts->history, seen,
						    clock_wall());

	if (change != STRIP_SAME && !tell_stripping(txn, key, change))
		return false;
	if ((prober->settings->learn_from & LEARN_PROBE) != 0) {
		fold_host(facts, seen, next, prober->guard.stripped);
	} else {
		facts->last = *seen;
		facts->last_expires = next;
	}
	return true;
}

static bool tell_host_downgrade(struct ledger_txn *txn, const char *key, int64_t since)
{
	char date[UTC_SIZE];

	if (since == 0) {
		log_info("host=%s offers STARTTLS again", key);
		return add_entry(txn, key, "downgrade-ended", "STARTTLS is offered again");
	}
	log_warning("host=%s no longer offers STARTTLS since %s", key, utc_format(date, since));
	return add_entry(txn, key, "downgrade", "no STARTTLS since %s", date);
}

static bool fold_into_domains(struct prober *prober, struct ledger_txn *txn,
			      const struct host_task *task)
{
	const struct host_wait *wait;

	LIST_FOREACH(wait, &task->waits, next) {
		/* A damaged domain does not spoil the host's other domains. */
		if (!read_facts(prober, txn, &wait->domain->nexthop))
			wait->domain->lost = true;
		else if (!fold_hosts(prober, txn, &wait->domain->nexthop))
			return false;
	}
	return true;
}

static bool learn_smtp(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	const struct host_task *task = job->task;
	struct host_facts *facts = &prober->facts.host[0];
	int64_t before, after;

	if (ledger_get_host(txn, task->host, task->port, facts) == LOOKUP_ERROR) {
		job->lost = true;
		return true;
	}
	log_observation(task->key, &job->smtp.seen);
	before = fold_downgrade_since(&facts->history);
	if (!take_observation(prober, txn, facts, task->key, &job->smtp.seen))
		return false;
	after = fold_downgrade_since(&facts->history);
	if (!ledger_put_host(txn, task->host, task->port, facts))
		return false;
	if ((before != 0) != (after != 0) && !tell_host_downgrade(txn, task->key, after))
		return false;
	return fold_into_domains(prober, txn, task);
}

bool learn(struct prober *prober, struct ledger_txn *txn, struct job *job)
{
	switch (job->kind) {
	case JOB_MX:
		return learn_mx(prober, txn, job);
	case JOB_HOST:
		return learn_host(prober, txn, job);
	case JOB_SMTP:
		return learn_smtp(prober, txn, job);
	case JOB_TXT:
	case JOB_FETCH:
		return learn_sts(prober, txn, job);
	case JOB_SCAN:
		break;
	}
	return true;
}
