/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging: neither order nor repetition matters, and what is kept is what should be. */
#include <check.h>
#include <stdlib.h>

#include "core/policy/fold.h"
#include "core/record/merge.h"
#include "entry_samples.h"

#define T SAMPLE_T

static const enum entry_kind kinds[] = { ENTRY_DOMAIN, ENTRY_HOST,  ENTRY_OVERRIDE,
					 ENTRY_PIN,    ENTRY_ALIAS, ENTRY_EXCEPTION };

static void must_be_same(const struct entry *a, const struct entry *b, const char *what, int seed)
{
	struct buf left = { 0 }, right = { 0 };

	ck_assert_msg(entry_is_sound(a), "%s of seed %d is no %s", what, seed,
		      entry_kind_name(a->kind));
	entry_put_record(&left, a);
	entry_put_record(&right, b);
	ck_assert_msg(left.len == right.len && memcmp(left.data, right.data, left.len) == 0,
		      "%s, %s, seed %d", entry_kind_name(a->kind), what, seed);
	buf_free(&left);
	buf_free(&right);
}

/* a + b, of what is shared */
static struct entry merged(const struct entry *a, const struct entry *b)
{
	struct entry into = *a;

	merge_shared(&into, b);
	return into;
}

/* Into a ledger that is as shipped. */
static struct entry taken(const struct entry *a, const struct entry *b)
{
	struct entry into = *a;

	merge_entry(&into, b, false);
	merge_start(&into, b);
	return into;
}

static struct entry a, b, ab;

static void some_shared(struct entry *e, enum entry_kind kind, uint64_t *state)
{
	some_entry(e, kind, state);
	merge_reduce(e);
}

#define PARTIES 5

/*
 * Any tree of any order, with repetition: whom each step takes from whom is chance, until
 * all that there is has gone into one.
 */
static struct entry by_some_tree(const struct entry *leaves, size_t count, uint64_t *state)
{
	static struct entry part[PARTIES];
	size_t left = count;

	memcpy(part, leaves, count * sizeof(part[0]));
	while (left > 1) {
		size_t into = chance(state, (uint32_t)left), from = chance(state, (uint32_t)left);

		part[into] = merged(&part[into], &leaves[chance(state, (uint32_t)count)]);
		if (into == from)
			continue;
		part[into] = merged(&part[into], &part[from]);
		part[from] = part[--left];
		if (chance(state, 3) == 0)
			part[0] = merged(&part[0], &part[left - 1]);
	}
	return part[0];
}

START_TEST(trees_do_not_matter)
{
	static struct entry leaves[PARTIES];
	enum entry_kind kind = kinds[_i];
	uint64_t state = 7;

	for (int seed = 0; seed < 1500; seed++) {
		size_t count = seed % 2 == 0 ? 3 : PARTIES;
		struct entry one, two;

		for (size_t i = 0; i < count; i++)
			some_shared(&leaves[i], kind, &state);
		one = by_some_tree(leaves, count, &state);
		two = by_some_tree(leaves, count, &state);
		must_be_same(&one, &two, "two trees", seed);
		for (size_t i = 0; i < count; i++) {
			two = merged(&one, &leaves[i]);
			must_be_same(&two, &one, "one of them once more", seed);
		}
	}
}
END_TEST

static struct domain_facts *two_domains(void)
{
	sample_entry(&a, ENTRY_DOMAIN);
	memset(&a.of, 0, sizeof(a.of));
	b = a;
	return &a.of.domain;
}

static void see_tls(struct history *history, int64_t time, uint16_t version)
{
	struct observation o = { .time = time,
				 .source = SOURCE_PROBE,
				 .observed = OBSERVED_TLS,
				 .version = version,
				 .cipher = "X" };

	fold_history(history, &o);
}

/* What the other saw after we were made to forget counts; what it saw before does not. */
START_TEST(forgetting_holds_for_what_comes_in)
{
	struct domain_facts *d = two_domains(), *other = &b.of.domain;

	d->forgotten = T;
	see_tls(&other->history, T - 100, 0x0304);
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.history.last_tls, 0);
	ck_assert_int_eq(ab.of.domain.evidence.last_tls, T - 100);
	ck_assert_int_eq(ab.of.domain.forgotten, T);

	see_tls(&other->history, T + 100, 0x0303);
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.history.last_tls, T + 100);
	ck_assert_int_eq(ab.of.domain.history.first_tls, T + 100);
	ck_assert_uint_eq(ab.of.domain.history.successes.count, 1);
}
END_TEST

