/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Usage: every [HOSTS]. Every domain of up to three MX hosts (or fewer), in every state that `decide` can tell apart, and
 * the law on each answer of each map: what Postfix would do with it is the oracle's to
 * say (oracle.h), and none of the rules is repeated here.
 *
 * States: of the MX look-up (never asked, failing, found, implicit, literal, null, no such
 * domain; signed or not; failing now or not; with more hosts than are kept or not), of
 * each host (its addresses, TLSA records, what was seen of it), of MTA-STS, of the
 * domain's own history; what is due for another look; the settings. The order of hosts
 * makes no difference, which is checked, so that one order of each set is enough. A
 * resolver that does not validate is a look-up that fails (DESIGN.md section 4).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/policy/decide.h"
#include "core/policy/survey.h"
#include "core/policy/reply.h"
#include "tests/scenario/oracle.h"

#define NOW INT64_C(1767225600)
#define HOSTS_MAX 3
#define CLASSES_MAX 64
#define FAILURES_SHOWN 10

struct host_class {
	char name[64];
	struct host_facts facts;
	unsigned truth; /* what its owner may have published: oracle.h */
	bool counts;    /* Postfix may reach it, as far as is known */
};

static struct host_class classes[CLASSES_MAX];
static size_t class_count;

static uint64_t states, answers, failures;

static const struct freshness fresh = { .checked = NOW - 60, .expires = NOW + 3600 };
static const struct freshness failing = { .failed = NOW - 60, .expires = NOW + 3600 };

enum seen { SEEN_NEVER, SEEN_PLAIN, SEEN_TLS, SEEN_COUNT };
static const char *const seen_names[] = { "unseen", "plain", "tls" };

static void put_seen(struct host_facts *host, enum seen seen)
{
	host->last_expires = NOW + 3600;
	if (seen == SEEN_NEVER)
		return;
	host->last.time = NOW - 60;
	host->last.observed = seen == SEEN_TLS ? OBSERVED_TLS : OBSERVED_PLAIN;
	if (seen == SEEN_PLAIN) {
		host->history.last_plain = NOW - 60;
		return;
	}
	host->history.first_tls = host->history.last_tls = NOW - 60;
	host->history.successes.count = host->history.tls_days.count = 1;
	host->history.successes.times[0] = NOW - 60;
	host->history.tls_days.times[0] = NOW - NOW % 86400;
}

static struct host_class *add_class(const char *what, enum seen seen, unsigned truth, bool counts)
{
	struct host_class *c = &classes[class_count++];

	snprintf(c->name, sizeof(c->name), "%s/%s", what, seen_names[seen]);
	c->truth = truth;
	c->counts = counts;
	put_seen(&c->facts, seen);
	return c;
}

/* A denial of the addresses is signed, or the zone is not, and then no TLSA counts. */
static void make_classes(void)
{
	static const struct {
		const char *name;
		enum tlsa_state state;
		bool fails;
		unsigned truth;
	} tlsa[] = {
		{ "usable", TLSA_USABLE, false, ORACLE_USABLE },
		{ "unusable", TLSA_UNUSABLE, false, ORACLE_UNUSABLE },
		{ "absent", TLSA_ABSENT, false, ORACLE_NONE },
		{ "usable-once", TLSA_USABLE, true, ORACLE_USABLE },
		{ "tlsa-failing", TLSA_UNKNOWN, true, ORACLE_ANY },
		{ "tlsa-unasked", TLSA_UNKNOWN, false, ORACLE_ANY },
	};

	for (enum seen seen = SEEN_NEVER; seen < SEEN_COUNT; seen++) {
		struct host_class *c;

		for (size_t i = 0; i < ARRAY_LEN(tlsa); i++) {
			c = add_class(tlsa[i].name, seen, tlsa[i].truth, true);
			c->facts.addr = ADDR_FOUND;
			c->facts.addr_fresh = fresh;
			c->facts.tlsa = tlsa[i].state;
			c->facts.tlsa_fresh = tlsa[i].fails ? failing : fresh;
			if (tlsa[i].state == TLSA_UNKNOWN && !tlsa[i].fails)
				c->facts.tlsa_fresh = (struct freshness){ .expires = NOW + 1 };
		}
		if (seen == SEEN_PLAIN)
			continue;
		c = add_class("denied", seen, ORACLE_NONE, false);
		c->facts.addr = ADDR_NONE;
		c->facts.addr_fresh = fresh;
		c = add_class("address-failing", seen, ORACLE_ANY, false);
		c->facts.addr_fresh = failing;
		c = add_class("address-unasked", seen, ORACLE_ANY, false);
	}
}

