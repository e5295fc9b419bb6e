/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The skeleton of the daemons, each time in a child of its own: it may exit and
 * give away its rights there. The child's hooks write what they see on standard
 * output.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "io/local/metrics_file.h"
#include "tests/unit/fork.h"

static char dir[] = "/tmp/postseal-daemon-XXXXXX";
static char settings_path[64];

struct outcome {
	int status; /* exit status; 256 and above: killed */
	struct buf out, err;
};

struct state {
	const struct settings *settings;
};
static struct state the_state;

static void *open_plain(const struct settings *settings)
{
	printf("open %u\n", settings->smtp_port);
	the_state.settings = settings;
	return &the_state;
}

static void *open_nothing(const struct settings *settings)
{
	(void)settings;
	log_error("socket=none cannot be opened");
	return NULL;
}

static int serve_plain(void *state)
{
	const struct state *mine = state;

	printf("serve %u\n", mine->settings->smtp_port); /* they still live */
	return 0;
}

static int serve_badly(void *state)
{
	(void)state;
	return 7;
}

static int serve_alive(void *state)
{
	(void)state;
	printf("interval %ld\n", daemon_alive_interval());
	for (int i = 0; i < 1000; i++)
		daemon_alive();
	return 0;
}

static int serve_broken_pipe(void *state)
{
	int ends[2];

	(void)state;
	if (pipe(ends) != 0)
		return 1;
	close(ends[0]);
	printf("write %s\n", write(ends[1], "x", 1) < 0 && errno == EPIPE ? "EPIPE" : "?");
	close(ends[1]);
	return 0;
}

static int serve_until_killed(void *state)
{
	(void)state;
	raise(SIGTERM);
	return 0;
}

static void reload_plain(void *state, const struct settings *settings)
{
	struct state *mine = state;

	printf("reload mixed_mx=%d smtp_port=%u\n", settings->mixed_mx, settings->smtp_port);
	mine->settings = settings;
}

static void write_settings(const char *more);

/* A good file, a bad one, and the good one again; what was read before still lives. */
static int serve_reloading(void *state)
{
	const struct state *mine = state;
	const struct settings *before = mine->settings;

	write_settings("mixed_mx = lenient\nsmtp_timeout = 5\nlog_level = debug\n");
	daemon_reload();
	log_debug("this shows");
	write_settings("mixed_mx = lenient\nsmtp_timeout = 5\nlog_format = json\n");
	daemon_reload();
	log_info("domain=a.test host=mx.a.test: it said \"no\" \\ domain=b.test");
	log_warning("domain=a.test domain=b.test twice");
	write_settings("mixed_mx = strict\nnonsense = 1\n");
	daemon_reload();
	printf("still mixed_mx=%d smtp_timeout=%d, before %d\n", mine->settings->mixed_mx,
	       (int)mine->settings->smtp_timeout, before->mixed_mx);
	write_settings("");
	daemon_reload();
	return 0;
}

static int serve_hung_up(void *state)
{
	(void)state;
	raise(SIGHUP);
	return 0;
}

static void close_plain(void *state)
{
	printf("close %s\n", state != NULL ? "state" : "nothing");
}

static struct daemon plain = { .name = "postseal-test",
			       .summary = "Tests the skeleton.",
			       .metrics = METRICS_MILTER,
			       .open = open_plain,
			       .serve = serve_plain,
			       .close = close_plain };

static void slurp(int fd, struct buf *into)
{
	ssize_t got;

	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, buf_reserve(into, 4096), 4096)) > 0)
		into->len += (size_t)got;
	(void)buf_cstr(into);
	close(fd);
}

/* An unnamed file, which never fills up as a pipe would. */
static int scratch_file(void)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* getopt(3) takes strings that it may write to. */
static _Noreturn void run_main(const struct daemon *daemon, const char *const *args)
{
	char *argv[8] = { NULL };
	int argc = 0;

	for (; args[argc] != NULL; argc++)
		argv[argc] = mem_strdup(args[argc]);
	signal(SIGTERM, SIG_DFL); /* libcheck's would end its own children */
	optind = 1;
	exit(daemon_main(daemon, argc, argv));
}

