/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/record.h"

#include <string.h>

#include "base/str.h"
#include "core/names/ipaddr.h"
#include "core/policy/fold.h"
#include "core/record/record_history.h"
#include "core/record/record_kind.h"
#include "core/record/wire.h"

void record_put_header(struct buf *out, enum record_kind kind)
{
	wire_put_u8(out, (uint8_t)kind);
	wire_put_u8(out, RECORD_VERSION);
}

/* An address's text has a colon, or a last label of digits alone. */
static bool may_be_address(const char *text)
{
	size_t len = strlen(text);

	return (len > 0 && text[len - 1] >= '0' && text[len - 1] <= '9') ||
	       memchr(text, ':', len) != NULL;
}

static bool is_address(const char *text)
{
	struct ipaddr addr;
	char canonical[IPADDR_SIZE];

	return may_be_address(text) && ipaddr_parse(&addr, text, strlen(text)) &&
	       strcmp(ipaddr_format(canonical, &addr), text) == 0;
}

static void get_name(struct wire *r, char dst[DOMAIN_SIZE])
{
	size_t len;
	const char *name = wire_get_string(r, &len);

	dst[0] = '\0';
	if (name == NULL || !domain_take(dst, name, len))
		r->ok = false;
}

static void get_optional_name(struct wire *r, char dst[DOMAIN_SIZE])
{
	dst[0] = '\0';
	if (r->ok && r->at < r->end && *r->at == 0)
		r->at++;
	else
		get_name(r, dst);
}

static void put_freshness(struct buf *out, const struct freshness *fresh)
{
	wire_put_time(out, fresh->checked);
	wire_put_time_after(out, fresh->expires, fresh->checked);
	wire_put_time(out, fresh->failed);
}

static void get_freshness(struct wire *r, struct freshness *fresh)
{
	fresh->checked = wire_get_time(r);
	fresh->expires = wire_get_time_after(r, fresh->checked);
	fresh->failed = wire_get_time(r);
}

static void get_spki(struct wire *r, uint8_t dst[SPKI_SIZE])
{
	const unsigned char *bytes = wire_take(r, SPKI_SIZE);

	if (bytes != NULL)
		memcpy(dst, bytes, SPKI_SIZE);
}

/* What became of the latest probe, and when, is in the gist. */
static void put_observation_rest(struct buf *out, const struct observation *seen)
{
	wire_put_u8(out, (uint8_t)seen->source);
	wire_put_u16(out, seen->version);
	history_put_cipher(out, seen->cipher);
	wire_put_u8(out, seen->has_spki);
	if (seen->has_spki)
		buf_append(out, seen->spki, SPKI_SIZE);
	wire_put_u8(out, (uint8_t)seen->verified);
	wire_put_text(out, seen->detail);
}

static void get_observation_rest(struct wire *r, struct observation *seen)
{
	seen->source = (enum source)wire_get_small(r, SOURCE_ADMIN);
	/* Only "never looked" comes from nowhere. */
	if (seen->source == 0 && seen->observed != OBSERVED_NOTHING)
		r->ok = false;
	seen->version = wire_get_u16(r);
	history_get_cipher(r, seen->cipher);
	seen->has_spki = wire_get_bool(r);
	memset(seen->spki, 0, SPKI_SIZE);
	if (seen->has_spki)
		get_spki(r, seen->spki);
	seen->verified = (enum verified)wire_get_small(r, VERIFIED_NEXTHOP);
	wire_get_text(r, seen->detail, sizeof(seen->detail));
}

static void put_mx(struct buf *out, const struct mx_facts *mx)
{
	wire_put_u8(out, (uint8_t)mx->state);
	wire_put_u8(out, mx->secure);
	wire_put_u8(out, mx->truncated);
	put_freshness(out, &mx->fresh);
	wire_put_u8(out, (uint8_t)mx->count);
	for (size_t i = 0; i < mx->count; i++) {
		wire_put_u16(out, mx->refs[i].preference);
		wire_put_name(out, mx->refs[i].host);
	}
}

/* By preference, then name, and no host twice. */
static bool refs_ordered(const struct mx_facts *mx)
{
	for (size_t i = 1; i < mx->count; i++) {
		const struct mx_ref *before = &mx->refs[i - 1], *ref = &mx->refs[i];

		if (ref->preference < before->preference ||
		    (ref->preference == before->preference && strcmp(ref->host, before->host) <= 0))
			return false;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(mx->refs[j].host, ref->host) == 0)
				return false;
		}
	}
	return true;
}

