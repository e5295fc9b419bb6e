/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays scenario files: facts, clock steps and expected answers, one a line.
 * HACKING.md has the words. Usage: scenario FILE...; ends with the totals.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/policy/reply.h"
#include "core/policy/status.h"
#include "core/protocol/sts.h"
#include "tests/scenario/world.h"

#define WORDS_MAX 64

struct script {
	const char *file;
	unsigned line;
	struct world world;
	struct decision decision; /* of the latest `expect policy...` */
	enum contact contact;     /* of the latest `final policy...` */
	unsigned failures;
	unsigned checks;
};

static void complain(struct script *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct script *s, const char *fmt, ...)
{
	va_list args;

	s->failures++;
	printf("%s:%u: ", s->file, s->line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

static int index_of(const char *word, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(word, names[i]) == 0)
			return i;
	return -1;
}

static void op_at(struct script *s, char **w, size_t n)
{
	if (n != 2 || !utc_parse(w[1], &s->world.now))
		complain(s, "at DATE");
}

static void op_step(struct script *s, char **w, size_t n)
{
	static const char *const units[] = { "s", "min", "h", "d", NULL };
	static const int64_t seconds[] = { 1, 60, 3600, UTC_DAY };
	int unit = n == 3 ? index_of(w[2], units) : -1;

	if (unit < 0)
		complain(s, "step NUMBER s|min|h|d");
	else
		s->world.now += strtoll(w[1], NULL, 10) * seconds[unit];
}

static void op_nexthop(struct script *s, char **w, size_t n)
{
	if (n != 2 || nexthop_parse(&s->world.facts.nexthop, w[1], strlen(w[1])) != NEXTHOP_OK)
		complain(s, "nexthop KEY");
}

static void op_setting(struct script *s, char **w, size_t n)
{
	const struct setting *setting = n > 1 ? settings_find(w[1]) : NULL;
	struct setting_fault fault;

	if (setting == NULL)
		complain(s, "no such setting");
	else if (!setting->put(&s->world.settings, setting, (const char *const *)(w + 2), n - 2,
			       &fault))
		complain(s, "%s: expected %s", w[1], fault.expected);
}

static void op_mx(struct script *s, char **w, size_t n)
{
	static const char *const names[] = { "secure",  "insecure", "implicit", "implicit-insecure",
					     "literal", "null",     "nxdomain", "failed",
					     NULL };
	static const enum mx_state states[] = { MX_FOUND,   MX_FOUND, MX_IMPLICIT, MX_IMPLICIT,
						MX_LITERAL, MX_NULL,  MX_NXDOMAIN };
	static const bool secure[] = { true, false, true, false, true, false, false };
	int i = n > 1 ? index_of(w[1], names) : -1;

	if (i < 0)
		complain(s, "mx STATE HOST...");
	else if (strcmp(w[1], "failed") == 0)
		world_mx_failed(&s->world);
	else
		world_mx(&s->world, states[i], secure[i], (const char *const *)(w + 2), n - 2);
}

static struct host_facts *host_named(struct script *s, const char *name)
{
	struct host_facts *host = world_host(&s->world, name);

	if (host == NULL)
		complain(s, "%s is no MX host so far", name);
	return host;
}

static void op_addr(struct script *s, char **w, size_t n)
{
	static const char *const names[] = { "secure", "insecure", "none", "failed", NULL };
	int i = n == 3 ? index_of(w[2], names) : -1;
	struct host_facts *host = i >= 0 ? host_named(s, w[1]) : NULL;

	if (host == NULL)
		complain(s, "addr HOST secure|insecure|none|failed");
	else if (i == 3)
		world_addr_failed(&s->world, host);
	else
		world_addr(&s->world, host, i == 2 ? ADDR_NONE : ADDR_FOUND, i == 0);
}

static void op_tlsa(struct script *s, char **w, size_t n)
{
	static const char *const names[] = { "absent", "usable", "unusable", "failed", NULL };
	static const enum tlsa_state states[] = { TLSA_ABSENT, TLSA_USABLE, TLSA_UNUSABLE };
	int i = n == 3 ? index_of(w[2], names) : -1;
	struct host_facts *host = i >= 0 ? host_named(s, w[1]) : NULL;

	if (host == NULL)
		complain(s, "tlsa HOST absent|usable|unusable|failed");
	else if (i == 3)
		world_tlsa_failed(&s->world, host);
	else
		world_tlsa(&s->world, host, states[i]);
}

/* key HOST BYTE [VERIFIED [DOMAIN]]: what its certificate was like in the latest probe. */
static void op_key(struct script *s, char **w, size_t n)
{
	static const char *const names[] = { "unknown", "dane",     "name", "chain",
					     "no",      "next-hop", NULL };
	struct host_facts *host = n > 2 ? host_named(s, w[1]) : NULL;
	int verified = n > 3 ? index_of(w[3], names) : 0;

	if (host == NULL || verified < 0) {
		complain(s, "key HOST BYTE [dane|name|chain|no|next-hop DOMAIN]");
		return;
	}
	if (n > 4)
		str_copy(host->last.detail, sizeof(host->last.detail), w[4]);
	world_certificate(&s->world, host, (int)strtol(w[2], NULL, 16), (enum verified)verified);
}

/* seen HOST RESULT [VERSION CIPHER]: what a probe saw. */
static void op_seen(struct script *s, char **w, size_t n)
{
	static const char *const names[] = { "-",           "tls",      "plain", "tls-failed",
					     "unreachable", "stripped", NULL };
	struct observation seen = { .time = s->world.now, .source = SOURCE_PROBE };
	int i = n >= 3 ? index_of(w[2], names) : -1;
	struct host_facts *host = i > 0 ? host_named(s, w[1]) : NULL;

	if (host == NULL) {
		complain(s, "seen HOST tls|plain|tls-failed|unreachable|stripped [VERSION CIPHER]");
		return;
	}
	if (strcmp(w[2], "stripped") == 0) {
		world_observe_stripped(&s->world, host);
		return;
	}
	seen.observed = (enum observed)i;
	if (seen.observed == OBSERVED_TLS) {
		seen.version = tls_version_parse(n > 3 ? w[3] : "TLSv1.3");
		str_copy(seen.cipher, sizeof(seen.cipher), n > 4 ? w[4] : "TLS_AES_256_GCM_SHA384");
	}
	world_observe(&s->world, host, &seen);
}

/* delivered HOST: Postfix's log shows a delivery to the domain, over TLS, to that host. */
static void op_delivered(struct script *s, char **w, size_t n)
{
	if (n != 2)
		complain(s, "delivered HOST");
	else
		world_deliver(&s->world, w[1]);
}

/* host HOST ADDR TLSA RESULT: the usual three lines in one. */
static void op_host(struct script *s, char **w, size_t n)
{
	if (n != 5) {
		complain(s, "host HOST ADDR TLSA RESULT");
		return;
	}
	op_addr(s, (char *[]){ w[0], w[1], w[2] }, 3);
	op_tlsa(s, (char *[]){ w[0], w[1], w[3] }, 3);
	op_seen(s, (char *[]){ w[0], w[1], w[4] }, 3);
}

/*
 * sts none | sts testing|enforce MAX_AGE PATTERN...: all that was known before is replaced.
 * sts failed, sts missing: the TXT record's look-up fails, or says that there is none.
 * sts id ID, sts unfetched ID, sts fetched ID none|testing|enforce MAX_AGE [PATTERN...]: it
 * announces that id; the policy need not be fetched, cannot be, or was.
 */
static void sts_replace(struct sts_facts *sts, int64_t now, char **w, size_t n)
{
	memset(sts, 0, sizeof(*sts));
	sts->fresh = (struct freshness){ .checked = now, .expires = now + 3600 };
	sts->mode = STS_NONE;
	if (n < 3)
		return;
	sts->mode = strcmp(w[0], "enforce") == 0 ? STS_ENFORCE : STS_TESTING;
	str_copy(sts->id, sizeof(sts->id), "1");
	sts->fetched = now;
	sts->max_age = strtoll(w[1], NULL, 10);
	sts->until = sts->fetched + sts->max_age;
	for (size_t k = 2; k < n && sts->patterns < STS_PATTERN_MAX; k++)
		str_copy(sts->pattern[sts->patterns++], DOMAIN_SIZE, w[k]);
}

static bool sts_look(struct sts_look *look, char **w, size_t n)
{
	static const char *const modes[] = { "", "none", "testing", "enforce", NULL };
	int mode = n > 2 ? index_of(w[2], modes) : -1;

	*look = (struct sts_look){ .ttl = 3600, .txt = LOOKUP_FOUND };
	if (strcmp(w[0], "failed") == 0)
		look->txt = LOOKUP_ERROR;
	else if (strcmp(w[0], "missing") == 0)
		look->txt = LOOKUP_ABSENT;
	if (look->txt != LOOKUP_FOUND)
		return n == 1;
	if (n < 2)
		return false;
	str_copy(look->id, sizeof(look->id), w[1]);
	if (strcmp(w[0], "unfetched") == 0)
		look->fetch = STS_FETCH_FAILED;
	else if (strcmp(w[0], "fetched") == 0 && mode > 0 && n > 3)
		look->fetch = STS_FETCH_GOOD;
	else
		return strcmp(w[0], "id") == 0;
	if (look->fetch != STS_FETCH_GOOD)
		return n == 2;
	look->policy.mode = (enum sts_mode)mode;
	look->policy.max_age = strtoll(w[3], NULL, 10);
	for (size_t k = 4; k < n && look->policy.patterns < STS_PATTERN_MAX; k++)
		str_copy(look->policy.pattern[look->policy.patterns++], DOMAIN_SIZE, w[k]);
	return true;
}

static void op_sts(struct script *s, char **w, size_t n)
{
	static const char *const whole[] = { "none", "testing", "enforce", NULL };
	struct sts_facts *sts = &s->world.facts.domain.sts;
	struct sts_look look;
	int i = n > 1 ? index_of(w[1], whole) : -1;

	if (i == 0 ? n == 2 : i > 0 && n > 3)
		sts_replace(sts, s->world.now, w + 1, n - 1);
	else if (i < 0 && n > 1 && sts_look(&look, w + 1, n - 1))
		sts_fold(sts, &look, s->world.now);
	else
		complain(s, "sts none | testing|enforce MAX_AGE PATTERN... | failed | missing | "
			    "id ID | unfetched ID | fetched ID MODE MAX_AGE [PATTERN...]");
}

/* override exact|minimum LEVEL [until DATE|silent] | override hands-off | override none */
static void op_override(struct script *s, char **w, size_t n)
{
	static const char *const kinds[] = { "none", "exact", "minimum", "hands-off", NULL };
	static const char *const levels[] = { "none",        "encrypt",   "dane", "secure",
					      "fingerprint", "dane-only", NULL };
	struct override *o = &s->world.facts.override;
	int kind = n > 1 ? index_of(w[1], kinds) : -1;
	int level = n > 2 && (kind == 1 || kind == 2) ? index_of(w[2], levels) : 0;

	if (kind < 0 || level < 0) {
		complain(s, "override none | hands-off | exact|minimum LEVEL [until DATE]");
		return;
	}
	*o = (struct override){ .kind = (enum override_kind)kind,
				.level = (enum level)level,
				.set = s->world.now,
				.author = "admin",
				.reason = "test" };
	if (n == 4)
		o->reason[0] = '\0';
	if (n == 5 && !utc_parse(w[4], &o->expires))
		complain(s, "override ... until DATE");
}

/* pin BYTE: a pin whose digest is that byte, 32 times. */
static void op_pin(struct script *s, char **w, size_t n)
{
	struct pins *pins = &s->world.facts.pins;

	if (n != 2 || pins->count == PINS_MAX)
		complain(s, "pin BYTE");
	else
		memset(pins->spki[pins->count++], (int)strtol(w[1], NULL, 16), SPKI_SIZE);
}

static void op_forget(struct script *s, char **w, size_t n)
{
	(void)w;
	(void)n;
	world_forget(&s->world);
}

static void op_restart(struct script *s, char **w, size_t n)
{
	(void)w;
	(void)n;
	s->checks++;
	if (!world_restart(&s->world))
		complain(s, "a record does not survive its encoding");
}

static void join(char *out, size_t size, char **w, size_t n)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", w[i]);
}

