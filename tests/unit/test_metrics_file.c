/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a daemon's counts lie: made whole, read strictly, and its lock. */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/local/metrics_file.h"
#include "tests/unit/fork.h"

static char dir[] = "/tmp/test_metrics_file.XXXXXX";
static struct metrics_snapshot snapshot;
static char error[METRICS_FILE_ERROR_SIZE];
static bool alive;

static const char *in_dir(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void set_up(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	log_open("test", LOG_LEVEL_ERROR, LOG_SINK_STDERR);
	umask(0077);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void tear_down(void)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static enum lookup look(void)
{
	return metrics_read(dir, METRICS_PROBER, &snapshot, &alive, error);
}

START_TEST(what_is_counted_is_seen_at_once)
{
	struct stat st;
	int64_t now = clock_wall();

	metrics_count(M_UNWRITTEN); /* too early: nobody will see it */
	metrics_open(dir, METRICS_PROBER);
	ck_assert_int_eq(stat(in_dir("prober.metrics"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	ck_assert_int_eq(access(in_dir("prober.metrics.new"), F_OK), -1);
	metrics_count(METRIC1(PROBES, 1));
	metrics_add(METRIC1(PROBES, 1), 4);
	metrics_set(M_WORKERS, 64);
	metrics_drop(M_WORKERS);
	metrics_observe(JOB_TIME, 2, 30000, 2);
	metrics_observe(JOB_TIME, 2, -1, 1); /* a clock that is not what it says */
	ck_assert_int_eq(look(), LOOKUP_FOUND);
	ck_assert(alive);
	ck_assert_int_eq(snapshot.pid, getpid());
	ck_assert_int_ge(snapshot.started, now);
	ck_assert_int_eq(snapshot.ended, 0);
	ck_assert_uint_eq(snapshot.settings, 0);
	ck_assert_uint_eq(snapshot.cell[M_UNWRITTEN], 0);
	ck_assert_uint_eq(snapshot.cell[METRIC1(PROBES, 1)], 5);
	ck_assert_uint_eq(snapshot.cell[M_WORKERS], 63);
	ck_assert_uint_eq(snapshot.cell[METRIC1(JOB_TIME, 2)], 1);
	ck_assert_uint_eq(snapshot.cell[METRIC1(JOB_TIME, 2) + 3], 2);
	ck_assert_uint_eq(snapshot.cell[METRIC1(JOB_TIME, 2) + METRIC_SLOW_BUCKETS + 1], 60000);
	metrics_close();
	metrics_count(M_UNWRITTEN); /* threads may still be at it */
	ck_assert_int_eq(look(), LOOKUP_FOUND);
	ck_assert(!alive);
	ck_assert_int_ge(snapshot.ended, snapshot.started);
	ck_assert_uint_eq(snapshot.cell[M_UNWRITTEN], 1);
}
END_TEST

START_TEST(settings_in_force_are_told)
{
	struct settings settings;

	settings_init(&settings);
	metrics_settings(&settings, METRICS_PROBER); /* too early, and no harm */
	metrics_open(dir, METRICS_PROBER);
	metrics_settings(&settings, METRICS_PROBER);
	ck_assert_int_eq(look(), LOOKUP_FOUND);
	ck_assert_uint_eq(snapshot.settings, settings_digest(&settings, "prober"));
	settings.enforce = !settings.enforce;
	metrics_settings(&settings, METRICS_PROBER);
	ck_assert_int_eq(look(), LOOKUP_FOUND);
	ck_assert_uint_eq(snapshot.settings, settings_digest(&settings, "prober"));
	settings_free(&settings);
}
END_TEST

static void *count_a_lot(void *unused)
{
	for (int i = 0; i < 100000; i++)
		metrics_count(M_MESSAGES);
	return unused;
}

START_TEST(threads_lose_no_count)
{
	pthread_t threads[4];

	metrics_open(dir, METRICS_MILTER);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count_a_lot, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(metrics_read(dir, METRICS_MILTER, &snapshot, &alive, error), LOOKUP_FOUND);
	ck_assert_uint_eq(snapshot.cell[M_MESSAGES], 400000);
}
END_TEST

/* The next one's file takes its place; and the lock goes with a process that is killed. */
START_TEST(a_new_daemon_begins_anew)
{
	pid_t child;
	int status;

	for (int i = 0; i < 2; i++) {
		child = must_fork();
		if (child == 0) {
			metrics_open(dir, METRICS_PROBER);
			metrics_count(M_UNWRITTEN);
			raise(SIGKILL);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(look(), LOOKUP_FOUND);
		ck_assert(!alive);
		ck_assert_int_eq(snapshot.pid, child);
		ck_assert_int_eq(snapshot.ended, 0);
		ck_assert_uint_eq(snapshot.cell[M_UNWRITTEN], 1);
	}
}
END_TEST

/* What lies where the new file is made is not written through. */
START_TEST(no_link_is_followed)
{
	FILE *file = fopen(in_dir("precious"), "w");
	struct stat st;

	fputs("precious", file);
	fclose(file);
	ck_assert_int_eq(symlink("precious", in_dir("prober.metrics.new")), 0);
	metrics_open(dir, METRICS_PROBER);
	ck_assert_int_eq(look(), LOOKUP_FOUND);
	ck_assert_int_eq(stat(in_dir("precious"), &st), 0);
	ck_assert_int_eq(st.st_size, 8);
}
END_TEST

static void write_file(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(in_dir(name), "w");

	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_is_no_file_of_counts_is_told_apart)
{
	unsigned char bytes[METRICS_FILE_SIZE + 1] = { 0 };
	static const struct metrics_snapshot empty = { .source = METRICS_PROBER };

	ck_assert_int_eq(look(), LOOKUP_ABSENT);
	ck_assert(!alive);
	write_file("prober.metrics", bytes, sizeof(bytes));
	ck_assert_int_eq(look(), LOOKUP_ERROR);
	ck_assert_ptr_nonnull(strstr(error, "prober.metrics is damaged; restart the daemon"));
	metrics_encode(bytes, &empty);
	write_file("prober.metrics", bytes, METRICS_FILE_SIZE);
	ck_assert_int_eq(look(), LOOKUP_FOUND);
	write_file("prober.metrics", bytes, sizeof(bytes));
	ck_assert_int_eq(look(), LOOKUP_ERROR);
	write_file("milter.metrics", bytes, METRICS_FILE_SIZE);
	ck_assert_int_eq(metrics_read(dir, METRICS_MILTER, &snapshot, &alive, error), LOOKUP_ERROR);
	ck_assert_ptr_nonnull(strstr(error, "milter.metrics is another daemon's"));
	bytes[8] ^= 1;
	write_file("prober.metrics", bytes, METRICS_FILE_SIZE);
	ck_assert_int_eq(look(), LOOKUP_ERROR);
	ck_assert_ptr_nonnull(strstr(error, "is of another version of postseal"));
	remove(in_dir("prober.metrics"));
	ck_assert_int_eq(mkdir(in_dir("prober.metrics"), 0700), 0);
	ck_assert_int_eq(look(), LOOKUP_ERROR);
	ck_assert_ptr_nonnull(strstr(error, "cannot read"));
	remove(in_dir("prober.metrics"));
	ck_assert_int_eq(mkfifo(in_dir("prober.metrics"), 0600), 0);
	ck_assert_int_eq(look(), LOOKUP_ERROR); /* and does not wait for a writer */
}
END_TEST

/* It is of another version, and there it is. */
START_TEST(a_daemon_of_another_version_is_alive)
{
	int fd;

	metrics_open(dir, METRICS_PROBER);
	fd = open(in_dir("prober.metrics"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "other", 5, 8), 5);
	close(fd);
	ck_assert_int_eq(look(), LOOKUP_ERROR);
	ck_assert(alive);
}
END_TEST

START_TEST(no_place_is_no_harm)
{
	char missing[96];

	snprintf(missing, sizeof(missing), "%s/no", dir);
	metrics_open(missing, METRICS_PROBER);
	metrics_count(M_UNWRITTEN);
	metrics_close();
	ck_assert_int_eq(metrics_read(missing, METRICS_PROBER, &snapshot, &alive, error),
			 LOOKUP_ABSENT);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_counted_is_seen_at_once,
		settings_in_force_are_told,
		threads_lose_no_count,
		a_new_daemon_begins_anew,
		no_link_is_followed,
		what_is_no_file_of_counts_is_told_apart,
		a_daemon_of_another_version_is_alive,
		no_place_is_no_harm,
	};
	TCase *tcase = tcase_create("metrics_file");
	Suite *suite = suite_create("metrics_file");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
