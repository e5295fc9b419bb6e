/* SPDX-License-Identifier: BSD-2-Clause */
/* The mailbox daemon's store: changes of several threads that are committed together. */
#include "mailbox/store.h"

#include <check.h>
#include <dlfcn.h>
#include <lmdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

#define THREADS 40

static struct store *store;
static char dir[64];
static atomic_size_t commits;

typedef int commit_fn(MDB_txn *txn);

/* LMDB's own, counted. */
int mdb_txn_commit(MDB_txn *txn)
{
	void *symbol = dlsym(RTLD_NEXT, "mdb_txn_commit");
	commit_fn *commit;

	commits++;
	memcpy(&commit, &symbol, sizeof(commit));
	return commit(txn);
}

static void setup(void)
{
	char error[STORE_ERROR_SIZE];

	strcpy(dir, "/tmp/postseal-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	store = store_open(dir, error);
	ck_assert_msg(store != NULL, "%s", error);
}

static void teardown(void)
{
	char command[128];

	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* One thread that makes a change, and what became of it. */
struct writer {
	pthread_t thread;
	atomic_int tid;
	unsigned char number;
	bool fails; /* after it has written */
	bool good;
	int calls;
};

static struct store_key key_of(unsigned char number)
{
	return store_key(&number, 1, "", 0);
}

static bool put_number(struct store_txn *txn, void *context)
{
	struct writer *writer = context;
	struct store_key key = key_of(writer->number);
	struct buf value = { 0 };
	bool good;

	writer->calls++;
	buf_append_str(&value, "here");
	good = store_put(txn, STORE_META, &key, &value);
	buf_free(&value);
	return good && !writer->fails;
}

static void *write_number(void *argument)
{
	struct writer *writer = argument;

	writer->tid = (int)syscall(SYS_gettid);
	writer->good = store_change(store, put_number, writer);
	return NULL;
}

/* It has nothing to do but to wait: for LMDB's lock, or for another thread. */
static bool sleeps(int tid)
{
	char path[64], line[512];
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		ck_abort_msg("%s", path);
	fclose(file);
	state = strrchr(line, ')');
	return state != NULL && state[2] == 'S';
}

static bool is_there(unsigned char number)
{
	struct store_txn *txn = store_begin(store, false);
	struct store_key key = key_of(number);
	struct span value;
	enum lookup found = store_get(txn, STORE_META, &key, &value);

	store_abort(txn);
	ck_assert_int_ne(found, LOOKUP_ERROR);
	return found == LOOKUP_FOUND;
}

/* While one writes, all of them come; `failing` of them fail. */
static void run(struct writer writers[THREADS], size_t failing)
{
	struct store_txn *txn = store_begin(store, true);

	for (size_t i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .number = (unsigned char)i, .fails = i < failing };
		pthread_create(&writers[i].thread, NULL, write_number, &writers[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		while (writers[i].tid == 0 || !sleeps(writers[i].tid))
			poll(NULL, 0, 1);
	}
	store_abort(txn);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(writers[i].thread, NULL);
}

START_TEST(those_that_wait_share_a_commit)
{
	struct writer writers[THREADS];
	size_t before = commits;

	run(writers, 0);
	for (size_t i = 0; i < THREADS; i++) {
		ck_assert(writers[i].good && is_there((unsigned char)i));
		ck_assert_int_eq(writers[i].calls, 1);
	}
	ck_assert_uint_le(commits - before, THREADS / 8);
}
END_TEST

START_TEST(one_that_fails_takes_back_its_own)
{
	struct writer writers[THREADS];

	run(writers, 3);
	for (size_t i = 0; i < THREADS; i++) {
		ck_assert(writers[i].good == !writers[i].fails);
		ck_assert(is_there((unsigned char)i) == !writers[i].fails);
		ck_assert_int_le(writers[i].calls, 2);
	}
}
END_TEST

START_TEST(one_by_itself)
{
	struct writer good = { .number = 1 }, bad = { .number = 2, .fails = true };

	write_number(&good);
	write_number(&bad);
	ck_assert(good.good && is_there(1) && good.calls == 1);
	ck_assert(!bad.good && !is_there(2) && bad.calls == 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox store");
	TCase *tcase = tcase_create("changes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, those_that_wait_share_a_commit);
	tcase_add_test(tcase, one_that_fails_takes_back_its_own);
	tcase_add_test(tcase, one_by_itself);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
