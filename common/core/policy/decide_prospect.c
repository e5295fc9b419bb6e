/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/decide.h"

#include <stdio.h>

#include "core/policy/fold.h"
#include "core/facts/facts.h"
#include "core/policy/survey.h"

#define NO_TLS "does not accept TLS"

/* What is asked, and of whom. */
struct look {
	const struct settings *settings;
	const struct facts *facts;
	const struct survey *survey;
	enum alias_level level;
	bool by_admin; /* an override stands in for DANE and MTA-STS */
};

/* What a host has to say about it. */
enum outlook {
	OUTLOOK_UNKNOWN,
	OUTLOOK_GOOD,
	OUTLOOK_NO_TLS,
	OUTLOOK_TOO_WEAK, /* TLS perhaps, but not what the level demands */
	OUTLOOK_ASIDE     /* says nothing about the others */
};

/* The history counts too: what our own network strips is not kept there (strip_guard.h). */
static bool never_had_tls(const struct host_facts *host)
{
	return host->last.observed == OBSERVED_PLAIN && host->history.last_tls == 0 &&
	       host->history.last_plain != 0;
}

/* Such as a backup host that was given up long ago; no proof by itself. */
static bool down_and_never_had_tls(const struct host_facts *host)
{
	return host->last.observed == OBSERVED_UNREACHABLE && host->history.last_tls == 0;
}

static enum outlook outlook_for_tls(const struct host_facts *host)
{
	if (fold_now_tls(&host->history))
		return OUTLOOK_GOOD;
	return down_and_never_had_tls(host) ? OUTLOOK_ASIDE : OUTLOOK_UNKNOWN;
}

/*
 * At level dane-only Postfix takes no host that unsigned MX records name ("non
 * DNSSEC destination"), none without TLSA records, and none whose records are
 * all unusable.
 */
static enum outlook outlook_for_dane(const struct facts *facts, const struct host_facts *host)
{
	const struct mx_facts *mx = &facts->domain.mx;

	if (mx->state == MX_FOUND && !mx->secure)
		return OUTLOOK_TOO_WEAK;
	switch (host->tlsa) {
	case TLSA_ABSENT:
	case TLSA_UNUSABLE:
		return host->tlsa_fresh.failed == 0 ? OUTLOOK_TOO_WEAK : OUTLOOK_UNKNOWN;
	case TLSA_USABLE:
		return observation_by_dane(&host->last, facts->nexthop.name) ? OUTLOOK_GOOD
									     : OUTLOOK_UNKNOWN;
	case TLSA_UNKNOWN:
		break;
	}
	return OUTLOOK_UNKNOWN;
}

/* Certain, and not only not found out. */
static bool no_sts(const struct look *look)
{
	const struct sts_facts *sts = &look->facts->domain.sts;

	if (!look->settings->mta_sts || look->facts->nexthop.kind != NEXTHOP_DOMAIN)
		return true;
	return !look->survey->sts_enforced && sts->mode != STS_UNKNOWN && sts->fresh.failed == 0;
}

static enum outlook outlook_for_proof(const struct look *look, const struct host_facts *host)
{
	enum outlook dane = outlook_for_dane(look->facts, host);

	if (dane == OUTLOOK_GOOD || (no_sts(look) && !look->by_admin))
		return dane;
	return look->survey->sts_enforced && host->last.verified == VERIFIED_NAME ? OUTLOOK_GOOD
										  : OUTLOOK_UNKNOWN;
}

static enum outlook outlook_for_pins(const struct look *look, const struct host_facts *host)
{
	size_t i = (size_t)(host - look->facts->host);

	if (host->last.observed != OBSERVED_TLS || !host->last.has_spki ||
	    !survey_key_as_postfix(look->settings, look->facts, i))
		return OUTLOOK_UNKNOWN;
	return pins_has(&look->facts->pins, host->last.spki) ? OUTLOOK_GOOD : OUTLOOK_TOO_WEAK;
}

static enum outlook outlook_of(const struct look *look, const struct host_facts *host)
{
	if (survey_leaves_out(host))
		return OUTLOOK_ASIDE;
	if (host->addr == ADDR_UNKNOWN || host->addr_fresh.failed != 0)
		return OUTLOOK_UNKNOWN;
	/* Who ever had TLS may have it again: that is the transport's to find out. */
	if (never_had_tls(host) && !look->survey->floor)
		return OUTLOOK_NO_TLS;
	switch (look->level) {
	case ALIAS_ENCRYPT:
		return outlook_for_tls(host);
	case ALIAS_AUTHENTICATED:
		return outlook_for_proof(look, host);
	case ALIAS_VERIFY:
		return outlook_for_pins(look, host);
	case ALIAS_DANE_ONLY:
		break;
	}
	return outlook_for_dane(look->facts, host);
}

