/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a ledger: every way of failing says what, where, and what to do. */
#include <errno.h>
#include <grp.h>

#include "base/str.h"
#include "tests/unit/ledger_case.h"

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(modes_do_not_depend_on_the_umask)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	mode_t before = umask(masks[_i]);

	make_ledger();
	umask(before);
	ck_assert_uint_eq(mode_of(ledger_dir), 0750);
	ck_assert_uint_eq(mode_of(in_ledger("data.mdb")), 0660);
	ck_assert_uint_eq(mode_of(in_ledger("lock.mdb")), 0660);
}
END_TEST

START_TEST(opens_again_in_every_mode)
{
	make_ledger();
	ledger_close(must_open(LEDGER_CREATE));
	ledger_close(must_open(LEDGER_WRITE));
	ledger_close(must_open(LEDGER_READ));
	ledger_close(NULL);
}
END_TEST

/* On a full disk a reader that came to a page without a place there was killed. */
START_TEST(all_readers_have_their_place_on_the_disk)
{
	struct stat st;

	make_ledger();
	ck_assert_int_eq(stat(in_ledger("lock.mdb"), &st), 0);
	ck_assert_int_eq(st.st_size, 32768);
	ck_assert_int_ge(st.st_blocks * 512, st.st_size);
}
END_TEST

START_TEST(missing)
{
	must_not_open(LEDGER_READ, "no such directory; start postseal-prober");
	must_not_open(LEDGER_WRITE, "no such directory");
	mkdir(ledger_dir, 0755);
	must_not_open(LEDGER_READ, "there is no ledger at");
	must_not_open(LEDGER_WRITE, "data.mdb is missing");
	ck_assert_int_ne(access(in_ledger("lock.mdb"), F_OK), 0);
	close(open(in_ledger("data.mdb"), O_CREAT | O_WRONLY, 0644));
	must_not_open(LEDGER_READ, "data.mdb is empty");
	ledger_close(must_open(LEDGER_CREATE));
}
END_TEST

START_TEST(cannot_be_made)
{
	snprintf(ledger_dir, sizeof(ledger_dir), "%s/no/where", dir);
	must_not_open(LEDGER_CREATE, "cannot make the ledger's directory");
}
END_TEST

START_TEST(not_a_directory)
{
	close(open(ledger_dir, O_CREAT | O_WRONLY, 0755));
	must_not_open(LEDGER_READ, "is not a directory");
	must_not_open(LEDGER_CREATE, "is not a directory");
}
END_TEST

START_TEST(a_plain_file_in_its_place)
{
	int fd;

	mkdir(ledger_dir, 0755);
	fd = open(in_ledger("data.mdb"), O_CREAT | O_WRONLY, 0644);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(write(fd, "garbage!", 8), 8);
	close(fd);
	must_not_open(LEDGER_READ, "it is no LMDB file");
	must_not_open(LEDGER_CREATE, "it is no LMDB file");
}
END_TEST

START_TEST(somebody_elses_lmdb)
{
	put_raw("accounts", "alice", 5, "secret", 6);
	must_not_open(LEDGER_READ, "not postseal's");
	must_not_open(LEDGER_CREATE, "not postseal's; it was left as it is");
}
END_TEST

START_TEST(somebody_elses_meta)
{
	put_raw("meta", "program", 7, "other", 5);
	must_not_open(LEDGER_READ, "not postseal's");
	must_not_open(LEDGER_CREATE, "not postseal's");
}
END_TEST

START_TEST(somebody_elses_plain_keys)
{
	put_raw(NULL, "meta", 4, "value", 5);
	must_not_open(LEDGER_READ, "not postseal's");
	must_not_open(LEDGER_CREATE, "not postseal's");
}
END_TEST

START_TEST(an_empty_environment)
{
	MDB_env *env;

	mkdir(ledger_dir, 0755);
	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_open(env, ledger_dir, 0, 0644), 0);
	mdb_env_close(env);
	must_not_open(LEDGER_READ, "is empty; start postseal-prober");
	ledger_close(must_open(LEDGER_CREATE));
	ledger_close(must_open(LEDGER_READ));
}
END_TEST

