/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/facts_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/buf.h"
#include "cli/terminal.h"
#include "core/policy/fold.h"
#include "core/record/record.h"

#define SENTENCE_SIZE 512

static char *moment_span(char dst[FACTS_PAGE_DATE_SIZE], int64_t when, int64_t now)
{
	char span[UTC_SPAN_SIZE];

	if (when == 0)
		snprintf(dst, FACTS_PAGE_DATE_SIZE, "never");
	else if (when == now)
		snprintf(dst, FACTS_PAGE_DATE_SIZE, "now");
	else if (when > now)
		snprintf(dst, FACTS_PAGE_DATE_SIZE, "in %s", utc_span(span, when - now));
	else
		snprintf(dst, FACTS_PAGE_DATE_SIZE, "%s ago", utc_span(span, now - when));
	return dst;
}

char *facts_page_date(char dst[FACTS_PAGE_DATE_SIZE], int64_t when, int64_t now)
{
	char date[UTC_SIZE], span[FACTS_PAGE_DATE_SIZE];

	moment_span(span, when, now);
	if (when == 0)
		snprintf(dst, FACTS_PAGE_DATE_SIZE, "never");
	else
		snprintf(dst, FACTS_PAGE_DATE_SIZE, "%s (%.*s)", utc_format(date, when),
			 UTC_SPAN_SIZE, span);
	return dst;
}

const char *facts_page_downgrade(bool guaranteed)
{
	return guaranteed ? "a server that had TLS no longer offers it, so mail to it waits. Tell "
			    "its postmaster. To give up TLS for good: postseal forget"
			  : "a server that had TLS no longer offers it, so mail to it may leave in "
			    "the clear";
}

/* When a fact was looked up, and when it is looked up next. */
static char *age_of(char dst[SENTENCE_SIZE], const struct freshness *fresh, int64_t now)
{
	char checked[FACTS_PAGE_DATE_SIZE], failed[FACTS_PAGE_DATE_SIZE],
		next[FACTS_PAGE_DATE_SIZE];
	bool due = fresh->expires <= now;

	moment_span(checked, fresh->checked, now);
	moment_span(next, fresh->expires, now);
	if (fresh->checked == 0 && fresh->failed == 0)
		snprintf(dst, SENTENCE_SIZE, "not looked up yet");
	else if (fresh->failed == 0)
		snprintf(dst, SENTENCE_SIZE, "looked up %s; next look-up %s", checked,
			 due ? "is due" : next);
	else
		snprintf(dst, SENTENCE_SIZE,
			 "THE LOOK-UP HAS FAILED since %s; it %s%s; next try %s",
			 facts_page_date(failed, fresh->failed, now),
			 fresh->checked != 0 ? "last succeeded " : "has never succeeded",
			 fresh->checked != 0 ? checked : "", due ? "is due" : next);
	return dst;
}

/* "1 day", "2 days", "32 or more days". */
#define DAYS_SIZE 24
static char *count_days(char dst[DAYS_SIZE], const struct timeset *days)
{
	snprintf(dst, DAYS_SIZE, "%u%s day%s", (unsigned)days->count,
		 days->count == TIMESET_MAX ? " or more" : "", days->count == 1 ? "" : "s");
	return dst;
}

static const char *signed_or_not(bool secure)
{
	return secure ? "signed (DNSSEC)" : "not signed";
}

static const char *mx_text(const struct mx_facts *mx)
{
	switch (mx->state) {
	case MX_UNKNOWN:
		break;
	case MX_FOUND:
		return mx->truncated ? "too many hosts; only the first ones are used" : "found";
	case MX_IMPLICIT:
		return "there are no MX records, so the domain is its own mail host";
	case MX_LITERAL:
		return "not needed: the next hop names its host";
	case MX_NULL:
		return "the domain takes no mail (null MX, RFC 7505)";
	case MX_NXDOMAIN:
		return "there is no such domain";
	}
	return "unknown";
}

void facts_page_mx(const struct facts *facts, const struct cli *cli)
{
	const struct mx_facts *mx = &facts->domain.mx;
	char age[SENTENCE_SIZE];

	terminal_heading("MX look-up");
	if (mx->state == MX_UNKNOWN || mx->state == MX_LITERAL)
		terminal_field("result", "%s", mx_text(mx));
	else
		terminal_field("result", "%s; the answer is %s", mx_text(mx),
			       signed_or_not(mx->secure));
	if (mx->state != MX_LITERAL)
		terminal_field("age", "%s", age_of(age, &mx->fresh, cli->now));
	for (size_t i = 0; i < mx->count; i++)
		terminal_field(i == 0 ? "hosts" : "", "%u %s", mx->refs[i].preference,
			       mx->refs[i].host);
}

static void page_address(const struct host_facts *host, int64_t now)
{
	char age[SENTENCE_SIZE];

	age_of(age, &host->addr_fresh, now);
	switch (host->addr) {
	case ADDR_UNKNOWN:
		terminal_field("address", "unknown; %s", age);
		break;
	case ADDR_FOUND:
		terminal_field("address", "found, %s; %s", signed_or_not(host->addr_secure), age);
		break;
	case ADDR_NONE:
		terminal_field("address", "none, so this host does not count; %s", age);
		break;
	}
}

