/* SPDX-License-Identifier: BSD-2-Clause */
/* Records: what goes in comes out, and nothing else is taken for a record. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/record/record.h"
#include "core/record/wire.h"

#define T INT64_C(1767323045) /* 2026-01-02T03:04:05Z */

/*
 * One full record of each kind.
 */

static struct history sample_history(void)
{
	struct history h = {
		.first_tls = T - 9 * UTC_DAY,
		.last_tls = T,
		.last_plain = T - 20 * UTC_DAY,
		.best_version = 0x0304,
		.last_version = 0x0303,
		.last_cipher = "ECDHE-RSA-AES256-GCM-SHA384",
	};

	for (int i = 0; i < 3; i++) {
		timeset_add(&h.successes, T - i * 60, 1);
		timeset_add(&h.tls_days, T - i * UTC_DAY, UTC_DAY);
	}
	timeset_add(&h.plain_days, T - 20 * UTC_DAY, UTC_DAY);
	return h;
}

static struct domain_facts *sample_domain(void)
{
	struct domain_facts *d = mem_zero(1, sizeof(*d));

	d->mx.state = MX_FOUND;
	d->mx.secure = true;
	d->mx.fresh = (struct freshness){ T - 100, T + 200, T };
	d->mx.count = 3;
	d->mx.refs[0] = (struct mx_ref){ 10, "a.mx.example" };
	d->mx.refs[1] = (struct mx_ref){ 10, "b.mx.example" };
	d->mx.refs[2] = (struct mx_ref){ 20, "_odd.a-host.xn--bcher-kva.example" };
	d->sts.mode = STS_ENFORCE;
	memcpy(d->sts.id, "20260101T00", 12);
	d->sts.fetched = T - 50;
	d->sts.until = T + 604750;
	d->sts.max_age = 604800;
	d->sts.fresh = (struct freshness){ T - 50, T + 50, 0 };
	d->sts.patterns = 2;
	memcpy(d->sts.pattern[0], "mx.example", 11);
	memcpy(d->sts.pattern[1], "*.mx.example", 13);
	memcpy(d->sts.detail, "HTTP status 503", 16);
	d->history = sample_history();
	d->forgotten = T - 30 * UTC_DAY;
	return d;
}

static struct host_facts *sample_host(void)
{
	struct host_facts *h = mem_zero(1, sizeof(*h));

	h->addr = ADDR_FOUND;
	h->addr_secure = true;
	h->addr_fresh = (struct freshness){ T, T + 300, 0 };
	h->tlsa = TLSA_USABLE;
	h->tlsa_usable = 2;
	h->tlsa_unusable = 1;
	memcpy(h->tlsa_base, "mx.example", 11);
	h->tlsa_fresh = (struct freshness){ T, T + 300, 0 };
	h->last = (struct observation){
		.time = T,
		.source = SOURCE_PROBE,
		.observed = OBSERVED_TLS,
		.version = 0x0304,
		.cipher = "TLS_AES_256_GCM_SHA384",
		.has_spki = true,
		.verified = VERIFIED_DANE,
		.detail = "all well",
	};
	memset(h->last.spki, 0xab, SPKI_SIZE);
	h->last_expires = T + UTC_DAY;
	h->history = sample_history();
	return h;
}

static const struct override sample_override = {
	.kind = OVERRIDE_MINIMUM,
	.level = LEVEL_ENCRYPT,
	.set = T,
	.expires = T + UTC_DAY,
	.author = "ada",
	.reason = "contract with the bank",
};

static struct pin_act sample_pin(void)
{
	struct pin_act pin = { .set = T, .author = "ada" };

	memset(pin.spki, 0x30, SPKI_SIZE);
	return pin;
}

static const struct exception_act sample_exception = {
	.exception = { "@old.example", T, T + UTC_DAY, "ada", "no TLS yet" },
};

static const struct refusals sample_refusals = {
	.told = T - UTC_DAY,
	.others = 3,
	.count = 2,
	.list = { { "", "unknown", REFUSAL_HIDDEN_TLS, T, 1 },
		  { "you <@old.example>", "2001:db8::1", REFUSAL_NO_TLS, T - 1,
		    REFUSALS_COUNT_MAX } },
};

static const struct journal_entry sample_journal = {
	.time = T,
	.subject = "[mx.example.com]:587",
	.event = "forgotten",
	.author = "ada",
	.detail = "TLS since 2026-01-02T03:04:05Z",
};

/* Decode whatever it is and encode it again; false if no decoder takes it. */
static bool round_trip(struct buf *again, const void *bytes, size_t len)
{
	struct domain_facts *domain = mem_alloc(sizeof(*domain));
	struct host_facts *host = mem_alloc(sizeof(*host));
	struct override override;
	struct pin_act pin;
	struct exception_act exception;
	struct refusals refusals;
	struct journal_entry entry;
	bool ok = true;

	if (record_get_domain(domain, bytes, len))
		record_put_domain(again, domain);
	else if (record_get_host(host, bytes, len))
		record_put_host(again, host);
	else if (record_get_override(&override, bytes, len))
		record_put_override(again, &override);
	else if (record_get_pin(&pin, bytes, len))
		record_put_pin(again, &pin);
	else if (record_get_exception(&exception, bytes, len))
		record_put_exception(again, &exception);
	else if (record_get_refusals(&refusals, bytes, len))
		record_put_refusals(again, &refusals);
	else if (record_get_journal(&entry, bytes, len))
		record_put_journal(again, &entry);
	else
		ok = false;
	free(domain);
	free(host);
	return ok;
}

