/* SPDX-License-Identifier: BSD-2-Clause */
/* Several processes at one ledger, some of which die. */
#include "tests/unit/fork.h"
#include "tests/unit/ledger_case.h"

struct pair {
	int go[2]; /* parent to child */
	int done[2];
};

static void pair_open(struct pair *p)
{
	ck_assert_int_eq(pipe(p->go), 0);
	ck_assert_int_eq(pipe(p->done), 0);
}

static void say(int fd)
{
	ck_assert_int_eq(write(fd, "x", 1), 1);
}

static void hear(int fd)
{
	char c;

	ck_assert_int_eq(read(fd, &c, 1), 1);
}

static int write_many(void *arg)
{
	struct domain_facts *domain = sample_domain();
	struct ledger *ledger = ledger_open(ledger_dir, LEDGER_CREATE, error);
	const char *prefix = arg;
	char key[32];

	if (ledger == NULL)
		return 1;
	for (int i = 0; i < 50; i++) {
		struct ledger_txn *txn = ledger_begin_write(ledger);

		snprintf(key, sizeof(key), "%s%02d.test", prefix, i);
		if (txn == NULL || !ledger_put_domain(txn, key, domain) || !ledger_commit(txn))
			return 2;
	}
	ledger_close(ledger);
	free(domain);
	return 0;
}

static bool count_domain(void *context, const char *key, const struct domain_facts *domain)
{
	int *n = context;

	(void)key, (void)domain;
	++*n;
	return true;
}

/* Two that make the ledger at the same time, and write to it. */
START_TEST(processes_share_it)
{
	char prefix[2][2] = { "a", "b" };
	pid_t pids[2];
	struct ledger *ledger;
	struct ledger_txn *txn;
	int n = 0, status;

	for (int i = 0; i < 2; i++) {
		pids[i] = must_fork();
		if (pids[i] == 0)
			leave(write_many(prefix[i]));
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	}
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert(ledger_each_domain(txn, count_domain, &n));
	ck_assert_int_eq(n, 100);
	ledger_abort(txn);
	ledger_close(ledger);
}
END_TEST

/* A child that dies inside a transaction, `write` or not. */
static pid_t die_inside(struct pair *p, bool write)
{
	pid_t pid = must_fork();
	struct ledger *ledger;

	if (pid != 0)
		return pid;
	hear(p->go[0]);
	ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
	if (ledger == NULL ||
	    (write ? ledger_begin_write(ledger) : ledger_begin_read(ledger)) == NULL)
		leave(1);
	leave(0);
}

START_TEST(dead_readers_are_cleared)
{
	struct pair p;
	struct ledger *ledger;
	int status;
	pid_t pid;

	make_ledger();
	pair_open(&p);
	pid = die_inside(&p, false);
	ledger = must_open(LEDGER_WRITE);
	say(p.go[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(ledger_clear_readers(ledger), 1);
	ck_assert_uint_eq(ledger_clear_readers(ledger), 0);
	ledger_close(ledger);
}
END_TEST

START_TEST(a_dead_writer_stops_nobody)
{
	struct domain_facts *domain = sample_domain();
	struct pair p;
	struct ledger *ledger;
	struct ledger_txn *txn;
	int status;
	pid_t pid;

	make_ledger();
	pair_open(&p);
	pid = die_inside(&p, true);
	ledger = must_open(LEDGER_WRITE);
	say(p.go[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	txn = ledger_begin_write(ledger);
	ck_assert_ptr_nonnull(txn);
	ck_assert(ledger_put_domain(txn, "sealed.test", domain));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	free(domain);
}
END_TEST

/* Reading goes on while another process is inside a write. */
START_TEST(readers_do_not_wait)
{
	struct domain_facts *domain = sample_domain();
	struct pair p;
	struct ledger *ledger;
	struct ledger_txn *txn;
	int status;
	pid_t pid;

	make_ledger();
	pair_open(&p);
	pid = must_fork();
	if (pid == 0) {
		ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
		txn = ledger == NULL ? NULL : ledger_begin_write(ledger);
		if (txn == NULL || !ledger_put_domain(txn, "sealed.test", domain))
			leave(1);
		say(p.done[1]);
		hear(p.go[0]);
		leave(ledger_commit(txn) ? 0 : 2);
	}
	hear(p.done[0]);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_ABSENT);
	ledger_abort(txn);
	say(p.go[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	txn = ledger_begin_read(ledger);
	ck_assert_int_eq(ledger_get_domain(txn, "sealed.test", domain), LOOKUP_FOUND);
	ledger_abort(txn);
	ledger_close(ledger);
	free(domain);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("processes");

	tcase_add_test(tc, processes_share_it);
	tcase_add_test(tc, dead_readers_are_cleared);
	tcase_add_test(tc, a_dead_writer_stops_nobody);
	tcase_add_test(tc, readers_do_not_wait);
	return run_case("ledger_processes", tc);
}
