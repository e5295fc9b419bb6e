/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `postseal export` and `postseal import`, run as a program: files, pipes,
 * terminals; and that two ways to the same knowledge export the same bytes.
 */
#include "export_case.h"
#include "tests/unit/fork.h"
#include "tests/unit/stopped_program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

static char conf[64], file[64], other[64];

static void put(const char *name, const char *text)
{
	FILE *to = fopen(name, "w");

	ck_assert_ptr_nonnull(to);
	fputs(text, to);
	ck_assert_int_eq(fclose(to), 0);
}

static struct buf contents(const char *name)
{
	struct buf text = { 0 };
	FILE *from = fopen(name, "r");
	size_t n;

	ck_assert_msg(from != NULL, "%s: %s", name, strerror(errno));
	while ((n = fread(buf_reserve(&text, 4096), 1, 4096, from)) > 0)
		text.len += n;
	fclose(from);
	return text;
}

/* The ledger of this name is the one that the program uses from here on. */
static void configure(const char *name)
{
	char text[256];

	snprintf(conf, sizeof(conf), "%s/conf", dir);
	snprintf(file, sizeof(file), "%s/backup", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	use_ledger(name);
	snprintf(text, sizeof(text), "ledger = \"%s\"\n", ledger_dir);
	put(conf, text);
}

static struct entry entry;

static void put_samples(void)
{
	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++) {
		sample_entry(&entry, kind);
		put_entries(&entry, 1);
	}
}

/* Words are parted by blanks; "<NAME" and ">NAME" are standard input and output. */
static _Noreturn void become(const char *words)
{
	char copy[256], *argv[16] = { program };
	int argc = 1, in = open("/dev/null", O_RDONLY), out = -1;

	snprintf(copy, sizeof(copy), "%s -c %s", words, conf);
	for (char *word = strtok(copy, " "); word != NULL && argc < 15; word = strtok(NULL, " ")) {
		if (word[0] == '<')
			in = open(word + 1, O_RDONLY);
		else if (word[0] == '>')
			out = open(word + 1, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		else
			argv[argc++] = word;
	}
	dup2(in, STDIN_FILENO);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	setenv("SUDO_USER", "ada", 1);
	setenv("TMPDIR", dir, 1);
	execv(program, argv);
	_exit(99);
}

/* What it says on standard error, and on standard output unless that was named. */
static struct buf said;

static int run(const char *words)
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = must_fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		become(words);
	}
	close(fds[1]);
	said.len = 0;
	while ((n = read(fds[0], buf_reserve(&said, 4096), 4096)) > 0)
		said.len += (size_t)n;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%s: signal %d", words, WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void expect(const char *words, int status, const char *text)
{
	int got = run(words);

	ck_assert_msg(got == status, "%s: status %d: %s", words, got, buf_cstr(&said));
	ck_assert_msg(strstr(buf_cstr(&said), text) != NULL, "%s: no \"%s\" in: %s", words, text,
		      buf_cstr(&said));
}

/* The same with a file's name behind the words. */
static void expect_file(const char *words, const char *name, int status, const char *text)
{
	char all[160];

	snprintf(all, sizeof(all), "%s %s", words, name);
	expect(all, status, text);
}

static void must_hold(const char *name, const struct buf *text)
{
	struct buf got = contents(name);

	ck_assert_msg(same_bytes(&got, text), "%s holds %s", name, buf_cstr(&got));
	buf_free(&got);
}

/* How many files there are in `dir` besides ledger and settings. */
static size_t leftovers(void)
{
	char command[96];
	int n = -1;
	FILE *from;

	snprintf(command, sizeof(command), "find %s -type f -name '*.*' ! -name '*.mdb' | wc -l",
		 dir);
	from = popen(command, "r"); /* NOLINT(cert-env33-c) */
	ck_assert_int_eq(fscanf(from, "%d", &n), 1);
	pclose(from);
	return (size_t)n;
}

/*
 * Exports.
 */