static void put_sample(struct buf *out, int kind)
{
	struct domain_facts *domain = sample_domain();
	struct host_facts *host = sample_host();
	struct pin_act pin = sample_pin();

	switch (kind) {
	case 0:
		record_put_domain(out, domain);
		break;
	case 1:
		record_put_host(out, host);
		break;
	case 2:
		record_put_override(out, &sample_override);
		break;
	case 3:
		record_put_pin(out, &pin);
		break;
	case 4:
		record_put_journal(out, &sample_journal);
		break;
	case 5:
		record_put_exception(out, &sample_exception);
		break;
	case 6:
		record_put_refusals(out, &sample_refusals);
		break;
	}
	free(domain);
	free(host);
}

#define KINDS 7

START_TEST(samples_round_trip)
{
	struct buf bytes = { 0 }, again = { 0 };

	put_sample(&bytes, _i);
	ck_assert(round_trip(&again, bytes.data, bytes.len));
	ck_assert_uint_eq(again.len, bytes.len);
	ck_assert_mem_eq(again.data, bytes.data, bytes.len);
	buf_free(&bytes);
	buf_free(&again);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	struct buf bytes = { 0 }, again = { 0 };

	put_sample(&bytes, _i);
	for (size_t len = 0; len < bytes.len; len++) {
		/* A copy of that length, so that a sanitizer sees reading past it. */
		void *cut = mem_alloc(len + (len == 0));

		memcpy(cut, bytes.data, len);
		ck_assert_msg(!round_trip(&again, cut, len), "%zu bytes of %zu", len, bytes.len);
		free(cut);
	}
	buf_free(&bytes);
}
END_TEST

START_TEST(nothing_may_be_left_over)
{
	struct buf bytes = { 0 }, again = { 0 };

	put_sample(&bytes, _i);
	buf_append(&bytes, "", 1);
	ck_assert(!round_trip(&again, bytes.data, bytes.len));
	buf_free(&bytes);
}
END_TEST

/* One value has one encoding: what is taken after damage is still written that way. */
START_TEST(damage_is_refused_or_is_another_record)
{
	struct buf bytes = { 0 };

	put_sample(&bytes, _i);
	for (size_t at = 0; at < bytes.len; at++) {
		char good = bytes.data[at];

		for (int value = 0; value < 256; value++) {
			struct buf again = { 0 };

			bytes.data[at] = (char)value;
			if (round_trip(&again, bytes.data, bytes.len)) {
				ck_assert_uint_eq(again.len, bytes.len);
				ck_assert_mem_eq(again.data, bytes.data, bytes.len);
			}
			buf_free(&again);
		}
		bytes.data[at] = good;
	}
	buf_free(&bytes);
}
END_TEST

START_TEST(kind_and_version_must_be_known)
{
	for (size_t at = 0; at < 2; at++) {
		struct buf bytes = { 0 }, again = { 0 };

		put_sample(&bytes, _i);
		bytes.data[at]++;
		ck_assert(!round_trip(&again, bytes.data, bytes.len));
		buf_free(&bytes);
	}
}
END_TEST

/* The values themselves, since a round trip alone would forgive two swapped fields. */
START_TEST(domain_values_come_back)
{
	struct domain_facts *in = sample_domain(), *out = mem_alloc(sizeof(*out));
	struct buf bytes = { 0 };

	record_put_domain(&bytes, in);
	ck_assert(record_get_domain(out, bytes.data, bytes.len));
	ck_assert_int_eq(out->mx.state, MX_FOUND);
	ck_assert(out->mx.secure && !out->mx.truncated);
	ck_assert_int_eq(out->mx.fresh.checked, T - 100);
	ck_assert_int_eq(out->mx.fresh.expires, T + 200);
	ck_assert_int_eq(out->mx.fresh.failed, T);
	ck_assert_uint_eq(out->mx.count, 3);
	ck_assert_uint_eq(out->mx.refs[2].preference, 20);
	ck_assert_str_eq(out->mx.refs[2].host, in->mx.refs[2].host);
	ck_assert_int_eq(out->sts.mode, STS_ENFORCE);
	ck_assert_str_eq(out->sts.id, "20260101T00");
	ck_assert_int_eq(out->sts.fetched, T - 50);
	ck_assert_int_eq(out->sts.until, T + 604750);
	ck_assert_int_eq(out->sts.max_age, 604800);
	ck_assert_uint_eq(out->sts.patterns, 2);
	ck_assert_str_eq(out->sts.pattern[1], "*.mx.example");
	ck_assert_str_eq(out->sts.detail, "HTTP status 503");
	ck_assert_int_eq(out->history.first_tls, T - 9 * UTC_DAY);
	ck_assert_int_eq(out->history.last_tls, T);
	ck_assert_int_eq(out->history.last_plain, T - 20 * UTC_DAY);
	ck_assert_uint_eq(out->history.best_version, 0x0304);
	ck_assert_uint_eq(out->history.last_version, 0x0303);
	ck_assert_str_eq(out->history.last_cipher, in->history.last_cipher);
	ck_assert_uint_eq(out->history.successes.count, 3);
	ck_assert_int_eq(out->history.successes.times[2], T);
	ck_assert_uint_eq(out->history.tls_days.count, 3);
	ck_assert_uint_eq(out->history.plain_days.count, 1);
	ck_assert_int_eq(out->forgotten, T - 30 * UTC_DAY);
	buf_free(&bytes);
	free(in);
	free(out);
}
END_TEST

