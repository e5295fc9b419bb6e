/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a history says, beside a list of all that was seen; and what the histories of hosts say
 * of their domain.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"

#define T0 INT64_C(1767225600) /* a day begins */
#define SEEN_MAX 12
#define ROUNDS 5000

struct list {
	size_t count;
	struct observation seen[SEEN_MAX];
};

static unsigned chance(unsigned n)
{
	return (unsigned)random() % n;
}

/* Few moments, versions and ciphers, so that many are the same. */
static void invent(struct list *list)
{
	static const char *const ciphers[] = { "A", "B", "C" };

	list->count = chance(SEEN_MAX + 1);
	for (size_t i = 0; i < list->count; i++) {
		struct observation *seen = &list->seen[i];

		*seen = (struct observation){ .time = T0 + chance(3) * UTC_DAY + chance(4),
					      .source = SOURCE_PROBE,
					      .observed = chance(3) == 0 ? OBSERVED_PLAIN
									 : OBSERVED_TLS };
		if (seen->observed == OBSERVED_PLAIN)
			continue;
		seen->version = (uint16_t)(0x0301 + chance(4));
		str_copy(seen->cipher, sizeof(seen->cipher), ciphers[chance(3)]);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct observation *l = a, *r = b;

	if (l->time != r->time)
		return l->time < r->time ? -1 : 1;
	if (l->version != r->version)
		return l->version < r->version ? -1 : 1;
	return strcmp(l->cipher, r->cipher);
}

static void note(struct timeset *set, int64_t time, int64_t bucket)
{
	if (set->count == 0 || set->times[set->count - 1] / bucket != time / bucket)
		set->times[set->count++] = time;
}

/* In the order of time the latest word is the last one. */
static void expect_history(struct history *out, struct list list)
{
	memset(out, 0, sizeof(*out));
	qsort(list.seen, list.count, sizeof(list.seen[0]), by_time);
	for (size_t i = 0; i < list.count; i++) {
		const struct observation *seen = &list.seen[i];

		if (seen->observed == OBSERVED_PLAIN) {
			out->last_plain = seen->time;
			note(&out->plain_days, seen->time, UTC_DAY);
			continue;
		}
		out->first_tls = out->first_tls == 0 ? seen->time : out->first_tls;
		out->last_tls = seen->time;
		out->last_version = seen->version;
		out->best_version = (uint16_t)num_max(out->best_version, seen->version);
		memcpy(out->last_cipher, seen->cipher, sizeof(out->last_cipher));
		note(&out->successes, seen->time, 1);
		note(&out->tls_days, seen->time, UTC_DAY);
	}
}

static void fold_all(struct history *out, const struct list *list, size_t from, size_t to)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = from; i < to; i++)
		fold_history(out, &list->seen[i]);
}

START_TEST(a_history_is_what_the_list_says)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct history wanted, whole, part, rest;
		struct list list;
		size_t cut;

		invent(&list);
		cut = chance((unsigned)list.count + 1);
		expect_history(&wanted, list);
		fold_all(&whole, &list, 0, list.count);
		ck_assert_msg(memcmp(&whole, &wanted, sizeof(whole)) == 0, "round %d", round);
		fold_all(&part, &list, 0, cut);
		fold_all(&rest, &list, cut, list.count);
		ck_assert_msg(fold_equal(&part, &wanted) ==
				      (memcmp(&part, &wanted, sizeof(part)) == 0),
			      "round %d", round);
		fold_merge(&part, &rest);
		ck_assert_msg(memcmp(&part, &wanted, sizeof(part)) == 0, "round %d", round);
		ck_assert_int_eq(fold_latest(&whole), num_max(whole.last_tls, whole.last_plain));
	}
}
END_TEST

/* Each alone makes a difference, and is the latest moment where there is no other. */
START_TEST(every_part_of_a_history_counts)
{
	const struct history none = { 0 };
	const struct history parts[] = {
		{ .first_tls = T0 },
		{ .last_tls = T0 },
		{ .last_plain = T0 },
		{ .successes = { .count = 1, .times = { T0 } } },
		{ .tls_days = { .count = 1, .times = { T0 } } },
		{ .plain_days = { .count = 1, .times = { T0 } } },
		{ .best_version = 0x0304 },
		{ .last_version = 0x0304 },
		{ .last_cipher = "A" },
	};

	ck_assert_int_eq(fold_latest(&none), 0);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		ck_assert_msg(!fold_equal(&parts[i], &none), "part %zu", i);
		ck_assert_msg(fold_equal(&parts[i], &parts[i]), "part %zu", i);
		ck_assert_msg(fold_latest(&parts[i]) == (i < 6 ? T0 : 0), "part %zu", i);
	}
}
END_TEST