/*
 * expect MAP REPLY: by what is known; final MAP REPLY: once the prober was waited for.
 * The exact reply; of TEMP only the word.
 */
static void op_expect(struct script *s, char **w, size_t n)
{
	char question[64];
	char expected[2048];
	struct request request;
	struct buf reply = { 0 };
	const char *got;

	snprintf(question, sizeof(question), "%s x", n > 2 ? w[1] : "");
	if (request_parse(&request, question, strlen(question)) != REQUEST_OK ||
	    !map_is_policy(request.map)) {
		complain(s, "expect POLICY-MAP REPLY");
		return;
	}
	s->checks++;
	if (strcmp(w[0], "final") == 0)
		s->contact = decide_answer(&s->decision, &s->world.settings, &s->world.facts,
					   request.map, true, s->world.now);
	else
		decide_for_map(&s->decision, &s->world.settings, &s->world.facts, request.map,
			       s->world.now);
	reply_policy(&reply, &s->decision, &s->world.facts, request.tlsrpt);
	join(expected, sizeof(expected), w + 2, n - 2);
	got = buf_cstr(&reply);
	while (reply.len > 0 && reply.data[reply.len - 1] == ' ')
		reply.data[--reply.len] = '\0';
	if (strcmp(expected, "TEMP") == 0 ? strncmp(got, "TEMP ", 5) != 0
					  : strcmp(got, expected) != 0)
		complain(s, "%s: expected \"%s\", got \"%s\" (rule %d, %s)", w[1], expected, got,
			 s->decision.rule, s->decision.reason);
	buf_free(&reply);
}