static void page_tlsa(const struct host_facts *host, int64_t now)
{
	char age[SENTENCE_SIZE];

	age_of(age, &host->tlsa_fresh, now);
	switch (host->tlsa) {
	case TLSA_UNKNOWN:
		terminal_field("TLSA", "unknown; %s", age);
		break;
	case TLSA_ABSENT:
		if (host->addr == ADDR_FOUND && !host->addr_secure)
			terminal_field("TLSA", "none that counts, since the host's address is not "
					       "signed (RFC 7672, section 2.2)");
		else
			terminal_field("TLSA", "none; %s", age);
		break;
	case TLSA_USABLE:
	case TLSA_UNUSABLE:
		terminal_field("TLSA", "%u usable and %u unusable records of %s; %s",
			       host->tlsa_usable, host->tlsa_unusable, host->tlsa_base, age);
		break;
	}
}

static const char *verified_text(enum verified verified)
{
	switch (verified) {
	case VERIFIED_UNKNOWN:
		break;
	case VERIFIED_DANE:
		return "the certificate is proven by DANE";
	case VERIFIED_NAME:
		return "the certificate is from a known CA and names the host";
	case VERIFIED_CHAIN:
		return "the certificate is from a known CA, but names another host";
	case VERIFIED_NOT:
		return "the certificate is neither proven by DANE nor from a known CA";
	case VERIFIED_NEXTHOP:
		return "the certificate is proven by DANE to mail for one domain alone, which it "
		       "names";
	}
	return "the certificate was not judged";
}

static char *observed_text(char dst[SENTENCE_SIZE], const struct observation *seen)
{
	const char *what = "not tried yet";

	switch (seen->observed) {
	case OBSERVED_TLS:
		snprintf(dst, SENTENCE_SIZE, "%s with %s; %s", tls_version_name(seen->version),
			 seen->cipher, verified_text(seen->verified));
		return dst;
	case OBSERVED_PLAIN:
		what = "it offers no STARTTLS";
		break;
	case OBSERVED_TLS_FAILED:
		what = "it offers STARTTLS, but the handshake failed";
		break;
	case OBSERVED_UNREACHABLE:
		what = "it could not be reached";
		break;
	case OBSERVED_NOTHING:
		break;
	}
	snprintf(dst, SENTENCE_SIZE, "%s%s%s", what, seen->detail[0] != '\0' ? ": " : "",
		 seen->detail);
	return dst;
}

static void page_probe(const struct host_facts *host, int64_t now)
{
	const struct observation *seen = &host->last;
	char text[SENTENCE_SIZE], when[FACTS_PAGE_DATE_SIZE], next[FACTS_PAGE_DATE_SIZE],
		spki[RECORD_SPKI_HEX_SIZE];

	observed_text(text, seen);
	if (seen->observed == OBSERVED_NOTHING) {
		terminal_field("last contact", "%s", text);
		return;
	}
	terminal_field("last contact", "%s", text);
	terminal_field("", "by %s, %s; next %s", source_name(seen->source),
		       facts_page_date(when, seen->time, now),
		       host->last_expires > now ? moment_span(next, host->last_expires, now)
						: "is due");
	if (!seen->has_spki)
		return;
	record_spki_hex(spki, seen->spki);
	terminal_field("key SHA-256", "%s", spki);
}

void facts_page_history(const struct history *history, int64_t now)
{
	char first[FACTS_PAGE_DATE_SIZE], last[FACTS_PAGE_DATE_SIZE], days[DAYS_SIZE];

	if (history->last_tls == 0) {
		terminal_field("TLS", "never seen");
	} else {
		terminal_field("TLS", "first seen %s",
			       facts_page_date(first, history->first_tls, now));
		terminal_field("", "last seen %s, on %s",
			       facts_page_date(last, history->last_tls, now),
			       count_days(days, &history->tls_days));
		terminal_field("", "%s with %s", tls_version_name(history->last_version),
			       history->last_cipher);
	}
	if (history->last_plain == 0)
		terminal_field("no TLS", "never seen");
	else
		terminal_field("no TLS", "last seen %s, on %s",
			       facts_page_date(last, history->last_plain, now),
			       count_days(days, &history->plain_days));
}

void facts_page_host(const struct facts *facts, size_t i, const struct cli *cli)
{
	const struct host_facts *host = &facts->host[i];
	int64_t lost = fold_downgrade_since(&host->history);
	char since[FACTS_PAGE_DATE_SIZE];

	terminal_heading("MX host %s, port %u", facts->domain.mx.refs[i].host,
			 (unsigned)nexthop_port(&facts->nexthop, cli->settings.smtp_port));
	page_address(host, cli->now);
	page_tlsa(host, cli->now);
	page_probe(host, cli->now);
	facts_page_history(&host->history, cli->now);
	if (lost != 0)
		terminal_field("DOWNGRADE", "it had TLS, and has not offered it since %s",
			       facts_page_date(since, lost, cli->now));
}

