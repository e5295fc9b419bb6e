/* SPDX-License-Identifier: BSD-2-Clause */
/* A history in the bytes of a record (record_rows.h). */
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/record/record_rows.h"

/* Buckets of a history's sets (facts.h). */
#define SUCCESS_BUCKET INT64_C(1)
#define DAY_BUCKET UTC_DAY

/*
 * Ciphers, as OpenSSL and Postfix name them. Their places are in the records:
 * more may be added at the end, and that is all.
 */
static const char *const ciphers[] = {
	"",
	"TLS_AES_256_GCM_SHA384",
	"TLS_AES_128_GCM_SHA256",
	"TLS_CHACHA20_POLY1305_SHA256",
	"ECDHE-RSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-RSA-CHACHA20-POLY1305",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-RSA-AES256-SHA384",
	"ECDHE-RSA-AES128-SHA256",
	"ECDHE-RSA-AES256-SHA",
	"ECDHE-RSA-AES128-SHA",
	"DHE-RSA-AES256-GCM-SHA384",
	"DHE-RSA-AES128-GCM-SHA256",
	"DHE-RSA-AES256-SHA",
	"DHE-RSA-AES128-SHA",
	"AES256-GCM-SHA384",
	"AES128-GCM-SHA256",
	"AES256-SHA",
	"AES128-SHA",
};

/* The place of one that is spelled out after it. */
#define SPELLED ARRAY_LEN(ciphers)

static size_t place_of(const char *cipher)
{
	size_t place = 0;

	while (place < SPELLED && strcmp(ciphers[place], cipher) != 0)
		place++;
	return place;
}

void record_put_cipher(struct buf *out, const char *cipher)
{
	size_t place = place_of(cipher);

	wire_put_u8(out, place < SPELLED ? (uint8_t)place : UINT8_MAX);
	if (place == SPELLED)
		wire_put_text(out, cipher);
}

void record_get_cipher(struct wire *r, char dst[CIPHER_SIZE])
{
	size_t place = wire_get_small(r, UINT8_MAX);

	memset(dst, 0, CIPHER_SIZE); /* so that two histories can be compared as bytes */
	if (place < SPELLED) {
		str_copy(dst, CIPHER_SIZE, ciphers[place]);
		return;
	}
	wire_get_text(r, dst, CIPHER_SIZE);
	if (place != UINT8_MAX || place_of(dst) != SPELLED)
		r->ok = false;
}

/*
 * Histories. Moments are written as how much later each is than the one before it. The days
 * with TLS are mostly the days of the handshakes kept, and then not written at all.
 */

void record_put_history_gist(struct buf *out, const struct history *history)
{
	HISTORY_GIST(PUT, *history)
}

void record_get_history_gist(struct wire *r, struct history *history)
{
	HISTORY_GIST(GET, *history)
}

/* `before`: a time from which the first is not far. */
static void put_moments(struct buf *out, const struct timeset *set, int64_t before)
{
	for (size_t i = 0; i < set->count; i++) {
		wire_put_time_after(out, set->times[i], before);
		before = set->times[i];
	}
}

static void get_moments(struct wire *r, struct timeset *set, int64_t before, int64_t bucket)
{
	for (size_t i = 0; i < set->count; i++) {
		set->times[i] = wire_get_time_after(r, before);
		before = set->times[i];
	}
	if (r->ok && !timeset_valid(set, bucket))
		r->ok = false;
}

/* The days of the handshakes kept. */
static struct timeset days_of(const struct timeset *successes)
{
	struct timeset days = { 0 };

	for (size_t i = 0; i < successes->count; i++)
		timeset_add(&days, successes->times[i], DAY_BUCKET);
	return days;
}

static bool are_days_of(const struct timeset *days, const struct timeset *successes)
{
	const struct timeset kept = days_of(successes);

	return timeset_equal(days, &kept);
}

static void put_days(struct buf *out, const struct history *history)
{
	bool told = are_days_of(&history->tls_days, &history->successes);

	wire_put_u8(out, told);
	if (!told)
		put_moments(out, &history->tls_days, history->first_tls);
}

static void get_days(struct wire *r, struct history *history)
{
	struct timeset *days = &history->tls_days;
	size_t count = days->count;

	if (wire_get_bool(r)) {
		*days = days_of(&history->successes);
		if (days->count != count)
			r->ok = false;
		return;
	}
	get_moments(r, days, history->first_tls, DAY_BUCKET);
	if (r->ok && are_days_of(days, &history->successes))
		r->ok = false;
}

void record_put_history_rest(struct buf *out, const struct history *history)
{
	HISTORY_REST(PUT, *history)
	put_moments(out, &history->successes, history->first_tls);
	put_days(out, history);
	put_moments(out, &history->plain_days, 0);
}

/* After the gist, which says how many moments there are. */
void record_get_history_rest(struct wire *r, struct history *history)
{
	HISTORY_REST(GET, *history)
	get_moments(r, &history->successes, history->first_tls, SUCCESS_BUCKET);
	get_days(r, history);
	get_moments(r, &history->plain_days, 0, DAY_BUCKET);
}
