/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/decide.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/policy/survey.h"

#define NOT_ALL_KNOWN "not all is known about it yet"

static const struct {
	const char *name;
	const char *text;
} rules[] = {
	[RULE_OVERRIDE] = { "override", "an admin's override is in force" },
	[RULE_NO_MAIL] = { "no-mail", "the domain takes no mail (null MX), or does not exist" },
	[RULE_LAST_KNOWN] = { "last-known", "the MX look-up fails; what was last known stands in" },
	[RULE_MX_FAILED] = { "mx-failed", "no MX host can be looked up, and nothing is known" },
	[RULE_DANE_ALL] = { "dane-all",
			    "the MX records are signed, and every host has usable TLSA records" },
	[RULE_DANE_SOME] = { "dane-some",
			     "the MX records are signed, and some hosts have usable TLSA records" },
	[RULE_DANE_INSECURE_MX] = { "dane-insecure-mx", "the MX records are not signed, and every "
							"host has usable TLSA records" },
	[RULE_DANE_SOME_INSECURE_MX] = { "dane-some-insecure-mx",
					 "the MX records are not signed, and some hosts have "
					 "usable TLSA records" },
	[RULE_TLSA_UNUSABLE] = { "tlsa-unusable", "there are TLSA records, but none is usable "
						  "(RFC 7672: TLS without authentication)" },
	[RULE_TLSA_FAILED] = { "tlsa-failed", "the TLSA look-up of an MX host fails, and its TLSA "
					      "records were never known" },
	[RULE_MTA_STS] = { "mta-sts", "the domain publishes an MTA-STS policy in mode enforce" },
	[RULE_FLOOR] = { "floor", "the domain was reached over TLS before, so TLS is required" },
	[RULE_NOTHING] = { "nothing", "nothing shows that the domain can do TLS" },
};

const char *rule_name(enum rule rule)
{
	return (size_t)rule < ARRAY_LEN(rules) && rules[rule].name ? rules[rule].name : "?";
}

const char *rule_text(enum rule rule)
{
	return (size_t)rule < ARRAY_LEN(rules) && rules[rule].text ? rules[rule].text : "?";
}

/*
 * At level `dane` Postfix sends in the clear to any MX host without TLSA
 * records, so that level alone guarantees nothing.
 */
static bool level_guarantees(enum level level)
{
	return level != LEVEL_NONE && level != LEVEL_DANE;
}

static void give(struct decision *d, enum rule rule, enum verdict verdict, enum level level,
		 const char *reason)
{
	d->rule = d->under = rule;
	d->verdict = verdict;
	d->level = level;
	d->guaranteed = verdict == VERDICT_POLICY && level_guarantees(level);
	str_copy(d->reason, sizeof(d->reason), reason);
}

static void give_level(struct decision *d, enum rule rule, enum level level)
{
	give(d, rule, VERDICT_POLICY, level, rule_text(rule));
}

/* Some look-up or probe that was never made could still raise the answer. */
static bool dns_pending(const struct survey *s)
{
	return s->unresolved > 0 || s->unasked > 0;
}

/*
 * May nothing leave in the clear? A domain that publishes MTA-STS in mode enforce
 * has said so itself (RFC 8461 5), also where DANE comes first.
 */
static bool must_have_tls(const struct survey *s)
{
	return s->floor || s->sts_enforced;
}

/* Nothing is left that could yet show it, and so more be asked for than level `dane`. */
static bool must_have_tls_settled(const struct survey *s)
{
	return must_have_tls(s) || (s->unseen == 0 && !s->sts_unasked);
}

/* Of level `dane`: while it is not settled, that is why mail waits, and not the rule. */
static void settle_dane(struct decision *d, const struct survey *s)
{
	d->settled = !dns_pending(s) && must_have_tls_settled(s);
	if (!d->settled && !d->guaranteed)
		str_copy(d->reason, sizeof(d->reason), NOT_ALL_KNOWN);
}

/*
 * Rule 2. Postfix refuses such mail itself, unless the denial was a lie told to
 * us alone: so the floor holds here too. It costs nothing where it is true.
 */
static void decide_no_mail(struct decision *d, const struct survey *s)
{
	d->settled = true;
	if (s->floor)
		give_level(d, RULE_NO_MAIL, LEVEL_ENCRYPT);
	else
		give(d, RULE_NO_MAIL, VERDICT_NOTFOUND, LEVEL_NONE, rule_text(RULE_NO_MAIL));
}

/* `dane` holds no floor where a host lacks TLSA records. */
static void give_some_dane(struct decision *d, enum rule rule, const struct survey *s)
{
	give_level(d, rule, must_have_tls(s) ? LEVEL_ENCRYPT : LEVEL_DANE);
	settle_dane(d, s);
}

