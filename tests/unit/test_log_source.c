/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/log/log_source.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

static char folder[64];
static char path[96];  /* the log */
static char other[96]; /* what it is renamed to */

static void make_folder(void)
{
	str_copy(folder, sizeof(folder), "/tmp/test_log_source.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/mail.log", folder);
	snprintf(other, sizeof(other), "%s/mail.log.1", folder);
}

static void drop_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "/bin/rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Put text into a file: "w" anew, "a" at its end. */
static void put(const char *name, const char *mode, const char *text)
{
	FILE *file = fopen(name, mode);

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static struct log_source *open_at(const struct logplace *from)
{
	char error[LOG_SOURCE_ERROR_SIZE];
	struct log_source *source = log_source_file(path, from, error);

	ck_assert_msg(source != NULL, "%s", error);
	return source;
}

/* The next lines are these, and then comes `after`. */
static void expect(struct log_source *source, const char *const *lines, size_t count,
		   enum log_read after)
{
	struct span line;

	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(log_source_next(source, &line) == LOG_READ_LINE, "no %s", lines[i]);
		ck_assert_msg(span_is(line, lines[i]), "%.*s is not %s", (int)line.len, line.at,
			      lines[i]);
	}
	ck_assert_int_eq(log_source_next(source, &line), after);
}

#define EXPECT_IDLE(source, ...)                                   \
	expect(source, (const char *const[]){ __VA_ARGS__, NULL }, \
	       sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), LOG_READ_IDLE)
#define EXPECT_NOTHING(source) expect(source, NULL, 0, LOG_READ_IDLE)

static struct logplace place_of(struct log_source *source)
{
	struct logplace place;

	ck_assert(log_source_place(source, &place));
	return place;
}

START_TEST(gives_whole_lines_as_they_come)
{
	struct log_source *source;

	put(path, "w", "one\ntwo\n\nth");
	source = open_at(NULL);
	EXPECT_IDLE(source, "one", "two", "");
	EXPECT_NOTHING(source);
	put(path, "a", "ree");
	EXPECT_NOTHING(source);
	put(path, "a", "\nfour\n");
	EXPECT_IDLE(source, "three", "four");
	log_source_close(source);
}
END_TEST

START_TEST(goes_on_where_it_was)
{
	struct log_source *source;
	struct logplace place;
	struct span line;

	put(path, "w", "one\ntwo\nthree\n");
	source = open_at(NULL);
	ck_assert_int_eq(log_source_next(source, &line), LOG_READ_LINE);
	place = place_of(source); /* between lines that have been read already */
	log_source_close(source);

	source = open_at(&place);
	EXPECT_IDLE(source, "two", "three");
	place = place_of(source);
	log_source_close(source);
	put(path, "a", "four\n");
	source = open_at(&place);
	EXPECT_IDLE(source, "four");
	log_source_close(source);
}
END_TEST

START_TEST(has_a_place_before_the_first_line)
{
	struct log_source *source;
	struct logplace place;

	put(path, "w", "on");
	source = open_at(NULL);
	EXPECT_NOTHING(source);
	place = place_of(source);
	ck_assert_uint_eq(place.offset, 0);
	log_source_close(source);
	put(path, "a", "e\n");
	source = open_at(&place);
	EXPECT_IDLE(source, "one");
	place = place_of(source);
	ck_assert_uint_ne(place.fingerprint, 0);
	log_source_close(source);
}
END_TEST

START_TEST(follows_a_renamed_log)
{
	struct log_source *source;

	put(path, "w", "one\n");
	source = open_at(NULL);
	EXPECT_IDLE(source, "one");
	ck_assert_int_eq(rename(path, other), 0);
	EXPECT_NOTHING(source);
	put(path, "w", ""); /* logrotate's `create`, before the writer knows */
	put(other, "a", "two\n");
	EXPECT_IDLE(source, "two");
	put(other, "a", "three\n");
	put(path, "a", "four\n");
	EXPECT_IDLE(source, "three", "four");
	put(other, "a", "lost\n");
	put(path, "a", "five\n");
	EXPECT_IDLE(source, "five");
	log_source_close(source);
}
END_TEST

