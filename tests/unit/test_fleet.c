/* SPDX-License-Identifier: BSD-2-Clause */
/* What hosts share: rows both ways, what changes count, keys of the outbox, states. */
#include <check.h>
#include <stdlib.h>

#include "core/fleet/fleet_outbox.h"
#include "core/fleet/fleet_row.h"
#include "core/record/merge.h"
#include "entry_samples.h"

#define T SAMPLE_T

static const enum entry_kind kinds[] = { ENTRY_DOMAIN, ENTRY_HOST,  ENTRY_OVERRIDE,
					 ENTRY_PIN,    ENTRY_ALIAS, ENTRY_EXCEPTION };

static struct entry a, b, c;

static void some_shared(struct entry *e, enum entry_kind kind, uint64_t *state)
{
	memset(e, 0, sizeof(*e));
	some_entry(e, kind, state);
	merge_reduce(e);
	if (kind == ENTRY_DOMAIN)
		record_settle_history(&e->of.domain);
}

/* As it travels: shown as texts, read back. */
static struct fleet_row travelled(const struct fleet_row *row)
{
	struct fleet_text columns[FLEET_COLUMNS];
	struct buf text[FLEET_COLUMNS] = { 0 };
	struct fleet_row again;

	for (int i = 0; i < FLEET_COLUMNS; i++) {
		fleet_row_show(&text[i], row, (enum fleet_column)i);
		columns[i] = (struct fleet_text){ buf_cstr(&text[i]), text[i].len };
	}
	ck_assert(fleet_row_read(&again, columns));
	for (int i = 0; i < FLEET_COLUMNS; i++)
		buf_free(&text[i]);
	return again;
}

static size_t rows_of(struct fleet_row rows[FLEET_ROWS], const struct entry *entry)
{
	size_t count = fleet_rows(rows, entry);

	for (size_t i = 0; i < count; i++) {
		rows[i].rev = 1;
		rows[i].n = 7;
		str_copy(rows[i].origin, sizeof(rows[i].origin), "mx1");
	}
	return count;
}

START_TEST(what_is_shared_comes_back_whole)
{
	for (uint64_t seed = 1; seed <= 400; seed++) {
		uint64_t state = seed;
		struct fleet_row rows[FLEET_ROWS];
		enum entry_kind kind = kinds[seed % ARRAY_LEN(kinds)];
		size_t count;

		some_shared(&a, kind, &state);
		count = rows_of(rows, &a);
		memset(&b, 0, sizeof(b));
		b.kind = kind;
		memcpy(b.key, a.key, sizeof(b.key));
		b.port = a.port;
		for (size_t i = 0; i < count; i++) {
			struct fleet_row row = travelled(&rows[i]);

			ck_assert_int_eq(fleet_row_take(&c, &row), FLEET_ROW_GOOD);
			if (entry_is_act(kind))
				b = c;
			else
				merge_shared(&b, &c);
			fleet_row_free(&row);
			fleet_row_free(&rows[i]);
		}
		ck_assert_msg(count > 0 || !fleet_says_something(&a), "seed %d", (int)seed);
		if (count > 0)
			ck_assert_msg(entry_is_same(&a, &b), "%s, seed %d", entry_kind_name(kind),
				      (int)seed);
	}
}
END_TEST

START_TEST(look_ups_are_no_part_of_a_row)
{
	struct fleet_row rows[FLEET_ROWS];

	a = (struct entry){ .kind = ENTRY_DOMAIN, .key = "x.example" };
	a.of.domain = sample_domain_facts();
	merge_reduce(&a);
	ck_assert_int_eq(rows_of(rows, &a), 2);
	ck_assert_str_eq(rows[0].kind, "domain");
	ck_assert(!rows[0].act);
	ck_assert_str_eq(rows[1].kind, "forgotten");
	ck_assert(rows[1].act);
	ck_assert_int_eq(rows[0].last_tls, T);
	ck_assert_int_eq(rows[0].first_tls, T - 9 * UTC_DAY);
	ck_assert_int_eq(rows[1].latest, T - 30 * UTC_DAY);
	ck_assert_int_eq(fleet_row_take(&b, &rows[0]), FLEET_ROW_GOOD);
	ck_assert_int_eq(b.of.domain.mx.state, MX_UNKNOWN);
	ck_assert_int_eq(b.of.domain.forgotten, 0);
	ck_assert_int_eq(b.of.domain.sts.mode, STS_ENFORCE);
	ck_assert_int_eq(b.of.domain.sts.fresh.checked, 0);
	fleet_row_free(&rows[0]);
	fleet_row_free(&rows[1]);
}
END_TEST