START_TEST(to_standard_output)
{
	struct buf facts, all;
	struct stat st;

	configure("a");
	put_samples();
	facts = exported(false);
	all = exported(true);
	ck_assert_int_eq(run("export"), 0);
	ck_assert(same_bytes(&said, &facts));
	ck_assert_int_eq(run("export -"), 0);
	ck_assert(same_bytes(&said, &facts));
	ck_assert_int_eq(run("export --json"), 0);
	ck_assert(same_bytes(&said, &facts));
	ck_assert_int_eq(run("export --journal"), 0);
	ck_assert(same_bytes(&said, &all));
	/* Devices and pipes are written to, not replaced; links to them neither. */
	snprintf(other, sizeof(other), "%s/link", dir);
	ck_assert_int_eq(symlink("/proc/self/fd/1", other), 0);
	expect_file("export", other, 0, "");
	ck_assert(same_bytes(&said, &facts));
	expect_file("export >/dev/full", other, 3, "/link: No space left on device");
	ck_assert_int_eq(lstat(other, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(unlink(other), 0);
	ck_assert_int_eq(symlink("/nonexistent/pipe", other), 0);
	expect_file("export", other, 3, "No such file");
	ck_assert_int_eq(lstat(other, &st), 0);
	expect("export >/dev/full", 3, "cannot write to standard output: No space left on device");
	buf_free(&facts);
	buf_free(&all);
}
END_TEST

START_TEST(to_a_file)
{
	struct buf facts;
	struct stat st;

	configure("a");
	put_samples();
	facts = exported(false);
	expect_file("export", file, 0, "6 records written to /tmp/");
	must_hold(file, &facts);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	/* Replaced, also behind a link, which stays one. */
	put(file, "yesterday's");
	ck_assert_int_eq(symlink(file, other), 0);
	expect_file("export --json", other, 0, "{\"records\":6}\n");
	must_hold(file, &facts);
	ck_assert_int_eq(lstat(other, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_uint_eq(leftovers(), 0);
	buf_free(&facts);
}
END_TEST

/* A good backup is not replaced by half of one. */
START_TEST(a_file_is_replaced_by_a_whole_one_only)
{
	struct buf good = { 0 };

	configure("a");
	put_samples();
	buf_append_str(&good, "yesterday's");
	put(file, "yesterday's");
	put_raw("override", ".bank.example", 13, "rubbish", 7);
	expect_file("export", file, 3, "some records cannot be read");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "/backup was not changed"));
	must_hold(file, &good);
	/* What can be read is to be had all the same. */
	expect_file("export", "-", 3, "{\"record\":\"end\",\"records\":5}");

	expect("export /nonexistent/backup", 3, "cannot write /nonexistent/backup.");
	put(conf, "ledger = \"/nonexistent\"\n");
	expect_file("export", file, 3, "there is no ledger at /nonexistent");
	must_hold(file, &good);
	ck_assert_uint_eq(leftovers(), 0);
	buf_free(&good);
}
END_TEST

/*
 * Imports.
 */

START_TEST(there_and_back)
{
	struct buf facts, after;

	configure("a");
	put_samples();
	facts = exported(false);
	expect_file("export --journal", file, 0, "7 records");
	configure("b");
	expect_file("import", file, 0, "domain              1          1          0\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "The journal was skipped"));
	after = exported(false);
	ck_assert(same_bytes(&facts, &after));
	buf_free(&after);
	expect_file("import --json", file, 0,
		    "{\"domain\":{\"read\":1,\"added\":0,\"changed\":0},\"host\":{\"read\":1,");
	expect_file("import --replace", file, 1, "the ledger is not empty");
	expect_file("import --replace", file, 1,
		    "with all of postseal stopped, move its data.mdb away");
	expect("history example.com", 0, "by an import:");
	configure("c");
	expect_file("import --replace", file, 0, "journal             1          1          0\n");
	after = exported(false);
	ck_assert(same_bytes(&facts, &after));
	buf_free(&after);
	buf_free(&facts);
}
END_TEST

/* A pipe can be read once only, so a copy is made, and is gone afterwards. */
START_TEST(from_standard_input)
{
	struct buf facts, after;
	char words[160];
	pid_t pid;

	configure("a");
	put_samples();
	facts = exported(false);
	expect_file("export", file, 0, "6 records");
	configure("b");
	snprintf(words, sizeof(words), "import - <%s", file);
	expect(words, 0, "domain              1");
	configure("c");
	ck_assert_int_eq(mkfifo(other, 0600), 0);
	pid = must_fork();
	if (pid == 0) {
		execlp("cp", "cp", file, other, (char *)NULL);
		_exit(99);
	}
	snprintf(words, sizeof(words), "import - <%s", other);
	expect(words, 0, "domain              1");
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	after = exported(false);
	ck_assert(same_bytes(&facts, &after));
	ck_assert_uint_eq(leftovers(), 0);
	expect("import - </dev/null", 1, "standard input: line 1: the file is cut short");
	buf_free(&facts);
	buf_free(&after);
}
END_TEST

START_TEST(what_is_refused)
{
	struct buf before, after;

	configure("a");
	put_samples();
	before = exported(true);
	put(file,
	    "{\"postseal\":\"ledger\",\"schema\":1}\n{\"record\":\"pins\",\"nexthop\":\"b.test\","
	    "\"pins\":[]}\nrubbish\n");
	expect_file("import", file, 1, "/backup: line 3: the line is not JSON");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "nothing was changed"));
	expect_file("import", "/nonexistent/x", 3, "cannot read /nonexistent/x: No such file");
	expect_file("import", dir, 3, "Is a directory");
	expect("import", 2, "an argument is missing");
	expect("import a b", 2, "there are too many arguments");
	expect("import --journal a", 2, "there is no option --journal here");
	expect("export a b", 2, "there are too many arguments");
	expect("export --replace a", 2, "there is no option --replace here");
	after = exported(true);
	ck_assert(same_bytes(&before, &after));
	put(conf, "ledger = \"/nonexistent\"\n");
	expect_file("import", file, 3, "there is no ledger at /nonexistent");
	buf_free(&before);
	buf_free(&after);
}
END_TEST

/* A bar on a terminal, which is wiped away; elsewhere nothing of it. */
START_TEST(progress_on_a_terminal)
{
	int fd, status;
	struct buf seen = { 0 };
	pid_t pid;
	ssize_t n;

	configure("a");
	put_samples();
	expect_file("export", file, 0, "6 records");
	expect_file("import", file, 0, "READ");
	ck_assert_ptr_null(strstr(buf_cstr(&said), "importing"));
	fd = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
	pid = must_fork();
	if (pid == 0) {
		char words[96];

		dup2(open(ptsname(fd), O_RDWR | O_NOCTTY), STDERR_FILENO);
		close(fd);
		setenv("TERM", "xterm", 1);
		snprintf(words, sizeof(words), "import %s >/dev/null", file);
		become(words);
	}
	while ((n = read(fd, buf_reserve(&seen, 4096), 4096)) > 0)
		seen.len += (size_t)n;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strstr(buf_cstr(&seen), "\rimporting [") != NULL, "%s", buf_cstr(&seen));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), "\r\033[K"));
	close(fd);
	buf_free(&seen);
}
END_TEST