/* The MX look-up. `most`: with so many hosts at most, and no fewer than `least`. */
static const struct mx_class {
	const char *name;
	size_t least, most;
	enum nexthop_kind kind;
	enum mx_state state;
	bool secure, failing, truncated;
} mx_classes[] = {
	{ "mx never asked", 0, 0, NEXTHOP_DOMAIN, MX_UNKNOWN, false, false, false },
	{ "mx failing", 0, 0, NEXTHOP_DOMAIN, MX_UNKNOWN, false, true, false },
	{ "null", 0, 0, NEXTHOP_DOMAIN, MX_NULL, false, false, false },
	{ "null signed", 0, 0, NEXTHOP_DOMAIN, MX_NULL, true, false, false },
	{ "null once", 0, 0, NEXTHOP_DOMAIN, MX_NULL, true, true, false },
	{ "nxdomain", 0, 0, NEXTHOP_DOMAIN, MX_NXDOMAIN, false, false, false },
	{ "nxdomain signed", 0, 0, NEXTHOP_DOMAIN, MX_NXDOMAIN, true, false, false },
	{ "nxdomain once", 0, 0, NEXTHOP_DOMAIN, MX_NXDOMAIN, false, true, false },
	{ "none usable", 0, 0, NEXTHOP_DOMAIN, MX_FOUND, false, false, true },
	{ "none usable signed", 0, 0, NEXTHOP_DOMAIN, MX_FOUND, true, false, true },
	{ "mx", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, false, false, false },
	{ "mx signed", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, true, false, false },
	{ "mx once", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, false, true, false },
	{ "mx signed once", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, true, true, false },
	{ "mx more", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, false, false, true },
	{ "mx signed more", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, true, false, true },
	{ "mx once more", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, false, true, true },
	{ "mx signed once more", 1, 3, NEXTHOP_DOMAIN, MX_FOUND, true, true, true },
	{ "implicit", 1, 1, NEXTHOP_DOMAIN, MX_IMPLICIT, false, false, false },
	{ "implicit signed", 1, 1, NEXTHOP_DOMAIN, MX_IMPLICIT, true, false, false },
	{ "implicit once", 1, 1, NEXTHOP_DOMAIN, MX_IMPLICIT, true, true, false },
	{ "literal unasked", 0, 0, NEXTHOP_HOST, MX_UNKNOWN, false, false, false },
	{ "literal", 1, 1, NEXTHOP_HOST, MX_LITERAL, true, false, false },
};

/* MTA-STS. `promise`: a policy in mode enforce is in force (RFC 8461 5). */
static const struct sts_class {
	const char *name;
	enum sts_mode mode;
	bool known, failing, off, promise;
	int64_t until;
} sts_classes[] = {
	{ "sts never asked", STS_UNKNOWN, false, false, false, false, 0 },
	{ "sts failing", STS_UNKNOWN, false, true, false, false, 0 },
	{ "sts none", STS_NONE, true, false, false, false, 0 },
	{ "sts testing", STS_TESTING, true, false, false, false, NOW + 86400 },
	{ "sts enforce", STS_ENFORCE, true, false, false, true, NOW + 86400 },
	{ "sts enforce, failing", STS_ENFORCE, true, true, false, true, NOW + 86400 },
	{ "sts run out", STS_ENFORCE, true, true, false, false, NOW - 1 },
	{ "sts off", STS_ENFORCE, true, false, true, false, NOW + 86400 },
};

enum past { PAST_NONE, PAST_FLOOR, PAST_FORGOTTEN, PAST_COUNT };
static const char *const past_names[] = { "no history", "a floor", "forgotten" };

struct state {
	const struct mx_class *mx;
	const struct sts_class *sts;
	enum past past;
	bool stale;
	enum mixed_mx mixed;
	size_t hosts;
	size_t host[HOSTS_MAX]; /* into `classes` */
	/* What follows from them, by the definitions of DESIGN.md: */
	bool floor, promise;
	struct oracle_world world;
};

static struct facts facts;
static struct settings settings;

