/* SPDX-License-Identifier: BSD-2-Clause */
/* The outbox: what is changed is noted with the change, or not at all. */
#include "io/ledger/ledger_entry.h"
#include "io/ledger/ledger_fleet.h"
#include "tests/unit/entry_samples.h"
#include "tests/unit/ledger_case.h"

static struct ledger *ledger;

static const struct fleet_state state = { .name = "mx1" };

static void share(void)
{
	struct ledger_txn *txn;

	make_ledger();
	ledger = must_open(LEDGER_WRITE);
	txn = ledger_begin_write(ledger);
	ck_assert(ledger_put_fleet(txn, &state));
	ck_assert(ledger_commit(txn));
}

static struct host_facts seen(int64_t time)
{
	struct host_facts host = { 0 };

	fold_history(&host.history, &(struct observation){ .time = time,
							   .source = SOURCE_PROBE,
							   .observed = OBSERVED_TLS,
							   .version = 0x0304,
							   .cipher = "C" });
	return host;
}

static void put_host(const char *name, const struct host_facts *host)
{
	struct ledger_txn *txn = ledger_begin_write(ledger);

	ck_assert(ledger_put_host(txn, name, 25, host));
	ck_assert(ledger_commit(txn));
}

static size_t waiting(enum ledger_box box)
{
	struct ledger_txn *txn = ledger_begin_read(ledger);
	size_t n = ledger_outbox_count(txn, box);

	ledger_abort(txn);
	return n;
}

struct found {
	size_t count;
	struct entry entry;
	uint64_t generation;
};

static bool note(void *context, const struct entry *entry, uint64_t generation)
{
	struct found *found = context;

	found->count++;
	found->entry = *entry;
	found->generation = generation;
	return true;
}

static struct found all_in(enum ledger_box box)
{
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct found found = { 0 };

	ck_assert(ledger_outbox_each(txn, box, note, &found));
	ledger_abort(txn);
	return found;
}

static void done(const struct found *found)
{
	struct ledger_txn *txn = ledger_begin_write(ledger);

	char key[ENTRY_KEY_SIZE];

	entry_key(key, &found->entry);
	ck_assert(ledger_outbox_done(txn, found->entry.kind, key, found->generation));
	ck_assert(ledger_commit(txn));
}

START_TEST(who_does_not_share_notes_nothing)
{
	struct host_facts host = seen(T);
	struct fleet_state got;
	struct ledger_txn *txn;

	make_ledger();
	ledger = must_open(LEDGER_WRITE);
	put_host("mx.test", &host);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 0);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_fleet(txn, &got), LOOKUP_ABSENT);
	ledger_abort(txn);
	ledger_close(ledger);
}
END_TEST

START_TEST(what_is_held_is_told_anew)
{
	struct host_facts host = seen(T);
	struct found found;
	struct ledger_txn *txn;

	share();
	put_host("mx.test", &host);
	found = all_in(LEDGER_BOX_NOW);
	done(&found);
	txn = ledger_begin_write(ledger);
	ledger_outbox_pause(txn, true);
	ck_assert(ledger_outbox_retell(txn, ENTRY_HOST, "mx.test:25", LEDGER_BOX_NOW));
	ck_assert(ledger_outbox_retell(txn, ENTRY_HOST, "mx.test:25", LEDGER_BOX_LATER));
	ck_assert(ledger_outbox_retell(txn, ENTRY_HOST, "other.test:25", LEDGER_BOX_NOW));
	ck_assert(ledger_outbox_retell(txn, ENTRY_DOMAIN, "mx.test", LEDGER_BOX_NOW));
	ck_assert(ledger_outbox_retell(txn, ENTRY_DOMAIN, "no name\n", LEDGER_BOX_NOW));
	ck_assert(ledger_commit(txn));
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 1);
	ck_assert_uint_eq(waiting(LEDGER_BOX_LATER), 1);
	ledger_close(ledger);
}
END_TEST

START_TEST(a_change_is_noted_once_with_its_record)
{
	struct host_facts host = seen(T);
	struct found found;

	share();
	put_host("mx.test", &host);
	put_host("mx.test", &host);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 1);
	found = all_in(LEDGER_BOX_NOW);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.entry.kind, ENTRY_HOST);
	ck_assert_str_eq(found.entry.key, "mx.test");
	ck_assert_uint_eq(found.entry.port, 25);
	ck_assert_int_eq(found.entry.of.host.history.last_tls, T);
	done(&found);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 0);
	/* What is not shared does not count. */
	host.addr = ADDR_FOUND;
	put_host("mx.test", &host);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW) + waiting(LEDGER_BOX_LATER), 0);
	ledger_close(ledger);
}
END_TEST

START_TEST(what_changed_meanwhile_stays)
{
	struct host_facts host = seen(T), later = seen(T + 5);
	struct found found;

	share();
	put_host("mx.test", &host);
	found = all_in(LEDGER_BOX_NOW);
	fold_merge(&host.history, &later.history);
	put_host("mx.test", &host);
	done(&found);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 1);
	found = all_in(LEDGER_BOX_NOW);
	ck_assert_int_eq(found.entry.of.host.history.last_tls, T + 5);
	done(&found);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 0);
	ledger_close(ledger);
}
END_TEST

START_TEST(a_transaction_that_fails_notes_nothing)
{
	struct host_facts host = seen(T);
	struct ledger_txn *txn;

	share();
	txn = ledger_begin_write(ledger);
	ck_assert(ledger_put_host(txn, "mx.test", 25, &host));
	ledger_abort(txn);
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 0);
	ledger_close(ledger);
}
END_TEST

