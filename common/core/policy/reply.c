/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/reply.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "core/policy/survey.h"

/* SHA-256 as smtp_tls_policy_maps writes it: "AA:BB:..". */
static void append_fingerprint(struct buf *out, const uint8_t spki[SPKI_SIZE])
{
	for (size_t i = 0; i < SPKI_SIZE; i++)
		buf_printf(out, "%s%02X", i > 0 ? ":" : "", spki[i]);
}

/*
 * Needs smtp_tls_fingerprint_digest = sha256, which DESIGN.md's `doctor` looks
 * at; Postfix compares each with the certificate's and with its key's digest.
 * No pin: `match=` must not be empty, and without it main.cf's own list would
 * count, so the answer names a digest that no key has, and delivery fails.
 */
static void append_fingerprints(struct buf *out, const struct facts *facts)
{
	const struct pins *pins = &facts->pins;
	static const uint8_t nobody[SPKI_SIZE];

	buf_append_str(out, "fingerprint match=");
	if (pins->count == 0)
		append_fingerprint(out, nobody);
	for (size_t i = 0; i < pins->count; i++) {
		if (i > 0)
			buf_append_str(out, "|");
		append_fingerprint(out, pins->spki[i]);
	}
	if (pins->count > 0 && survey_pins_by_name(facts))
		buf_append_str(out, " servername=hostname");
}

/*
 * Names that Postfix takes for its own in `match=` (add_namechecks in tls_client.c): with
 * "hostname" any server would do that has a certificate for itself.
 */
static bool is_keyword(const char *name)
{
	return strcmp(name, "hostname") == 0 || strcmp(name, "nexthop") == 0 ||
	       strcmp(name, "dot-nexthop") == 0;
}

/*
 * RFC 8461 4.1: "*" stands for exactly one label. Postfix's nearest is
 * ".example.com", which stands for any number of them (tls_client.c hands it to
 * X509_check_host(3) without X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS). That is
 * wider only below a name which the domain's owner chose to trust as a whole.
 * Postfix 3.10.5 and later, given mx_host_pattern, go by the RFC to the letter.
 * A keyword gets a dot at its end: then it is a name, and no certificate bears it.
 */
static void append_matches(struct buf *out, const struct sts_facts *sts)
{
	buf_append_str(out, " match=");
	for (size_t i = 0; i < sts->patterns; i++) {
		const char *pattern = sts->pattern[i];

		if (i > 0)
			buf_append_str(out, ":");
		buf_append_str(out, pattern[0] == '*' ? pattern + 1 : pattern);
		if (is_keyword(pattern))
			buf_append_str(out, ".");
	}
}

/*
 * `secure` may also come from an admin's override, for a domain without a
 * policy that is in force: then main.cf's smtp_tls_secure_cert_match says which names
 * count. servername=hostname sends the MX host's name as SNI (RFC 8461 4.2).
 */
static void append_secure(struct buf *out, const struct decision *decision,
			  const struct facts *facts)
{
	buf_append_str(out, "secure");
	if (decision->sts)
		append_matches(out, &facts->domain.sts);
	buf_append_str(out, " servername=hostname");
}

/*
 * smtp(8) refuses the whole answer when policy_domain is no valid_hostname(3)
 * of its own. A folded name is one; an address is not, and is left out.
 */
static void append_policy_domain(struct buf *out, const struct nexthop *nexthop)
{
	if (nexthop->kind == NEXTHOP_DOMAIN || nexthop->kind == NEXTHOP_HOST)
		buf_printf(out, " policy_domain=%s", nexthop->name);
}