static void put_mx(const struct state *s)
{
	struct mx_facts *mx = &facts.domain.mx;
	const char *key = s->mx->kind == NEXTHOP_HOST ? "[mx.example.com]" : "example.com";

	nexthop_parse(&facts.nexthop, key, strlen(key));
	mx->state = s->mx->state;
	mx->secure = s->mx->secure;
	mx->truncated = s->mx->truncated;
	mx->fresh = s->mx->failing ? failing : fresh;
	if (s->mx->state == MX_UNKNOWN)
		mx->fresh.checked = 0;
	if (s->mx->state == MX_UNKNOWN && !s->mx->failing)
		mx->fresh.expires = 0;
	if (s->stale)
		mx->fresh.expires = NOW - 1;
	mx->count = s->hosts;
	for (size_t i = 0; i < s->hosts; i++)
		facts.host[i] = classes[s->host[i]].facts;
}

static void put_sts(const struct sts_class *class)
{
	struct sts_facts *sts = &facts.domain.sts;

	settings.mta_sts = !class->off;
	sts->mode = class->mode;
	sts->until = class->until;
	sts->max_age = 604800;
	sts->patterns = class->mode == STS_ENFORCE || class->mode == STS_TESTING;
	memcpy(sts->pattern[0], "*.example.com", sizeof("*.example.com"));
	sts->fresh = class->failing ? failing : class->known ? fresh : (struct freshness){ 0 };
}

static void put_past(enum past past)
{
	struct domain_facts *domain = &facts.domain;
	struct host_facts tls = { 0 };

	put_seen(&tls, SEEN_TLS);
	domain->history = past == PAST_FLOOR ? tls.history : (struct history){ 0 };
	domain->forgotten = past == PAST_FORGOTTEN ? NOW - 1 : 0;
}

/* The floor: one TLS handshake on record, and no admin's word since. Of a host: `strict`. */
static bool has_floor(const struct state *s)
{
	if (s->past != PAST_NONE || s->mixed != MIXED_MX_STRICT)
		return s->past == PAST_FLOOR;
	for (size_t i = 0; i < s->hosts; i++)
		if (classes[s->host[i]].facts.history.last_tls != 0)
			return true;
	return false;
}

static void follow(struct state *s)
{
	struct oracle_world *world = &s->world;

	s->floor = has_floor(s);
	s->promise = s->sts->promise && s->mx->kind == NEXTHOP_DOMAIN;
	*world = (struct oracle_world){
		.by_mx = s->mx->state == MX_FOUND,
		.mx_signed = s->mx->secure && s->mx->state != MX_UNKNOWN,
		.hosts = s->hosts,
	};
	for (size_t i = 0; i < s->hosts; i++)
		world->tlsa[i] = classes[s->host[i]].truth;
	if (s->mx->truncated)
		world->tlsa[world->hosts++] = ORACLE_ANY;
}

static void fail(const struct state *s, const char *map, const char *reply, const char *law)
{
	if (failures++ >= FAILURES_SHOWN)
		return;
	printf("%s: \"%s\" %s\n    %s, %s, %s%s, %s", map, reply, law, s->mx->name, s->sts->name,
	       past_names[s->past], s->stale ? ", stale" : "",
	       s->mixed == MIXED_MX_STRICT ? "strict" : "lenient");
	for (size_t i = 0; i < s->hosts; i++)
		printf(", %s", classes[s->host[i]].name);
	printf("\n");
}

static struct buf reply;

static const char *say(const struct decision *d)
{
	answers++;
	reply.len = 0;
	reply_policy(&reply, d, &facts, false);
	return buf_cstr(&reply);
}

static enum oracle_end end_of(const struct state *s, const char *map, const char *text)
{
	enum oracle_end end = ORACLE_PLAIN;

	if (!oracle_worst(&end, text, "may", &s->world))
		fail(s, map, text, "is nothing that Postfix understands");
	return end;
}

/*
 * Hosts that Postfix may reach, and that DNSSEC proves: by signed MX records, with
 * usable TLSA records.
 */
static size_t proven(const struct state *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->hosts; i++)
		count += classes[s->host[i]].counts && classes[s->host[i]].truth == ORACLE_USABLE;
	return s->world.mx_signed ? count : 0;
}

static size_t reachable(const struct state *s)
{
	size_t count = s->mx->truncated;

	for (size_t i = 0; i < s->hosts; i++)
		count += classes[s->host[i]].counts ||
			 strncmp(classes[s->host[i]].name, "address-unasked", 15) == 0;
	return count;
}