/* Three days: TLS 1.2 on the first; TLS 1.3 and no TLS on the second; TLS 1.1 on the third. */
static void three_days(struct history *history)
{
	const struct observation seen[] = {
		{ .time = T0 + 10, .observed = OBSERVED_TLS, .version = 0x0303, .cipher = "A" },
		{ .time = T0 + 20, .observed = OBSERVED_PLAIN },
		{ .time = T0 + UTC_DAY + 10,
		  .observed = OBSERVED_TLS,
		  .version = 0x0304,
		  .cipher = "B" },
		{ .time = T0 + UTC_DAY + 20, .observed = OBSERVED_PLAIN },
		{ .time = T0 + 2 * UTC_DAY + 10,
		  .observed = OBSERVED_TLS,
		  .version = 0x0302,
		  .cipher = "C" },
	};

	memset(history, 0, sizeof(*history));
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		fold_history(history, &seen[i]);
}

START_TEST(what_came_before_is_taken_out)
{
	struct history history, since;

	three_days(&history);
	fold_since(&since, &history, T0 + 15);
	ck_assert_int_eq(since.first_tls, T0 + UTC_DAY + 10);
	ck_assert_int_eq(since.last_tls, T0 + 2 * UTC_DAY + 10);
	ck_assert_uint_eq(since.successes.count, 2);
	ck_assert_uint_eq(since.tls_days.count, 2);
	ck_assert_uint_eq(since.plain_days.count, 2);
	ck_assert_uint_eq(since.best_version, 0x0302); /* the one that is certain */
	ck_assert_int_eq(since.last_plain, T0 + UTC_DAY + 20);
	fold_since(&since, &history, T0 + UTC_DAY + 20);
	ck_assert_int_eq(since.last_plain, 0);
	ck_assert_uint_eq(since.plain_days.count, 0);
	ck_assert_str_eq(since.last_cipher, "C");
	fold_since(&since, &history, T0 + 2 * UTC_DAY + 10);
	ck_assert_int_eq(since.last_tls, 0);
	ck_assert_uint_eq(since.best_version, 0);
	ck_assert_uint_eq(since.last_version, 0);
	/* A day that began before still saw TLS later on. */
	fold_history(&history, &(struct observation){ .time = T0 + 2 * UTC_DAY + 30,
						      .observed = OBSERVED_TLS,
						      .version = 0x0304 });
	fold_since(&since, &history, T0 + 2 * UTC_DAY + 15);
	ck_assert_uint_eq(since.tls_days.count, 1);
	ck_assert_int_eq(since.tls_days.times[0], T0 + 2 * UTC_DAY + 30);
}
END_TEST

START_TEST(what_a_clock_ahead_saw_is_dropped)
{
	struct history history;

	three_days(&history);
	fold_drop_later(&history, T0 + 2 * UTC_DAY + 10);
	ck_assert_int_eq(history.last_tls, T0 + 2 * UTC_DAY + 10);
	ck_assert_int_eq(history.last_plain, T0 + UTC_DAY + 20);
	fold_drop_later(&history, T0 + UTC_DAY + 15);
	ck_assert_int_eq(history.first_tls, T0 + 10);
	ck_assert_int_eq(history.last_tls, T0 + UTC_DAY + 10);
	ck_assert_int_eq(history.last_plain, T0 + 20);
	ck_assert_uint_eq(history.successes.count, 2);
	ck_assert_uint_eq(history.tls_days.count, 2);
	ck_assert_uint_eq(history.plain_days.count, 1);
	fold_drop_later(&history, T0 + 5);
	ck_assert_int_eq(history.first_tls, 0);
	ck_assert_int_eq(history.last_tls, 0);
	ck_assert_int_eq(history.last_plain, 0);
	ck_assert_int_eq(fold_latest(&history), 0);
}
END_TEST

/*
 * Domains.
 */

static struct facts facts;
static struct settings settings;

static void two_hosts(void)
{
	memset(&facts, 0, sizeof(facts));
	settings_free(&settings);
	settings_init(&settings);
	facts.domain.mx.state = MX_FOUND;
	facts.domain.mx.count = 2;
	strcpy(facts.domain.mx.refs[0].host, "a.test");
	strcpy(facts.domain.mx.refs[1].host, "b.test");
	facts.host[0].addr = facts.host[1].addr = ADDR_FOUND;
}

static void shows(size_t host, enum observed observed, int64_t time, const char *cipher)
{
	struct observation seen = { .time = time, .source = SOURCE_PROBE, .observed = observed };

	if (observed == OBSERVED_TLS)
		seen.version = cipher[0] == 'A' ? 0x0303 : 0x0304;
	str_copy(seen.cipher, sizeof(seen.cipher), cipher);
	fold_host(&facts.host[host], &seen, time + UTC_DAY, false);
}