static void drop_database(const char *name)
{
	MDB_env *env;
	MDB_txn *inner;
	MDB_dbi dbi;

	ck_assert_int_eq(mdb_env_create(&env), 0);
	mdb_env_set_maxdbs(env, 1);
	ck_assert_int_eq(mdb_env_open(env, ledger_dir, 0, 0644), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &inner), 0);
	ck_assert_int_eq(mdb_dbi_open(inner, name, 0, &dbi), 0);
	ck_assert_int_eq(mdb_drop(inner, dbi, 1), 0);
	ck_assert_int_eq(mdb_txn_commit(inner), 0);
	mdb_env_close(env);
}

/* What came later than the schema is added by who may; what did not, is missed. */
START_TEST(a_database_that_is_missing)
{
	struct ledger *ledger;

	make_ledger();
	drop_database("exception");
	drop_database("refusal");
	must_not_open(LEDGER_READ, "a part is missing; restart postseal-prober, which adds");
	must_not_open(LEDGER_WRITE, "a part is missing");
	ledger = must_open(LEDGER_CREATE);
	ledger_close(ledger);
	ledger = must_open(LEDGER_READ);
	ledger_close(ledger);
	drop_database("alias");
	must_not_open(LEDGER_READ, "a part is missing; restart postseal-prober");
	must_not_open(LEDGER_CREATE, "is damaged");
}
END_TEST

START_TEST(a_newer_schema)
{
	make_ledger();
	put_raw("meta", "schema", 6, "5", 1);
	must_not_open(LEDGER_READ, "newer postseal (schema 5; this one,");
	must_not_open(LEDGER_CREATE, "upgrade this program");
}
END_TEST

START_TEST(an_older_schema)
{
	make_ledger();
	put_raw("meta", "schema", 6, "2", 1);
	must_not_open(LEDGER_READ, "older postseal (schema 2; this one,");
	must_not_open(LEDGER_CREATE, "`postseal import`");
}
END_TEST

START_TEST(a_damaged_schema)
{
	static const char *const bad[] = { "", "0", "one", "1 ", "99999999999" };

	make_ledger();
	put_raw("meta", "schema", 6, bad[_i], strlen(bad[_i]));
	must_not_open(LEDGER_READ, "is damaged");
}
END_TEST

/* What LMDB itself would run into with a bus error. */
START_TEST(cut_short)
{
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct domain_facts *domain = sample_domain();
	char key[32];
	struct stat st;

	for (int i = 0; i < 400; i++) {
		struct ledger_txn *txn = ledger_begin_write(ledger);

		snprintf(key, sizeof(key), "d%03d.test", i);
		ck_assert(ledger_put_domain(txn, key, domain));
		ck_assert(ledger_commit(txn));
	}
	ledger_close(ledger);
	ck_assert_int_eq(stat(in_ledger("data.mdb"), &st), 0);
	ck_assert_int_eq(truncate(in_ledger("data.mdb"), st.st_size / 2), 0);
	must_not_open(LEDGER_READ, "is cut short");
	/* A writer makes it whole; what was lost reads as an error, not as absent. */
	capture_start();
	ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
	if (ledger != NULL) {
		struct ledger_txn *txn = ledger_begin_read(ledger);

		for (int i = 0; i < 400; i++) {
			snprintf(key, sizeof(key), "d%03d.test", i);
			ck_assert_int_ne(ledger_get_domain(txn, key, domain), LOOKUP_ABSENT);
		}
		ledger_abort(txn);
		ledger_close(ledger);
	} else {
		ck_assert_ptr_nonnull(strstr(error, "damaged"));
	}
	free(capture_end());
	free(domain);
}
END_TEST

/* As a user who is neither owner nor in the group. */
static int open_as_nobody(void *arg)
{
	const enum ledger_mode *mode = arg;

	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
		return 99;
	if (ledger_open(ledger_dir, *mode, error) != NULL || errno != EACCES)
		return 1;
	if (strstr(error, "no permission") == NULL || strstr(error, ledger_dir) == NULL ||
	    strstr(error, "join") == NULL)
		return 2;
	return strstr(error, "lock.mdb (LMDB keeps its readers there") != NULL ? 13 : 0;
}