/*
 * Learning: one log, twice, or in halves, or in the other order.
 */

#define AT(time, pid) "2026-01-02T03:" time "Z mail postfix/smtp[" pid "]: "
#define TLS(host)                                                                              \
	"Untrusted TLS connection established to " host "[192.0.2.1]:25: TLSv1.3 with cipher " \
	"TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
#define SENT(id, to, host)                                                                     \
	id ": to=<" to ">, relay=" host "[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, " \
	   "status=sent (250 ok)\n"
#define FIRST            \
	AT("04:05", "1") \
	TLS("a.mx.test") \
	AT("04:06", "1") SENT("A1", "u@a.test", "a.mx.test") AT("04:07", "2") TLS("b.mx.test")
#define SECOND                              \
	AT("04:08", "2")                    \
	SENT("A2", "u@b.test", "b.mx.test") \
	AT("05:00", "1")                    \
	TLS("a.mx.test")                    \
	AT("05:01", "1") SENT("A3", "u@b.test", "a.mx.test") AT("05:02", "3") TLS("c.mx.test")

/* a.mx.test was seen to have lost TLS, so that to learn from the log is also to recover. */
static void put_what_was_known(void)
{
	struct observation plain = { .time = T - UTC_DAY,
				     .source = SOURCE_PROBE,
				     .observed = OBSERVED_PLAIN };
	struct observation tls = { .time = T - 2 * UTC_DAY,
				   .source = SOURCE_PROBE,
				   .observed = OBSERVED_TLS,
				   .version = 0x0303,
				   .cipher = "X" };

	memset(&entry, 0, sizeof(entry));
	entry.kind = ENTRY_HOST;
	entry.port = 25;
	str_copy(entry.key, sizeof(entry.key), "a.mx.test");
	fold_host(&entry.of.host, &tls, 0, false);
	fold_host(&entry.of.host, &plain, 0, false);
	put_entries(&entry, 1);
}