START_TEST(a_delivery_counts_for_its_domain)
{
	struct history shown = { 0 };

	two_hosts();
	fold_history(&shown, &(struct observation){ .time = T0, .observed = OBSERVED_TLS });
	ck_assert(!fold_delivery(&facts.domain, &settings, "relay.test", &shown));
	settings.mixed_mx = MIXED_MX_LENIENT;
	ck_assert(!fold_delivery(&facts.domain, &settings, "b.test", &shown));
	ck_assert_int_eq(facts.domain.history.last_tls, 0);
	settings.mixed_mx = MIXED_MX_STRICT;
	ck_assert(fold_delivery(&facts.domain, &settings, "b.test", &shown));
	ck_assert_int_eq(facts.domain.history.last_tls, T0);
	ck_assert(!fold_delivery(&facts.domain, &settings, "b.test", &shown));
}
END_TEST

START_TEST(strict_takes_what_any_host_has_shown)
{
	two_hosts();
	shows(0, OBSERVED_PLAIN, T0, "");
	fold_domain(&facts, &settings);
	ck_assert(!facts.domain.any_host);
	ck_assert_int_eq(facts.domain.history.last_plain, T0);
	shows(1, OBSERVED_TLS, T0 + 1, "A");
	fold_domain(&facts, &settings);
	ck_assert(facts.domain.any_host);
	ck_assert_int_eq(facts.domain.history.last_tls, T0 + 1);
}
END_TEST

/* The earliest of theirs, when all of them had it; who cannot be reached has no say. */
START_TEST(lenient_takes_what_every_host_has_shown)
{
	two_hosts();
	settings.mixed_mx = MIXED_MX_LENIENT;
	shows(0, OBSERVED_TLS, T0 + 5, "B");
	fold_domain(&facts, &settings);
	ck_assert_int_eq(facts.domain.history.last_tls, 0);
	shows(1, OBSERVED_TLS, T0 + 3, "A");
	fold_domain(&facts, &settings);
	ck_assert_int_eq(facts.domain.history.last_tls, T0 + 3);
	ck_assert_uint_eq(facts.domain.history.last_version, 0x0303);
	ck_assert_str_eq(facts.domain.history.last_cipher, "A");
	two_hosts();
	settings.mixed_mx = MIXED_MX_LENIENT;
	shows(0, OBSERVED_TLS, T0 + 5, "B");
	shows(1, OBSERVED_TLS, T0 + 9, "A");
	fold_domain(&facts, &settings);
	ck_assert_int_eq(facts.domain.history.last_tls, T0 + 5);
	for (int gone = 0; gone < 2; gone++) {
		two_hosts();
		settings.mixed_mx = MIXED_MX_LENIENT;
		shows(0, OBSERVED_TLS, T0 + 5, "B");
		if (gone)
			facts.host[1].addr = ADDR_NONE;
		else
			shows(1, OBSERVED_UNREACHABLE, T0 + 6, "");
		fold_domain(&facts, &settings);
		ck_assert_int_eq(facts.domain.history.last_tls, T0 + 5);
	}
}
END_TEST

START_TEST(a_domain_has_lost_tls_with_the_last_host)
{
	two_hosts();
	facts.domain.history.first_tls = facts.domain.history.last_tls = T0;
	shows(0, OBSERVED_PLAIN, T0 + 10, "");
	ck_assert_int_eq(fold_domain_downgrade_since(&facts), T0 + 10);
	shows(1, OBSERVED_TLS, T0 + 20, "A");
	ck_assert_int_eq(fold_domain_downgrade_since(&facts), 0);
	facts.domain.history.last_tls = 0;
	shows(1, OBSERVED_PLAIN, T0 + 30, "");
	ck_assert_int_eq(fold_domain_downgrade_since(&facts), T0 + 30);
	memset(&facts.host[1].history, 0, sizeof(facts.host[1].history));
	ck_assert_int_eq(fold_domain_downgrade_since(&facts), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fold by a list");
	TCase *tests = tcase_create("fold by a list");
	SRunner *runner = srunner_create(suite);
	int failed;

	srandom(1);
	tcase_add_test(tests, a_history_is_what_the_list_says);
	tcase_add_test(tests, every_part_of_a_history_counts);
	tcase_add_test(tests, what_came_before_is_taken_out);
	tcase_add_test(tests, what_a_clock_ahead_saw_is_dropped);
	tcase_add_test(tests, a_delivery_counts_for_its_domain);
	tcase_add_test(tests, strict_takes_what_any_host_has_shown);
	tcase_add_test(tests, lenient_takes_what_every_host_has_shown);
	tcase_add_test(tests, a_domain_has_lost_tls_with_the_last_host);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