START_TEST(no_permission)
{
	enum ledger_mode mode = LEDGER_READ;

	make_ledger();
	chmod(ledger_dir, 0);
	ck_assert_int_eq(in_child(open_as_nobody, &mode), 0);
	chmod(ledger_dir, 0755);
	chmod(in_ledger("data.mdb"), 0);
	ck_assert_int_eq(in_child(open_as_nobody, &mode), 0);
	chmod(in_ledger("data.mdb"), 0444);
	chmod(in_ledger("lock.mdb"), 0444);
	ck_assert_int_eq(in_child(open_as_nobody, &mode), 13);
	chmod(in_ledger("lock.mdb"), 0666);
	mode = LEDGER_WRITE;
	ck_assert_int_eq(in_child(open_as_nobody, &mode), 0);
}
END_TEST

static int read_as_nobody(void *arg)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct domain_facts *domain = arg;

	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
		return 99;
	ledger = ledger_open(ledger_dir, LEDGER_READ, error);
	if (ledger == NULL || (txn = ledger_begin_read(ledger)) == NULL)
		return 1;
	return ledger_get_domain(txn, "sealed.test", domain) == LOOKUP_FOUND ? 0 : 2;
}

/* Who only asks needs to read the data and to write the lock file. */
START_TEST(asking_needs_no_more)
{
	struct domain_facts *domain = sample_domain();
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_txn *txn = ledger_begin_write(ledger);

	ck_assert(ledger_put_domain(txn, "sealed.test", domain));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	chmod(ledger_dir, 0555);
	chmod(in_ledger("data.mdb"), 0444);
	chmod(in_ledger("lock.mdb"), 0666);
	ck_assert_int_eq(in_child(read_as_nobody, domain), 0);
	free(domain);
}
END_TEST

/* Who owns the ledger has put a link there, to what only root may write. */
START_TEST(root_writes_through_no_link)
{
	static const enum ledger_mode modes[] = { LEDGER_READ, LEDGER_WRITE, LEDGER_CREATE };
	static const char *const links[] = { "lock.mdb", "data.mdb" };
	char secret[64], text[16];
	struct ledger *ledger;
	FILE *file;

	if (geteuid() != 0)
		return;
	make_ledger();
	ck_assert_int_eq(chown(ledger_dir, 65534, 65534), 0);
	ck_assert_int_eq(chown(in_ledger("data.mdb"), 65534, 65534), 0);
	ck_assert_int_eq(chown(in_ledger("lock.mdb"), 65534, 65534), 0);
	ledger_close(must_open(modes[_i % 3]));
	ck_assert_int_eq(geteuid(), 0);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	file = fopen(secret, "w");
	fputs("of root alone", file);
	fclose(file);
	chmod(secret, 0600);
	ck_assert_int_eq(remove(in_ledger(links[_i / 3])), 0);
	ck_assert_int_eq(symlink(secret, in_ledger(links[_i / 3])), 0);
	ledger = ledger_open(ledger_dir, modes[_i % 3], error);
	ck_assert_ptr_null(ledger);
	ck_assert_int_eq(geteuid(), 0);
	file = fopen(secret, "r");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	ck_assert_str_eq(text, "of root alone");
	fclose(file);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("open");

	tcase_add_loop_test(tc, modes_do_not_depend_on_the_umask, 0, 4);
	tcase_add_test(tc, opens_again_in_every_mode);
	tcase_add_test(tc, all_readers_have_their_place_on_the_disk);
	tcase_add_test(tc, missing);
	tcase_add_test(tc, cannot_be_made);
	tcase_add_test(tc, not_a_directory);
	tcase_add_test(tc, a_plain_file_in_its_place);
	tcase_add_test(tc, somebody_elses_lmdb);
	tcase_add_test(tc, somebody_elses_meta);
	tcase_add_test(tc, somebody_elses_plain_keys);
	tcase_add_test(tc, an_empty_environment);
	tcase_add_test(tc, a_database_that_is_missing);
	tcase_add_test(tc, a_newer_schema);
	tcase_add_test(tc, an_older_schema);
	tcase_add_loop_test(tc, a_damaged_schema, 0, 5);
	tcase_add_test(tc, cut_short);
	tcase_add_loop_test(tc, root_writes_through_no_link, 0, 6);
	tcase_add_test(tc, no_permission);
	tcase_add_test(tc, asking_needs_no_more);
	return run_case("ledger_open", tc);
}