static struct outcome run(const struct daemon *daemon, const char *const *args)
{
	struct outcome outcome = { 0 };
	int out = scratch_file(), err = scratch_file(), status;
	pid_t child;

	fflush(NULL);
	child = must_fork();
	if (child == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		run_main(daemon, args);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
	slurp(out, &outcome.out);
	slurp(err, &outcome.err);
	return outcome;
}

static void free_outcome(struct outcome *outcome)
{
	buf_free(&outcome->out);
	buf_free(&outcome->err);
}

static void write_settings(const char *more)
{
	FILE *file = fopen(settings_path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "ledger = %s/ledger\nruntime = %s/run\nsmtp_port = 2525\n%s", dir, dir, more);
	ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(settings_path, sizeof(settings_path), "%s/conf", dir);
	write_settings("");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	unsetenv("JOURNAL_STREAM");
}

static void tear_down(void)
{
	static const char *const left[] = {
		"conf", "notify", "ledger/made", "ledger", "run/milter.metrics", "run"
	};
	char path[96];

	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
		remove(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
}

#define ARGV(...) ((const char *const[]){ "postseal-test", __VA_ARGS__, NULL })

static void assert_has(const struct buf *text, const char *part)
{
	ck_assert_msg(strstr(text->data, part) != NULL, "\"%s\" is not in: %s", part, text->data);
}

START_TEST(the_order_is_kept)
{
	struct outcome o = run(&plain, ARGV("-c", settings_path));
	struct stat st;
	char path[96];

	ck_assert_int_eq(o.status, 0);
	ck_assert_str_eq(o.out.data, "open 2525\nserve 2525\nclose state\n");
	assert_has(&o.err, "postseal-test: READY\n");
	assert_has(&o.err, "postseal-test: STOPPED status=0\n");
	snprintf(path, sizeof(path), "%s/ledger", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0750);
	snprintf(path, sizeof(path), "%s/run", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	free_outcome(&o);
}
END_TEST

static enum lookup read_counts(struct metrics_snapshot *snapshot, bool *alive)
{
	char run_dir[96], error[METRICS_FILE_ERROR_SIZE];

	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	return metrics_read(run_dir, METRICS_MILTER, snapshot, alive, error);
}

static int serve_counting(void *state)
{
	struct metrics_snapshot snapshot;
	bool alive;

	(void)state;
	metrics_count(M_FORGED);
	return read_counts(&snapshot, &alive) == LOOKUP_FOUND && alive &&
			       snapshot.cell[M_FORGED] == 1 && snapshot.pid == getpid() &&
			       snapshot.ended == 0
		       ? 0
		       : 9;
}

static int serve_and_die(void *state)
{
	(void)state;
	raise(SIGKILL);
	return 0;
}

/* Counts are to be seen as long as it runs, and after; and how it ended. */
START_TEST(counts_are_kept)
{
	struct metrics_snapshot snapshot;
	struct daemon daemon = plain;
	struct outcome o;
	bool alive;

	daemon.serve = serve_counting;
	o = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 0);
	free_outcome(&o);
	ck_assert_int_eq(read_counts(&snapshot, &alive), LOOKUP_FOUND);
	ck_assert(!alive);
	ck_assert_uint_eq(snapshot.cell[M_FORGED], 1);
	ck_assert_int_ge(snapshot.ended, snapshot.started);
	daemon.serve = serve_and_die;
	o = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 256 + SIGKILL);
	free_outcome(&o);
	ck_assert_int_eq(read_counts(&snapshot, &alive), LOOKUP_FOUND);
	ck_assert(!alive);
	ck_assert_uint_eq(snapshot.cell[M_FORGED], 0);
	ck_assert_int_eq(snapshot.ended, 0);
}
END_TEST

/* Without a place for them they count for nobody, and the daemon runs all the same. */
START_TEST(counts_without_a_place_do_no_harm)
{
	FILE *file = fopen(settings_path, "w");
	struct outcome o;

	fprintf(file, "ledger = %s/ledger\nruntime = %s/no/run\n", dir, dir);
	fclose(file);
	o = run(&plain, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 0);
	assert_has(&o.err, "/no/run/milter.metrics cannot be made: No such file or directory");
	free_outcome(&o);
}
END_TEST

START_TEST(usage_is_strict)
{
	static const struct {
		const char *argument;
		int status;
		const char *out, *err;
	} cases[] = {
		{ "-h", 0, "usage: postseal-test [-hV]", "" },
		{ "-V", 0, "postseal-test " POSTSEAL_VERSION "\n", "" },
		{ "-x", 2, "", "usage: postseal-test [-hV]" },
		{ "-c", 2, "", "usage: postseal-test [-hV]" },
		{ "-lfile", 2, "",
		  "postseal-test: -l is stderr or syslog, not: \"file\"\nusage: " },
		{ "ex\ntra", 2, "", "postseal-test: takes no arguments, but there is: \"ex" },
		{ "extra", 2, "", "usage: postseal-test [-hV]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o = run(&plain, ARGV(cases[i].argument));

		ck_assert_int_eq(o.status, cases[i].status);
		assert_has(&o.out, cases[i].out);
		assert_has(&o.err, cases[i].err);
		free_outcome(&o);
	}
}
END_TEST

START_TEST(bad_settings_stop_before_anything_is_opened)
{
	struct outcome o;

	write_settings("smtp_timeout = 0\n");
	o = run(&plain, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 1);
	ck_assert_str_eq(o.out.data, "");
	assert_has(&o.err, "/conf:4: smtp_timeout: found \"0\"");
	free_outcome(&o);

	o = run(&plain, ARGV("-c", "/nonexistent/postseal.conf"));
	ck_assert_int_eq(o.status, 1);
	assert_has(&o.err, "/nonexistent/postseal.conf: cannot be opened");
	free_outcome(&o);
}
END_TEST

START_TEST(a_failed_open_ends_it)
{
	struct daemon daemon = plain;
	struct outcome o;

	daemon.open = open_nothing;
	o = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 1);
	ck_assert_str_eq(o.out.data, "");
	ck_assert_ptr_null(strstr(o.err.data, "READY"));
	free_outcome(&o);
}
END_TEST

START_TEST(the_status_is_serves)
{
	struct daemon daemon = plain;
	struct outcome o;

	daemon.serve = serve_badly;
	o = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 7);
	assert_has(&o.err, "STOPPED status=7");
	assert_has(&o.out, "close state");
	free_outcome(&o);
}
END_TEST