/* Rules 5 to 8: some host has usable TLSA records. */
static void decide_dane(struct decision *d, const struct settings *settings,
			const struct facts *facts, const struct survey *s)
{
	const struct mx_facts *mx = &facts->domain.mx;
	bool every = s->usable == s->hosts && s->unresolved == 0 && !mx->truncated;

	d->settled = !dns_pending(s);
	if (mx->secure && every) {
		give_level(d, RULE_DANE_ALL, LEVEL_DANE_ONLY);
	} else if (mx->secure && settings->mixed_mx == MIXED_MX_STRICT) {
		give_level(d, RULE_DANE_SOME, LEVEL_DANE_ONLY);
		d->settled = true; /* what is pending can only turn rule 6 into rule 5 */
	} else if (mx->secure) {
		give_some_dane(d, RULE_DANE_SOME, s);
	} else if (every) {
		give_level(d, RULE_DANE_INSECURE_MX, LEVEL_DANE);
	} else {
		give_some_dane(d, RULE_DANE_SOME_INSECURE_MX, s);
	}
}

/*
 * Rule 10. At level `dane` Postfix makes the failing look-up itself, and skips
 * the host for as long as it fails; but that level would let a host without
 * TLSA records have mail in the clear, so where TLS is a must it needs more.
 */
static void decide_tlsa_failed(struct decision *d, const struct survey *s)
{
	if (!must_have_tls(s))
		give_level(d, RULE_TLSA_FAILED, LEVEL_DANE);
	else if (s->absent + s->unusable > 0)
		give_level(d, RULE_TLSA_FAILED, LEVEL_ENCRYPT);
	else
		give(d, RULE_TLSA_FAILED, VERDICT_TEMP, LEVEL_NONE, rule_text(RULE_TLSA_FAILED));
	settle_dane(d, s);
}

/* No host is left to go by. */
static void decide_no_host(struct decision *d, const struct survey *s)
{
	d->settled = s->unresolved == 0;
	if (s->floor)
		give_level(d, RULE_FLOOR, LEVEL_ENCRYPT);
	else if (s->unresolved > 0 && s->sts_enforced)
		give_level(d, RULE_MTA_STS, LEVEL_SECURE);
	else if (s->unresolved > 0)
		give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE,
		     "its MX hosts are still being looked up");
	else
		give(d, RULE_MX_FAILED, VERDICT_TEMP, LEVEL_NONE,
		     "none of its MX hosts has an address");
}

/* Rules 12 and 13: neither DANE nor MTA-STS has a say. */
static void decide_by_history(struct decision *d, const struct survey *s)
{
	bool pending = dns_pending(s) || s->sts_unasked;

	if (s->floor) {
		give_level(d, RULE_FLOOR, LEVEL_ENCRYPT);
		d->settled = !pending;
		return;
	}
	give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE,
	     pending || s->unseen > 0 ? NOT_ALL_KNOWN : rule_text(RULE_NOTHING));
	d->settled = !pending && s->unseen == 0;
}

/* Rules 5 to 13. */
static void decide_by_hosts(struct decision *d, const struct settings *settings,
			    const struct facts *facts, const struct survey *s)
{
	if (s->hosts == 0) {
		decide_no_host(d, s);
	} else if (s->usable > 0) {
		decide_dane(d, settings, facts, s);
	} else if (s->unusable > 0) {
		give_level(d, RULE_TLSA_UNUSABLE, LEVEL_ENCRYPT);
		d->settled = !dns_pending(s);
	} else if (s->failed > 0) {
		decide_tlsa_failed(d, s);
	} else if (s->sts_enforced) {
		give_level(d, RULE_MTA_STS, LEVEL_SECURE);
		d->settled = !dns_pending(s);
	} else {
		decide_by_history(d, s);
	}
}

/* The MX was never known: rule 4, or nothing asked yet. */
static void decide_unknown(struct decision *d, const struct survey *s)
{
	d->settled = !s->mx_unasked;
	if (s->floor)
		give_level(d, RULE_FLOOR, LEVEL_ENCRYPT);
	else if (s->mx_unasked)
		give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE,
		     "nothing is known about it yet");
	else
		give(d, RULE_MX_FAILED, VERDICT_TEMP, LEVEL_NONE, "its MX look-up fails");
}

/* Rule 3: what the last known facts say, and that they are the last known. */
static void give_last_known(struct decision *d)
{
	char reason[REASON_SIZE];

	memcpy(reason, d->reason, sizeof(reason));
	d->rule = RULE_LAST_KNOWN;
	snprintf(d->reason, sizeof(d->reason), "its MX look-up fails now; when last known, %.*s",
		 REASON_SIZE - 64, reason);
}

/* Rules 2 to 13. */
static void decide_by_facts(struct decision *d, const struct settings *settings,
			    const struct facts *facts, const struct survey *s)
{
	const struct mx_facts *mx = &facts->domain.mx;
	bool no_mail = mx->state == MX_NULL || mx->state == MX_NXDOMAIN;

	/* "Takes no mail" is no decision to repeat when it cannot be confirmed. */
	if (mx->state == MX_UNKNOWN || (no_mail && mx->fresh.failed != 0)) {
		decide_unknown(d, s);
		return;
	}
	if (no_mail) {
		decide_no_mail(d, s);
		return;
	}
	decide_by_hosts(d, settings, facts, s);
	if (mx->fresh.failed != 0)
		give_last_known(d);
}