/* A history that begins after its own forgetting is not cut by it. */
START_TEST(own_history_stands)
{
	struct domain_facts *d = two_domains();

	d->forgotten = T;
	b.of.domain.forgotten = T;
	see_tls(&d->history, T + 10, 0x0304);
	see_tls(&d->history, T + 20, 0x0303);
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.history.best_version, 0x0304);
	b.of.domain.forgotten = T - 5;
	ab = taken(&b, &a);
	ck_assert_int_eq(ab.of.domain.history.best_version, 0x0304);
}
END_TEST

/* What one host alone has shown is no evidence where each of them has to. */
START_TEST(strict_evidence_stays_out_of_a_lenient_ledger)
{
	struct domain_facts *d = two_domains(), *other = &b.of.domain;

	see_tls(&other->history, T, 0x0304);
	other->any_host = true;
	other->forgotten = T - 10;
	ab = a;
	merge_entry(&ab, &b, true);
	ck_assert_int_eq(ab.of.domain.history.last_tls, 0);
	ck_assert_int_eq(ab.of.domain.evidence.last_tls, 0);
	ck_assert(!ab.of.domain.any_host);
	ck_assert_int_eq(ab.of.domain.forgotten, T - 10);
	other->any_host = false;
	ab = a;
	merge_entry(&ab, &b, true);
	ck_assert_int_eq(ab.of.domain.history.last_tls, T);
	/* And the other way about it counts, and is no less than it was. */
	d->any_host = true;
	ab = taken(&a, &b);
	ck_assert(ab.of.domain.any_host);
	ck_assert_int_eq(ab.of.domain.history.last_tls, T);
}
END_TEST

/* Another host's resolver may not validate, or lie. */
START_TEST(look_ups_are_ones_own)
{
	struct domain_facts *d = two_domains(), *other = &b.of.domain;

	d->mx.state = MX_FOUND;
	d->mx.secure = true;
	d->mx.fresh.checked = T;
	other->mx.state = MX_NULL;
	other->mx.fresh.checked = T + 1;
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.mx.state, MX_FOUND);
	ck_assert(ab.of.domain.mx.secure);
	/* They are a start where there is none. */
	d->mx = (struct mx_facts){ 0 };
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.mx.state, MX_NULL);
	/* That it was asked for, in vain, is our own, too. */
	d->mx.fresh.failed = T;
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.mx.state, MX_UNKNOWN);
}
END_TEST

START_TEST(a_policy_is_a_start)
{
	struct domain_facts *d = two_domains(), *other = &b.of.domain;

	other->sts = (struct sts_facts){ .mode = STS_NONE, .fetched = T + 50, .until = T + 50 };
	d->sts = (struct sts_facts){ .mode = STS_ENFORCE,
				     .fetched = T,
				     .until = T + UTC_DAY,
				     .max_age = UTC_DAY,
				     .fresh = { T, T + 300, 0 },
				     .patterns = 1,
				     .pattern = { "mx.test" },
				     .id = "1" };
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.domain.sts.mode, STS_ENFORCE);
	ck_assert_int_eq(ab.of.domain.sts.until, T + UTC_DAY);
	ab = taken(&b, &a);
	ck_assert_int_eq(ab.of.domain.sts.mode, STS_NONE);
	other->sts = (struct sts_facts){ 0 };
	ab = taken(&b, &a);
	ck_assert_int_eq(ab.of.domain.sts.mode, STS_ENFORCE);
	ck_assert_str_eq(ab.of.domain.sts.pattern[0], "mx.test");
}
END_TEST