/* Of hosts whose addresses cannot be looked up nothing is asked: Postfix leaves them out. */
static bool worse_than_dane(const struct state *s, const char *text)
{
	struct oracle_world world = s->world;

	world.hosts = 0;
	for (size_t i = 0; i < s->hosts; i++)
		if (classes[s->host[i]].counts)
			world.tlsa[world.hosts++] = classes[s->host[i]].truth;
	return oracle_worse_than_dane(text, &world);
}

/* The law of DESIGN.md section 4, in its testable form. */
static void hold_policy(const struct state *s, const char *map, const char *text)
{
	enum oracle_end end = end_of(s, map, text);

	if (end == ORACLE_PLAIN && (s->floor || s->promise))
		fail(s, map, text, "lets mail out in the clear");
	if (end >= ORACLE_STRANGER && s->promise)
		fail(s, map, text, "breaks an MTA-STS policy in force");
	if (end >= ORACLE_STRANGER && proven(s) > 0 &&
	    (s->mixed == MIXED_MX_STRICT || proven(s) == reachable(s)))
		fail(s, map, text, "goes to servers that DANE does not prove");
	if (s->mixed == MIXED_MX_STRICT && s->floor && worse_than_dane(s, text))
		fail(s, map, text, "is weaker than Postfix by itself");
}

/*
 * Mail does not wait without need: nothing is owed to the domain, no host is known to lack
 * TLSA records, and signed MX records name them. Then Postfix by itself, at level `dane`,
 * sends nothing in the clear to a host whose look-up succeeds, and skips one whose fails.
 */
static void hold_no_longer(const struct state *s, const struct decision *d)
{
	bool reaches = false;

	if (d->verdict != VERDICT_TEMP || !d->settled || s->floor || s->promise ||
	    !s->world.mx_signed)
		return;
	for (size_t i = 0; i < s->hosts; i++) {
		if (classes[s->host[i]].counts && s->world.tlsa[i] == ORACLE_NONE)
			return;
		reaches |= classes[s->host[i]].counts;
	}
	if (reaches)
		fail(s, "policy", say(d), "waits where Postfix by itself is as good");
}

/* What is answered in the end, at once or after waiting, by each way of a first contact. */
static void check_answer(struct state *s, const struct decision *now)
{
	struct decision d;

	for (enum first_contact way = FIRST_CONTACT_WAIT; way <= FIRST_CONTACT_MAY; way++) {
		settings.first_contact = way;
		for (int waited = 0; waited < 2; waited++) {
			enum contact contact =
				decide_answer(&d, &settings, &facts, MAP_POLICY, waited, NOW);

			if (!waited &&
			    (contact == CONTACT_PARK) !=
				    (decide_contact(now, &settings, false) == CONTACT_PARK))
				fail(s, "policy", say(&d), "parks what need not wait, or not");
			if (contact == CONTACT_PARK && !waited)
				continue;
			if ((d.verdict == VERDICT_POLICY) != (d.level != LEVEL_NONE))
				fail(s, "policy", say(&d), "has a level that is not its own");
			if (contact <= CONTACT_ANSWER_REFRESH && d.verdict != now->verdict)
				fail(s, "policy", say(&d), "is not the answer by the rules");
			if (contact == CONTACT_PARK ||
			    (contact == CONTACT_DEFER && d.verdict != VERDICT_TEMP))
				fail(s, "policy", say(&d), "parks or answers what has waited");
			hold_policy(s, "policy", say(&d));
		}
	}
	settings.first_contact = FIRST_CONTACT_WAIT;
}

/* An admin's word, for domains of few hosts: it is the same for all. */
static void check_overrides(struct state *s, const struct decision *without)
{
	struct override *o = &facts.override;
	enum oracle_end end = end_of(s, "policy", say(without));
	struct decision d;

	for (int kind = OVERRIDE_EXACT; kind <= OVERRIDE_HANDS_OFF; kind++)
		for (enum level level = LEVEL_NONE; level <= LEVEL_DANE_ONLY; level++) {
			*o = (struct override){ .kind = (enum override_kind)kind, .level = level };
			decide(&d, &settings, &facts, NOW);
			if ((d.verdict == VERDICT_POLICY) != (d.level != LEVEL_NONE))
				fail(s, "override", say(&d), "has a level that is not its own");
			if (kind == OVERRIDE_MINIMUM) {
				if (end_of(s, "override", say(&d)) > end)
					fail(s, "override", say(&d), "is less than without");
				continue;
			}
			if (d.rule != RULE_OVERRIDE || !d.settled || d.stale ||
			    d.level != (kind == OVERRIDE_EXACT ? level : LEVEL_NONE))
				fail(s, "override", say(&d), "is not what the admin said");
			o->expires = NOW;
			decide(&d, &settings, &facts, NOW);
			if (d.rule != without->rule || d.level != without->level)
				fail(s, "override", say(&d), "has expired");
		}
	*o = (struct override){ .kind = OVERRIDE_NONE };
}