START_TEST(host_values_come_back)
{
	struct host_facts *in = sample_host(), *out = mem_alloc(sizeof(*out));
	struct buf bytes = { 0 };

	record_put_host(&bytes, in);
	ck_assert(record_get_host(out, bytes.data, bytes.len));
	ck_assert_int_eq(out->addr, ADDR_FOUND);
	ck_assert(out->addr_secure);
	ck_assert_int_eq(out->tlsa, TLSA_USABLE);
	ck_assert_uint_eq(out->tlsa_usable, 2);
	ck_assert_uint_eq(out->tlsa_unusable, 1);
	ck_assert_str_eq(out->tlsa_base, "mx.example");
	ck_assert_int_eq(out->tlsa_fresh.expires, T + 300);
	ck_assert_int_eq(out->last.time, T);
	ck_assert_int_eq(out->last.source, SOURCE_PROBE);
	ck_assert_int_eq(out->last.observed, OBSERVED_TLS);
	ck_assert_uint_eq(out->last.version, 0x0304);
	ck_assert_str_eq(out->last.cipher, "TLS_AES_256_GCM_SHA384");
	ck_assert(out->last.has_spki);
	ck_assert_mem_eq(out->last.spki, in->last.spki, SPKI_SIZE);
	ck_assert_int_eq(out->last.verified, VERIFIED_DANE);
	ck_assert_str_eq(out->last.detail, "all well");
	ck_assert_int_eq(out->last_expires, T + UTC_DAY);
	ck_assert_uint_eq(out->history.successes.count, 3);
	buf_free(&bytes);
	free(in);
	free(out);
}
END_TEST

/* fold.h compares histories as bytes; none of them may be left over from before. */
START_TEST(histories_are_equal_as_bytes)
{
	struct host_facts *host = sample_host(), *one = mem_alloc(sizeof(*one)),
			  *other = mem_alloc(sizeof(*other));
	struct buf bytes = { 0 };

	record_put_host(&bytes, host);
	memset(one, 0x55, sizeof(*one));
	memset(other, 0xaa, sizeof(*other));
	ck_assert(record_get_host(one, bytes.data, bytes.len));
	ck_assert(record_get_host(other, bytes.data, bytes.len));
	ck_assert_mem_eq(&one->history, &other->history, sizeof(one->history));
	buf_free(&bytes);
	free(host);
	free(one);
	free(other);
}
END_TEST

START_TEST(small_values_come_back)
{
	struct buf bytes = { 0 };
	struct override o;
	struct pin_act p, in = sample_pin();
	struct journal_entry j;

	record_put_override(&bytes, &sample_override);
	ck_assert(record_get_override(&o, bytes.data, bytes.len));
	ck_assert_int_eq(o.kind, OVERRIDE_MINIMUM);
	ck_assert_int_eq(o.level, LEVEL_ENCRYPT);
	ck_assert_int_eq(o.set, T);
	ck_assert_int_eq(o.expires, T + UTC_DAY);
	ck_assert_str_eq(o.author, "ada");
	ck_assert_str_eq(o.reason, "contract with the bank");
	bytes.len = 0;
	in.removed = true;
	record_put_pin(&bytes, &in);
	ck_assert(record_get_pin(&p, bytes.data, bytes.len));
	ck_assert_mem_eq(p.spki, in.spki, SPKI_SIZE);
	ck_assert(p.removed);
	ck_assert_int_eq(p.set, T);
	ck_assert_str_eq(p.author, "ada");
	bytes.len = 0;
	record_put_journal(&bytes, &sample_journal);
	ck_assert(record_get_journal(&j, bytes.data, bytes.len));
	ck_assert_int_eq(j.time, T);
	ck_assert_str_eq(j.subject, sample_journal.subject);
	ck_assert_str_eq(j.event, "forgotten");
	ck_assert_str_eq(j.author, "ada");
	ck_assert_str_eq(j.detail, sample_journal.detail);
	buf_free(&bytes);
}
END_TEST

START_TEST(nothing_known_round_trips)
{
	struct domain_facts *domain = mem_zero(1, sizeof(*domain));
	struct host_facts *host = mem_zero(1, sizeof(*host));
	struct buf bytes = { 0 };

	record_put_domain(&bytes, domain);
	ck_assert(record_get_domain(domain, bytes.data, bytes.len));
	bytes.len = 0;
	record_put_host(&bytes, host);
	ck_assert(record_get_host(host, bytes.data, bytes.len));
	buf_free(&bytes);
	free(domain);
	free(host);
}
END_TEST

static void set(char *dst, size_t size, const char *text)
{
	ck_assert(str_copy(dst, size, text));
}

/*
 * Gists.
 */

