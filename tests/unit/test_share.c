/* SPDX-License-Identifier: BSD-2-Clause */
/* Nobody takes up all of the prober: not a map, not a client, not a zone of wildcards. */
#include "socketmap/share.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct shares shares;
static struct share_client clients[64];
static struct share share[SHARE_ALL + 1];
static size_t taken;

static void set_up(void)
{
	memset(&shares, 0, sizeof(shares));
	memset(clients, 0, sizeof(clients));
	memset(share, 0, sizeof(share));
	taken = 0;
}

static void tear_down(void)
{
	for (size_t i = 0; i < taken; i++)
		share_give_back(&shares, &share[i]);
	ck_assert_uint_eq(shares.count, 0);
	ck_assert_uint_eq(shares.status, 0);
	ck_assert_uint_eq(shares.deliverable, 0);
	ck_assert_ptr_null(shares.zones);
	for (size_t i = 0; i < 64; i++)
		ck_assert_uint_eq(clients[i].count, 0);
}

static bool take(enum map map, const char *key, struct share_client *client)
{
	struct nexthop nexthop;

	ck_assert_int_eq(nexthop_parse(&nexthop, key, strlen(key)), NEXTHOP_OK);
	if (!share_take(&shares, &share[taken], map, &nexthop, client))
		return false;
	taken++;
	return true;
}

/* How many names of this form, "x17.z17.test", there is room for. */
static size_t fill(enum map map, const char *begin, const char *end, size_t most_clients)
{
	size_t count = 0;
	char key[64];

	for (;;) {
		snprintf(key, sizeof(key), "%s%zu.z%zu.%s", begin, taken, taken, end);
		if (!take(map, key, &clients[count % most_clients]))
			return count;
		count++;
	}
}

START_TEST(status_never_crowds_out_policy)
{
	ck_assert_uint_eq(fill(MAP_STATUS, "x", "test", 64), SHARE_STATUS);
	ck_assert_uint_eq(fill(MAP_DELIVERABLE_VERIFY, "[x", "test]", 64), SHARE_DELIVERABLE);
	ck_assert_uint_eq(fill(MAP_POLICY, "x", "test", 64),
			  SHARE_ALL - SHARE_STATUS - SHARE_DELIVERABLE);
}
END_TEST

START_TEST(one_client_leaves_room_for_others)
{
	ck_assert_uint_eq(fill(MAP_POLICY_ENCRYPT, "x", "test", 1), SHARE_CLIENT);
	ck_assert(take(MAP_POLICY, "other.test", &clients[1]));
	/* It leaves, and comes back: what it has asked for is no longer its own. */
	share_leave(&clients[0]);
	ck_assert_uint_eq(clients[0].count, 0);
	ck_assert(take(MAP_POLICY, "more.test", &clients[0]));
	ck_assert_uint_eq(shares.count, SHARE_CLIENT + 2);
}
END_TEST

START_TEST(one_zone_leaves_room_for_others)
{
	ck_assert_uint_eq(fill(MAP_POLICY, "x", "evil.test", 64), SHARE_ZONE);
	ck_assert(!take(MAP_POLICY, "evil.test", &clients[0]));
	ck_assert(!take(MAP_POLICY, "[mx.evil.test]:587", &clients[0]));
	ck_assert(take(MAP_POLICY, "notevil.test", &clients[0]));
	ck_assert(take(MAP_POLICY, "test", &clients[0]));
	ck_assert(take(MAP_POLICY, "[192.0.2.1]", &clients[0]));
	share_give_back(&shares, &share[0]);
	ck_assert(take(MAP_POLICY, "evil.test", &clients[0]));
}
END_TEST

START_TEST(what_mail_waits_for_counts_as_such)
{
	ck_assert_uint_eq(fill(MAP_STATUS, "x", "test", 64), SHARE_STATUS);
	share_join(&shares, &share[0], MAP_POLICY);
	ck_assert_uint_eq(shares.status, SHARE_STATUS - 1);
	share_join(&shares, &share[0], MAP_STATUS);
	share_join(&shares, &share[0], MAP_DELIVERABLE_ENCRYPT);
	ck_assert_uint_eq(shares.status, SHARE_STATUS - 1);
	ck_assert_uint_eq(shares.deliverable, 0);
	share_join(&shares, &share[1], MAP_DELIVERABLE_ENCRYPT);
	ck_assert_uint_eq(shares.deliverable, 1);
	ck_assert_uint_eq(shares.status, SHARE_STATUS - 2);
	ck_assert(take(MAP_STATUS, "again.test", &clients[0]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *tcase = tcase_create("share");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, status_never_crowds_out_policy);
	tcase_add_test(tcase, one_client_leaves_room_for_others);
	tcase_add_test(tcase, one_zone_leaves_room_for_others);
	tcase_add_test(tcase, what_mail_waits_for_counts_as_such);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
