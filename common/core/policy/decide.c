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
	[RULE_LAST_KNOWN] = { "last-known", "the MX look-up fails, so what was known last counts" },
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

const char *decide_word(enum verdict verdict, enum level level)
{
	switch (verdict) {
	case VERDICT_POLICY:
		return level_name(level);
	case VERDICT_NOTFOUND:
		return "NOTFOUND";
	case VERDICT_TEMP:
		break;
	}
	return "TEMP";
}

bool decide_holds_back(const struct decision *d)
{
	return d->observed && (d->would.verdict != d->verdict || d->would.level != d->level);
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

/* Some look-up that was never made could still raise the answer. */
static bool dns_pending(const struct survey *s)
{
	return s->unresolved > 0 || s->unasked > 0;
}

/* May nothing leave in the clear, whatever DNS says by then? */
static bool must_have_tls(const struct survey *s)
{
	return s->floor || s->sts_enforced;
}

/* No MTA-STS policy that was never looked for could raise the answer. */
static bool sts_settled(const struct survey *s)
{
	return s->sts_enforced || !s->sts_unasked;
}

/* No look or probe that was never made could raise what give_promise gives. */
static bool promise_settled(const struct survey *s)
{
	return sts_settled(s) && (must_have_tls(s) || s->unseen == 0);
}

/*
 * What is owed to the domain where DANE does not hold it: MTA-STS in force asks for a
 * server that its policy names (RFC 8461 5; unsigned DNS cannot take that back), and a
 * floor for TLS. Both hold whatever Postfix finds in DNS. False where nothing is owed.
 */
static bool give_promise(struct decision *d, enum rule rule, const struct survey *s)
{
	if (!must_have_tls(s))
		return false;
	give_level(d, rule, s->sts_enforced ? LEVEL_SECURE : LEVEL_ENCRYPT);
	if (rule != RULE_MTA_STS && rule != RULE_FLOOR)
		snprintf(d->reason, sizeof(d->reason), "%s; %s", rule_text(rule),
			 s->sts_enforced ? "its MTA-STS policy is in force"
					 : "it was reached over TLS before");
	return true;
}

/* The same where no fact but those of the domain itself decides. */
static bool give_promise_alone(struct decision *d, const struct survey *s)
{
	return give_promise(d, s->sts_enforced ? RULE_MTA_STS : RULE_FLOOR, s);
}

/* An answer that is less than guaranteed waits for what could raise it, and says so. */
static void settle(struct decision *d, bool settled)
{
	d->settled = settled;
	if (!settled && !d->guaranteed)
		str_copy(d->reason, sizeof(d->reason), NOT_ALL_KNOWN);
}

/*
 * Rule 2. Postfix refuses such mail itself, unless the denial was a lie told to
 * us alone: so what is owed holds here too. It costs nothing where it is true.
 */
static void decide_no_mail(struct decision *d, const struct survey *s)
{
	d->settled = true;
	if (give_promise(d, RULE_NO_MAIL, s))
		d->settled = promise_settled(s);
	else
		give(d, RULE_NO_MAIL, VERDICT_NOTFOUND, LEVEL_NONE, rule_text(RULE_NO_MAIL));
}

/* `dane` guarantees nothing: see level_guarantees. */
static void give_some_dane(struct decision *d, enum rule rule, const struct survey *s)
{
	if (!give_promise(d, rule, s))
		give_level(d, rule, LEVEL_DANE);
	settle(d, !dns_pending(s) && promise_settled(s));
}

/*
 * Rules 5 to 8: some host has usable TLSA records. Of rule 6 under `strict`, what is
 * pending can only turn it into rule 5, which answers the same. Who names the hosts in
 * unsigned MX records is not known, so DANE proves nothing of them (RFC 7672 2.2.1).
 */
static void decide_dane(struct decision *d, const struct settings *settings,
			const struct facts *facts, const struct survey *s)
{
	const struct mx_facts *mx = &facts->domain.mx;
	bool every = s->usable == s->hosts && s->unresolved == 0 && !mx->truncated;

	if (!mx->secure) {
		give_some_dane(d, every ? RULE_DANE_INSECURE_MX : RULE_DANE_SOME_INSECURE_MX, s);
	} else if (every) {
		give_level(d, RULE_DANE_ALL, LEVEL_DANE_ONLY);
		d->settled = true;
	} else if (settings->mixed_mx == MIXED_MX_STRICT || s->sts_enforced) {
		give_level(d, RULE_DANE_SOME, LEVEL_DANE_ONLY);
		d->settled = true;
	} else {
		give_some_dane(d, RULE_DANE_SOME, s);
	}
}

/* Rule 9. RFC 7672 2.2: TLS is mandatory, and nothing authenticates the server. */
static void decide_tlsa_unusable(struct decision *d, const struct survey *s)
{
	if (!give_promise(d, RULE_TLSA_UNUSABLE, s))
		give_level(d, RULE_TLSA_UNUSABLE, LEVEL_ENCRYPT);
	settle(d, !dns_pending(s) && sts_settled(s));
}

/*
 * Rule 10. At level `dane` Postfix makes the failing look-up itself, and skips the
 * host for as long as it fails; of a host whose records are unusable it requires TLS
 * (RFC 7672 2.2). But at that level a host without TLSA records can have mail in the
 * clear. `encrypt` would give it to whoever answers in the failing host's place. So with
 * a floor mail waits, under `lenient` only if there is no other host to go to. It also
 * waits without a floor where one host lacks TLSA records and another has unusable ones:
 * rule 9 asks for TLS of both, and a look-up that is made to fail must not undo that.
 */
static void decide_tlsa_failed(struct decision *d, const struct settings *settings,
			       const struct survey *s)
{
	bool floor_waits = s->floor && (settings->mixed_mx == MIXED_MX_STRICT || s->absent == 0);
	bool undoes_rule_9 = s->unusable > 0 && s->absent > 0;

	if ((floor_waits || undoes_rule_9) && !s->sts_enforced)
		give(d, RULE_TLSA_FAILED, VERDICT_TEMP, LEVEL_NONE, rule_text(RULE_TLSA_FAILED));
	else if (!give_promise(d, RULE_TLSA_FAILED, s))
		give_level(d, RULE_TLSA_FAILED, LEVEL_DANE);
	settle(d, !dns_pending(s) && promise_settled(s));
}

/*
 * Rule 10, and not 9 or 12? TLS without authentication is for hosts whose TLSA records
 * are known not to ask for more. So under `strict`, of a host that signed MX records name,
 * a failing look-up counts beside unusable records; and with a floor one that was not made
 * yet, after waiting for it in vain.
 */
static bool tlsa_failure_counts(const struct settings *settings, const struct mx_facts *mx,
				const struct survey *s)
{
	bool strictly = mx->secure && settings->mixed_mx == MIXED_MX_STRICT;

	if (s->failed > 0)
		return s->unusable == 0 || strictly;
	return s->unasked > 0 && s->floor && strictly;
}

/*
 * No host is left to go by. Beyond those that are kept there may be one that Postfix
 * reaches: a limit of ours is no reason why mail should wait.
 */
static void decide_no_host(struct decision *d, const struct facts *facts, const struct survey *s)
{
	d->settled = s->unresolved == 0 && sts_settled(s);
	if (give_promise_alone(d, s))
		return;
	if (s->unresolved > 0)
		give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE,
		     "its MX hosts are still being looked up");
	else if (facts->domain.mx.truncated)
		give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE,
		     "none of the MX hosts that are looked at has an address");
	else
		give(d, RULE_MX_FAILED, VERDICT_TEMP, LEVEL_NONE,
		     "none of its MX hosts has an address");
}