START_TEST(signals_are_as_promised)
{
	struct daemon daemon = plain;
	struct outcome o;

	daemon.serve = serve_broken_pipe;
	o = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 0);
	assert_has(&o.out, "write EPIPE\n");
	free_outcome(&o);

	daemon.serve = serve_until_killed;
	o = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 256 + SIGTERM);
	free_outcome(&o);
}
END_TEST

START_TEST(settings_are_read_anew)
{
	struct daemon daemon = plain;
	struct outcome outcome;

	daemon.serve = serve_reloading;
	daemon.reload = reload_plain;
	outcome = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(outcome.status, 0);
	assert_has(&outcome.out, "reload mixed_mx=1 smtp_port=2525\n"
				 "reload mixed_mx=1 smtp_port=2525\n"
				 "still mixed_mx=1 smtp_timeout=20, before 0\n"
				 "reload mixed_mx=0 smtp_port=2525\n");
	assert_has(&outcome.err, "mixed_mx = lenient from now on");
	assert_has(&outcome.err, "smtp_timeout = 5 needs a restart of postseal-test");
	assert_has(&outcome.err, "this shows");
	assert_has(&outcome.err,
		   "Z\",\"program\":\"postseal-test\",\"level\":\"info\",\"subject\":"
		   "{\"domain\":\"a.test\",\"host\":\"mx.a.test:\"},\"text\":\"domain=a.test "
		   "host=mx.a.test: it said \\\"no\\\" \\\\ domain=b.test\"}\n");
	assert_has(&outcome.err, "\"level\":\"warning\",\"subject\":{\"domain\":\"a.test\"},"
				 "\"text\":\"domain=a.test domain=b.test twice\"}\n");
	assert_has(&outcome.err, "nonsense");
	assert_has(&outcome.err, "the settings stay as they were");
	free_outcome(&outcome);
}
END_TEST

