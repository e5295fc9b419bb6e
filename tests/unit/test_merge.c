/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging: neither order nor repetition matters, and what is kept is what should be. */
#include <check.h>
#include <stdlib.h>

#include "core/record/merge.h"
#include "entry_samples.h"

#define T SAMPLE_T

static const enum entry_kind kinds[] = { ENTRY_DOMAIN, ENTRY_HOST,  ENTRY_OVERRIDE,
					 ENTRY_PINS,   ENTRY_ALIAS, ENTRY_EXCEPTIONS };

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

/* a + b */
static struct entry merged(const struct entry *a, const struct entry *b)
{
	struct entry into = *a;

	ck_assert(merge_entry(&into, b));
	return into;
}

static struct entry a, b, c, ab, ba;

/* Of the same moment, and apart in one thing. */
static void make_probes_alike(uint64_t *state)
{
	struct observation *probe = &b.of.host.last;

	a.of.host.last = some_observation(state);
	b.of.host.last = a.of.host.last;
	b.of.host.last_expires = a.of.host.last_expires;
	switch (chance(state, 3)) {
	case 0:
		probe->cipher[0] = 'x';
		break;
	case 1:
		probe->spki[SPKI_SIZE - 1] ^= (uint8_t)probe->has_spki;
		break;
	case 2:
		probe->detail[0] = 'x';
	}
}

START_TEST(order_and_repetition_do_not_matter)
{
	enum entry_kind kind = kinds[_i];
	uint64_t state = 1;

	for (int seed = 0; seed < 3000; seed++) {
		some_entry(&a, kind, &state);
		some_entry(&b, kind, &state);
		if (kind == ENTRY_DOMAIN) {
			a.of.domain.forgotten = some_moment(&state);
			b.of.domain.forgotten = some_moment(&state);
		}
		if (kind == ENTRY_HOST && seed % 2 == 0)
			make_probes_alike(&state);
		ab = merged(&a, &b);
		ba = merged(&b, &a);
		must_be_same(&ab, &ba, "a+b and b+a", seed);
		ba = merged(&ab, &a);
		must_be_same(&ba, &ab, "a+b+a", seed);
		ba = merged(&ab, &b);
		must_be_same(&ba, &ab, "a+b+b", seed);
		ba = merged(&a, &a);
		must_be_same(&ba, &a, "a+a", seed);
	}
}
END_TEST

/* Three of them, too, while nothing was forgotten in between. */
START_TEST(grouping_does_not_matter)
{
	enum entry_kind kind = kinds[_i];
	uint64_t state = 7;
	struct entry left, right;

	for (int seed = 0; seed < 2000; seed++) {
		some_entry(&a, kind, &state);
		some_entry(&b, kind, &state);
		some_entry(&c, kind, &state);
		ab = merged(&a, &b);
		left = merged(&ab, &c);
		ba = merged(&b, &c);
		right = merged(&ba, &a);
		must_be_same(&left, &right, "(a+b)+c and (b+c)+a", seed);
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
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.history.last_tls, 0);
	ck_assert_int_eq(ab.of.domain.forgotten, T);

	see_tls(&other->history, T + 100, 0x0303);
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.history.last_tls, T + 100);
	ck_assert_int_eq(ab.of.domain.history.first_tls, T + 100);
	ck_assert_uint_eq(ab.of.domain.history.successes.count, 1);
}
END_TEST

/* A history that begins behind its own forgetting is not cut by it once more. */
START_TEST(own_history_stands)
{
	struct domain_facts *d = two_domains();

	d->forgotten = T;
	b.of.domain.forgotten = T;
	see_tls(&d->history, T + 10, 0x0304);
	see_tls(&d->history, T + 20, 0x0303);
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.history.best_version, 0x0304);
	b.of.domain.forgotten = T - 5;
	ab = merged(&b, &a);
	ck_assert_int_eq(ab.of.domain.history.best_version, 0x0304);
}
END_TEST

START_TEST(later_look_ups_stand)
{
	struct domain_facts *d = two_domains(), *other = &b.of.domain;

	d->mx.state = MX_FOUND;
	d->mx.fresh.checked = T;
	d->mx.count = 1;
	str_copy(d->mx.refs[0].host, DOMAIN_SIZE, "old.test");
	other->mx.state = MX_NULL;
	other->mx.fresh.checked = T + 1;
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.mx.state, MX_NULL);
	/* One that never succeeded is none, however late. */
	other->mx = (struct mx_facts){ .fresh = { 0, T + 9, T + 8 } };
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.mx.state, MX_FOUND);
	ck_assert_int_eq(ab.of.domain.mx.fresh.failed, 0);
	/* That ours cannot be confirmed since is news. */
	other->mx = d->mx;
	other->mx.fresh.failed = T + 5;
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.mx.fresh.failed, T + 5);
}
END_TEST