/* What a host that was broken into may write, and the engine's triggers cannot see. */
START_TEST(a_row_that_is_not_its_record_is_dropped)
{
	struct fleet_row rows[FLEET_ROWS], row;
	struct buf whole = { 0 };
	struct entry e;

	a = (struct entry){ .kind = ENTRY_DOMAIN, .key = "x.example" };
	a.of.domain = sample_domain_facts();
	merge_reduce(&a);
	rows_of(rows, &a);
#define REFUSED(change)                                            \
	row = travelled(&rows[0]);                                 \
	change;                                                    \
	ck_assert_int_eq(fleet_row_take(&b, &row), FLEET_ROW_BAD); \
	fleet_row_free(&row)
	REFUSED(row.latest--);
	REFUSED(row.latest++);
	REFUSED(row.first_tls++);
	REFUSED(row.last_tls--);
	REFUSED(row.record.len--);
	REFUSED(row.record.data[row.record.len - 1] ^= 1);
	REFUSED(row.record.data[0] = 'H');
	REFUSED(row.schema = 3);
	REFUSED(row.act = true);
	REFUSED(str_copy(row.kind, sizeof(row.kind), "forgotten"));
	REFUSED(str_copy(row.kind, sizeof(row.kind), "override"));
	REFUSED(str_copy(row.kind, sizeof(row.kind), "journal"));
	REFUSED(str_copy(row.key, sizeof(row.key), "X.example"));
	REFUSED(str_copy(row.key, sizeof(row.key), "x.example."));
	REFUSED(str_copy(row.key, sizeof(row.key), ""));
	REFUSED(row.record.len = 0);
	/* A fact that also says "forgotten", whole with what was looked up, or dated ahead inside. */
	e = a;
	entry_put_record(&whole, &e);
	REFUSED(row.record.len = 0; buf_append(&row.record, whole.data, whole.len));
	whole.len = 0;
	e.of.domain = sample_domain_facts();
	e.of.domain.forgotten = 0;
	entry_put_record(&whole, &e);
	REFUSED(row.record.len = 0; buf_append(&row.record, whole.data, whole.len));
	whole.len = 0;
	merge_reduce(&e);
	e.of.domain.evidence.last_tls = T + 10 * 365 * UTC_DAY;
	entry_put_record(&whole, &e);
	REFUSED(row.record.len = 0; buf_append(&row.record, whole.data, whole.len));
	row = travelled(&rows[0]);
	row.schema = FLEET_SCHEMA + 1;
	ck_assert_int_eq(fleet_row_take(&b, &row), FLEET_ROW_NEWER);
	fleet_row_free(&row);
	buf_free(&whole);
	fleet_row_free(&rows[0]);
	fleet_row_free(&rows[1]);
}
END_TEST

START_TEST(columns_are_read_strictly)
{
	static const struct {
		enum fleet_column column;
		const char *text;
	} bad[] = {
		{ FLEET_KIND, "a kind of sixteen and more" },
		{ FLEET_KIND, NULL },
		{ FLEET_SCHEMA_OF, "-4" },
		{ FLEET_SCHEMA_OF, "4 " },
		{ FLEET_SCHEMA_OF, "" },
		{ FLEET_RECORD, "0a0b" },
		{ FLEET_RECORD, "\\x0a0" },
		{ FLEET_RECORD, "\\x0G" },
		{ FLEET_RECORD, "\\x0A" },
		{ FLEET_RECORD, NULL },
		{ FLEET_LATEST, "9223372036854775808" },
		{ FLEET_REV, "0" },
		{ FLEET_N, "0" },
		{ FLEET_N, NULL },
		{ FLEET_ORIGIN, "" },
		{ FLEET_ORIGIN, "mx1\nerror" },
		{ FLEET_ORIGIN, "a name that is much longer than any name that a host may have "
				"as it shares" },
	};
	static const char *const good[FLEET_COLUMNS] = {
		"host", "mx.example:25", "4", "\\x4804", "0", "0", "0", "1", "2", "mx1"
	};
	struct fleet_text columns[FLEET_COLUMNS];
	struct fleet_row row;

	for (size_t i = 0; i <= ARRAY_LEN(bad); i++) {
		for (int k = 0; k < FLEET_COLUMNS; k++)
			columns[k] = (struct fleet_text){ good[k], strlen(good[k]) };
		if (i < ARRAY_LEN(bad))
			columns[bad[i].column] = (struct fleet_text){
				bad[i].text, bad[i].text != NULL ? strlen(bad[i].text) : 0
			};
		ck_assert_msg(fleet_row_read(&row, columns) == (i == ARRAY_LEN(bad)), "case %d",
			      (int)i);
		fleet_row_free(&row);
	}
}
END_TEST