bool decide_override_in_force(const struct override *override, int64_t now)
{
	return override->kind != OVERRIDE_NONE &&
	       (override->expires == 0 || now < override->expires);
}

static void give_override(struct decision *d, enum verdict verdict, enum level level,
			  const struct override *override)
{
	give(d, RULE_OVERRIDE, verdict, level, rule_text(RULE_OVERRIDE));
	if (override->reason[0] != '\0')
		snprintf(d->reason, sizeof(d->reason), "override by %s: %s", override->author,
			 override->reason);
}

/* Is what `d` answers at least `level`: first in what it guarantees, then in strength? */
static bool at_least(const struct decision *d, enum level level)
{
	if (d->verdict == VERDICT_TEMP)
		return true;
	if (d->guaranteed != level_guarantees(level))
		return d->guaranteed;
	return d->level >= level;
}

/* Rule 1. */
static void apply_override(struct decision *d, const struct override *override)
{
	switch (override->kind) {
	case OVERRIDE_NONE:
		return;
	case OVERRIDE_EXACT:
		give_override(d, override->level == LEVEL_NONE ? VERDICT_NOTFOUND : VERDICT_POLICY,
			      override->level, override);
		break;
	case OVERRIDE_HANDS_OFF:
		give_override(d, VERDICT_NOTFOUND, LEVEL_NONE, override);
		break;
	case OVERRIDE_MINIMUM:
		if (at_least(d, override->level))
			return;
		give_override(d, VERDICT_POLICY, override->level, override);
		return;
	}
	d->settled = true;
	d->stale = false;
}

void decide(struct decision *d, const struct settings *settings, const struct facts *facts,
	    int64_t now)
{
	struct survey survey;

	survey_facts(&survey, settings, facts, now);
	*d = (struct decision){ .floor = survey.floor, .stale = survey.stale };
	decide_by_facts(d, settings, facts, &survey);
	if (decide_override_in_force(&facts->override, now))
		apply_override(d, &facts->override);
}

/* Raise to `level`, whatever could not be found out. */
static void raise_to(struct decision *d, enum level level, const char *reason)
{
	enum rule rule = d->rule;
	enum rule under = d->under;

	give(d, rule, VERDICT_POLICY, level, reason);
	d->under = under;
}

/*
 * DANE, MTA-STS or an admin's pin, or an answer under which every delivery
 * fails and comes back: without TLSA records there is nothing for `dane-only`
 * to match.
 */
static void require_authenticated(struct decision *d)
{
	if (d->verdict == VERDICT_POLICY && d->level >= LEVEL_SECURE)
		return;
	raise_to(d, LEVEL_DANE_ONLY,
		 "the sender demands an authenticated server, and neither DANE nor MTA-STS can "
		 "prove it");
}

static void require_pin(struct decision *d, const struct facts *facts)
{
	raise_to(d, LEVEL_FINGERPRINT,
		 facts->pins.count > 0
			 ? "the sender demands a certificate that an admin has on file"
			 : "the sender demands a certificate on file, and none is on "
			   "file for this domain");
}

void decide_for_map(struct decision *d, const struct settings *settings, const struct facts *facts,
		    enum map map, int64_t now)
{
	decide(d, settings, facts, now);
	switch (map) {
	case MAP_POLICY_ENCRYPT:
		if (!d->guaranteed)
			raise_to(d, LEVEL_ENCRYPT, "the sender demands TLS");
		break;
	case MAP_POLICY_AUTHENTICATED:
		require_authenticated(d);
		break;
	case MAP_POLICY_VERIFY:
		require_pin(d, facts);
		break;
	case MAP_POLICY_DANE_ONLY:
		if (d->level != LEVEL_DANE_ONLY)
			raise_to(d, LEVEL_DANE_ONLY, "the sender demands DANE");
		break;
	default:
		break;
	}
}

/* Nothing can leave in the clear while the facts are looked at again. */
static bool safe_while_stale(const struct decision *d)
{
	return d->guaranteed;
}

static enum contact contact_unsettled(const struct decision *d, const struct settings *settings,
				      bool waited)
{
	if (settings->first_contact == FIRST_CONTACT_MAY)
		return CONTACT_ANSWER_REFRESH;
	if (waited || settings->first_contact == FIRST_CONTACT_DEFER)
		return d->guaranteed ? CONTACT_ANSWER_REFRESH : CONTACT_DEFER;
	return CONTACT_PARK;
}

enum contact decide_contact(const struct decision *d, const struct settings *settings, bool waited)
{
	if (!d->settled)
		return contact_unsettled(d, settings, waited);
	/* What fails is tried ever more rarely; but while mail waits for it, also when asked,
	 * unless that is what was waited for. */
	if (!d->stale)
		return d->verdict == VERDICT_TEMP && !waited ? CONTACT_ANSWER_REFRESH
							     : CONTACT_ANSWER;
	if (safe_while_stale(d))
		return CONTACT_ANSWER_REFRESH;
	return waited ? CONTACT_ANSWER : CONTACT_PARK;
}