START_TEST(learning_in_any_order_exports_the_same)
{
	static const char *const stories[][4] = {
		{ FIRST SECOND },  { FIRST SECOND, FIRST SECOND },   { FIRST, SECOND },
		{ SECOND, FIRST }, { SECOND, FIRST, SECOND, FIRST },
	};
	struct buf expected = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		char name[] = "a";
		char words[160];

		name[0] = (char)('a' + i);
		configure(name);
		put_what_was_known();
		for (size_t k = 0; k < 4 && stories[i][k] != NULL; k++) {
			/* By its name, so that its place is kept, and once more from the beginning. */
			put(file, stories[i][k]);
			expect_file("learn", file, 0, "lines read");
			snprintf(words, sizeof(words), "learn - <%s", file);
			expect(words, 0, "lines read");
		}
		ck_assert_int_eq(run("export"), 0);
		if (i == 0)
			buf_append(&expected, said.data, said.len);
		ck_assert_msg(same_bytes(&said, &expected), "story %zu: %s", i, buf_cstr(&said));
	}
	ck_assert_uint_eq(count(buf_cstr(&expected), "\"record\":\"host\""), 3);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&expected), "\"last_tls\":\"2026-01-02T03:05:00Z\""));
	buf_free(&expected);
}
END_TEST

/* Two machines that learned from a half each, merged, know what one knows that read both. */
START_TEST(learning_apart_and_merging_is_learning_at_once)
{
	static const char *const halves[] = { FIRST, SECOND };
	struct buf expected = { 0 };

	configure("whole");
	put(file, FIRST SECOND);
	expect_file("learn", file, 0, "7 lines read");
	ck_assert_int_eq(run("export"), 0);
	buf_append(&expected, said.data, said.len);
	for (size_t first = 0; first < 2; first++) {
		char name[] = "x0";

		name[1] = (char)('0' + first);
		configure(name);
		put(file, halves[first]);
		expect_file("learn", file, 0, "lines read");
		expect_file("export", other, 0, "records");
		name[0] = 'y';
		configure(name);
		put(file, halves[1 - first]);
		expect_file("learn", file, 0, "lines read");
		expect_file("import", other, 0, "READ");
		ck_assert_int_eq(run("export"), 0);
		ck_assert_msg(same_bytes(&said, &expected), "%s", buf_cstr(&said));
	}
	buf_free(&expected);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("export");

	find_program();
	tcase_add_test(tc, to_standard_output);
	tcase_add_test(tc, to_a_file);
	tcase_add_test(tc, a_file_is_replaced_by_a_whole_one_only);
	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, from_standard_input);
	tcase_add_test(tc, what_is_refused);
	tcase_add_test(tc, progress_on_a_terminal);
	tcase_add_test(tc, learning_in_any_order_exports_the_same);
	tcase_add_test(tc, learning_apart_and_merging_is_learning_at_once);
	return run_case("export", tc);
}