START_TEST(a_host_keeps_what_it_saw)
{
	struct host_facts *h = &a.of.host, *other = &b.of.host;

	sample_entry(&a, ENTRY_HOST);
	b = a;
	other->addr_fresh.checked = T + 900;
	other->addr = ADDR_NONE;
	other->tlsa_fresh.checked = T + 900;
	other->tlsa = TLSA_ABSENT;
	other->last.time = h->last.time + 1;
	other->last.observed = OBSERVED_UNREACHABLE;
	see_tls(&other->history, T + 5, 0x0304);
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.host.addr, ADDR_FOUND);
	ck_assert_int_eq(ab.of.host.tlsa, TLSA_USABLE);
	ck_assert_int_eq(ab.of.host.last.observed, OBSERVED_TLS);
	ck_assert_int_eq(ab.of.host.history.last_tls, T + 5);
	memset(h, 0, sizeof(*h));
	ab = taken(&a, &b);
	ck_assert_int_eq(ab.of.host.tlsa, TLSA_ABSENT);
}
END_TEST

/* The act that came later holds, also where it took something away. */
START_TEST(later_acts_stand)
{
	for (size_t i = 2; i < ARRAY_LEN(kinds); i++) {
		sample_entry(&a, kinds[i]);
		b = a;
		if (kinds[i] == ENTRY_OVERRIDE) {
			b.of.override = (struct override){ .kind = OVERRIDE_NONE };
		} else if (kinds[i] == ENTRY_PIN) {
			b.of.pin.removed = true;
		} else if (kinds[i] == ENTRY_ALIAS) {
			b.of.alias.enabled = false;
			b.of.alias.removed = true;
		} else {
			b.of.exception.removed = true;
			b.of.exception.exception.expires = 0;
		}
		entry_set_stamp(&b, entry_stamp(&a) + 1);
		ab = taken(&a, &b);
		must_be_same(&ab, &b, "taken away later", (int)i);
		ab = taken(&b, &a);
		must_be_same(&ab, &b, "taken away later, first", (int)i);
		entry_set_stamp(&b, entry_stamp(&a) - 1);
		ab = taken(&b, &a);
		must_be_same(&ab, &a, "taken away before", (int)i);
	}
}
END_TEST

/* Of one moment the stricter. */
START_TEST(of_one_stamp_the_stricter_stands)
{
	static const struct override weakest_first[] = {
		{ OVERRIDE_HANDS_OFF, LEVEL_NONE, T, 0, "z", "z" },
		{ OVERRIDE_EXACT, LEVEL_NONE, T, 0, "z", "z" },
		{ OVERRIDE_EXACT, LEVEL_DANE, T, 0, "z", "z" },
		{ OVERRIDE_NONE, LEVEL_NONE, T, 0, "z", "z" },
		{ OVERRIDE_EXACT, LEVEL_SECURE, T, 0, "z", "z" },
		{ OVERRIDE_EXACT, LEVEL_DANE_ONLY, T, 0, "z", "z" },
		{ OVERRIDE_MINIMUM, LEVEL_NONE, T, 0, "z", "z" },
		{ OVERRIDE_MINIMUM, LEVEL_ENCRYPT, T, 0, "a", "a" },
	};

	sample_entry(&a, ENTRY_OVERRIDE);
	b = a;
	for (size_t i = 1; i < ARRAY_LEN(weakest_first); i++) {
		a.of.override = weakest_first[i - 1];
		b.of.override = weakest_first[i];
		ab = taken(&a, &b);
		must_be_same(&ab, &b, "the stricter override", (int)i);
	}
	sample_entry(&a, ENTRY_PIN);
	b = a;
	b.of.pin.removed = true;
	ab = taken(&b, &a);
	ck_assert(ab.of.pin.removed);
	sample_entry(&a, ENTRY_EXCEPTION);
	b = a;
	b.of.exception.removed = true;
	b.of.exception.exception.expires = 0;
	ab = taken(&b, &a);
	ck_assert(ab.of.exception.removed);
	/* Where every address is sealed, one on file keeps its level, also when it is off. */
	sample_entry(&a, ENTRY_ALIAS);
	a.of.alias.enabled = false;
	b = a;
	b.of.alias.removed = true;
	ab = taken(&b, &a);
	ck_assert(!ab.of.alias.removed);
}
END_TEST

/* By a clock that is behind, too. */
START_TEST(stamps_only_go_up)
{
	ck_assert_int_eq(acts_stamp(T, 0), T);
	ck_assert_int_eq(acts_stamp(T, T - 1), T);
	ck_assert_int_eq(acts_stamp(T, T), T + 1);
	ck_assert_int_eq(acts_stamp(T, T + 9000), T + 9001);
}
END_TEST