START_TEST(merging_says_whether_the_engine_lacks_something)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint64_t state = seed * 77;
		struct fleet_row ours[FLEET_ROWS], theirs[FLEET_ROWS];
		enum entry_kind kind = kinds[seed % ARRAY_LEN(kinds)];
		size_t n, m;
		bool more;

		some_shared(&a, kind, &state);
		some_shared(&b, kind, &state);
		a.of.domain.forgotten = kind == ENTRY_DOMAIN ? 0 : a.of.domain.forgotten;
		b.of.domain.forgotten = kind == ENTRY_DOMAIN ? 0 : b.of.domain.forgotten;
		memcpy(b.key, a.key, sizeof(b.key));
		b.port = a.port;
		if (kind == ENTRY_PIN)
			memcpy(b.of.pin.spki, a.of.pin.spki, SPKI_SIZE);
		if (kind == ENTRY_EXCEPTION)
			memcpy(b.of.exception.exception.sender, a.of.exception.exception.sender,
			       sizeof(b.of.exception.exception.sender));
		n = rows_of(ours, &a);
		m = rows_of(theirs, &b);
		if (n == 1 && m == 1 && fleet_row_take(&c, &theirs[0]) == FLEET_ROW_GOOD) {
			more = fleet_row_merge(&ours[0], &theirs[0], &c);
			merge_shared(&c, &a);
			ck_assert_msg(more == !entry_is_same(&c, &b), "seed %d", (int)seed);
			/* What was merged is a row that others take. */
			ck_assert_int_eq(fleet_row_take(&c, &ours[0]), FLEET_ROW_GOOD);
		}
		for (size_t i = 0; i < n; i++)
			fleet_row_free(&ours[i]);
		for (size_t i = 0; i < m; i++)
			fleet_row_free(&theirs[i]);
	}
}
END_TEST

/*
 * What goes out, and when.
 */

static enum fleet_change change_of(const struct entry *before, const struct entry *after)
{
	struct buf old = { 0 }, new = { 0 };
	enum fleet_change change;

	if (before != NULL)
		entry_put_record(&old, before);
	entry_put_record(&new, after);
	change = fleet_compare_bytes(after->kind, old.data, old.len, new.data, new.len);
	buf_free(&old);
	buf_free(&new);
	return change;
}

static void see(struct history *history, enum observed observed, int64_t time)
{
	fold_history(history, &(struct observation){ .time = time,
						     .source = SOURCE_PROBE,
						     .observed = observed,
						     .version = 0x0304,
						     .cipher = "C" });
}

START_TEST(what_could_change_an_answer_goes_at_once)
{
	a = (struct entry){ .kind = ENTRY_HOST, .key = "mx.example", .port = 25 };
	/* What was looked up is nobody's business. */
	a.of.host.addr = ADDR_FOUND;
	ck_assert_int_eq(change_of(NULL, &a), FLEET_SAME);
	b = a;
	see(&b.of.host.history, OBSERVED_TLS, T);
	ck_assert_int_eq(change_of(NULL, &b), FLEET_NOW);
	ck_assert_int_eq(change_of(&a, &b), FLEET_NOW);
	c = b;
	c.of.host.tlsa = TLSA_USABLE;
	ck_assert_int_eq(change_of(&b, &c), FLEET_SAME);
	see(&c.of.host.history, OBSERVED_TLS, T + 1);
	ck_assert_int_eq(change_of(&b, &c), FLEET_NOW);
	/* Of many handshakes another one is no news, ... */
	for (int i = 2; i < 40; i++)
		see(&c.of.host.history, OBSERVED_TLS, T + i);
	b = c;
	see(&c.of.host.history, OBSERVED_TLS, T + 40);
	ck_assert_int_eq(change_of(&b, &c), FLEET_LATER);
	/* ... unless it is the first for most of a day: it spares the others a look; ... */
	a = b = c;
	see(&a.of.host.history, OBSERVED_TLS, T + 40 + 20 * 3600 - 1);
	see(&b.of.host.history, OBSERVED_TLS, T + 40 + 20 * 3600);
	ck_assert_int_eq(change_of(&c, &a), FLEET_LATER);
	ck_assert_int_eq(change_of(&c, &b), FLEET_NOW);
	/* ... and that there was none is. */
	b = c;
	see(&c.of.host.history, OBSERVED_PLAIN, T + 50);
	ck_assert_int_eq(change_of(&b, &c), FLEET_NOW);
	b = c;
	see(&c.of.host.history, OBSERVED_TLS, T + 60);
	ck_assert_int_eq(change_of(&b, &c), FLEET_NOW);
}
END_TEST