START_TEST(a_hangup_alone_ends_nothing)
{
	struct daemon daemon = plain;
	struct outcome outcome;

	daemon.serve = serve_hung_up;
	outcome = run(&daemon, ARGV("-c", settings_path));
	ck_assert_int_eq(outcome.status, 0);
	free_outcome(&outcome);
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_is_a_warning)
{
	struct outcome o;
	FILE *file = fopen(settings_path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "ledger = %s/no/ledger\nruntime = %s/run\n", dir, dir);
	fclose(file);
	o = run(&plain, ARGV("-c", settings_path));
	ck_assert_int_eq(o.status, 0);
	assert_has(&o.err, "/no/ledger is missing, and cannot be made: No such file or directory");
	free_outcome(&o);
}
END_TEST

/* The service manager's socket, by a path or by a name in the abstract namespace. */
static int manager_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 60 };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void assert_notified(int fd, const char *message)
{
	char text[64];
	ssize_t len = recv(fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	ck_assert_str_eq(text, message);
}

static void assert_no_more(int fd)
{
	char text[64];

	ck_assert_int_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
}

START_TEST(the_service_manager_is_told)
{
	for (int abstract = 0; abstract < 2; abstract++) {
		char name[64];
		struct outcome o;
		int manager;

		snprintf(name, sizeof(name), "%s%s/notify", abstract ? "@" : "", dir);
		manager = manager_socket(name);
		o = run(&plain, ARGV("-c", settings_path));
		ck_assert_int_eq(o.status, 0);
		assert_notified(manager, "READY=1");
		assert_notified(manager, "STOPPING=1");
		assert_no_more(manager);
		free_outcome(&o);
	}
}
END_TEST

START_TEST(the_watchdog_is_fed)
{
	struct daemon daemon = plain;
	char name[64];
	struct outcome o;
	int manager;

	daemon.serve = serve_alive;
	snprintf(name, sizeof(name), "%s/notify", dir);
	manager = manager_socket(name);

	/* Longer than any machine has been up: the first sign of life waits for nothing. */
	setenv("WATCHDOG_USEC", "6000000000000000", 1);
	o = run(&daemon, ARGV("-c", settings_path));
	assert_has(&o.out, "interval 3000000000000\n");
	assert_notified(manager, "READY=1");
	assert_notified(manager, "WATCHDOG=1"); /* once, however often it was offered */
	assert_notified(manager, "STOPPING=1");
	free_outcome(&o);

	setenv("WATCHDOG_PID", "1", 1); /* meant for somebody else */
	o = run(&daemon, ARGV("-c", settings_path));
	assert_has(&o.out, "interval 0\n");
	assert_notified(manager, "READY=1");
	assert_notified(manager, "STOPPING=1");
	free_outcome(&o);
	assert_no_more(manager);
}
END_TEST

START_TEST(a_bad_notify_socket_does_no_harm)
{
	static const struct {
		const char *name, *warning;
	} cases[] = {
		{ "", "is not a path or an @name" },
		{ "relative", "is not a path or an @name" },
		{ "vsock:2:1", "is not a path or an @name" },
		{ "/nonexistent/notify", "READY=1 cannot be sent: No such file or directory" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o;

		setenv("NOTIFY_SOCKET", cases[i].name, 1);
		o = run(&plain, ARGV("-c", settings_path));
		ck_assert_int_eq(o.status, 0);
		assert_has(&o.err, cases[i].warning);
		free_outcome(&o);
	}
}
END_TEST

START_TEST(an_unknown_user_is_refused)
{
	struct outcome o = run(&plain, ARGV("-c", settings_path, "-u", "no such"));

	ck_assert_int_eq(o.status, 1);
	ck_assert_str_eq(o.out.data, "");
	assert_has(&o.err, "user=no such is not known");
	free_outcome(&o);
}
END_TEST

/* A port that only root may have, and a file, which is not to be root's. */
static void *open_as_root(const struct settings *settings)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(79) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char path[128];

	address.sin_addr.s_addr = htonl(0x7f4d0101); /* 127.77.1.1 */
	printf("bind %s\n", bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0
				    ? "done"
				    : strerror(errno));
	close(fd);
	snprintf(path, sizeof(path), "%s/made", settings->ledger);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0666);
	printf("file %s\n", fd >= 0 ? "made" : strerror(errno));
	close(fd);
	printf("shadow %s\n", access("/etc/shadow", F_OK) == 0 && open("/etc/shadow", O_RDONLY) < 0
				      ? "closed"
				      : "open");
	return &the_state;
}