/* rule N [UNDER]: of the latest `expect`. */
static void op_rule(struct script *s, char **w, size_t n)
{
	int rule = n > 1 ? atoi(w[1]) : 0;
	int under = n > 2 ? atoi(w[2]) : rule;

	s->checks++;
	if (rule != (int)s->decision.rule || under != (int)s->decision.under)
		complain(s, "expected rule %d (%d), got %d (%d): %s", rule, under, s->decision.rule,
			 s->decision.under, s->decision.reason);
}

/* reason TEXT: of the latest `expect`. */
static void op_reason(struct script *s, char **w, size_t n)
{
	char expected[REASON_SIZE];

	join(expected, sizeof(expected), w + 1, n - 1);
	s->checks++;
	if (strcmp(expected, s->decision.reason) != 0)
		complain(s, "reason is \"%s\"", s->decision.reason);
}

/* would RULE LEVEL|NOTFOUND|TEMP: what the latest answer would be if it were enforced. */
static void op_would(struct script *s, char **w, size_t n)
{
	const struct decision *d = &s->decision;
	const char *got = decide_word(d->would.verdict, d->would.level);
	bool differs = strcmp(decide_word(d->verdict, d->level), got) != 0;

	s->checks++;
	if (n != 3 || atoi(w[1]) != (int)d->would.rule || strcmp(w[2], got) != 0)
		complain(s, "would be %s by rule %d", got, (int)d->would.rule);
	if (decide_holds_back(d) != differs)
		complain(s, "%s held back", differs ? "is not" : "is");
}