START_TEST(what_came_from_others_is_not_told_again)
{
	struct host_facts host = seen(T);
	struct entry entry = { .kind = ENTRY_HOST, .key = "mx.test", .port = 25 };
	struct ledger_txn *txn;

	share();
	txn = ledger_begin_write(ledger);
	ledger_outbox_pause(txn, true);
	ck_assert(ledger_put_host(txn, "mx.test", 25, &host));
	ledger_outbox_pause(txn, false);
	ck_assert(ledger_put_host(txn, "other.test", 25, &host));
	ck_assert(ledger_commit(txn));
	ck_assert_str_eq(all_in(LEDGER_BOX_NOW).entry.key, "other.test");
	/* But what they lack is. */
	txn = ledger_begin_write(ledger);
	ck_assert(ledger_outbox_mark(txn, &entry, LEDGER_BOX_LATER));
	ck_assert(ledger_commit(txn));
	ck_assert_str_eq(all_in(LEDGER_BOX_LATER).entry.key, "mx.test");
	ledger_close(ledger);
}
END_TEST

START_TEST(there_is_no_more_in_it_than_there_are_records)
{
	struct domain_facts domain = { 0 };
	struct host_facts host = seen(T);
	struct ledger_txn *txn;

	share();
	domain.history = host.history;
	txn = ledger_begin_write(ledger);
	for (int i = 0; i < 50; i++) {
		char key[32];

		snprintf(key, sizeof(key), "d%d.test", i);
		ck_assert(ledger_put_domain(txn, key, &domain));
	}
	ck_assert(ledger_remove_domain(txn, "d7.test"));
	ck_assert(ledger_commit(txn));
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 49);
	ledger_close(ledger);
}
END_TEST

/* Each kind of record that is shared, also with the longest key. */
START_TEST(all_kinds_are_noted)
{
	static const enum entry_kind kinds[] = { ENTRY_DOMAIN, ENTRY_HOST,  ENTRY_OVERRIDE,
						 ENTRY_PIN,    ENTRY_ALIAS, ENTRY_EXCEPTION };
	struct entry entry;

	share();
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct ledger_txn *txn = ledger_begin_write(ledger);
		uint64_t seed = 11 + i;
		struct found found;

		memset(&entry, 0, sizeof(entry));
		some_entry(&entry, kinds[i], &seed);
		if (kinds[i] == ENTRY_DOMAIN)
			entry.of.domain = sample_domain_facts();
		if (kinds[i] == ENTRY_HOST)
			entry.of.host = sample_host_facts();
		ck_assert(ledger_put_entry(txn, &entry));
		ck_assert(ledger_commit(txn));
		found = all_in(LEDGER_BOX_NOW);
		ck_assert_msg(found.count == 1, "%s", entry_kind_name(kinds[i]));
		ck_assert(entry_is_same(&found.entry, &entry));
		done(&found);
		ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 0);
	}
	ledger_close(ledger);
}
END_TEST

static bool count_member(void *context, const char *name, const void *member)
{
	ck_assert_str_eq(name, ((const struct fleet_member *)member)->name);
	++*(int *)context;
	return true;
}

START_TEST(members_are_kept_by_name)
{
	struct fleet_member member = { .name = "mx2", .seen = T };
	struct ledger_txn *txn;
	int n = 0;

	share();
	txn = ledger_begin_write(ledger);
	ck_assert(ledger_put_member(txn, &member));
	ck_assert(ledger_put_member(txn, &member));
	str_copy(member.name, sizeof(member.name), "mx3");
	ck_assert(ledger_put_member(txn, &member));
	ck_assert(ledger_each_member(txn, count_member, &n));
	ck_assert_int_eq(n, 2);
	ck_assert(ledger_remove_members(txn));
	ck_assert(ledger_each_member(txn, count_member, &n));
	ck_assert_int_eq(n, 2);
	ledger_abort(txn);
	ledger_close(ledger);
}
END_TEST

START_TEST(leaving_keeps_what_was_learned)
{
	struct host_facts host = seen(T), got;
	struct fleet_member member = { .name = "mx2", .seen = T };
	struct fleet_state none;
	struct ledger_txn *txn;

	share();
	put_host("mx.test", &host);
	txn = ledger_begin_write(ledger);
	ck_assert(ledger_put_member(txn, &member));
	ck_assert(ledger_leave_fleet(txn));
	ck_assert(ledger_put_host(txn, "other.test", 25, &host));
	ck_assert(ledger_commit(txn));
	ck_assert_uint_eq(waiting(LEDGER_BOX_NOW), 0);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_fleet(txn, &none), LOOKUP_ABSENT);
	ck_assert_int_eq(ledger_get_host(txn, "mx.test", 25, &got), LOOKUP_FOUND);
	ledger_abort(txn);
	ledger_close(ledger);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("fleet");

	tcase_add_test(tc, who_does_not_share_notes_nothing);
	tcase_add_test(tc, what_is_held_is_told_anew);
	tcase_add_test(tc, a_change_is_noted_once_with_its_record);
	tcase_add_test(tc, what_changed_meanwhile_stays);
	tcase_add_test(tc, a_transaction_that_fails_notes_nothing);
	tcase_add_test(tc, what_came_from_others_is_not_told_again);
	tcase_add_test(tc, there_is_no_more_in_it_than_there_are_records);
	tcase_add_test(tc, all_kinds_are_noted);
	tcase_add_test(tc, members_are_kept_by_name);
	tcase_add_test(tc, leaving_keeps_what_was_learned);
	return run_case("ledger_fleet", tc);
}