/* The maps of secure aliases: at least their level, or an answer that fails. */
static void check_maps(struct state *s, enum rule under)
{
	struct decision d;

	for (enum map map = MAP_POLICY; map_is_policy(map); map++) {
		enum oracle_end most = map == MAP_POLICY_ENCRYPT ? ORACLE_STRANGER : ORACLE_HELD;
		const char *text;
		enum oracle_end end;

		decide_for_map(&d, &settings, &facts, map, NOW);
		text = say(&d);
		end = end_of(s, map_name(map), text);
		if (d.under != under)
			fail(s, map_name(map), text, "forgets which rule decided");
		if (map == MAP_POLICY)
			hold_policy(s, map_name(map), text);
		else if (end > most || d.verdict == VERDICT_NOTFOUND)
			fail(s, map_name(map), text, "is less than its level");
	}
}

/* enforce = false: no mail waits, and what DANE and MTA-STS demand is held. */
static void check_observed(struct state *s)
{
	struct decision d;
	enum oracle_end end;
	const char *text;

	settings.enforce = false;
	if (decide_answer(&d, &settings, &facts, MAP_POLICY, false, NOW) > CONTACT_ANSWER_REFRESH ||
	    d.verdict == VERDICT_TEMP)
		fail(s, "policy", say(&d), "makes mail wait, and is only observed");
	text = say(&d);
	end = end_of(s, "policy", text);
	if (end >= ORACLE_STRANGER && (s->promise || (proven(s) > 0 && proven(s) == reachable(s))))
		fail(s, "policy", text, "is less than DANE and MTA-STS demand, observed");
	settings.enforce = true;
}

static bool same(const struct decision *a, const struct decision *b)
{
	return a->rule == b->rule && a->verdict == b->verdict && a->level == b->level &&
	       a->floor == b->floor && a->settled == b->settled && a->stale == b->stale &&
	       a->guaranteed == b->guaranteed;
}

static void check_order(struct state *s, const struct decision *before)
{
	struct decision d;
	size_t first = s->host[0];

	for (size_t turn = 1; turn < s->hosts; turn++) {
		memmove(s->host, s->host + 1, (s->hosts - 1) * sizeof(s->host[0]));
		s->host[s->hosts - 1] = first;
		first = s->host[0];
		put_mx(s);
		decide(&d, &settings, &facts, NOW);
		if (!same(&d, before))
			fail(s, "policy", say(&d), "depends on the order of hosts");
	}
}

/* What a fact that was never had may turn out to be; the class itself where none is open. */
static bool may_become(const struct host_class *now, const struct host_class *then)
{
	const struct host_facts *a = &now->facts, *b = &then->facts;
	bool unseen = a->last.observed == OBSERVED_NOTHING && a->history.last_tls == 0;
	bool same_seen = a->history.last_tls == b->history.last_tls &&
			 a->history.last_plain == b->history.last_plain;

	if (a->addr == ADDR_UNKNOWN && a->addr_fresh.failed == 0)
		return same_seen;
	if (a->addr != b->addr || a->addr_fresh.failed != b->addr_fresh.failed)
		return false;
	if (a->addr == ADDR_FOUND && a->tlsa == TLSA_UNKNOWN && a->tlsa_fresh.failed == 0)
		return same_seen;
	return unseen && a->addr == ADDR_FOUND && a->tlsa == b->tlsa &&
	       a->tlsa_fresh.failed == b->tlsa_fresh.failed;
}

static void check_as_settled(struct state *s, const struct decision *settled, const char *what)
{
	struct decision d;

	put_mx(s);
	put_sts(s->sts);
	decide(&d, &settings, &facts, NOW);
	if (d.verdict != settled->verdict || d.level != settled->level)
		fail(s, what, say(settled), "was called settled");
}

/*
 * "Settled": nothing that is still to be had for the first time can change the answer.
 * But where there is nobody to send to now, Postfix need not wait for an MTA-STS policy.
 */