/* Of how many bytes it is. */
static size_t shortest_gist(const struct buf *bytes, bool (*reads)(const void *bytes, size_t len))
{
	size_t len = 0;

	while (len < bytes->len) {
		/* A copy of that length, so that a sanitizer sees reading past it. */
		void *cut = mem_alloc(len + (len == 0));
		bool enough;

		memcpy(cut, bytes->data, len);
		enough = reads(cut, len);
		free(cut);
		if (enough)
			break;
		len++;
	}
	return len;
}

static bool reads_domain(const void *bytes, size_t len)
{
	static struct domain_facts domain;

	return record_get_domain_gist(&domain, bytes, len);
}

static bool reads_host(const void *bytes, size_t len)
{
	static struct host_facts host;

	return record_get_host_gist(&host, bytes, len);
}

static void history_gist_came_back(const struct history *out, const struct history *in)
{
	ck_assert_int_eq(out->first_tls, in->first_tls);
	ck_assert_int_eq(out->last_tls, in->last_tls);
	ck_assert_int_eq(out->last_plain, in->last_plain);
	ck_assert_uint_eq(out->successes.count, in->successes.count);
	ck_assert_uint_eq(out->tls_days.count, in->tls_days.count);
	ck_assert_uint_eq(out->plain_days.count, in->plain_days.count);
}

START_TEST(gist_of_a_domain)
{
	struct domain_facts *in = sample_domain(), *out = mem_alloc(sizeof(*out));
	struct buf bytes = { 0 };
	size_t len;

	record_put_domain(&bytes, in);
	len = shortest_gist(&bytes, reads_domain);
	ck_assert_uint_lt(len, bytes.len);
	memset(out, 0x55, sizeof(*out));
	ck_assert(record_get_domain_gist(out, bytes.data, len));
	ck_assert_int_eq(out->mx.state, in->mx.state);
	ck_assert(out->mx.secure && !out->mx.truncated);
	ck_assert_mem_eq(&out->mx.fresh, &in->mx.fresh, sizeof(in->mx.fresh));
	ck_assert_uint_eq(out->mx.count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(out->mx.refs[i].preference, in->mx.refs[i].preference);
		ck_assert_str_eq(out->mx.refs[i].host, in->mx.refs[i].host);
	}
	ck_assert_int_eq(out->sts.mode, STS_ENFORCE);
	ck_assert_int_eq(out->sts.until, T + 604750);
	ck_assert_int_eq(out->sts.max_age, 604800);
	ck_assert_mem_eq(&out->sts.fresh, &in->sts.fresh, sizeof(in->sts.fresh));
	ck_assert_uint_eq(out->sts.patterns, 2);
	ck_assert_str_eq(out->sts.pattern[1], "*.mx.example");
	ck_assert_int_eq(out->forgotten, in->forgotten);
	history_gist_came_back(&out->history, &in->history);
	buf_free(&bytes);
	free(in);
	free(out);
}
END_TEST

START_TEST(gist_of_a_host)
{
	struct host_facts *in = sample_host(), *out = mem_alloc(sizeof(*out));
	struct buf bytes = { 0 };
	size_t len;

	record_put_host(&bytes, in);
	len = shortest_gist(&bytes, reads_host);
	ck_assert_uint_lt(len, bytes.len);
	memset(out, 0x55, sizeof(*out));
	ck_assert(record_get_host_gist(out, bytes.data, len));
	ck_assert_int_eq(out->addr, ADDR_FOUND);
	ck_assert(out->addr_secure);
	ck_assert_mem_eq(&out->addr_fresh, &in->addr_fresh, sizeof(in->addr_fresh));
	ck_assert_int_eq(out->tlsa, TLSA_USABLE);
	ck_assert_mem_eq(&out->tlsa_fresh, &in->tlsa_fresh, sizeof(in->tlsa_fresh));
	ck_assert_int_eq(out->last.observed, OBSERVED_TLS);
	ck_assert_int_eq(out->last.time, T);
	ck_assert_int_eq(out->last_expires, T + UTC_DAY);
	history_gist_came_back(&out->history, &in->history);
	buf_free(&bytes);
	free(in);
	free(out);
}
END_TEST

/*
 * What is not written, since it follows from what is.
 */

/* Hours before T, the latest first; 0 ends them. */
static void fill_set(struct timeset *set, const int hours[4], int64_t bucket)
{
	for (size_t i = 0; i < 4 && hours[i] != 0; i++)
		timeset_add(set, T - hours[i] * 3600, bucket);
}

static size_t host_record_size(const struct host_facts *host)
{
	struct buf bytes = { 0 };
	size_t size;

	record_put_host(&bytes, host);
	size = bytes.len;
	buf_free(&bytes);
	return size;
}

START_TEST(days_with_tls_are_told_by_handshakes)
{
	static const struct {
		int successes[4], days[4];
		bool told;
	} cases[] = {
		{ { 24, 48, 72 }, { 24, 48, 72 }, true },
		{ { 24, 25, 26, 48 }, { 26, 48 }, true },
		{ { 24, 25, 26, 48 }, { 24, 48 }, false }, /* the day of 24 began at 26 */
		{ { 24, 48 }, { 24, 48, 720 }, false },    /* a handshake that is kept no more */
		{ { 24, 48 }, { 24 }, false },
		{ { 0 }, { 24 }, false },
		{ { 0 }, { 0 }, true },
	};
	struct host_facts *host = mem_zero(1, sizeof(*host)), *again = mem_alloc(sizeof(*again));
	struct history *h = &host->history;

	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		struct buf bytes = { 0 };
		size_t size;

		memset(h, 0, sizeof(*h));
		fill_set(&h->successes, cases[c].successes, 1);
		fill_set(&h->tls_days, cases[c].successes, UTC_DAY);
		size = host_record_size(host);
		memset(&h->tls_days, 0, sizeof(h->tls_days));
		fill_set(&h->tls_days, cases[c].days, UTC_DAY);
		record_put_host(&bytes, host);
		ck_assert_msg(record_get_host(again, bytes.data, bytes.len), "case %zu", c);
		ck_assert_msg(fold_equal(&again->history, h), "case %zu", c);
		ck_assert_msg((bytes.len == size) == cases[c].told, "case %zu", c);
		buf_free(&bytes);
	}
	free(host);
	free(again);
}
END_TEST