/* The best of the hosts; where none is any good, why the last of them is not. */
static enum outlook outlook_of_all(const struct look *look)
{
	const struct mx_facts *mx = &look->facts->domain.mx;
	enum outlook worst = OUTLOOK_ASIDE;
	bool unknown = mx->truncated || mx->fresh.failed != 0;

	for (size_t i = 0; i < mx->count; i++) {
		enum outlook outlook = outlook_of(look, &look->facts->host[i]);

		if (outlook == OUTLOOK_GOOD)
			return outlook;
		unknown |= outlook == OUTLOOK_UNKNOWN;
		if (outlook == OUTLOOK_TOO_WEAK || worst == OUTLOOK_ASIDE)
			worst = outlook;
	}
	return unknown ? OUTLOOK_UNKNOWN : worst;
}

/* It has TLSA records, and they prove nothing: unsigned MX records name the hosts. */
static bool dane_in_vain(const struct facts *facts)
{
	const struct mx_facts *mx = &facts->domain.mx;
	bool any = false;

	for (size_t i = 0; i < mx->count; i++)
		any |= facts->host[i].tlsa == TLSA_USABLE;
	return any && mx->state == MX_FOUND && !mx->secure;
}

static const char *too_weak(const struct look *look)
{
	bool in_vain = dane_in_vain(look->facts);

	switch (look->level) {
	case ALIAS_VERIFY:
		return look->facts->pins.count > 0
			       ? "shows a certificate other than those on file here"
			       : "has no certificate on file here";
	case ALIAS_AUTHENTICATED:
		return in_vain ? "publishes no MTA-STS policy, and names its mail servers in "
				 "unsigned DNS, so DANE cannot prove them"
			       : "publishes neither DANE nor MTA-STS, which would prove its server";
	case ALIAS_DANE_ONLY:
		return in_vain ? "names its mail servers in unsigned DNS, so DANE cannot prove them"
			       : "publishes no DANE records, which would prove its server";
	case ALIAS_ENCRYPT:
		break;
	}
	return NO_TLS;
}

/* Could what was never looked at yet tell more? */
static bool is_pending(const struct look *look)
{
	const struct survey *s = look->survey;

	if (s->mx_unasked || s->unresolved > 0 || s->unseen > 0)
		return true;
	if (look->level == ALIAS_AUTHENTICATED && s->sts_unasked)
		return true;
	return s->unasked > 0 &&
	       (look->level == ALIAS_AUTHENTICATED || look->level == ALIAS_DANE_ONLY);
}

static enum prospect give(struct decision *d, const struct look *look, enum outlook outlook)
{
	switch (outlook) {
	case OUTLOOK_GOOD:
		d->settled = true;
		snprintf(d->reason, sizeof(d->reason), "met it when last seen");
		return PROSPECT_GOOD;
	case OUTLOOK_NO_TLS:
	case OUTLOOK_TOO_WEAK:
		d->settled = !d->stale;
		if (d->stale)
			break;
		snprintf(d->reason, sizeof(d->reason), "%s",
			 outlook == OUTLOOK_NO_TLS ? NO_TLS : too_weak(look));
		return PROSPECT_NONE;
	case OUTLOOK_UNKNOWN:
	case OUTLOOK_ASIDE:
		d->settled = !is_pending(look);
		break;
	}
	snprintf(d->reason, sizeof(d->reason), "may meet it or not; delivery will tell");
	return PROSPECT_UNKNOWN;
}

enum prospect decide_prospect(struct decision *d, const struct settings *settings,
			      const struct facts *facts, enum alias_level level, int64_t now)
{
	struct survey survey;
	struct look look = { settings, facts, &survey, level,
			     override_in_force(&facts->override, now) };

	survey_facts(&survey, settings, facts, now);
	decide_for_map(d, settings, facts, map_of_level(MAP_KIND_POLICY, level), now);
	d->stale = survey.stale;
	/* That there is nothing on file needs no looking. */
	if (level == ALIAS_VERIFY && facts->pins.count == 0) {
		d->stale = false;
		return give(d, &look, OUTLOOK_TOO_WEAK);
	}
	return give(d, &look, outlook_of_all(&look));
}