static bool in_group(gid_t wanted)
{
	gid_t groups[64];
	int count = getgroups(ARRAY_LEN(groups), groups);

	for (int i = 0; i < count; i++) {
		if (groups[i] == wanted)
			return true;
	}
	return count < 0 || getgid() == wanted;
}

static int serve_as_user(void *state)
{
	const struct passwd *nobody = getpwnam("nobody");

	(void)state;
	printf("root's group %s\n", in_group(0) ? "kept" : "left");
	printf("uid %s\n", nobody != NULL && getuid() == nobody->pw_uid ? "nobody" : "?");
	printf("regain %s\n", setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 ? "yes" : "no");
	return 0;
}

START_TEST(root_is_given_up)
{
	const struct passwd *nobody = getpwnam("nobody");
	const gid_t root_group = 0;
	struct daemon daemon = plain;
	struct outcome o;
	struct stat st;
	char path[96];

	ck_assert_ptr_nonnull(nobody);
	ck_assert_int_eq(setgroups(1, &root_group), 0); /* as a login of root has it */
	daemon.open = open_as_root;
	daemon.serve = serve_as_user;
	o = run(&daemon, ARGV("-c", settings_path, "-u", "nobody"));
	ck_assert_msg(o.status == 0, "%s", o.err.data);
	ck_assert_str_eq(
		o.out.data,
		"bind done\nfile made\nshadow closed\nroot's group left\nuid nobody\nregain no\n"
		"close state\n");
	snprintf(path, sizeof(path), "%s/ledger/made", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, nobody->pw_uid);
	ck_assert_uint_eq(st.st_gid, nobody->pw_gid);
	ck_assert_uint_eq(st.st_mode & 0777, 0660); /* the umask is 0007 */
	snprintf(path, sizeof(path), "%s/ledger", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, nobody->pw_uid);
	free_outcome(&o);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon");
	TCase *tcase = tcase_create("daemon");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_order_is_kept);
	tcase_add_test(tcase, counts_are_kept);
	tcase_add_test(tcase, counts_without_a_place_do_no_harm);
	tcase_add_test(tcase, usage_is_strict);
	tcase_add_test(tcase, bad_settings_stop_before_anything_is_opened);
	tcase_add_test(tcase, a_failed_open_ends_it);
	tcase_add_test(tcase, the_status_is_serves);
	tcase_add_test(tcase, signals_are_as_promised);
	tcase_add_test(tcase, settings_are_read_anew);
	tcase_add_test(tcase, a_hangup_alone_ends_nothing);
	tcase_add_test(tcase, a_directory_that_cannot_be_made_is_a_warning);
	tcase_add_test(tcase, the_service_manager_is_told);
	tcase_add_test(tcase, the_watchdog_is_fed);
	tcase_add_test(tcase, a_bad_notify_socket_does_no_harm);
	tcase_add_test(tcase, an_unknown_user_is_refused);
	if (geteuid() == 0) /* nobody else has rights to give up */
		tcase_add_test(tcase, root_is_given_up);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
