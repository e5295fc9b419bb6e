/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry_samples - entries for tests of exports, imports and merging: one of each
 * kind in which every field has a value of its own, and any number of random
 * ones, from few values, so that any two often agree in part.
 */
#ifndef POSTSEAL_TESTS_ENTRY_SAMPLES_H
#define POSTSEAL_TESTS_ENTRY_SAMPLES_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/record/entry.h"
#include "core/policy/fold.h"

#define SAMPLE_T INT64_C(1767323045) /* 2026-01-02T03:04:05Z */

static inline struct history sample_history(void)
{
	struct history h = {
		.first_tls = SAMPLE_T - 9 * UTC_DAY,
		.last_tls = SAMPLE_T,
		.last_plain = SAMPLE_T - 20 * UTC_DAY,
		.best_version = 0x0304,
		.last_version = 0x0303,
		.last_cipher = "ECDHE-RSA-AES256-GCM-SHA384",
	};

	for (int i = 0; i < 3; i++) {
		timeset_add(&h.successes, SAMPLE_T - i * 60, 1);
		timeset_add(&h.tls_days, SAMPLE_T - i * UTC_DAY, UTC_DAY);
	}
	timeset_add(&h.plain_days, SAMPLE_T - 20 * UTC_DAY, UTC_DAY);
	return h;
}

static inline struct domain_facts sample_domain_facts(void)
{
	struct domain_facts d = {
		.mx = {
			.state = MX_FOUND,
			.secure = true,
			.fresh = {SAMPLE_T - 100, SAMPLE_T + 200, SAMPLE_T},
			.count = 2,
			.refs = {{10, "a.mx.example"}, {20, "_odd.a-host.xn--bcher-kva.example"}},
		},
		.sts = {
			.mode = STS_ENFORCE,
			.id = "20260101T00",
			.fetched = SAMPLE_T - 50,
			.until = SAMPLE_T + 604750,
			.max_age = 604800,
			.fresh = {SAMPLE_T - 49, SAMPLE_T + 50, SAMPLE_T - 1},
			.patterns = 2,
			.pattern = {"mx.example", "*.mx.example"},
			.detail = "it said \"no\" and C:\\",
		},
		.history = sample_history(),
		.forgotten = SAMPLE_T - 30 * UTC_DAY,
		.any_host = true,
	};

	return d;
}

static inline struct host_facts sample_host_facts(void)
{
	struct host_facts h = {
		.addr = ADDR_FOUND,
		.addr_secure = true,
		.addr_fresh = {SAMPLE_T, SAMPLE_T + 300, SAMPLE_T + 1},
		.tlsa = TLSA_USABLE,
		.tlsa_usable = 2,
		.tlsa_unusable = 1,
		.tlsa_base = "mx.example",
		.tlsa_fresh = {SAMPLE_T + 2, SAMPLE_T + 302, SAMPLE_T + 3},
		.last = {
			.time = SAMPLE_T + 4,
			.source = SOURCE_PROBE,
			.observed = OBSERVED_TLS,
			.version = 0x0304,
			.cipher = "TLS_AES_256_GCM_SHA384",
			.has_spki = true,
			.verified = VERIFIED_DANE,
			.detail = "all well",
		},
		.last_expires = SAMPLE_T + UTC_DAY,
		.history = sample_history(),
	};

	for (size_t i = 0; i < SPKI_SIZE; i++)
		h.last.spki[i] = (uint8_t)(i * 8);
	return h;
}

/* A record of this kind, or a header or an end, whole. */
static inline void sample_entry(struct entry *e, enum entry_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	switch (kind) {
	case ENTRY_DOMAIN:
		str_copy(e->key, sizeof(e->key), "[mx.example.com]:587");
		e->of.domain = sample_domain_facts();
		record_settle_history(&e->of.domain);
		break;
	case ENTRY_HOST:
		str_copy(e->key, sizeof(e->key), "2001:db8::1");
		e->port = 25;
		e->of.host = sample_host_facts();
		break;
	case ENTRY_OVERRIDE:
		str_copy(e->key, sizeof(e->key), ".bank.example");
		e->of.override =
			(struct override){ OVERRIDE_MINIMUM,   LEVEL_DANE_ONLY, SAMPLE_T,
					   SAMPLE_T + UTC_DAY, "ada",           "contract" };
		break;
	case ENTRY_PIN:
		str_copy(e->key, sizeof(e->key), "example.com");
		e->of.pin = (struct pin_act){ .set = SAMPLE_T, .author = "ada" };
		memset(e->of.pin.spki, 0x30, SPKI_SIZE);
		break;
	case ENTRY_ALIAS:
		str_copy(e->key, sizeof(e->key), "me@secure.example.com");
		e->of.alias =
			(struct alias){ true,     false, ALIAS_AUTHENTICATED, "me@example.com",
					SAMPLE_T, "bob", ALIAS_MAILBOX };
		break;
	case ENTRY_EXCEPTION:
		str_copy(e->key, sizeof(e->key), "me@secure.example.com");
		e->of.exception.exception =
			(struct exception){ "@old.example", SAMPLE_T, SAMPLE_T + 30 * UTC_DAY,
					    "ada", "no TLS yet" };
		break;
	case ENTRY_JOURNAL:
		e->of.journal =
			(struct journal_entry){ SAMPLE_T, "example.com", "override", "ada", "why" };
		break;
	case ENTRY_HEADER:
		e->of.schema = ENTRY_SCHEMA;
		break;
	case ENTRY_END:
		e->of.records = 7;
		break;
	default:
		break;
	}
}