static void check_flag(struct script *s, char **w, size_t n, bool got)
{
	s->checks++;
	if (n != 2 || strcmp(w[1], got ? "yes" : "no") != 0)
		complain(s, "%s is %s", w[0], got ? "yes" : "no");
}

static void op_floor(struct script *s, char **w, size_t n)
{
	decide(&s->decision, &s->world.settings, &s->world.facts, s->world.now);
	check_flag(s, w, n, s->decision.floor);
}

static void op_guaranteed(struct script *s, char **w, size_t n)
{
	check_flag(s, w, n, s->decision.guaranteed);
}

static void op_settled(struct script *s, char **w, size_t n)
{
	check_flag(s, w, n, s->decision.settled);
}

static const char *const contact_names[] = { "answer", "answer-refresh", "park", "defer", NULL };

/* contact WORD [waited|MAP]: what becomes of the question for `policy`, or for that map. */
static void op_contact(struct script *s, char **w, size_t n)
{
	bool waited = n > 2 && strcmp(w[2], "waited") == 0;
	enum map map = MAP_POLICY;
	enum contact got;

	while (n > 2 && !waited && map < MAP_COUNT && strcmp(map_name(map), w[2]) != 0)
		map++;
	if (!map_is_policy(map)) {
		complain(s, "contact WORD [waited|POLICY-MAP]");
		return;
	}
	decide_for_map(&s->decision, &s->world.settings, &s->world.facts, map, s->world.now);
	got = decide_contact(&s->decision, &s->world.settings, waited);
	s->checks++;
	if (n < 2 || index_of(w[1], contact_names) != (int)got)
		complain(s, "contact is %s", contact_names[got]);
}

/* given WORD: and of that of the latest `final`. */
static void op_given(struct script *s, char **w, size_t n)
{
	s->checks++;
	if (n != 2 || index_of(w[1], contact_names) != (int)s->contact)
		complain(s, "given is %s", contact_names[s->contact]);
}

