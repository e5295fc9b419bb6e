/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of domains and hosts, and the keys of all records (record.h). */
#include "core/record/record.h"

#include <string.h>

#include "base/str.h"
#include "core/names/ipaddr.h"
#include "core/policy/fold.h"
#include "core/record/record_rows.h"

void record_put_header(struct buf *out, enum record_kind kind)
{
	wire_put_u8(out, (uint8_t)kind);
	wire_put_u8(out, RECORD_VERSION);
}

/*
 * Names and digests.
 */

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

static void put_spki(struct buf *out, const uint8_t spki[SPKI_SIZE], bool has)
{
	wire_put_u8(out, has);
	if (has)
		buf_append(out, spki, SPKI_SIZE);
}

static bool get_spki(struct wire *r, uint8_t dst[SPKI_SIZE])
{
	bool has = wire_get_bool(r);

	memset(dst, 0, SPKI_SIZE);
	if (has)
		wire_get_bytes(r, dst, SPKI_SIZE);
	return has;
}

/* Rows that there are of hosts alone (record_rows.h). */
#define PUT_name(member, none) wire_put_name(out, member)
#define GET_name(member, none) get_optional_name(r, member)
#define PUT_spki(member, has) put_spki(out, member, has)
#define GET_spki(member, has) (has) = get_spki(r, member)

/*
 * Domains.
 */

static void put_mx(struct buf *out, const struct mx_facts *mx)
{
	MX_ROWS(PUT, *mx)
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

/*
 * [host] or [address]; or an MX record's, which may name an address as well. Nearly all
 * are names, and no address is one.
 */
static void get_exchanger(struct wire *r, char dst[DOMAIN_SIZE])
{
	size_t len;
	const char *text = wire_get_string(r, &len);

	dst[0] = '\0';
	if (text != NULL && domain_take(dst, text, len))
		return;
	if (text == NULL || !str_copy_n(dst, DOMAIN_SIZE, text, len) || strlen(dst) != len ||
	    !is_address(dst))
		r->ok = false;
}

static void get_mx(struct wire *r, struct mx_facts *mx)
{
	MX_ROWS(GET, *mx)
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
	STS_GIST(PUT, *sts)
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
	STS_GIST(GET, *sts)
	for (size_t i = 0; i < sts->patterns && r->ok; i++)
		get_pattern(r, sts->pattern[i]);
}

static void get_sts_rest(struct wire *r, struct sts_facts *sts)
{
	STS_REST(GET, *sts)
	for (const char *p = sts->id; *p != '\0'; p++) {
		char c = str_lower_char(*p);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			r->ok = false;
	}
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
	record_put_history_gist(out, &counts);
	wire_put_time(out, domain->forgotten);
	STS_REST(PUT, domain->sts)
	wire_put_u8(out, domain->any_host);
	if (domain->forgotten != 0)
		record_put_history_gist(out, &all);
	record_put_history_rest(out, &all);
}

static void get_domain_gist(struct wire *r, struct domain_facts *out)
{
	get_mx(r, &out->mx);
	get_sts_gist(r, &out->sts);
	record_get_history_gist(r, &out->history);
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
		record_get_history_gist(r, &out->evidence);
	else
		out->evidence = gist;
	record_get_history_rest(r, &out->evidence);
	if (!r->ok)
		return;
	fold_since(&out->history, &out->evidence, out->forgotten);
	again = out->evidence;
	fold_merge(&again, &out->history);
	r->ok = same_gist(&out->history, &gist) && fold_equal(&again, &out->evidence);
}

bool record_get_domain(struct domain_facts *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_DOMAIN, RECORD_VERSION);

	memset(&out->history, 0, sizeof(out->history));
	get_domain_gist(&r, out);
	get_sts_rest(&r, &out->sts);
	out->any_host = wire_get_bool(&r);
	get_evidence(&r, out);
	return wire_close(&r);
}

bool record_get_old_domain(struct domain_facts *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_DOMAIN, RECORD_VERSION_OLD);

	memset(&out->history, 0, sizeof(out->history));
	get_domain_gist(&r, out);
	get_sts_rest(&r, &out->sts);
	/* `mixed_mx` was strict, if nobody said otherwise. */
	out->any_host = true;
	record_get_history_rest(&r, &out->history);
	out->evidence = out->history;
	return wire_close(&r);
}

/*
 * Hosts.
 */

void record_put_host(struct buf *out, const struct host_facts *host)
{
	record_put_header(out, RECORD_HOST);
	HOST_GIST(PUT, *host)
	HOST_REST(PUT, *host)
	record_put_history_rest(out, &host->history);
}

static void get_host_gist(struct wire *r, struct host_facts *out)
{
	HOST_GIST(GET, *out)
}

bool record_get_host_gist(struct host_facts *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_HOST, RECORD_VERSION);

	get_host_gist(&r, out);
	return r.ok;
}

bool record_get_host(struct host_facts *out, const void *bytes, size_t len)
{
	struct wire wire = wire_open(bytes, len, RECORD_HOST, RECORD_VERSION), *r = &wire;

	memset(&out->history, 0, sizeof(out->history)); /* all of it is defined */
	get_host_gist(r, out);
	HOST_REST(GET, *out)
	/* Only "never looked" comes from nowhere. */
	if (out->last.source == 0 && out->last.observed != OBSERVED_NOTHING)
		r->ok = false;
	record_get_history_rest(r, &out->history);
	return wire_close(r);
}

/*
 * Keys.
 */

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
