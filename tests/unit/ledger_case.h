/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_case - what the tests of the ledger share: a directory for each test, a
 * ledger in it, processes, and a look at what was logged. Included once by each
 * test program.
 */
#ifndef POSTSEAL_TESTS_LEDGER_CASE_H
#define POSTSEAL_TESTS_LEDGER_CASE_H

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/ledger/ledger.h"
#include "tests/unit/fork.h"

#define T INT64_C(1767323045) /* 2026-01-02T03:04:05Z */

static char dir[] = "/tmp/test_ledger.XXXXXX";
static char ledger_dir[64];
static char error[LEDGER_ERROR_SIZE];

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void setup(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(ledger_dir, sizeof(ledger_dir), "%s/ledger", dir);
}

static inline void teardown(void)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_ledger(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", ledger_dir, name);
	return path;
}

static inline struct ledger *must_open(enum ledger_mode mode)
{
	struct ledger *ledger = ledger_open(ledger_dir, mode, error);

	ck_assert_msg(ledger != NULL, "%s", error);
	ck_assert_str_eq(error, "");
	return ledger;
}

static inline void must_not_open(enum ledger_mode mode, const char *because)
{
	struct ledger *ledger = ledger_open(ledger_dir, mode, error);

	ck_assert_msg(ledger == NULL, "it opened");
	ck_assert_msg(strstr(error, because) != NULL, "%s", error);
	ck_assert_msg(strstr(error, ledger_dir) != NULL, "does not say where: %s", error);
}

static inline void make_ledger(void)
{
	ledger_close(must_open(LEDGER_CREATE));
}

/*
 * Ends a child. By another program, since valgrind would call what the child
 * inherited leaked.
 */
static inline _Noreturn void leave(int status)
{
	char command[16];

	snprintf(command, sizeof(command), "exit %d", status);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(99);
}

/* Runs fn in a process of its own; its exit status. */
static inline int in_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = must_fork();

	if (pid == 0)
		leave(fn(arg));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What is logged meanwhile; the caller frees it. */
static int saved_stderr;

static inline void capture_start(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/log", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static inline char *capture_end(void)
{
	char *text = mem_zero(1, 65536);
	ssize_t len = pread(STDERR_FILENO, text, 65535, 0);

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	ck_assert_int_ge(len, 0);
	return text;
}

static inline size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

/* The ledger behind postseal's back. */
static inline void put_raw(const char *db, const void *key, size_t key_len, const void *value,
			   size_t len)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	char key_copy[512], value_copy[512];
	MDB_val k = { key_len, key_copy }, v = { len, value_copy };

	memcpy(key_copy, key, key_len);
	memcpy(value_copy, value, len);
	ck_assert_int_eq(mdb_env_create(&env), 0);
	mdb_env_set_maxdbs(env, 8);
	mkdir(ledger_dir, 0755);
	ck_assert_int_eq(mdb_env_open(env, ledger_dir, 0, 0644), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	ck_assert_int_eq(mdb_dbi_open(txn, db, db == NULL ? 0 : MDB_CREATE, &dbi), 0);
	ck_assert_int_eq(mdb_put(txn, dbi, &k, &v, 0), 0);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static inline struct domain_facts *sample_domain(void)
{
	struct domain_facts *d = mem_zero(1, sizeof(*d));

	d->mx.state = MX_FOUND;
	d->mx.fresh = (struct freshness){ T, T + 300, 0 };
	d->mx.count = 2;
	d->mx.refs[0] = (struct mx_ref){ 10, "a.mx.test" };
	d->mx.refs[1] = (struct mx_ref){ 20, "b.mx.test" };
	d->history.last_tls = T;
	return d;
}

static inline struct nexthop nexthop(const char *text)
{
	struct nexthop n;

	ck_assert_int_eq(nexthop_parse(&n, text, strlen(text)), NEXTHOP_OK);
	return n;
}

/* Runs the tests of a case, each in a directory of its own; main's status. */
static inline int run_case(const char *name, TCase *tc)
{
	Suite *suite = suite_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