START_TEST(ciphers_come_back)
{
	static const struct {
		const char *name;
		bool spelled;
	} cases[] = {
		{ "", false },
		{ "TLS_AES_256_GCM_SHA384", false },
		{ "AES128-SHA", false },
		{ "AES128-SHA2", true },
		{ "tls_aes_256_gcm_sha384", true },
		{ "X", true },
	};
	struct host_facts *host = sample_host(), *again = mem_alloc(sizeof(*again));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf bytes = { 0 };

		memset(host->history.last_cipher, 0, CIPHER_SIZE);
		set(host->history.last_cipher, CIPHER_SIZE, cases[i].name);
		record_put_host(&bytes, host);
		ck_assert(record_get_host(again, bytes.data, bytes.len));
		ck_assert_str_eq(again->history.last_cipher, cases[i].name);
		ck_assert_int_eq(cases[i].name[0] != '\0' &&
					 memmem(bytes.data, bytes.len, cases[i].name,
						strlen(cases[i].name)) != NULL,
				 cases[i].spelled);
		buf_free(&bytes);
	}
	free(host);
	free(again);
}
END_TEST

/*
 * Values outside their contract: the encoder writes them, the decoder must not
 * take them.
 */

static void spoil_mx_state(struct domain_facts *d)
{
	d->mx.state = (enum mx_state)6;
}
static void spoil_mx_time(struct domain_facts *d)
{
	d->mx.fresh.checked = -1;
}
static void spoil_mx_order(struct domain_facts *d)
{
	d->mx.refs[0].preference = 11;
}
static void spoil_mx_name_order(struct domain_facts *d)
{
	set(d->mx.refs[0].host, DOMAIN_SIZE, "c.mx.example");
}
static void spoil_mx_twice(struct domain_facts *d)
{
	set(d->mx.refs[2].host, DOMAIN_SIZE, "a.mx.example");
}
static void spoil_mx_upper(struct domain_facts *d)
{
	d->mx.refs[0].host[0] = 'A';
}
static void spoil_mx_dot(struct domain_facts *d)
{
	set(d->mx.refs[0].host, DOMAIN_SIZE, "a.mx.");
}
static void spoil_mx_empty_label(struct domain_facts *d)
{
	set(d->mx.refs[0].host, DOMAIN_SIZE, "a..mx");
}
static void spoil_mx_long_label(struct domain_facts *d)
{
	memset(d->mx.refs[0].host, 'a', 64);
	d->mx.refs[0].host[64] = '\0';
}
static void spoil_mx_no_name(struct domain_facts *d)
{
	d->mx.refs[0].host[0] = '\0';
}
static void spoil_mx_blank(struct domain_facts *d)
{
	d->mx.refs[0].host[1] = ' ';
}
/* An address is a host only where the next hop was one, or an MX record named it. */
static void spoil_mx_address(struct domain_facts *d)
{
	d->mx.state = MX_IMPLICIT;
	set(d->mx.refs[0].host, DOMAIN_SIZE, "192.0.2.1");
}
static void spoil_sts_mode(struct domain_facts *d)
{
	d->sts.mode = (enum sts_mode)4;
}
static void spoil_sts_id(struct domain_facts *d)
{
	d->sts.id[3] = '-';
}
static void spoil_sts_pattern(struct domain_facts *d)
{
	set(d->sts.pattern[0], DOMAIN_SIZE, "*.*.example");
}
static void spoil_sts_star(struct domain_facts *d)
{
	set(d->sts.pattern[0], DOMAIN_SIZE, "*.");
}
static void spoil_set_zero(struct domain_facts *d)
{
	d->history.plain_days.times[0] = 0;
}
/* The last moment is beyond all that can be told. */
static void spoil_set_end(struct domain_facts *d)
{
	struct timeset *days = &d->history.plain_days;

	days->count = 2;
	days->times[0] = INT64_MAX - UTC_DAY;
	days->times[1] = (int64_t)((uint64_t)INT64_MAX + 1);
}
static void spoil_forgotten(struct domain_facts *d)
{
	d->forgotten = -5;
}

static void (*const domain_spoilers[])(struct domain_facts *) = {
	spoil_mx_state,      spoil_mx_time,    spoil_mx_order,    spoil_mx_name_order,
	spoil_mx_twice,      spoil_mx_upper,   spoil_mx_dot,      spoil_mx_empty_label,
	spoil_mx_long_label, spoil_mx_no_name, spoil_mx_blank,    spoil_mx_address,
	spoil_sts_mode,      spoil_sts_id,     spoil_sts_pattern, spoil_sts_star,
	spoil_set_zero,      spoil_forgotten,  spoil_set_end,
};