START_TEST(what_was_taken_away_is_kept_for_so_long)
{
	sample_entry(&a, ENTRY_OVERRIDE);
	ck_assert(!entry_is_spent(&a, T + 9999 * UTC_DAY));
	a.of.override = (struct override){ .kind = OVERRIDE_NONE, .set = T };
	ck_assert(!entry_is_spent(&a, T + 400 * UTC_DAY));
	ck_assert(entry_is_spent(&a, T + 400 * UTC_DAY + 1));
	sample_entry(&a, ENTRY_PIN);
	ck_assert(!entry_is_spent(&a, T + 9999 * UTC_DAY));
	a.of.pin.removed = true;
	ck_assert(!entry_is_spent(&a, T + 400 * UTC_DAY));
	ck_assert(entry_is_spent(&a, T + 400 * UTC_DAY + 1));
	sample_entry(&a, ENTRY_EXCEPTION);
	ck_assert(!entry_is_spent(&a, T + 430 * UTC_DAY));
	ck_assert(entry_is_spent(&a, T + 430 * UTC_DAY + 1));
	sample_entry(&a, ENTRY_ALIAS);
	a.of.alias.enabled = false;
	ck_assert(!entry_is_spent(&a, T + 9999 * UTC_DAY));
	a.of.alias.removed = true;
	ck_assert(!entry_is_spent(&a, T + 400 * UTC_DAY));
	ck_assert(entry_is_spent(&a, T + 400 * UTC_DAY + 1));
}
END_TEST

/* Of more than can be told the latest count, in whatever order they come. */
START_TEST(limits_are_of_reading)
{
	struct acts_pins pins;
	static struct exceptions exceptions;
	uint64_t state = 3;

	for (int turn = 0; turn < 50; turn++) {
		int first = (int)chance(&state, 20);

		memset(&pins, 0, sizeof(pins));
		memset(&exceptions, 0, sizeof(exceptions));
		for (int i = 0; i < 40; i++) {
			int which = (first + 7 * i) % 40;
			struct pin_act pin = { .set = T + which / 2, .removed = which % 5 == 4 };
			struct exception_act act = {
				.exception = { "", T, T + 1 + which, "ada", "" },
			};

			memset(pin.spki, 40 - which, SPKI_SIZE);
			acts_add_pin(&pins, &pin);
			snprintf(act.exception.sender, sizeof(act.exception.sender),
				 "%02d@x.example", which);
			acts_add_exception(&exceptions, &act);
		}
		/* 39, 34, 29 were removed. Of one moment, as 30 and 31 have, the greater key. */
		ck_assert_uint_eq(pins.pins.count, PINS_MAX);
		for (size_t i = 0; i < PINS_MAX; i++) {
			static const int kept[] = { 38, 37, 36, 35, 33, 32, 31, 30 };

			ck_assert_uint_eq(pins.pins.spki[i][0], (unsigned)(40 - kept[i]));
		}
		ck_assert_uint_eq(exceptions.count, EXCEPTION_MAX);
		ck_assert_str_eq(exceptions.list[0].sender, "08@x.example");
		ck_assert_str_eq(exceptions.list[EXCEPTION_MAX - 1].sender, "39@x.example");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("merge");
	TCase *tc = tcase_create("merge");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, trees_do_not_matter, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(tc, forgetting_holds_for_what_comes_in);
	tcase_add_test(tc, own_history_stands);
	tcase_add_test(tc, strict_evidence_stays_out_of_a_lenient_ledger);
	tcase_add_test(tc, look_ups_are_ones_own);
	tcase_add_test(tc, a_policy_is_a_start);
	tcase_add_test(tc, a_host_keeps_what_it_saw);
	tcase_add_test(tc, later_acts_stand);
	tcase_add_test(tc, of_one_stamp_the_stricter_stands);
	tcase_add_test(tc, stamps_only_go_up);
	tcase_add_test(tc, what_was_taken_away_is_kept_for_so_long);
	tcase_add_test(tc, limits_are_of_reading);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