/* [host] or [address]; or an MX record's, which may name an address as well. */
static void get_exchanger(struct wire *r, char dst[DOMAIN_SIZE])
{
	char copy[DOMAIN_SIZE];

	wire_get_text(r, dst, DOMAIN_SIZE);
	if (!is_address(dst) && !domain_take(copy, dst, strlen(dst)))
		r->ok = false;
}

static void get_mx(struct wire *r, struct mx_facts *mx)
{
	mx->state = (enum mx_state)wire_get_small(r, MX_NXDOMAIN);
	mx->secure = wire_get_bool(r);
	mx->truncated = wire_get_bool(r);
	get_freshness(r, &mx->fresh);
	mx->count = wire_get_small(r, MX_MAX);
	for (size_t i = 0; i < mx->count && r->ok; i++) {
		struct mx_ref *ref = &mx->refs[i];

		ref->preference = wire_get_u16(r);
		if (mx->state == MX_LITERAL || mx->state == MX_FOUND)
			get_exchanger(r, ref->host);
		else
			get_name(r, ref->host);
	}
	if (r->ok && !refs_ordered(mx))
		r->ok = false;
}

static void put_sts_gist(struct buf *out, const struct sts_facts *sts)
{
	wire_put_u8(out, (uint8_t)sts->mode);
	wire_put_time(out, sts->until);
	wire_put_time(out, sts->max_age);
	put_freshness(out, &sts->fresh);
	wire_put_u8(out, (uint8_t)sts->patterns);
	for (size_t i = 0; i < sts->patterns; i++)
		wire_put_name(out, sts->pattern[i]);
}

/* "mx.example.com" or "*.example.com" */
static void get_pattern(struct wire *r, char dst[DOMAIN_SIZE])
{
	size_t len, star = 0;
	const char *pattern = wire_get_string(r, &len);
	char name[DOMAIN_SIZE];

	dst[0] = '\0';
	if (pattern != NULL && len > 2 && memcmp(pattern, "*.", 2) == 0)
		star = 2;
	if (pattern == NULL || !domain_take(name, pattern + star, len - star) ||
	    !str_copy_n(dst, DOMAIN_SIZE, pattern, len))
		r->ok = false;
}

static void get_sts_gist(struct wire *r, struct sts_facts *sts)
{
	sts->mode = (enum sts_mode)wire_get_small(r, STS_ENFORCE);
	sts->until = wire_get_time(r);
	sts->max_age = wire_get_time(r);
	get_freshness(r, &sts->fresh);
	sts->patterns = wire_get_small(r, STS_PATTERN_MAX);
	for (size_t i = 0; i < sts->patterns && r->ok; i++)
		get_pattern(r, sts->pattern[i]);
}

static void put_sts_rest(struct buf *out, const struct sts_facts *sts)
{
	wire_put_name(out, sts->id);
	wire_put_time(out, sts->fetched);
	wire_put_text(out, sts->detail);
}

static void get_sts_rest(struct wire *r, struct sts_facts *sts)
{
	wire_get_text(r, sts->id, STS_ID_SIZE);
	for (const char *p = sts->id; *p != '\0'; p++) {
		char c = str_lower_char(*p);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			r->ok = false;
	}
	sts->fetched = wire_get_time(r);
	wire_get_text(r, sts->detail, sizeof(sts->detail));
}

/* What counts into all that was seen, and then cut out of it anew. */
static void settle(struct history *counts, struct history *all, int64_t forgotten)
{
	fold_merge(all, counts);
	fold_since(counts, all, forgotten);
}

void record_settle_history(struct domain_facts *domain)
{
	settle(&domain->history, &domain->evidence, domain->forgotten);
	/* One whose parts contradict each other may need a second turn. */
	settle(&domain->history, &domain->evidence, domain->forgotten);
}

/* Where nothing was forgotten, what counts is all there is, and stands there once. */
void record_put_domain(struct buf *out, const struct domain_facts *domain)
{
	struct history counts = domain->history, all = domain->evidence;

	settle(&counts, &all, domain->forgotten);
	settle(&counts, &all, domain->forgotten);
	record_put_header(out, RECORD_DOMAIN);
	put_mx(out, &domain->mx);
	put_sts_gist(out, &domain->sts);
	history_put_gist(out, &counts);
	wire_put_time(out, domain->forgotten);
	put_sts_rest(out, &domain->sts);
	wire_put_u8(out, domain->any_host);
	if (domain->forgotten != 0)
		history_put_gist(out, &all);
	history_put_rest(out, &all);
}