START_TEST(domains_and_acts)
{
	a = (struct entry){ .kind = ENTRY_DOMAIN, .key = "x.example" };
	a.of.domain = sample_domain_facts();
	b = a;
	b.of.domain.mx.count = 1;
	b.of.domain.mx.fresh.checked++;
	ck_assert_int_eq(change_of(&a, &b), FLEET_SAME);
	b.of.domain.sts.fresh.checked++;
	ck_assert_int_eq(change_of(&a, &b), FLEET_SAME);
	b.of.domain.sts.fetched++;
	ck_assert_int_eq(change_of(&a, &b), FLEET_LATER);
	b.of.domain.forgotten++;
	ck_assert_int_eq(change_of(&a, &b), FLEET_NOW);
	a = (struct entry){ .kind = ENTRY_OVERRIDE, .key = "x.example" };
	a.of.override = (struct override){ .kind = OVERRIDE_NONE, .set = T };
	ck_assert_int_eq(change_of(NULL, &a), FLEET_NOW);
	ck_assert_int_eq(change_of(&a, &a), FLEET_SAME);
	ck_assert_int_eq(fleet_compare(&a, &a), FLEET_SAME);
	/* Not shared at all. */
	ck_assert_int_eq(fleet_compare_bytes(ENTRY_JOURNAL, "", 0, "J\4", 2), FLEET_SAME);
	/* What cannot be read before says nothing. */
	a = (struct entry){ .kind = ENTRY_HOST, .key = "mx.example", .port = 25 };
	see(&a.of.host.history, OBSERVED_TLS, T);
	{
		struct buf new = { 0 };

		entry_put_record(&new, &a);
		ck_assert_int_eq(fleet_compare_bytes(ENTRY_HOST, "junk", 4, new.data, new.len),
				 FLEET_NOW);
		buf_free(&new);
	}
}
END_TEST

START_TEST(keys_of_the_outbox_have_one_reading)
{
	char key[FLEET_OUTBOX_KEY_SIZE], again[ENTRY_KEY_SIZE], longest[ENTRY_KEY_SIZE];
	enum entry_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t len = fleet_outbox_key(key, kinds[i], "x.example", 9);

		ck_assert_uint_eq(len, kinds[i] == ENTRY_EXCEPTION ? 9 : 10);
		ck_assert(fleet_outbox_take_key(&kind, again, key, len));
		ck_assert_int_eq(kind, kinds[i]);
		ck_assert_str_eq(again, "x.example");
		ck_assert(!fleet_outbox_take_key(&kind, again, key, 0));
	}
	memset(longest, 'x', sizeof(longest));
	ck_assert_uint_eq(fleet_outbox_key(key, ENTRY_EXCEPTION, longest, 511), 511);
	ck_assert(fleet_outbox_take_key(&kind, again, key, 511));
	ck_assert_uint_eq(fleet_outbox_key(key, ENTRY_EXCEPTION, longest, 512), 0);
	ck_assert_uint_eq(fleet_outbox_key(key, ENTRY_ALIAS, longest, 511), 0);
	ck_assert_uint_eq(fleet_outbox_key(key, ENTRY_JOURNAL, "1", 1), 0);
	ck_assert(!fleet_outbox_take_key(&kind, again,
					 "\x08"
					 "1",
					 2));
	ck_assert(!fleet_outbox_take_key(&kind, again,
					 "\xff"
					 "1",
					 2));
	ck_assert(!fleet_outbox_take_key(&kind, again, "\x01", 1));
	ck_assert(!fleet_outbox_take_key(&kind, again,
					 "\x01"
					 "a\0b",
					 4));
	/* The number of an exception's kind: it has none in its key. */
	ck_assert(!fleet_outbox_take_key(&kind, again,
					 "\x06"
					 "me@x.example a@y.example",
					 25));
}
END_TEST