/* The policy as published, put together from what is kept of it (RFC 8460 4.4). */
static void append_sts_report(struct buf *out, const struct facts *facts)
{
	const struct sts_facts *sts = &facts->domain.sts;

	buf_append_str(out, " policy_type=sts");
	append_policy_domain(out, &facts->nexthop);
	buf_append_str(out,
		       " { policy_string = version: STSv1 } { policy_string = mode: enforce }");
	for (size_t i = 0; i < sts->patterns; i++)
		buf_printf(out, " { policy_string = mx: %s }", sts->pattern[i]);
	buf_printf(out, " { policy_string = max_age: %" PRId64 " }", sts->max_age);
	for (size_t i = 0; i < sts->patterns; i++)
		buf_printf(out, " mx_host_pattern=%s", sts->pattern[i]);
	buf_printf(out, " policy_ttl=%" PRId64, sts->max_age);
}

/*
 * For smtp(8)'s TLSRPT report (Postfix 3.10 TLSRPT_README, smtp_tls_policy.c).
 * At the DANE levels Postfix reports the TLSA records it found itself.
 */
static void append_report(struct buf *out, const struct decision *decision,
			  const struct facts *facts)
{
	enum level level = decision->level;

	if (level == LEVEL_DANE || level == LEVEL_DANE_ONLY)
		return;
	if (level == LEVEL_SECURE && decision->sts) {
		append_sts_report(out, facts);
		return;
	}
	buf_append_str(out, " policy_type=no-policy-found");
	append_policy_domain(out, &facts->nexthop);
}

static void append_level(struct buf *out, const struct decision *decision,
			 const struct facts *facts)
{
	enum level level = decision->level;

	switch (level) {
	case LEVEL_SECURE:
		append_secure(out, decision, facts);
		return;
	case LEVEL_FINGERPRINT:
		append_fingerprints(out, facts);
		return;
	case LEVEL_NONE:
	case LEVEL_ENCRYPT:
	case LEVEL_DANE:
	case LEVEL_DANE_ONLY:
		buf_append_str(out, level_name(level));
		return;
	}
}

void reply_policy(struct buf *out, const struct decision *decision, const struct facts *facts,
		  bool tlsrpt)
{
	if (decision->verdict == VERDICT_NOTFOUND) {
		reply_not_found(out);
		return;
	}
	/* Postfix knows a level "none", and it means no TLS: it must never leave here. */
	if (decision->verdict != VERDICT_POLICY || decision->level == LEVEL_NONE) {
		buf_printf(out, "TEMP %s: %s", facts->nexthop.key, decision->reason);
		return;
	}
	buf_append_str(out, "OK ");
	append_level(out, decision, facts);
	if (tlsrpt)
		append_report(out, decision, facts);
}

static const char *const prospects[] = {
	[PROSPECT_UNKNOWN] = "unknown",
	[PROSPECT_GOOD] = "yes",
	[PROSPECT_NONE] = "no",
};

void reply_prospect(struct buf *out, enum prospect prospect, const struct decision *decision,
		    const struct facts *facts)
{
	buf_printf(out, "OK %s", prospects[prospect]);
	if (prospect != PROSPECT_GOOD)
		buf_printf(out, " %s %s", facts->nexthop.key, decision->reason);
}

static bool fit_to_be_told(const char *text)
{
	return str_all_print(text, strlen(text)) && strchr(text, '%') == NULL;
}

bool reply_read_prospect(enum prospect *prospect, const char **reason, const char *value)
{
	size_t len = strcspn(value, " ");

	*reason = "";
	for (size_t i = 0; i < ARRAY_LEN(prospects); i++) {
		if (strlen(prospects[i]) != len || memcmp(prospects[i], value, len) != 0)
			continue;
		*prospect = (enum prospect)i;
		if (value[len] == ' ' && fit_to_be_told(value + len + 1))
			*reason = value + len + 1;
		return true;
	}
	return false;
}

void reply_not_found(struct buf *out)
{
	buf_append_str(out, "NOTFOUND ");
}

void reply_temporary(struct buf *out, const char *reason)
{
	buf_append_str(out, "TEMP ");
	buf_append_str(out, reason);
}

void reply_permanent(struct buf *out, const char *reason)
{
	buf_append_str(out, "PERM ");
	buf_append_str(out, reason);
}

void reply_ok(struct buf *out, const char *value)
{
	buf_append_str(out, "OK ");
	buf_append_str(out, value);
}