START_TEST(a_spoiled_domain_is_refused)
{
	struct domain_facts *domain = sample_domain();
	struct buf bytes = { 0 };

	domain_spoilers[_i](domain);
	record_put_domain(&bytes, domain);
	ck_assert_msg(!record_get_domain(domain, bytes.data, bytes.len), "spoiler %d", _i);
	buf_free(&bytes);
	free(domain);
}
END_TEST

static void spoil_addr(struct host_facts *h)
{
	h->addr = (enum addr_state)3;
}
static void spoil_tlsa(struct host_facts *h)
{
	h->tlsa = (enum tlsa_state)4;
}
static void spoil_base(struct host_facts *h)
{
	h->tlsa_base[0] = '*';
}
static void spoil_observed(struct host_facts *h)
{
	h->last.observed = (enum observed)5;
}
static void spoil_source(struct host_facts *h)
{
	h->last.source = (enum source)4;
}
static void spoil_no_source(struct host_facts *h)
{
	h->last.source = (enum source)0;
}
static void spoil_verified(struct host_facts *h)
{
	h->last.verified = (enum verified)(VERIFIED_NEXTHOP + 1);
}
static void spoil_expires(struct host_facts *h)
{
	h->last_expires = INT64_MIN;
}

static void spoil_set_order(struct host_facts *h)
{
	h->history.successes.times[0] = h->history.successes.times[1];
}
static void spoil_set_bucket(struct host_facts *h)
{
	h->history.tls_days.times[0] = h->history.tls_days.times[1] - 1;
}
static void (*const host_spoilers[])(struct host_facts *) = {
	spoil_set_order, spoil_set_bucket, spoil_addr,      spoil_tlsa,     spoil_base,
	spoil_observed,  spoil_source,     spoil_no_source, spoil_verified, spoil_expires,
};

START_TEST(a_spoiled_host_is_refused)
{
	struct host_facts *host = sample_host();
	struct buf bytes = { 0 };

	host_spoilers[_i](host);
	record_put_host(&bytes, host);
	ck_assert_msg(!record_get_host(host, bytes.data, bytes.len), "spoiler %d", _i);
	buf_free(&bytes);
	free(host);
}
END_TEST

START_TEST(spoiled_small_records_are_refused)
{
	struct override o = sample_override;
	struct buf bytes = { 0 };
	struct exception_act x;
	static struct refusals r;
	static const struct refusals bad_refusals[] = {
		{ .told = -1 },
		{ .others = -1 },
		{ .others = REFUSALS_COUNT_MAX + 1 },
		{ .count = 1, .list = { { "a", "192.0.2.01", REFUSAL_NO_TLS, T, 1 } } },
		{ .count = 1, .list = { { "a", "", REFUSAL_NO_TLS, T, 1 } } },
		{ .count = 1, .list = { { "a", "unknown", 0, T, 1 } } },
		{ .count = 1, .list = { { "a", "unknown", 4, T, 1 } } },
		{ .count = 1, .list = { { "a", "unknown", REFUSAL_NO_TLS, -1, 1 } } },
		{ .count = 1, .list = { { "a", "unknown", REFUSAL_NO_TLS, T, 0 } } },
		{ .count = 1,
		  .list = { { "a", "unknown", REFUSAL_NO_TLS, T, REFUSALS_COUNT_MAX + 1 } } },
		{ .count = 2,
		  .list = { { "a", "unknown", REFUSAL_NO_TLS, T, 1 },
			    { "a", "unknown", REFUSAL_NO_TLS, T, 1 } } },
		{ .count = 2,
		  .list = { { "b", "unknown", REFUSAL_NO_TLS, T, 1 },
			    { "a", "unknown", REFUSAL_NO_TLS, T, 1 } } },
	};
	static const struct exception_act bad[] = {
		{ false, { "", T, T + 1, "a", "" } },
		{ false, { "@", T, T + 1, "a", "" } },
		{ false, { "<>", T, T + 1, "a", "" } },
		{ false, { "you", T, T + 1, "a", "" } },
		{ false, { "You@old.example", T, T + 1, "a", "" } },
		{ false, { "<you@old.example>", T, T + 1, "a", "" } },
		{ false, { "\"you\"@old.example", T, T + 1, "a", "" } },
		{ false, { "you%x@old.example", T, T + 1, "a", "" } },
		{ false, { "you@[192.0.2.1]", T, T + 1, "a", "" } },
		{ false, { "old.example", T, T + 1, "a", "" } },
		{ false, { "@old.example", T, T, "a", "" } },
		{ false, { "@old.example", T, 0, "a", "" } },
		{ false, { "@old.example", T, T + 366 * UTC_DAY + 1, "a", "" } },
		{ false, { "@old.example", 0, INT64_MAX, "a", "" } },
		{ true, { "@old.example", T, T + 1, "a", "" } },
	};

	o.kind = (enum override_kind)4;
	record_put_override(&bytes, &o);
	ck_assert(!record_get_override(&o, bytes.data, bytes.len));
	bytes.len = 0;
	o = sample_override;
	o.level = (enum level)6;
	record_put_override(&bytes, &o);
	ck_assert(!record_get_override(&o, bytes.data, bytes.len));
	bytes.len = 0;
	for (size_t i = 0; i < ARRAY_LEN(bad_refusals); i++) {
		bytes.len = 0;
		record_put_refusals(&bytes, &bad_refusals[i]);
		ck_assert_msg(!record_get_refusals(&r, bytes.data, bytes.len), "refusals %zu", i);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		bytes.len = 0;
		record_put_exception(&bytes, &bad[i]);
		ck_assert_msg(!record_get_exception(&x, bytes.data, bytes.len), "exception %zu", i);
	}
	buf_free(&bytes);
}
END_TEST