static void check_settled(struct state s, const struct decision *d)
{
	struct state then = s;

	for (size_t i = 0; i < s.hosts; i++, then = s)
		for (size_t k = 0; k < class_count; k++) {
			then.host[i] = k;
			if (k != s.host[i] && may_become(&classes[s.host[i]], &classes[k]))
				check_as_settled(&then, d, "a host's facts");
		}
	if (!s.floor && s.hosts == 0 && !s.mx->truncated)
		return;
	for (size_t k = 0; s.sts == &sts_classes[0] && k < ARRAY_LEN(sts_classes) - 1; k++) {
		then.sts = &sts_classes[k];
		check_as_settled(&then, d, "MTA-STS");
	}
}

static void check_state(struct state *s)
{
	struct state turned = *s;
	struct decision d;

	states++;
	settings.mixed_mx = s->mixed;
	put_mx(s);
	put_sts(s->sts);
	put_past(s->past);
	follow(s);
	decide(&d, &settings, &facts, NOW);
	if (d.floor != s->floor)
		fail(s, "policy", say(&d), "is not told of the floor");
	if ((d.verdict == VERDICT_POLICY) != (d.level != LEVEL_NONE))
		fail(s, "policy", say(&d), "has a level that is not its own");
	if (d.guaranteed &&
	    (d.verdict != VERDICT_POLICY || end_of(s, "policy", say(&d)) == ORACLE_PLAIN))
		fail(s, "policy", say(&d), "is called guaranteed");
	hold_no_longer(s, &d);
	check_maps(s, d.under);
	if (s->hosts < 2)
		check_overrides(s, &d);
	check_answer(s, &d);
	check_observed(s);
	check_order(&turned, &d);
	if (d.settled)
		check_settled(*s, &d);
}

static void check_hosts(struct state *s)
{
	for (size_t i = 0; i < ARRAY_LEN(mx_classes); i++) {
		s->mx = &mx_classes[i];
		if (s->hosts < s->mx->least || s->hosts > s->mx->most)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(sts_classes); k++) {
			s->sts = &sts_classes[k];
			for (s->past = PAST_NONE; s->past < PAST_COUNT; s->past++)
				for (int n = 0; n < 4; n++) {
					s->stale = n & 1;
					s->mixed = n & 2 ? MIXED_MX_LENIENT : MIXED_MX_STRICT;
					check_state(s);
				}
		}
	}
}

/* All sets of up to three, each in one order. */
static void check_sets(struct state *s, size_t most)
{
	size_t last = s->hosts > 0 ? s->host[s->hosts - 1] : 0;

	check_hosts(s);
	if (s->hosts == most)
		return;
	s->hosts++;
	for (size_t i = last; i < class_count; i++) {
		s->host[s->hosts - 1] = i;
		check_sets(s, most);
	}
	s->hosts--;
}

/* Each rule has a name and a sentence of its own. */
static void check_names(void)
{
	for (enum rule rule = RULE_OVERRIDE; rule <= RULE_NOTHING; rule++)
		failures += rule_name(rule)[0] == '?' || rule_text(rule)[0] == '?';
	failures += rule_name(RULE_NOTHING + 1)[0] != '?' || rule_text(0)[0] != '?';
}

/* One host, all fresh; then one fact after the other is due for another look. */
static void check_due(void)
{
	struct host_facts *host = &facts.host[0];
	struct mx_facts *mx = &facts.domain.mx;
	struct freshness *const looked[] = { &mx->fresh, &facts.domain.sts.fresh, &host->addr_fresh,
					     &host->tlsa_fresh };
	struct decision d;

	for (size_t due = 0; due < ARRAY_LEN(looked) + 2; due++) {
		memset(&facts, 0, sizeof(facts));
		nexthop_parse(&facts.nexthop, "example.com", 11);
		mx->state = MX_FOUND;
		mx->count = 1;
		facts.domain.sts.mode = STS_NONE;
		host->addr = ADDR_FOUND;
		host->tlsa = TLSA_ABSENT;
		put_seen(host, SEEN_PLAIN);
		for (size_t i = 0; i < ARRAY_LEN(looked); i++)
			*looked[i] = fresh;
		if (due < ARRAY_LEN(looked))
			looked[due]->expires = NOW - 1;
		else if (due == ARRAY_LEN(looked))
			host->last_expires = NOW - 1;
		decide(&d, &settings, &facts, NOW);
		failures += d.stale != (due <= ARRAY_LEN(looked));
	}
	/* While its addresses cannot be looked up the host is left in peace. */
	host->addr_fresh = (struct freshness){ .checked = NOW - 60,
					       .expires = NOW + 3600,
					       .failed = NOW - 60 };
	host->last_expires = NOW - 1;
	decide(&d, &settings, &facts, NOW);
	failures += d.stale;
}