START_TEST(states_and_members)
{
	struct fleet_state state = { .name = "mx1.example",
				     .n = 300,
				     .exchanged = T,
				     .round = T - 5,
				     .sweep = true },
			   again;
	struct fleet_member member = { .name = "mx2",
				       .seen = T,
				       .n = 7,
				       .version = "0.1.0",
				       .login = "mail2",
				       .domains = INT64_MAX - 1,
				       .hosts = 0,
				       .waiting = FLEET_UNTOLD },
			    m;
	/* As a postseal before that wrote it, which had no counts. */
	static const char old[] = "m\x01\x03mx2ABCDEFGHIJKLMNOP\x05\x07\x01\x05"
				  "0.0.9";
	struct buf bytes = { 0 };

	state.epoch[3] = 9;
	state.nonce[15] = 7;
	state.told = 301;
	state.told_nonce[2] = 5;
	state.instance[0] = 1;
	fleet_state_put(&bytes, &state);
	ck_assert(fleet_state_get(&again, bytes.data, bytes.len));
	ck_assert_mem_eq(&state, &again, sizeof(state));
	for (size_t i = 0; i < bytes.len; i++)
		ck_assert(!fleet_state_get(&again, bytes.data, i));
	buf_append(&bytes, "", 1);
	ck_assert(!fleet_state_get(&again, bytes.data, bytes.len));
	bytes.len = 0;
	fleet_member_put(&bytes, &member);
	ck_assert(fleet_member_get(&m, bytes.data, bytes.len));
	ck_assert_mem_eq(&member, &m, sizeof(m));
	for (size_t i = 0; i < bytes.len; i++)
		ck_assert(!fleet_member_get(&m, bytes.data, i));
	buf_append(&bytes, "", 1);
	ck_assert(!fleet_member_get(&m, bytes.data, bytes.len));
	ck_assert(fleet_member_get(&m, old, sizeof(old) - 1));
	ck_assert_str_eq(m.name, "mx2");
	ck_assert_str_eq(m.version, "0.0.9");
	ck_assert(m.seen == 5 && m.n == 7 && m.acts && m.login[0] == '\0');
	ck_assert(m.domains == FLEET_UNTOLD && m.waiting == FLEET_UNTOLD);
	for (size_t i = 0; i < sizeof(old) - 1; i++)
		ck_assert(!fleet_member_get(&m, old, i));
	ck_assert(!fleet_member_get(&m, old, sizeof(old)));
	buf_free(&bytes);
	ck_assert(!fleet_name_good("", 0));
	ck_assert(!fleet_name_good("a b", 3));
	ck_assert(fleet_name_good("mx-1.example_2", 14));
	ck_assert(!fleet_state_is_old(&state, T + 300 * UTC_DAY));
	ck_assert(fleet_state_is_old(&state, T + 300 * UTC_DAY + 1));
	state.exchanged = 0;
	ck_assert(!fleet_state_is_old(&state, T + 900 * UTC_DAY));
}
END_TEST

START_TEST(small_words)
{
	uint8_t id[FLEET_ID_SIZE];
	struct buf out = { 0 };

	ck_assert(fleet_take_id(id, "00112233-4455-6677-8899-aabbccddeeff", 36));
	ck_assert_uint_eq(id[15], 0xff);
	ck_assert(fleet_take_id(id, "\\x00112233445566778899aabbccddeef0", 34));
	ck_assert_uint_eq(id[15], 0xf0);
	ck_assert(!fleet_take_id(id, "\\x00112233445566778899aabbccddeef", 33));
	ck_assert(!fleet_take_id(id, "00112233445566778899aabbccddeeff00", 34));
	ck_assert(!fleet_take_id(id, "", 0));
	ck_assert(!fleet_take_id(id, "0011223344556677889-9aabbccddeeff", 33));
	buf_quote(&out, "a\"b\\c", 5);
	ck_assert_str_eq(buf_cstr(&out), "\"a\\\"b\\\\c\"");
	buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fleet");
	TCase *tc = tcase_create("fleet");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_shared_comes_back_whole);
	tcase_add_test(tc, look_ups_are_no_part_of_a_row);
	tcase_add_test(tc, a_row_that_is_not_its_record_is_dropped);
	tcase_add_test(tc, columns_are_read_strictly);
	tcase_add_test(tc, merging_says_whether_the_engine_lacks_something);
	tcase_add_test(tc, what_could_change_an_answer_goes_at_once);
	tcase_add_test(tc, domains_and_acts);
	tcase_add_test(tc, keys_of_the_outbox_have_one_reading);
	tcase_add_test(tc, states_and_members);
	tcase_add_test(tc, small_words);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