/* Rules 11 to 13: DANE has no say. */
static void decide_without_dane(struct decision *d, const struct survey *s)
{
	if (!give_promise_alone(d, s))
		give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE, rule_text(RULE_NOTHING));
	settle(d, !dns_pending(s) && promise_settled(s));
}

/* Rules 5 to 13. */
static void decide_by_hosts(struct decision *d, const struct settings *settings,
			    const struct facts *facts, const struct survey *s)
{
	if (s->hosts == 0)
		decide_no_host(d, facts, s);
	else if (s->usable > 0)
		decide_dane(d, settings, facts, s);
	else if (tlsa_failure_counts(settings, &facts->domain.mx, s))
		decide_tlsa_failed(d, settings, s);
	else if (s->unusable > 0)
		decide_tlsa_unusable(d, s);
	else
		decide_without_dane(d, s);
}

/* The MX was never known: rule 4, or nothing asked yet. */
static void decide_unknown(struct decision *d, const struct survey *s)
{
	d->settled = !s->mx_unasked;
	if (give_promise_alone(d, s))
		d->settled &= promise_settled(s);
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

/* All rules, whether `enforce` holds or not. `waits`: may mail be made to wait? */
static void decide_by_rules(struct decision *d, const struct settings *settings,
			    const struct facts *facts, const struct survey *survey, bool waits,
			    int64_t now)
{
	*d = (struct decision){ .floor = survey->floor,
				.stale = survey->stale,
				.sts = survey->sts_enforced };
	decide_by_facts(d, settings, facts, survey);
	if (!waits && d->verdict == VERDICT_TEMP)
		d->verdict = VERDICT_NOTFOUND;
	if (override_in_force(&facts->override, now))
		apply_override(d, &facts->override);
	d->would.rule = d->rule;
	d->would.verdict = d->verdict;
	d->would.level = d->level;
}

/* Is `name` that domain, or below it? */
static bool is_within(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);

	return len >= tail && strcmp(name + len - tail, domain) == 0 &&
	       (len == tail || name[len - tail - 1] == '.');
}

static bool is_enforced(const struct settings *settings, const struct nexthop *nexthop)
{
	const struct string_list *domains = &settings->enforce_domains;

	for (size_t i = 0; i < domains->count; i++)
		if (is_within(nexthop->name, domains->items[i]))
			return true;
	return settings->enforce;
}

/*
 * What DANE and MTA-STS demand, and Postfix and others would do without postseal: no
 * floor, nothing stricter than the standards, and no mail that waits for what is not
 * known. An admin's override is an order of its own.
 */
