/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decide - the one place where policy is made: settings, facts and time in, an
 * answer and its reason out. No I/O, no clock, no globals.
 *
 * The law: for one domain, an answer is never weaker than its floor. Rules and
 * their numbers are those of DESIGN.md section 4; first match wins.
 */
#ifndef POSTSEAL_CORE_DECIDE_H
#define POSTSEAL_CORE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/secure/alias.h"
#include "core/facts/facts.h"
#include "core/policy/request.h"
#include "core/settings/settings.h"

enum rule {
	RULE_OVERRIDE = 1,
	RULE_NO_MAIL = 2,    /* null MX, or no such domain */
	RULE_LAST_KNOWN = 3, /* MX look-up failed; an earlier one stands in */
	RULE_MX_FAILED = 4,
	RULE_DANE_ALL = 5,
	RULE_DANE_SOME = 6,
	RULE_DANE_INSECURE_MX = 7,
	RULE_DANE_SOME_INSECURE_MX = 8,
	RULE_TLSA_UNUSABLE = 9,
	RULE_TLSA_FAILED = 10,
	RULE_MTA_STS = 11,
	RULE_FLOOR = 12,
	RULE_NOTHING = 13
};

enum verdict {
	VERDICT_POLICY,   /* `level`, which is above LEVEL_NONE */
	VERDICT_NOTFOUND, /* main.cf decides */
	VERDICT_TEMP      /* mail waits */
};

#define REASON_SIZE 256

struct decision {
	enum rule rule;
	enum rule
		under; /* RULE_LAST_KNOWN: the rule that the last known facts match; else == rule */
	enum verdict verdict;
	enum level level;
	bool floor;      /* the domain has one */
	bool guaranteed; /* nothing can leave in the clear under this answer */
	bool sts;        /* an MTA-STS policy in mode enforce is in force: `secure` goes by it */
	/*
	 * No fact still to be had for the first time could change this answer.
	 * While false, the question is worth waiting for (see first_contact).
	 */
	bool settled;
	bool stale; /* some fact it rests on is due for a refresh */
	/*
	 * It rests on an MTA-STS policy, mail that does not meet it comes back at once, and it
	 * is time to look for a newer one: first that (RFC 8461 5).
	 */
	bool look_first;
	/*
	 * `enforce` does not hold for it: the answer is NOTFOUND, or what DANE, MTA-STS or
	 * an override demand, and no mail waits for it. In `would`: what the rules say.
	 */
	bool observed;
	struct {
		enum rule rule;
		enum verdict verdict;
		enum level level;
	} would;                  /* the answer itself where it is enforced */
	char reason[REASON_SIZE]; /* one sentence for people, printable */
};

/* The answer of map `policy`, given what is known; see decide_answer for what to do with it. */
void decide(struct decision *decision, const struct settings *settings, const struct facts *facts,
	    int64_t now);

/*
 * The answer of any policy map: `decide`'s, raised to what that map promises. It
 * goes by the gist of the records alone (record.h), but where floor_counts_moments
 * says that it needs those of the hosts whole.
 */
void decide_for_map(struct decision *decision, const struct settings *settings,
		    const struct facts *facts, enum map map, int64_t now);

/* What to do with a question, given the answer that could be given now. */
enum contact {
	CONTACT_ANSWER,         /* give it */
	CONTACT_ANSWER_REFRESH, /* give it, and have the prober look again */
	CONTACT_PARK,           /* ask the prober, and wait for it */
	CONTACT_DEFER           /* ask the prober; TEMP meanwhile */
};

/* `waited`: the question was parked and first_contact_wait has run out. */
enum contact decide_contact(const struct decision *decision, const struct settings *settings,
			    bool waited);

/*
 * The final answer to a question: the facts and the override that governs (survey.h),
 * raised to what the map promises, and TEMP where mail is to wait for what is not known.
 * A parent (".com") is spoken for by an override alone. `map` is a policy map, or
 * MAP_STATUS, of which nothing is parked or deferred. Whoever answers, or tells what
 * would be answered, calls this.
 *
 * The result is PARK only where !waited; then *decision is what could be answered now.
 * With DEFER, the answer in *decision is TEMP.
 */
enum contact decide_answer(struct decision *decision, const struct settings *settings,
			   const struct facts *facts, enum map map, bool waited, int64_t now);

/*
 * Can mail be sent there as strictly as a level of secure aliases demands? What
 * is asked before mail is taken: a "no" is told to the sender at once, with
 * all else the policy map of that level sees to it in the queue. So "no" is
 * said only of what was looked at lately and holds of every MX host:
 *
 *   encrypt        nothing but SMTP without STARTTLS was ever seen there
 *   dane-only      validly without usable TLSA records, or of unsigned MX records
 *   authenticated  the same, and no MTA-STS policy in mode enforce
 *   verify         none of the keys on file, or there are none
 *
 * Faults that may pass (a host that is down, DNS that fails, a handshake that
 * fails), a TLSA record that does not match and a floor are never "no".
 */
enum prospect {
	PROSPECT_UNKNOWN,
	PROSPECT_GOOD, /* some host met it when last seen */
	PROSPECT_NONE
};

/*
 * In *decision the answer of the policy map of that level, but `settled`, `stale`
 * and `reason` are of the prospect. `reason` completes a sentence that begins
 * with the next hop: "does not accept TLS".
 */
enum prospect decide_prospect(struct decision *decision, const struct settings *settings,
			      const struct facts *facts, enum alias_level level, int64_t now);

/* "encrypt", "NOTFOUND", "TEMP", ...: what is answered, in a word. */
const char *decide_word(enum verdict verdict, enum level level);
/* Is it only observed, and would otherwise be answered differently? */
bool decide_holds_back(const struct decision *decision);

const char *rule_name(enum rule rule); /* "override", "no-mail", ... */
const char *rule_text(enum rule rule); /* the situation, in a sentence */

#endif