/* RFC 8461 5.1: that somebody else found no TXT record ends no policy. */
START_TEST(only_a_policy_ends_a_policy)
{
	struct domain_facts *d = two_domains(), *other = &b.of.domain;

	d->sts = (struct sts_facts){ .mode = STS_ENFORCE,
				     .fetched = T,
				     .until = T + UTC_DAY,
				     .max_age = UTC_DAY,
				     .fresh = { T, T + 300, 0 },
				     .patterns = 1,
				     .pattern = { "mx.test" },
				     .id = "1" };
	other->sts = (struct sts_facts){ .mode = STS_NONE, .fresh = { T + 50, T + 350, 0 } };
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.sts.mode, STS_ENFORCE);
	ck_assert_int_eq(ab.of.domain.sts.until, T + UTC_DAY);
	ck_assert_str_eq(ab.of.domain.sts.pattern[0], "mx.test");
	ck_assert_int_eq(ab.of.domain.sts.fresh.checked, T + 50);

	other->sts.fetched = T + 50;
	other->sts.until = T + 50;
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.domain.sts.mode, STS_NONE);
	ck_assert_uint_eq(ab.of.domain.sts.patterns, 0);
}
END_TEST

START_TEST(parts_of_a_host_are_apart)
{
	struct host_facts *h = &a.of.host, *other = &b.of.host;

	sample_entry(&a, ENTRY_HOST);
	b = a;
	h->addr_fresh.checked = T;
	other->addr_fresh.checked = T - 1;
	other->addr = ADDR_NONE;
	h->tlsa_fresh.checked = T - 1;
	other->tlsa_fresh.checked = T;
	other->tlsa = TLSA_ABSENT;
	other->last.time = h->last.time + 1;
	other->last.observed = OBSERVED_UNREACHABLE;
	other->last_expires = T + 99;
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.host.addr, ADDR_FOUND);
	ck_assert_int_eq(ab.of.host.tlsa, TLSA_ABSENT);
	ck_assert_int_eq(ab.of.host.last.observed, OBSERVED_UNREACHABLE);
	ck_assert_int_eq(ab.of.host.last_expires, T + 99);
}
END_TEST

START_TEST(later_acts_stand)
{
	sample_entry(&a, ENTRY_OVERRIDE);
	b = a;
	b.of.override.set++;
	b.of.override.kind = OVERRIDE_HANDS_OFF;
	ab = merged(&a, &b);
	ck_assert_int_eq(ab.of.override.kind, OVERRIDE_HANDS_OFF);
	ab = merged(&b, &a);
	ck_assert_int_eq(ab.of.override.kind, OVERRIDE_HANDS_OFF);

	sample_entry(&a, ENTRY_ALIAS);
	b = a;
	b.of.alias.changed--;
	b.of.alias.enabled = false;
	ab = merged(&a, &b);
	ck_assert(ab.of.alias.enabled);
	ab = merged(&b, &a);
	ck_assert(ab.of.alias.enabled);
}
END_TEST

static void fill_pins(struct entry *e, size_t count, int first)
{
	uint8_t key[SPKI_SIZE];

	sample_entry(e, ENTRY_PINS);
	e->of.pins.count = 0;
	for (size_t i = 0; i < count; i++) {
		memset(key, first + (int)i, sizeof(key));
		ck_assert(pins_add(&e->of.pins, key));
	}
}

START_TEST(pins_of_both_are_kept_while_there_is_room)
{
	fill_pins(&a, 5, 0);
	fill_pins(&b, 5, 3);
	ab = merged(&a, &b);
	ck_assert_uint_eq(ab.of.pins.count, 8);
	fill_pins(&b, 5, 4);
	ab = a;
	ck_assert(!merge_entry(&ab, &b));
	must_be_same(&ab, &a, "refused pins", 0);
}
END_TEST

START_TEST(exceptions_of_both_are_kept_while_there_is_room)
{
	struct exception more = { "", T, T + 1, "ada", "" };

	sample_entry(&a, ENTRY_EXCEPTIONS);
	b = a;
	b.of.exceptions.list[0].set++;
	b.of.exceptions.list[0].expires--;
	ck_assert(exceptions_remove(&b.of.exceptions, "a+b@old.example"));
	ab = merged(&a, &b);
	ck_assert_uint_eq(ab.of.exceptions.count, 2);
	ck_assert_int_eq(ab.of.exceptions.list[0].expires, b.of.exceptions.list[0].expires);
	for (unsigned i = 0; i < EXCEPTION_MAX - 1; i++) {
		snprintf(more.sender, sizeof(more.sender), "%02u@x.example", i);
		ck_assert(exceptions_put(&b.of.exceptions, &more, 0));
	}
	ab = a;
	ck_assert(!merge_entry(&ab, &b));
	must_be_same(&ab, &a, "refused exceptions", 0);
	ck_assert(exceptions_remove(&b.of.exceptions, more.sender));
	ab = merged(&a, &b);
	ck_assert_uint_eq(ab.of.exceptions.count, EXCEPTION_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("merge");
	TCase *tc = tcase_create("merge");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, order_and_repetition_do_not_matter, 0, (int)ARRAY_LEN(kinds));
	tcase_add_loop_test(tc, grouping_does_not_matter, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(tc, forgetting_holds_for_what_comes_in);
	tcase_add_test(tc, own_history_stands);
	tcase_add_test(tc, later_look_ups_stand);
	tcase_add_test(tc, only_a_policy_ends_a_policy);
	tcase_add_test(tc, parts_of_a_host_are_apart);
	tcase_add_test(tc, later_acts_stand);
	tcase_add_test(tc, pins_of_both_are_kept_while_there_is_room);
	tcase_add_test(tc, exceptions_of_both_are_kept_while_there_is_room);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