START_TEST(literals_and_mx_records_may_name_addresses)
{
	static const enum mx_state states[] = { MX_LITERAL, MX_FOUND };
	static const struct {
		const char *host;
		bool good;
	} cases[] = {
		{ "192.0.2.1", true },      { "2001:db8::1", true },  { "mx.example", true },
		{ "192.0.2.256", false },   { "192.0.2.01", false },  { "2001:DB8::1", false },
		{ "2001:db8:0::1", false }, { "[192.0.2.1]", false },
	};
	struct domain_facts *domain = mem_zero(1, sizeof(*domain));

	for (size_t i = 0; i < ARRAY_LEN(states) * ARRAY_LEN(cases); i++) {
		struct buf bytes = { 0 };

		memset(domain, 0, sizeof(*domain));
		domain->mx.state = states[i / ARRAY_LEN(cases)];
		domain->mx.count = 1;
		set(domain->mx.refs[0].host, DOMAIN_SIZE, cases[i % ARRAY_LEN(cases)].host);
		record_put_domain(&bytes, domain);
		ck_assert_msg(record_get_domain(domain, bytes.data, bytes.len) ==
				      cases[i % ARRAY_LEN(cases)].good,
			      "%s", cases[i % ARRAY_LEN(cases)].host);
		buf_free(&bytes);
	}
	free(domain);
}
END_TEST

/* Text from the network must not be able to make a record that is then refused. */
START_TEST(hostile_text_is_made_printable)
{
	struct host_facts *host = sample_host();
	struct buf bytes = { 0 };

	set(host->last.detail, DETAIL_SIZE, "550 \x1b[31m \xc3\xa4\r\n done");
	record_put_host(&bytes, host);
	ck_assert(record_get_host(host, bytes.data, bytes.len));
	ck_assert_str_eq(host->last.detail, "550 ?[31m ???? done");
	buf_free(&bytes);
	free(host);
}
END_TEST

START_TEST(the_longest_of_everything_fits)
{
	struct domain_facts *domain = sample_domain();
	struct buf bytes = { 0 };
	char longest[DOMAIN_SIZE];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[63] = longest[127] = longest[191] = '.';
	longest[253] = '\0';
	domain->mx.count = MX_MAX;
	domain->sts.patterns = STS_PATTERN_MAX;
	for (size_t i = 0; i < MX_MAX; i++) {
		memcpy(domain->mx.refs[i].host, longest, sizeof(longest));
		domain->mx.refs[i].host[0] = (char)('a' + i % 26);
		domain->mx.refs[i].preference = (uint16_t)(i / 26);
		domain->mx.refs[i].host[1] = i < 26 ? 'a' : 'b';
		memcpy(domain->sts.pattern[i], longest, sizeof(longest));
	}
	memset(domain->sts.detail, 'x', DETAIL_SIZE - 1);
	for (int64_t day = 0; day < 2 * TIMESET_MAX; day++)
		timeset_add(&domain->history.tls_days, T + day * UTC_DAY, UTC_DAY);
	record_put_domain(&bytes, domain);
	ck_assert(record_get_domain(domain, bytes.data, bytes.len));
	ck_assert_uint_eq(domain->mx.count, MX_MAX);
	ck_assert_uint_eq(strlen(domain->mx.refs[MX_MAX - 1].host), 253);
	buf_free(&bytes);
	free(domain);
}
END_TEST

START_TEST(host_keys)
{
	static const struct {
		const char *host;
		uint16_t port;
		const char *key;
	} cases[] = {
		{ "mx.example.com", 25, "mx.example.com:25" },
		{ "mx.example.com", 65535, "mx.example.com:65535" },
		{ "192.0.2.1", 25, "[192.0.2.1]:25" },
		{ "2001:db8::1", 587, "[2001:db8::1]:587" },
	};
	char key[HOST_KEY_SIZE], longest[300];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert(record_host_key(key, cases[i].host, cases[i].port));
		ck_assert_str_eq(key, cases[i].key);
	}
	memset(longest, 'a', sizeof(longest));
	longest[DOMAIN_SIZE - 1] = '\0';
	ck_assert(record_host_key(key, longest, 65535));
	longest[DOMAIN_SIZE - 1] = 'a';
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(!record_host_key(key, longest, 65535));
	ck_assert_str_eq(key, "");
}
END_TEST