/* What a host showed after the admin made us forget counts, at once. */
static void check_seen_since(void)
{
	struct decision d;

	put_seen(&facts.host[0], SEEN_TLS);
	for (int ago = 30; ago <= 90; ago += 60) {
		facts.domain.forgotten = NOW - ago;
		decide(&d, &settings, &facts, NOW);
		failures += d.floor != (ago == 90);
	}
}

/* Of parents only an override speaks (".com", asked after a NOTFOUND). */
static void check_parent(void)
{
	struct decision d;

	memset(&facts, 0, sizeof(facts));
	nexthop_parse(&facts.nexthop, ".com", 4);
	facts.domain.mx.fresh.expires = NOW - 1;
	for (int kind = OVERRIDE_NONE; kind <= OVERRIDE_EXACT; kind++) {
		bool spoken_for = kind == OVERRIDE_EXACT;

		facts.override = (struct override){ .kind = (enum override_kind)kind,
						    .level = LEVEL_ENCRYPT };
		failures += decide_answer(&d, &settings, &facts, MAP_POLICY, false, NOW) !=
			    CONTACT_ANSWER;
		failures += d.verdict != (spoken_for ? VERDICT_POLICY : VERDICT_NOTFOUND);
		failures += d.level != (spoken_for ? LEVEL_ENCRYPT : LEVEL_NONE);
		failures += !d.settled || d.stale;
	}
}

/* Which override governs: its own, then that of the nearest parent, if in force. */
static void check_governing(void)
{
	static const struct {
		const char *nexthop, *keys[5];
	} cases[] = {
		{ "a.b.example", { "a.b.example", ".b.example", ".example" } },
		{ "a.b.example:587", { "a.b.example:587", ".b.example", ".example" } },
		{ "[a.b.example]", { "[a.b.example]" } },
		{ ".b.example", { ".b.example" } },
	};
	const struct override own = { .kind = OVERRIDE_EXACT, .level = LEVEL_ENCRYPT };
	const struct override over = { .kind = OVERRIDE_EXACT,
				       .level = LEVEL_DANE,
				       .expires = NOW };
	const struct override none = { .kind = OVERRIDE_NONE };
	struct override governs = none;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nexthop nexthop;
		const char *key = NULL;

		failures += nexthop_parse(&nexthop, cases[i].nexthop, strlen(cases[i].nexthop)) !=
			    NEXTHOP_OK;
		for (size_t k = 0; k < ARRAY_LEN(cases[i].keys); k++) {
			key = override_key(&nexthop, key);
			failures += (key == NULL) != (cases[i].keys[k] == NULL) ||
				    (key != NULL && strcmp(key, cases[i].keys[k]) != 0);
			if (key == NULL)
				break;
		}
	}
	/* One that has run out is shown where there is no other, and stops nothing. */
	failures += override_offer(&governs, &none, NOW) || governs.kind != OVERRIDE_NONE;
	failures += override_offer(&governs, &over, NOW) || governs.level != LEVEL_DANE;
	failures += !override_offer(&governs, &own, NOW) || governs.level != LEVEL_ENCRYPT;
	failures += override_offer(&governs, &over, NOW) || governs.level != LEVEL_ENCRYPT;
	failures += override_offer(&governs, &none, NOW) || governs.level != LEVEL_ENCRYPT;
}

int main(int argc, char **argv)
{
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : HOSTS_MAX;
	struct state s = { 0 };

	if (most > HOSTS_MAX)
		return EXIT_FAILURE;
	settings_init(&settings);
	make_classes();
	check_names();
	check_due();
	check_seen_since();
	check_parent();
	check_governing();
	memset(&facts, 0, sizeof(facts));
	check_sets(&s, most);
	settings_free(&settings);
	buf_free(&reply);
	printf("%" PRIu64 " states of up to %zu MX hosts of %zu kinds, %" PRIu64 " answers\n",
	       states, most, class_count, answers);
	printf("%d passed, %d failed\n", failures == 0, failures != 0);
	return failures == 0 && states > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