/* prospect LEVEL good|none|unknown [waits|REASON]: before mail is taken. */
static void op_prospect(struct script *s, char **w, size_t n)
{
	static const char *const names[] = { "unknown", "good", "none", NULL };
	enum alias_level level;
	enum prospect got;
	char reason[REASON_SIZE];
	bool waits;

	if (n < 3 || !alias_level_parse(&level, w[1]) || index_of(w[2], names) < 0) {
		complain(s, "prospect LEVEL good|none|unknown [waits|REASON]");
		return;
	}
	s->checks++;
	got = decide_prospect(&s->decision, &s->world.settings, &s->world.facts, level,
			      s->world.now);
	waits = decide_contact(&s->decision, &s->world.settings, false) == CONTACT_PARK;
	join(reason, sizeof(reason), w + 3, n - 3);
	if (index_of(w[2], names) != (int)got || waits != (strcmp(reason, "waits") == 0))
		complain(s, "prospect %s is %s%s: %s", w[1], names[got], waits ? ", waits" : "",
			 s->decision.reason);
	else if (n > 3 && !waits && strcmp(reason, s->decision.reason) != 0)
		complain(s, "prospect %s: %s", w[1], s->decision.reason);
}

static void current_status(struct script *s, struct status *status)
{
	enum contact contact = decide_answer(&s->decision, &s->world.settings, &s->world.facts,
					     MAP_STATUS, false, s->world.now);

	if (contact > CONTACT_ANSWER_REFRESH)
		complain(s, "a webmail is made to wait");
	status_of(status, &s->world.facts, &s->decision);
}

static void op_state(struct script *s, char **w, size_t n)
{
	struct status status;

	current_status(s, &status);
	s->checks++;
	if (n != 2 || strcmp(w[1], status_state_name(status.state)) != 0)
		complain(s, "state is %s", status_state_name(status.state));
}

/* downgrade DATE|no */
static void op_downgrade(struct script *s, char **w, size_t n)
{
	struct status status;
	char since[UTC_SIZE] = "no";

	current_status(s, &status);
	if (status.downgrade_since != 0)
		utc_format(since, status.downgrade_since);
	s->checks++;
	if (n != 2 || strcmp(w[1], since) != 0)
		complain(s, "downgrade is %s", since);
}

static const struct {
	const char *word;
	void (*run)(struct script *s, char **words, size_t count);
} ops[] = {
	{ "at", op_at },
	{ "step", op_step },
	{ "nexthop", op_nexthop },
	{ "setting", op_setting },
	{ "mx", op_mx },
	{ "addr", op_addr },
	{ "tlsa", op_tlsa },
	{ "seen", op_seen },
	{ "host", op_host },
	{ "sts", op_sts },
	{ "override", op_override },
	{ "pin", op_pin },
	{ "key", op_key },
	{ "forget", op_forget },
	{ "restart", op_restart },
	{ "expect", op_expect },
	{ "final", op_expect },
	{ "delivered", op_delivered },
	{ "would", op_would },
	{ "given", op_given },
	{ "reason", op_reason },
	{ "rule", op_rule },
	{ "floor", op_floor },
	{ "settled", op_settled },
	{ "contact", op_contact },
	{ "guaranteed", op_guaranteed },
	{ "state", op_state },
	{ "prospect", op_prospect },
	{ "downgrade", op_downgrade },
};

static void run_line(struct script *s, char *line)
{
	char *words[WORDS_MAX];
	size_t count = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (char *w = strtok(line, " \t"); w != NULL && count < WORDS_MAX; w = strtok(NULL, " \t"))
		words[count++] = w;
	if (count == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strcmp(ops[i].word, words[0]) == 0) {
			ops[i].run(s, words, count);
			return;
		}
	}
	complain(s, "no such word: %s", words[0]);
}

static bool run_file(const char *file)
{
	static struct script s;
	char line[1024];
	FILE *in = fopen(file, "r");

	if (in == NULL) {
		perror(file);
		return false;
	}
	s.file = file;
	s.line = s.failures = s.checks = 0;
	world_init(&s.world, "example.com", INT64_C(1767225600)); /* 2026-01-01 */
	while (fgets(line, sizeof(line), in) != NULL) {
		s.line++;
		run_line(&s, line);
	}
	fclose(in);
	world_free(&s.world);
	if (s.checks == 0)
		complain(&s, "a scenario that expects nothing");
	return s.failures == 0;
}

int main(int argc, char **argv)
{
	unsigned passed = 0;
	unsigned failed = 0;

	for (int i = 1; i < argc; i++) {
		if (run_file(argv[i]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