static void observe(struct decision *d, const struct settings *settings, const struct facts *facts,
		    const struct survey *survey, int64_t now)
{
	struct decision would = *d;
	struct settings mild = *settings;
	struct survey bare = *survey;

	mild.mixed_mx = MIXED_MX_LENIENT;
	bare.floor = false;
	decide_by_rules(d, &mild, facts, &bare, false, now);
	d->floor = would.floor;
	d->observed = true;
	d->would = would.would;
}

void decide(struct decision *d, const struct settings *settings, const struct facts *facts,
	    int64_t now)
{
	struct survey survey;

	survey_facts(&survey, settings, facts, now);
	decide_by_rules(d, settings, facts, &survey, true, now);
	if (!is_enforced(settings, &facts->nexthop))
		observe(d, settings, facts, &survey, now);
}

/* Another answer for this map; the rule behind it stays. */
static void answer_instead(struct decision *d, enum verdict verdict, enum level level,
			   const char *reason)
{
	enum rule rule = d->rule;
	enum rule under = d->under;

	give(d, rule, verdict, level, reason);
	d->under = under;
}

/* Raise to `level`, whatever could not be found out. */
static void raise_to(struct decision *d, enum level level, const char *reason)
{
	answer_instead(d, VERDICT_POLICY, level, reason);
}

/*
 * DANE, MTA-STS or an admin's pin, or an answer under which every delivery
 * fails and comes back: without TLSA records there is nothing for `dane-only`
 * to match. While it may be that only MTA-STS cannot be looked up, mail waits: no mail comes
 * back because of a fault that may pass.
 */
static void require_authenticated(struct decision *d, const struct facts *facts,
				  const struct survey *s)
{
	bool dane = facts->domain.mx.secure && s->usable > 0;

	if (d->verdict == VERDICT_POLICY && d->level >= LEVEL_SECURE)
		return;
	if ((s->sts_unasked || s->sts_failing) && !dane) {
		answer_instead(d, VERDICT_TEMP, LEVEL_NONE,
			       "the sender demands an authenticated server, and its MTA-STS policy "
			       "is not known yet");
		return;
	}
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
	struct survey survey;

	if (map == MAP_POLICY) {
		decide(d, settings, facts, now);
		return;
	}
	/* Secure aliases are held to what they promise, whatever `enforce` says. */
	survey_facts(&survey, settings, facts, now);
	decide_by_rules(d, settings, facts, &survey, true, now);
	switch (map) {
	case MAP_POLICY_ENCRYPT:
		if (!d->guaranteed)
			raise_to(d, LEVEL_ENCRYPT, "the sender demands TLS");
		break;
	case MAP_POLICY_AUTHENTICATED:
		require_authenticated(d, facts, &survey);
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
	/*
	 * RFC 8461 5: no mail may fail for good before DNS was asked for an updated policy; and
	 * these maps are those of transports whose mail comes back at the first failure.
	 */
	d->look_first = d->level == LEVEL_SECURE && survey.sts_due;
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
	if (d->observed)
		return d->settled && !d->stale ? CONTACT_ANSWER : CONTACT_ANSWER_REFRESH;
	if (!d->settled)
		return contact_unsettled(d, settings, waited);
	/* Retries back off, but a question that mail waits on is tried once, now. */
	if (!d->stale)
		return d->verdict == VERDICT_TEMP && !waited ? CONTACT_ANSWER_REFRESH
							     : CONTACT_ANSWER;
	/* Nothing can leave in the clear while the facts are looked at again. */
	if (d->guaranteed && !d->look_first)
		return CONTACT_ANSWER_REFRESH;
	return waited ? CONTACT_ANSWER : CONTACT_PARK;
}

/*
 * ".com", asked after NOTFOUND for a name below it: only an admin speaks for a
 * whole tree, and no prober could look at one.
 */
static void decide_parent(struct decision *d)
{
	if (d->rule != RULE_OVERRIDE)
		give(d, RULE_NOTHING, VERDICT_NOTFOUND, LEVEL_NONE,
		     "no override speaks for all names below it");
	d->settled = true;
	d->stale = false;
}

enum contact decide_answer(struct decision *d, const struct settings *settings,
			   const struct facts *facts, enum map map, bool waited, int64_t now)
{
	enum contact contact;

	if (map == MAP_STATUS)
		decide(d, settings, facts, now);
	else
		decide_for_map(d, settings, facts, map, now);
	if (facts->nexthop.kind == NEXTHOP_PARENT) {
		decide_parent(d);
		return CONTACT_ANSWER;
	}
	contact = decide_contact(d, settings, waited);
	if (contact == CONTACT_ANSWER || contact == CONTACT_ANSWER_REFRESH)
		return contact;
	if (map == MAP_STATUS)
		return CONTACT_ANSWER_REFRESH;
	if (contact == CONTACT_PARK && !waited)
		return CONTACT_PARK;
	d->verdict = VERDICT_TEMP;
	d->level = LEVEL_NONE;
	return CONTACT_DEFER;
}