void facts_page_sts(const struct facts *facts, const struct cli *cli)
{
	const struct sts_facts *sts = &facts->domain.sts;
	char age[SENTENCE_SIZE], fetched[FACTS_PAGE_DATE_SIZE], until[FACTS_PAGE_DATE_SIZE];

	terminal_heading("MTA-STS");
	if (!cli->settings.mta_sts) {
		terminal_field("policy", "not used (mta_sts = false)");
		return;
	}
	if (facts->nexthop.kind != NEXTHOP_DOMAIN) {
		terminal_field("policy", "none: only domains have policies (RFC 8461)");
		return;
	}
	if (sts->mode == STS_UNKNOWN || sts->mode == STS_NONE)
		terminal_field("policy", "%s", sts->mode == STS_NONE ? "none" : "unknown");
	else
		terminal_field("policy", "mode %s, id %s, fetched %s, %s %s",
			       sts_mode_name(sts->mode), sts->id,
			       moment_span(fetched, sts->fetched, cli->now),
			       sts->until > cli->now ? "runs out" : "ran out",
			       moment_span(until, sts->until, cli->now));
	terminal_field("age", "%s", age_of(age, &sts->fresh, cli->now));
	if (sts->detail[0] != '\0')
		terminal_field("failure", "%s", sts->detail);
	for (size_t i = 0; i < sts->patterns; i++)
		terminal_field(i == 0 ? "mx" : "", "%s", sts->pattern[i]);
}

/* `learn` writes down hosts alone: what they have shown is folded into the domain. */
static struct history folded_history(const struct known *known, const struct cli *cli)
{
	struct facts *facts = mem_alloc(sizeof(*facts));
	struct history history;

	*facts = known->facts;
	fold_domain(facts, &cli->settings);
	history = facts->domain.history;
	free(facts);
	return history;
}

void facts_page_floor(const struct known *known, const struct cli *cli)
{
	const struct history folded = folded_history(known, cli), *history = &folded;
	const struct settings *s = &cli->settings;
	char forgotten[FACTS_PAGE_DATE_SIZE];

	terminal_heading("History of the domain");
	facts_page_history(history, cli->now);
	if (known->facts.domain.forgotten != 0)
		terminal_field("forgotten", "%s: what was seen before does not count",
			       facts_page_date(forgotten, known->facts.domain.forgotten, cli->now));
	if (known->decision.floor)
		terminal_field("floor", "yes: TLS is required from now on, whatever happens");
	else
		terminal_field("floor",
			       "no: %u handshakes seen, %zu needed (learn_after_successes); "
			       "on %u days, %zu needed (learn_after_days)%s",
			       (unsigned)history->successes.count, s->learn_after_successes,
			       (unsigned)history->tls_days.count, s->learn_after_days,
			       s->history_max_age != 0
				       ? "; older ones than history_max_age do not count"
				       : "");
}

void facts_page_override(const struct override *override, int64_t now)
{
	char set[FACTS_PAGE_DATE_SIZE], expires[FACTS_PAGE_DATE_SIZE];
	const char *what = "";

	switch (override->kind) {
	case OVERRIDE_NONE:
		return;
	case OVERRIDE_EXACT:
		what = "exactly ";
		break;
	case OVERRIDE_MINIMUM:
		what = "at least ";
		break;
	case OVERRIDE_HANDS_OFF:
		what = "left to main.cf; ";
		break;
	}
	terminal_heading("Override");
	terminal_field("answer", "%s%s", what,
		       override->kind == OVERRIDE_HANDS_OFF ? "NOTFOUND"
							    : level_name(override->level));
	terminal_field("set", "%s by %s: %s", facts_page_date(set, override->set, now),
		       override->author, override->reason);
	terminal_field(override->expires != 0 && override->expires <= now ? "expired" : "expires",
		       "%s", facts_page_date(expires, override->expires, now));
}

void facts_page_pins(const struct pins *pins)
{
	char spki[RECORD_SPKI_HEX_SIZE];

	if (pins->count == 0)
		return;
	terminal_heading("Keys on file");
	for (size_t i = 0; i < pins->count; i++) {
		record_spki_hex(spki, pins->spki[i]);
		terminal_field("key SHA-256", "%s", spki);
	}
}

struct journal_page {
	const struct known *known;
	const struct cli *cli;
	size_t entries;
};

static bool page_entry(void *context, const struct journal_entry *entry)
{
	struct journal_page *page = context;
	char date[UTC_SIZE];

	if (!known_concerns(page->known, page->cli, entry))
		return true;
	if (page->entries++ == 0)
		terminal_heading("Journal");
	terminal_field(entry->event, "%s %s, by %s%s%s", utc_format(date, entry->time),
		       entry->subject, entry->author, entry->detail[0] != '\0' ? ": " : "",
		       entry->detail);
	return true;
}

void facts_page_journal(const struct known *known, const struct cli *cli, struct ledger_txn *txn)
{
	struct journal_page page = { known, cli, 0 };

	ledger_each_journal(txn, NULL, page_entry, &page);
}