static void get_domain_gist(struct wire *r, struct domain_facts *out)
{
	get_mx(r, &out->mx);
	get_sts_gist(r, &out->sts);
	history_get_gist(r, &out->history);
	out->forgotten = wire_get_time(r);
}

bool record_get_domain_gist(struct domain_facts *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_DOMAIN, RECORD_VERSION);

	get_domain_gist(&r, out);
	return r.ok;
}

static bool same_gist(const struct history *a, const struct history *b)
{
	return a->first_tls == b->first_tls && a->last_tls == b->last_tls &&
	       a->last_plain == b->last_plain && a->successes.count == b->successes.count &&
	       a->tls_days.count == b->tls_days.count && a->plain_days.count == b->plain_days.count;
}

/* What counts is made of all that was seen, and what the gist says of it must be true. */
static void get_evidence(struct wire *r, struct domain_facts *out)
{
	const struct history gist = out->history;
	struct history again;

	memset(&out->evidence, 0, sizeof(out->evidence)); /* all of it is defined */
	if (out->forgotten != 0)
		history_get_gist(r, &out->evidence);
	else
		out->evidence = gist;
	history_get_rest(r, &out->evidence);
	if (!r->ok)
		return;
	fold_since(&out->history, &out->evidence, out->forgotten);
	again = out->evidence;
	fold_merge(&again, &out->history);
	r->ok = same_gist(&out->history, &gist) && fold_equal(&again, &out->evidence);
}

bool record_get_domain_at(struct domain_facts *out, const void *bytes, size_t len, uint8_t version)
{
	struct wire r = wire_open(bytes, len, RECORD_DOMAIN, version);

	memset(&out->history, 0, sizeof(out->history));
	get_domain_gist(&r, out);
	get_sts_rest(&r, &out->sts);
	if (version == RECORD_VERSION) {
		out->any_host = wire_get_bool(&r);
		get_evidence(&r, out);
		return wire_close(&r);
	}
	/* `mixed_mx` was strict, if nobody said otherwise. */
	out->any_host = true;
	history_get_rest(&r, &out->history);
	out->evidence = out->history;
	return wire_close(&r);
}

bool record_get_domain(struct domain_facts *out, const void *bytes, size_t len)
{
	return record_get_domain_at(out, bytes, len, RECORD_VERSION);
}

void record_put_host(struct buf *out, const struct host_facts *host)
{
	record_put_header(out, RECORD_HOST);
	wire_put_u8(out, (uint8_t)host->addr);
	wire_put_u8(out, host->addr_secure);
	put_freshness(out, &host->addr_fresh);
	wire_put_u8(out, (uint8_t)host->tlsa);
	put_freshness(out, &host->tlsa_fresh);
	wire_put_u8(out, (uint8_t)host->last.observed);
	wire_put_time(out, host->last.time);
	wire_put_time_after(out, host->last_expires, host->last.time);
	history_put_gist(out, &host->history);
	wire_put_u16(out, host->tlsa_usable);
	wire_put_u16(out, host->tlsa_unusable);
	wire_put_name(out, host->tlsa_base);
	put_observation_rest(out, &host->last);
	history_put_rest(out, &host->history);
}

static void get_host_gist(struct wire *r, struct host_facts *out)
{
	out->addr = (enum addr_state)wire_get_small(r, ADDR_NONE);
	out->addr_secure = wire_get_bool(r);
	get_freshness(r, &out->addr_fresh);
	out->tlsa = (enum tlsa_state)wire_get_small(r, TLSA_UNUSABLE);
	get_freshness(r, &out->tlsa_fresh);
	out->last.observed = (enum observed)wire_get_small(r, OBSERVED_UNREACHABLE);
	out->last.time = wire_get_time(r);
	out->last_expires = wire_get_time_after(r, out->last.time);
	history_get_gist(r, &out->history);
}

bool record_get_host_gist(struct host_facts *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_HOST, RECORD_VERSION);

	get_host_gist(&r, out);
	return r.ok;
}

bool record_get_host_at(struct host_facts *out, const void *bytes, size_t len, uint8_t version)
{
	struct wire r = wire_open(bytes, len, RECORD_HOST, version);

	memset(&out->history, 0, sizeof(out->history)); /* all of it is defined */
	get_host_gist(&r, out);
	out->tlsa_usable = wire_get_u16(&r);
	out->tlsa_unusable = wire_get_u16(&r);
	get_optional_name(&r, out->tlsa_base);
	get_observation_rest(&r, &out->last);
	history_get_rest(&r, &out->history);
	return wire_close(&r);
}