/* So that no file can be opened: no mode would keep root from that. What was allowed before. */
static rlim_t allow_files(rlim_t count)
{
	struct rlimit limit;
	rlim_t before;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

START_TEST(says_that_the_new_log_cannot_be_read)
{
	char said[1024] = "";
	int err = dup(STDERR_FILENO);
	struct log_source *source;
	FILE *file = fopen(other, "w+");
	rlim_t before;

	put(path, "w", "one\n");
	source = open_at(NULL);
	EXPECT_IDLE(source, "one");
	ck_assert_int_eq(unlink(path), 0);
	put(path, "w", "two\n");
	dup2(fileno(file), STDERR_FILENO);
	before = allow_files(3);
	EXPECT_NOTHING(source);
	EXPECT_NOTHING(source);
	allow_files(before);
	dup2(err, STDERR_FILENO);
	rewind(file);
	ck_assert_uint_gt(fread(said, 1, sizeof(said) - 1, file), 0);
	ck_assert_msg(strstr(said, "was rotated, and the new one cannot be read") != NULL, "%s",
		      said);
	ck_assert_msg(strchr(said, '\n') == strrchr(said, '\n'), "more than once: %s", said);
	EXPECT_IDLE(source, "two");
	log_source_close(source);
	fclose(file);
	close(err);
}
END_TEST

START_TEST(follows_a_truncated_log)
{
	struct log_source *source;

	put(path, "w", "one\ntwo\n");
	source = open_at(NULL);
	EXPECT_IDLE(source, "one", "two");
	put(path, "w", "");
	EXPECT_NOTHING(source);
	put(path, "a", "three\n");
	EXPECT_IDLE(source, "three");
	/* Truncated to a part of itself, as far as its first line tells. */
	put(path, "a", "more\n");
	EXPECT_IDLE(source, "more");
	put(path, "w", "three\n");
	EXPECT_IDLE(source, "three");
	/* Truncated and grown beyond where it was, all at once. */
	put(path, "w", "four, which is a longer line\nfive\n");
	EXPECT_IDLE(source, "four, which is a longer line", "five");
	log_source_close(source);
}
END_TEST

START_TEST(finds_a_log_that_was_renamed_while_it_was_away)
{
	static const char *const names[] = { "mail.log.1", "mail.log-20261122" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct log_source *source;
		struct logplace place;

		snprintf(other, sizeof(other), "%s/%s", folder, names[i]);
		put(path, "w", "one\n");
		source = open_at(NULL);
		EXPECT_IDLE(source, "one");
		place = place_of(source);
		log_source_close(source);

		put(path, "a", "two\n");
		ck_assert_int_eq(rename(path, other), 0);
		put(path, "w", "three\n");
		source = open_at(&place);
		EXPECT_IDLE(source, "two", "three");
		ck_assert_uint_ne(place_of(source).inode, place.inode);
		log_source_close(source);
		unlink(path);
		unlink(other);
	}
}
END_TEST

START_TEST(begins_anew_where_the_place_is_gone)
{
	struct log_source *source;
	struct logplace place;

	put(path, "w", "one\ntwo\n");
	source = open_at(NULL);
	EXPECT_IDLE(source, "one", "two");
	place = place_of(source);
	log_source_close(source);

	/* rotated and compressed: gone for good */
	put(other, "w", "packed");
	unlink(path);
	put(path, "w", "three\n");
	source = open_at(&place);
	EXPECT_IDLE(source, "three");
	log_source_close(source);

	/* the same inode, but another log */
	place.inode = 0;
	source = open_at(NULL);
	place.inode = place_of(source).inode;
	place.offset = 2;
	log_source_close(source);
	source = open_at(&place);
	EXPECT_IDLE(source, "three");
	log_source_close(source);

	/* the same log, but shorter */
	source = open_at(NULL);
	place = place_of(source);
	place.offset = 1000;
	log_source_close(source);
	source = open_at(&place);
	EXPECT_IDLE(source, "three");
	log_source_close(source);

	/* a place in something else altogether */
	place = (struct logplace){ .kind = LOGPLACE_JOURNAL, .cursor = "x" };
	source = open_at(&place);
	EXPECT_IDLE(source, "three");
	log_source_close(source);
}
END_TEST

#define ENDLESS (4 * 65536 + 100)

START_TEST(passes_over_endless_lines)
{
	struct log_source *source;
	FILE *file = fopen(path, "w");
	struct logplace place;

	fputs("one\n", file);
	/* Its end is short enough to be taken for a line, however it is read. */
	for (int i = 0; i < ENDLESS; i++)
		fputc('x', file);
	fputs("\ntwo\n", file);
	for (int i = 0; i < LOG_SOURCE_LINE_MAX + 1; i++)
		fputc('y', file);
	fputs("\nthree\n", file);
	fclose(file);
	source = open_at(NULL);
	EXPECT_IDLE(source, "one", "two", "three");
	place = place_of(source);
	ck_assert_uint_eq(place.offset, 4 + ENDLESS + 1 + 4 + LOG_SOURCE_LINE_MAX + 2 + 6);
	log_source_close(source);

	file = fopen(path, "w");
	for (int i = 0; i < LOG_SOURCE_LINE_MAX; i++)
		fputc('z', file);
	fputs("\n", file);
	fclose(file);
	source = open_at(NULL);
	{
		struct span line;

		ck_assert_int_eq(log_source_next(source, &line), LOG_READ_LINE);
		ck_assert_uint_eq(line.len, LOG_SOURCE_LINE_MAX);
	}
	log_source_close(source);
}
END_TEST

START_TEST(counts_years_from_the_files_last_change)
{
	struct timespec times[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
	struct log_source *source;

	put(path, "w", "one\n");
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	source = open_at(NULL);
	ck_assert_int_eq(log_source_reference(source), 1700000000);
	log_source_close(source);
}
END_TEST

START_TEST(says_what_it_cannot_open)
{
	char error[LOG_SOURCE_ERROR_SIZE];

	ck_assert_ptr_null(log_source_file(path, NULL, error));
	ck_assert_ptr_nonnull(strstr(error, path));
	ck_assert_ptr_null(log_source_file(folder, NULL, error));
	ck_assert_ptr_nonnull(strstr(error, "directory"));
}
END_TEST

START_TEST(reads_a_stream_to_its_end)
{
	struct log_source *source;
	struct logplace place;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	source = log_source_stream(ends[0]);
	EXPECT_NOTHING(source);
	ck_assert_int_eq(write(ends[1], "one\ntw", 6), 6);
	EXPECT_IDLE(source, "one");
	ck_assert_int_eq(write(ends[1], "o\nthree", 7), 7);
	log_source_wait(source, 10000);
	EXPECT_IDLE(source, "two");
	close(ends[1]);
	expect(source, (const char *const[]){ "three" }, 1, LOG_READ_END);
	ck_assert(!log_source_place(source, &place));
	ck_assert_int_ge(log_source_reference(source), clock_wall() - 1000);
	log_source_close(source);
	log_source_close(NULL);
}
END_TEST

START_TEST(reads_a_fifo_as_a_stream)
{
	char error[LOG_SOURCE_ERROR_SIZE];
	struct log_source *source;
	struct logplace place;
	int writer;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	writer = open(path, O_RDWR); /* so that nobody waits for the other end */
	source = log_source_file(path, NULL, error);
	ck_assert_msg(source != NULL, "%s", error);
	ck_assert_int_eq(write(writer, "one\n", 4), 4);
	EXPECT_IDLE(source, "one");
	ck_assert(!log_source_place(source, &place));
	log_source_close(source);
	close(writer);
}
END_TEST

/*
 * The journal, with a journalctl(1) of our own before all others in $PATH. It
 * notes how it was called.
 */

/* And a postconf(1), that says who is Postfix here. */
static void make_postconf(const char *script)
{
	char name[96];
	char text[256];

	snprintf(name, sizeof(name), "%s/postconf", folder);
	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	put(name, "w", text);
	ck_assert_int_eq(chmod(name, 0700), 0);
}

static void make_journalctl(const char *script)
{
	char name[96];
	char search[512];
	char text[1024];

	snprintf(name, sizeof(name), "%s/journalctl", folder);
	snprintf(text, sizeof(text), "#!/bin/sh\nfor word; do echo \"$word\"; done >%s/words\n%s\n",
		 folder, script);
	put(name, "w", text);
	ck_assert_int_eq(chmod(name, 0700), 0);
	snprintf(search, sizeof(search), "%s:%s", folder, getenv("PATH"));
	setenv("PATH", search, 1);
	make_postconf("[ \"$*\" = '-h mail_owner' ] && id -un");
}

static bool was_told(const char *word)
{
	char name[96];
	char line[512];
	bool found = false;
	FILE *file;

	snprintf(name, sizeof(name), "%s/words", folder);
	file = fopen(name, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = found || strcmp(line, word) == 0;
	}
	fclose(file);
	return found;
}

/* Not IDLE: whatever comes next, within generous bounds. */
static enum log_read next_within_bounds(struct log_source *source, struct span *line)
{
	enum log_read read;

	for (int i = 0; i < 100; i++) {
		read = log_source_next(source, line);
		if (read != LOG_READ_IDLE)
			return read;
		log_source_wait(source, 1000);
	}
	return read;
}

/* With --follow alone journalctl shows the present boot, with --merge every machine. */
static void expect_all_boots_of_this_machine(void)
{
	char match[] = "_MACHINE_ID=................................";
	FILE *file = fopen("/etc/machine-id", "r");
	bool has_id = file != NULL && fscanf(file, "%32[0-9a-f]", strchr(match, '.')) == 1 &&
		      strlen(match) == 44;

	if (file != NULL)
		fclose(file);
	ck_assert(was_told("--merge") == has_id);
	ck_assert(was_told(match) == has_id);
}

START_TEST(reads_the_journal)
{
	char owner[32];
	char error[LOG_SOURCE_ERROR_SIZE];
	struct log_source *source;
	struct logplace place;
	struct span line;

	make_journalctl(
		"printf '__CURSOR=c1\\n__REALTIME_TIMESTAMP=1800000000999999\\n_HOSTNAME=mail\\n"
		"SYSLOG_IDENTIFIER=postfix/smtp\\nSYSLOG_PID=9\\nMESSAGE=one\\n\\n'\n"
		"printf '__CURSOR=c2\\n_PID=9\\nMESSAGE=of nobody\\n\\n'\n"
		"printf '__CURSOR=c3\\n__REALTIME_TIMESTAMP=1800000001000000\\n"
		"SYSLOG_IDENTIFIER=postfix/smtp\\n_PID=8\\nMESSAGE=two\\n\\n'");
	source = log_source_journal(NULL, false, error);
	ck_assert_msg(source != NULL, "%s", error);
	ck_assert(!log_source_place(source, &place));
	ck_assert_int_eq(next_within_bounds(source, &line), LOG_READ_LINE);
	ck_assert(span_is(line, "2027-01-15T08:00:00Z mail postfix/smtp[9]: one"));
	place = place_of(source);
	ck_assert_str_eq(place.cursor, "c1");
	ck_assert_int_eq(next_within_bounds(source, &line), LOG_READ_LINE);
	ck_assert(span_is(line, "2027-01-15T08:00:01Z - postfix/smtp[8]: two"));
	ck_assert_int_eq(next_within_bounds(source, &line), LOG_READ_END);
	ck_assert_str_eq(place_of(source).cursor, "c3");
	log_source_close(source);
	ck_assert(was_told("--output=export"));
	snprintf(owner, sizeof(owner), "_UID=%ld", (long)geteuid());
	ck_assert(was_told("_COMM=smtp"));
	ck_assert(was_told(owner));
	ck_assert(!was_told("--follow"));
	ck_assert(!was_told("--after-cursor=c1"));

	source = log_source_journal(&place, true, error);
	ck_assert_str_eq(place_of(source).cursor, "c1");
	while (next_within_bounds(source, &line) == LOG_READ_LINE)
		;
	log_source_close(source);
	ck_assert(was_told("--follow"));
	expect_all_boots_of_this_machine();
	ck_assert(was_told("--after-cursor=c1"));
}
END_TEST

START_TEST(ends_a_journalctl_that_goes_on)
{
	char error[LOG_SOURCE_ERROR_SIZE];
	struct log_source *source;
	struct span line;

	make_journalctl("exec sleep 1000");
	source = log_source_journal(NULL, true, error);
	ck_assert_int_eq(log_source_next(source, &line), LOG_READ_IDLE);
	log_source_close(source); /* comes back */
}
END_TEST

START_TEST(believes_nobody_where_there_is_no_postfix)
{
	char error[LOG_SOURCE_ERROR_SIZE];

	make_journalctl("exit 0");
	make_postconf("echo nobody-of-that-name");
	ck_assert_ptr_null(log_source_journal(NULL, false, error));
	ck_assert_ptr_nonnull(strstr(error, "there is no user \"nobody-of-that-name\""));
}
END_TEST

START_TEST(notices_a_journalctl_that_fails)
{
	static const char *const scripts[] = {
		"exit 1",
		"kill -9 $$",
		"echo '-- No entries --'",
		"printf 'MESSAGE=cut sho'; exit 1",
	};

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		char error[LOG_SOURCE_ERROR_SIZE];
		struct log_source *source;
		struct span line;

		make_journalctl(scripts[i]);
		source = log_source_journal(NULL, false, error);
		ck_assert_msg(next_within_bounds(source, &line) == LOG_READ_FAILED, "%s",
			      scripts[i]);
		log_source_close(source);
	}
}
END_TEST

START_TEST(says_when_there_is_no_journalctl)
{
	char error[LOG_SOURCE_ERROR_SIZE];
	struct log_source *source;
	struct span line;

	/* Postfix's user is known, with no other program than a shell's own commands. */
	make_postconf("echo root");
	setenv("PATH", folder, 1);
	source = log_source_journal(NULL, false, error);
	/* Where posix_spawn is a fork, as under valgrind, it comes out only when reading. */
	if (source == NULL)
		ck_assert_ptr_nonnull(strstr(error, "journalctl"));
	else
		ck_assert_int_eq(next_within_bounds(source, &line), LOG_READ_FAILED);
	log_source_close(source);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_source");
	TCase *files = tcase_create("files");
	TCase *journal = tcase_create("journal");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(files, make_folder, drop_folder);
	tcase_add_test(files, gives_whole_lines_as_they_come);
	tcase_add_test(files, goes_on_where_it_was);
	tcase_add_test(files, has_a_place_before_the_first_line);
	tcase_add_test(files, follows_a_renamed_log);
	tcase_add_test(files, says_that_the_new_log_cannot_be_read);
	tcase_add_test(files, follows_a_truncated_log);
	tcase_add_test(files, finds_a_log_that_was_renamed_while_it_was_away);
	tcase_add_test(files, begins_anew_where_the_place_is_gone);
	tcase_add_test(files, passes_over_endless_lines);
	tcase_add_test(files, counts_years_from_the_files_last_change);
	tcase_add_test(files, says_what_it_cannot_open);
	tcase_add_test(files, reads_a_stream_to_its_end);
	tcase_add_test(files, reads_a_fifo_as_a_stream);
	tcase_set_timeout(journal, 120);
	tcase_add_checked_fixture(journal, make_folder, drop_folder);
	tcase_add_test(journal, reads_the_journal);
	tcase_add_test(journal, ends_a_journalctl_that_goes_on);
	tcase_add_test(journal, believes_nobody_where_there_is_no_postfix);
	tcase_add_test(journal, notices_a_journalctl_that_fails);
	tcase_add_test(journal, says_when_there_is_no_journalctl);
	suite_add_tcase(suite, files);
	suite_add_tcase(suite, journal);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