/*
 * Chance.
 */

static inline uint32_t chance(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

/* One of few moments, often none. */
static inline int64_t some_moment(uint64_t *state)
{
	return chance(state, 3) == 0 ? 0 : SAMPLE_T + chance(state, 4) * 40000;
}

static inline struct freshness some_freshness(uint64_t *state)
{
	int64_t checked = some_moment(state), expires = some_moment(state);

	return (struct freshness){ checked, expires, some_moment(state) };
}

static inline struct observation some_observation(uint64_t *state)
{
	struct observation o = {
		.time = SAMPLE_T + (int64_t)chance(state, 40) * 9000,
		.source = SOURCE_PROBE + chance(state, 2),
		.observed = OBSERVED_TLS + chance(state, 4),
	};

	if (o.observed == OBSERVED_TLS) {
		o.version = (uint16_t)(0x0301 + chance(state, 4));
		snprintf(o.cipher, sizeof(o.cipher), "CIPHER%u", (unsigned)chance(state, 3));
		o.has_spki = chance(state, 2) == 0;
		memset(o.spki, o.has_spki ? (int)chance(state, 3) : 0, SPKI_SIZE);
		o.verified = VERIFIED_UNKNOWN + chance(state, 5);
	}
	return o;
}

static inline struct history some_history(uint64_t *state)
{
	struct history h = { 0 };

	for (uint32_t i = chance(state, 50); i > 0; i--) {
		struct observation o = some_observation(state);

		fold_history(&h, &o);
	}
	return h;
}

static inline void some_domain(struct domain_facts *d, uint64_t *state)
{
	d->mx.state = MX_UNKNOWN + chance(state, 3);
	d->mx.secure = chance(state, 2) == 0;
	d->mx.fresh = some_freshness(state);
	d->mx.count = chance(state, 3);
	for (size_t i = 0; i < d->mx.count; i++) {
		d->mx.refs[i].preference = (uint16_t)(10 * i);
		snprintf(d->mx.refs[i].host, DOMAIN_SIZE, "mx%zu%u.test", i,
			 (unsigned)chance(state, 2));
	}
	d->sts.mode = STS_UNKNOWN + chance(state, 4);
	d->sts.fetched = some_moment(state);
	d->sts.until = some_moment(state);
	d->sts.patterns = chance(state, 2);
	if (d->sts.patterns > 0)
		snprintf(d->sts.pattern[0], DOMAIN_SIZE, "*.p%u.test", (unsigned)chance(state, 2));
	d->sts.fresh = some_freshness(state);
	snprintf(d->sts.detail, sizeof(d->sts.detail), "detail %u", (unsigned)chance(state, 2));
	d->evidence = some_history(state);
	d->forgotten = some_moment(state);
	d->any_host = chance(state, 2) == 0;
	record_settle_history(d);
}

static inline void some_host(struct host_facts *h, uint64_t *state)
{
	h->addr = ADDR_UNKNOWN + chance(state, 3);
	h->addr_secure = chance(state, 2) == 0;
	h->addr_fresh = some_freshness(state);
	h->tlsa = TLSA_UNKNOWN + chance(state, 4);
	h->tlsa_usable = (uint16_t)chance(state, 2);
	snprintf(h->tlsa_base, sizeof(h->tlsa_base), "b%u.test", (unsigned)chance(state, 2));
	h->tlsa_fresh = some_freshness(state);
	h->last = some_observation(state);
	h->last_expires = some_moment(state);
	h->history = some_history(state);
}

/* A sound record of a kind that can be merged. */
static inline void some_entry(struct entry *e, enum entry_kind kind, uint64_t *state)
{
	struct exception *exception = &e->of.exception.exception;

	sample_entry(e, kind);
	memset(&e->of, 0, sizeof(e->of));
	switch (kind) {
	case ENTRY_DOMAIN:
		some_domain(&e->of.domain, state);
		break;
	case ENTRY_HOST:
		some_host(&e->of.host, state);
		break;
	case ENTRY_OVERRIDE:
		e->of.override = (struct override){ OVERRIDE_NONE + chance(state, 4),
						    LEVEL_NONE + chance(state, 6),
						    some_moment(state),
						    some_moment(state),
						    "ada",
						    "a" };
		e->of.override.reason[0] = (char)('a' + chance(state, 2));
		break;
	case ENTRY_PIN:
		e->of.pin = (struct pin_act){ .removed = chance(state, 2) == 0,
					      .set = some_moment(state),
					      .author = "a" };
		e->of.pin.author[0] = (char)('a' + chance(state, 2));
		break;
	case ENTRY_EXCEPTION:
		*exception = (struct exception){ "@a.example", SAMPLE_T + chance(state, 4) * 40000,
						 0, "ada", "a" };
		e->of.exception.removed = chance(state, 3) == 0;
		if (!e->of.exception.removed)
			exception->expires = exception->set + 1 + chance(state, 2);
		exception->reason[0] = (char)('a' + chance(state, 2));
		break;
	default:
		e->of.alias = (struct alias){ chance(state, 2) == 0,
					      false,
					      ALIAS_ENCRYPT + chance(state, 4),
					      "a@example.com",
					      some_moment(state),
					      "bob",
					      (enum alias_otherwise)chance(state, 2) };
		e->of.alias.mailbox[0] = (char)('a' + chance(state, 2));
		e->of.alias.removed = !e->of.alias.enabled && chance(state, 2) == 0;
	}
}

#endif