/* What was forgotten stays in the record, and counts no more; what counts is cut anew. */
START_TEST(evidence_stays_and_is_cut_when_read)
{
	struct domain_facts *in = sample_domain(), *out = mem_alloc(sizeof(*out));
	struct history all = in->history;
	struct buf bytes = { 0 };

	in->forgotten = T - 30;
	in->any_host = true;
	record_put_domain(&bytes, in);
	ck_assert(record_get_domain(out, bytes.data, bytes.len));
	ck_assert(fold_equal(&out->evidence, &all));
	ck_assert(out->any_host);
	ck_assert_uint_eq(out->history.successes.count, 1);
	ck_assert_int_eq(out->history.first_tls, T);
	ck_assert_int_eq(out->history.last_plain, 0);
	/* Look-ups read the same from the gist. */
	memset(in, 0x55, sizeof(*in));
	ck_assert(record_get_domain_gist(in, bytes.data, bytes.len));
	history_gist_came_back(&in->history, &out->history);
	/* Once more, and nothing changes; folded into what counts, it is evidence. */
	bytes.len = 0;
	timeset_add(&out->history.successes, T + 5, 1);
	out->history.last_tls = T + 5;
	record_put_domain(&bytes, out);
	ck_assert(record_get_domain(out, bytes.data, bytes.len));
	ck_assert_uint_eq(out->evidence.successes.count, 4);
	ck_assert_uint_eq(out->history.successes.count, 2);
	buf_free(&bytes);
	free(in);
	free(out);
}
END_TEST

/* A gist that says more than the evidence would be a floor that nobody has seen. */
START_TEST(a_gist_that_lies_is_refused)
{
	struct domain_facts *domain = sample_domain(), *gist = mem_alloc(sizeof(*gist));
	struct buf bytes = { 0 };
	size_t refused = 0;

	domain->forgotten = T + 30;
	record_put_domain(&bytes, domain);
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i]++;
		if (record_get_domain_gist(gist, bytes.data, bytes.len) &&
		    gist->history.last_tls != 0) {
			ck_assert(!record_get_domain(domain, bytes.data, bytes.len));
			refused++;
		}
		bytes.data[i]--;
	}
	ck_assert_uint_gt(refused, 0);
	buf_free(&bytes);
	free(domain);
	free(gist);
}
END_TEST

/* Read as a word where eight bytes are left, and byte by byte where not. */
static void ck_number(const void *bytes, size_t len, bool good, uint64_t value)
{
	for (size_t more = 0; more <= 2 * sizeof(value); more++) {
		unsigned char room[4 * sizeof(value)];
		struct wire r = { .at = room, .end = room + len + more, .ok = true };
		uint64_t got;

		memset(room, 0xff, sizeof(room));
		memcpy(room, bytes, len);
		got = wire_get_number(&r);
		ck_assert_msg(r.ok == good && got == (good ? value : 0),
			      "%zu bytes, %zu more: %d, %#llx", len, more, r.ok,
			      (unsigned long long)got);
		ck_assert(!good || r.at == room + len);
	}
}

START_TEST(numbers_of_all_lengths)
{
	for (unsigned bits = 0; bits < 64; bits++) {
		uint64_t least = UINT64_C(1) << bits;
		const uint64_t values[] = { least - 1, least, least | (least >> 1),
					    least | (UINT64_C(0x9e3779b97f4a7c15) & (least - 1)) };

		for (size_t i = 0; i < ARRAY_LEN(values); i++) {
			struct buf bytes = { 0 };

			wire_put_number(&bytes, values[i]);
			ck_number(bytes.data, bytes.len, true, values[i]);
			/* With a byte that adds nothing. */
			bytes.data[bytes.len - 1] |= (char)0x80;
			wire_put_u8(&bytes, 0);
			ck_number(bytes.data, bytes.len, false, 0);
			buf_free(&bytes);
		}
	}
	/* 2^64, and one byte too many. */
	ck_number("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10, false, 0);
	ck_number("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, false, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tc = tcase_create("record");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, samples_round_trip, 0, KINDS);
	tcase_add_loop_test(tc, every_truncation_is_refused, 0, KINDS);
	tcase_add_loop_test(tc, nothing_may_be_left_over, 0, KINDS);
	tcase_add_loop_test(tc, damage_is_refused_or_is_another_record, 0, KINDS);
	tcase_add_loop_test(tc, kind_and_version_must_be_known, 0, KINDS);
	tcase_add_test(tc, domain_values_come_back);
	tcase_add_test(tc, host_values_come_back);
	tcase_add_test(tc, histories_are_equal_as_bytes);
	tcase_add_test(tc, small_values_come_back);
	tcase_add_test(tc, nothing_known_round_trips);
	tcase_add_test(tc, gist_of_a_domain);
	tcase_add_test(tc, gist_of_a_host);
	tcase_add_test(tc, days_with_tls_are_told_by_handshakes);
	tcase_add_test(tc, ciphers_come_back);
	tcase_add_loop_test(tc, a_spoiled_domain_is_refused, 0, (int)ARRAY_LEN(domain_spoilers));
	tcase_add_loop_test(tc, a_spoiled_host_is_refused, 0, (int)ARRAY_LEN(host_spoilers));
	tcase_add_test(tc, spoiled_small_records_are_refused);
	tcase_add_test(tc, literals_and_mx_records_may_name_addresses);
	tcase_add_test(tc, hostile_text_is_made_printable);
	tcase_add_test(tc, the_longest_of_everything_fits);
	tcase_add_test(tc, host_keys);
	tcase_add_test(tc, evidence_stays_and_is_cut_when_read);
	tcase_add_test(tc, a_gist_that_lies_is_refused);
	tcase_add_test(tc, numbers_of_all_lengths);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