bool record_get_host(struct host_facts *out, const void *bytes, size_t len)
{
	return record_get_host_at(out, bytes, len, RECORD_VERSION);
}

void record_put_override(struct buf *out, const struct override *override)
{
	record_put_header(out, RECORD_OVERRIDE);
	wire_put_u8(out, (uint8_t) override->kind);
	wire_put_u8(out, (uint8_t) override->level);
	wire_put_time(out, override->set);
	wire_put_time(out, override->expires);
	wire_put_text(out, override->author);
	wire_put_text(out, override->reason);
}

bool record_get_override_at(struct override *out, const void *bytes, size_t len, uint8_t version)
{
	struct wire r = wire_open(bytes, len, RECORD_OVERRIDE, version);

	out->kind = (enum override_kind)wire_get_small(&r, OVERRIDE_HANDS_OFF);
	out->level = (enum level)wire_get_small(&r, LEVEL_DANE_ONLY);
	out->set = wire_get_time(&r);
	out->expires = wire_get_time(&r);
	wire_get_text(&r, out->author, sizeof(out->author));
	wire_get_text(&r, out->reason, sizeof(out->reason));
	return wire_close(&r);
}

bool record_get_override(struct override *out, const void *bytes, size_t len)
{
	return record_get_override_at(out, bytes, len, RECORD_VERSION);
}

void record_put_pin(struct buf *out, const struct pin_act *pin)
{
	record_put_header(out, RECORD_PIN);
	buf_append(out, pin->spki, SPKI_SIZE);
	wire_put_u8(out, pin->removed);
	wire_put_time(out, pin->set);
	wire_put_text(out, pin->author);
}

bool record_get_pin(struct pin_act *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_PIN, RECORD_VERSION);

	memset(out->spki, 0, SPKI_SIZE);
	get_spki(&r, out->spki);
	out->removed = wire_get_bool(&r);
	out->set = wire_get_time(&r);
	wire_get_text(&r, out->author, sizeof(out->author));
	return wire_close(&r);
}

void record_put_journal(struct buf *out, const struct journal_entry *entry)
{
	record_put_header(out, RECORD_JOURNAL);
	wire_put_time(out, entry->time);
	wire_put_text(out, entry->subject);
	wire_put_text(out, entry->event);
	wire_put_text(out, entry->author);
	wire_put_text(out, entry->detail);
}

bool record_get_journal_at(struct journal_entry *out, const void *bytes, size_t len,
			   uint8_t version)
{
	struct wire r = wire_open(bytes, len, RECORD_JOURNAL, version);

	out->time = wire_get_time(&r);
	wire_get_text(&r, out->subject, sizeof(out->subject));
	wire_get_text(&r, out->event, sizeof(out->event));
	wire_get_text(&r, out->author, sizeof(out->author));
	wire_get_text(&r, out->detail, sizeof(out->detail));
	return wire_close(&r);
}

bool record_get_journal(struct journal_entry *out, const void *bytes, size_t len)
{
	return record_get_journal_at(out, bytes, len, RECORD_VERSION);
}

bool record_host_key(char dst[HOST_KEY_SIZE], const char *host, uint16_t port)
{
	char digits[STR_DECIMAL_SIZE];
	bool address = is_address(host);

	return str_join(dst, HOST_KEY_SIZE, address ? "[" : "", host, address ? "]:" : ":",
			str_decimal(digits, port), NULL);
}

void record_spki_hex(char dst[RECORD_SPKI_HEX_SIZE], const uint8_t spki[SPKI_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SPKI_SIZE; i++) {
		dst[2 * i] = digits[spki[i] >> 4];
		dst[2 * i + 1] = digits[spki[i] & 0x0f];
	}
	dst[RECORD_SPKI_HEX_SIZE - 1] = '\0';
}

bool record_pin_key(char dst[RECORD_KEY_SIZE], const char *nexthop, const uint8_t spki[SPKI_SIZE])
{
	char hex[RECORD_SPKI_HEX_SIZE];

	record_spki_hex(hex, spki);
	return str_join(dst, RECORD_KEY_SIZE, nexthop, " ", hex, NULL);
}

bool record_exception_key(char dst[RECORD_KEY_SIZE], const char *alias, const char *sender)
{
	return str_join(dst, RECORD_KEY_SIZE, alias, " ", sender, NULL);
}
