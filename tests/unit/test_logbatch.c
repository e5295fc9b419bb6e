/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logbatch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"

#define NOW INT64_C(1800000000)

static struct logfold_proof proof_of(const char *host, enum observed observed, int64_t time)
{
	struct logfold_proof proof = {
		.port = 25,
		.handshake = observed == OBSERVED_TLS,
		.seen = { .time = time, .source = SOURCE_DELIVERY, .observed = observed },
	};

	str_copy(proof.host, sizeof(proof.host), host);
	if (observed == OBSERVED_TLS) {
		proof.seen.version = (uint16_t)(0x0303 + time % 2);
		str_copy(proof.seen.cipher, sizeof(proof.seen.cipher), time % 3 == 0 ? "A" : "B");
	}
	return proof;
}

static struct logfold_proof numbered(unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "mx%u.example", number * 7919 % 10007);
	return proof_of(name, OBSERVED_TLS, NOW);
}

static bool keep(void *context, const struct logbatch_host *host)
{
	*(struct logbatch_host *)context = *host;
	return true;
}

/* Into what is known already, all at once or one by one, in whatever order. */
START_TEST(a_batch_is_worth_its_observations)
{
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct logbatch *batch = logbatch_new();
		enum observed observed = seed % 4 == 0 ? OBSERVED_PLAIN : OBSERVED_TLS;
		struct host_facts one_by_one = { 0 }, at_once;
		struct logbatch_host host = { 0 };

		srand(seed);
		for (int i = 0; i < rand() % 50; i++) {
			struct logfold_proof known = proof_of("mx.example", OBSERVED_TLS,
							      NOW - rand() % (100 * UTC_DAY));

			fold_host(&one_by_one, &known.seen, 0, false);
		}
		at_once = one_by_one;
		for (int i = 0; i < 1 + rand() % 100; i++) {
			struct logfold_proof proof =
				proof_of("mx.example", observed, NOW - rand() % (50 * UTC_DAY));

			ck_assert(logbatch_add(batch, &proof));
			fold_host(&one_by_one, &proof.seen, 0, false);
		}
		ck_assert_uint_eq(logbatch_count(batch), 1);
		ck_assert(logbatch_each(batch, keep, &host));
		fold_merge(&at_once.history, &host.history);
		ck_assert_msg(fold_equal(&one_by_one.history, &at_once.history), "seed %u", seed);
		logbatch_free(batch);
	}
}
END_TEST

START_TEST(hosts_are_told_apart_by_name_and_port)
{
	struct logbatch *batch = logbatch_new();
	struct logfold_proof proof = proof_of("mx.example", OBSERVED_TLS, NOW);

	ck_assert(logbatch_add(batch, &proof));
	ck_assert(logbatch_add(batch, &proof));
	proof.port = 587;
	ck_assert(logbatch_add(batch, &proof));
	proof = proof_of("2001:db8::1", OBSERVED_PLAIN, NOW);
	ck_assert(logbatch_add(batch, &proof));
	ck_assert_uint_eq(logbatch_count(batch), 3);
	logbatch_free(batch);
	logbatch_free(NULL);
}
END_TEST

START_TEST(a_change_of_mind_is_written_down_first)
{
	static const enum observed turns[][2] = {
		{ OBSERVED_TLS, OBSERVED_PLAIN },
		{ OBSERVED_PLAIN, OBSERVED_TLS },
	};

	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		struct logbatch *batch = logbatch_new();
		struct logfold_proof before = proof_of("mx.example", turns[i][0], NOW);
		struct logfold_proof after = proof_of("mx.example", turns[i][1], NOW + 1);
		struct logfold_proof other = proof_of("mx2.example", turns[i][1], NOW + 1);
		struct logbatch_host host;

		ck_assert(logbatch_add(batch, &before));
		ck_assert(logbatch_add(batch, &other));
		ck_assert(!logbatch_add(batch, &after));
		/* "mx.example:25" comes before "mx2.example:25": the last one kept is the other. */
		ck_assert(logbatch_each(batch, keep, &host));
		ck_assert_str_eq(host.host, "mx2.example");
		logbatch_clear(batch);
		ck_assert_uint_eq(logbatch_count(batch), 0);
		ck_assert(logbatch_add(batch, &after));
		ck_assert(logbatch_each(batch, keep, &host));
		ck_assert_int_eq(host.observed, turns[i][1]);
		ck_assert_int_eq(host.history.last_tls != 0, turns[i][1] == OBSERVED_TLS);
		ck_assert_int_eq(host.history.last_plain != 0, turns[i][1] == OBSERVED_PLAIN);
		logbatch_free(batch);
	}
}
END_TEST

static bool ascending(void *context, const struct logbatch_host *host)
{
	char *last = context;
	bool later = strcmp(last, host->host) < 0;

	str_copy(last, DOMAIN_SIZE, host->host);
	return later;
}

START_TEST(holds_so_many_and_no_more)
{
	struct logbatch *batch = logbatch_new();
	struct logfold_proof proof;
	char last[DOMAIN_SIZE];

	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < LOGBATCH_MAX; i++) {
			proof = numbered(i);
			ck_assert(logbatch_add(batch, &proof));
		}
		proof = numbered(LOGBATCH_MAX);
		ck_assert(!logbatch_add(batch, &proof));
		proof = numbered(1);
		ck_assert(logbatch_add(batch, &proof));
		ck_assert_uint_eq(logbatch_count(batch), LOGBATCH_MAX);
		last[0] = '\0';
		ck_assert(logbatch_each(batch, ascending, last));
		logbatch_clear(batch);
	}
	logbatch_free(batch);
}
END_TEST

static bool refuse(void *context, const struct logbatch_host *host)
{
	(void)host;
	return ++*(int *)context < 3;
}

START_TEST(a_walk_can_be_stopped)
{
	struct logbatch *batch = logbatch_new();
	int seen = 0;

	ck_assert(logbatch_each(batch, refuse, &seen));
	for (unsigned i = 0; i < 10; i++) {
		struct logfold_proof proof = numbered(i);

		ck_assert(logbatch_add(batch, &proof));
	}
	ck_assert(!logbatch_each(batch, refuse, &seen));
	ck_assert_int_eq(seen, 3);
	logbatch_free(batch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logbatch");
	TCase *tests = tcase_create("logbatch");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_batch_is_worth_its_observations);
	tcase_add_test(tests, hosts_are_told_apart_by_name_and_port);
	tcase_add_test(tests, a_change_of_mind_is_written_down_first);
	tcase_add_test(tests, holds_so_many_and_no_more);
	tcase_add_test(tests, a_walk_can_be_stopped);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
