/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * milter_mta - the real postseal-milter in a directory of its own, asked as an
 * MTA asks: the milter protocol over its socket, packet by packet, so that each
 * test says exactly which macros it sees. Included once by each test program.
 */
#ifndef POSTSEAL_TESTS_MILTER_MTA_H
#define POSTSEAL_TESTS_MILTER_MTA_H

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "io/local/metrics_file.h"
#include "tests/unit/fork.h"

#define PATIENCE_MS 20000 /* for what should come at once */

static char dir[] = "/tmp/test_milter.XXXXXX";
static char path[64];
static pid_t milter;
static int milter_log; /* its standard error */
static int mta;        /* our connection to it */

/* The milter's process */

static inline void program(char *out, size_t size)
{
	char self[PATH_MAX] = "";

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(out, size, "%s/../postseal-milter", dirname(self));
}

static inline pid_t start(int *log)
{
	char name[PATH_MAX + 32], conf[64];
	int ends[2];
	pid_t pid;

	program(name, sizeof(name));
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	ck_assert_int_eq(pipe(ends), 0);
	pid = must_fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		unsetenv("JOURNAL_STREAM");
		execl(name, "postseal-milter", "-c", conf, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*log = ends[0];
	return pid;
}

/* The next line of the log; false at its end. */
static inline bool log_line(int log, char *line, size_t size)
{
	struct pollfd ready = { .fd = log, .events = POLLIN };
	size_t len = 0;
	char c;

	for (;;) {
		ck_assert_msg(poll(&ready, 1, PATIENCE_MS) == 1, "the log stays silent");
		if (read(log, &c, 1) != 1)
			return false;
		if (c == '\n')
			break;
		if (len + 1 < size)
			line[len++] = c;
	}
	line[len] = '\0';
	return true;
}

static inline void expect_log(int log, const char *wanted)
{
	char line[4096];

	do
		ck_assert_msg(log_line(log, line, sizeof(line)), "never logged: %s", wanted);
	while (strstr(line, wanted) == NULL);
}

static inline void write_settings(const char *domains, const char *more)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "%s/conf", dir);
	file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file,
		"ledger = \"%s/ledger\"\nruntime = \"%s/run\"\n"
		"milter_listen = \"unix:%s\"\n"
		"socketmap_listen = {\"unix:%s/map.sock\"}\n"
		"secure_domains = {%s}\n%s",
		dir, dir, path, dir, domains, more);
	ck_assert_int_eq(fclose(file), 0);
}

static inline int wait_status(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What the milter has counted by now: before it answers, so that nothing has to be waited for. */
static inline uint64_t counted(enum metric_cell cell)
{
	char name[64], error[METRICS_FILE_ERROR_SIZE];
	struct metrics_snapshot snapshot;
	bool alive;

	snprintf(name, sizeof(name), "%s/run", dir);
	ck_assert_int_eq(metrics_read(name, METRICS_MILTER, &snapshot, &alive, error),
			 LOOKUP_FOUND);
	ck_assert(alive);
	return snapshot.cell[cell];
}

/* The MTA's side of the protocol */

static inline int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	str_copy(addr.sun_path, sizeof(addr.sun_path), path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* A packet: its length, a command, its data. */
static inline void say(char command, const void *data, size_t len)
{
	uint32_t size = htonl((uint32_t)len + 1);
	char packet[2048];

	ck_assert_uint_lt(len, sizeof(packet) - 5);
	memcpy(packet, &size, 4);
	packet[4] = command;
	if (len > 0)
		memcpy(packet + 5, data, len);
	ck_assert_int_eq(write(mta, packet, len + 5), (ssize_t)len + 5);
}

static inline void read_all(void *into, size_t len)
{
	ck_assert_int_eq(recv(mta, into, len, MSG_WAITALL), (ssize_t)len);
}

/* The reply's command; what came with it into data, with a NUL behind. */
static inline char hear(char *data, size_t size, size_t *len)
{
	uint32_t length;
	char command;

	read_all(&length, sizeof(length));
	length = ntohl(length);
	ck_assert_uint_ge(length, 1);
	ck_assert_uint_le(length, size);
	read_all(&command, 1);
	*len = length - 1;
	if (*len > 0)
		read_all(data, *len);
	data[*len] = '\0';
	return command;
}

#define ALL_ACTIONS 0x1ffu
#define ALL_STEPS 0x1fffffu

struct negotiated {
	uint32_t version, actions, steps;
	char macros[512]; /* as they came: a stage's number, a list, ... */
	size_t macros_len;
};

static inline void negotiate_with(struct negotiated *got, uint32_t actions, uint32_t steps)
{
	uint32_t offer[] = { htonl(6), htonl(actions), htonl(steps) };
	char reply[1024];
	size_t len;

	say('O', offer, sizeof(offer));
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'O');
	ck_assert_uint_ge(len, sizeof(offer));
	memcpy(offer, reply, sizeof(offer));
	*got = (struct negotiated){ ntohl(offer[0]), ntohl(offer[1]), ntohl(offer[2]), "", 0 };
	got->macros_len = len - sizeof(offer);
	ck_assert_uint_le(got->macros_len, sizeof(got->macros));
	memcpy(got->macros, reply + sizeof(offer), got->macros_len);
}

static inline void negotiate(void)
{
	struct negotiated got;

	negotiate_with(&got, ALL_ACTIONS, ALL_STEPS);
}

/* "name=value name=value": what Postfix sends before a command. */
static inline void macros(char command, const char *list)
{
	char data[1024], *copy = strdup(list), *rest = copy, *pair;
	size_t len = 0;

	data[len++] = command;
	while ((pair = strsep(&rest, " ")) != NULL) {
		char *value = strchr(pair, '=');

		ck_assert_ptr_nonnull(value);
		*value++ = '\0';
		memcpy(data + len, pair, strlen(pair) + 1);
		len += strlen(pair) + 1;
		memcpy(data + len, value, strlen(value) + 1);
		len += strlen(value) + 1;
	}
	free(copy);
	say('D', data, len);
}

/* family '4', '6', 'L' or 'U', as in mfdef.h. No reply is asked for. */
static inline void client(char family, const char *address)
{
	char data[128];
	size_t len = sizeof("client.example");

	memcpy(data, "client.example", len);
	data[len++] = family;
	if (family != 'U') {
		uint16_t port = htons(1234);

		memcpy(data + len, &port, sizeof(port));
		len += sizeof(port);
		memcpy(data + len, address, strlen(address) + 1);
		len += strlen(address) + 1;
	}
	say('C', data, len);
}

static inline char ask(char command, const char *argument, char reply[512])
{
	size_t len;

	say(command, argument, strlen(argument) + 1);
	return hear(reply, 512, &len);
}

static inline void helo(void)
{
	/* Nobody asked for this step; an MTA too old to leave it out sends it. */
	char reply[512];

	ck_assert_int_eq(ask('H', "client.example", reply), 'c');
}

/* What a macro list looks like over TLS, and without. */
#define TLS(version) "{client_port}=1234 {tls_version}=" version
#define PLAIN "{client_port}=1234"

static inline char mail_from(const char *from, const char *seen, char reply[512])
{
	if (seen != NULL)
		macros('M', seen);
	return ask('M', from, reply);
}

static inline void mail(const char *seen)
{
	char reply[512];

	ck_assert_int_eq(mail_from("<you@example.net>", seen, reply), 'c');
}

static inline void header(const char *name, const char *value)
{
	char data[1024];
	size_t len = strlen(name) + 1;

	ck_assert_uint_le(len + strlen(value) + 1, sizeof(data));
	memcpy(data, name, len);
	memcpy(data + len, value, strlen(value) + 1);
	say('L', data, len + strlen(value) + 1);
}

static inline void accepted(const char *to)
{
	char reply[512];

	ck_assert_msg(ask('R', to, reply) == 'c', "%s: %s", to, reply);
}

static inline void refused(const char *to, const char *text)
{
	char reply[512];

	ck_assert_msg(ask('R', to, reply) == 'y', "%s was accepted", to);
	ck_assert_msg(strncmp(reply, "550 5.7.10 ", 11) == 0, "%s", reply);
	ck_assert_msg(strstr(reply, text) != NULL, "%s", reply);
}

static inline void end_of_message(void)
{
	char reply[512];
	size_t len;

	say('E', NULL, 0);
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
}

#define SECURE "<me@secure.example.com>"
#define ORDINARY "<me@example.com>"
#define DOMAINS "\"secure.example.com\""
#define NO_TLS "did not use STARTTLS"

static inline void setup_with(const char *domains, const char *more, const char *first_line)
{
	str_copy(dir, sizeof(dir), "/tmp/test_milter.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/milter.sock", dir);
	write_settings(domains, more);
	milter = start(&milter_log);
	expect_log(milter_log, first_line);
	expect_log(milter_log, "READY");
	mta = dial();
}

static inline void setup(void)
{
	setup_with(DOMAINS, "", "");
}

static inline bool all_asleep(void)
{
	char name[300];
	struct dirent *entry;
	bool asleep = true;
	DIR *tasks;

	snprintf(name, sizeof(name), "/proc/%d/task", (int)milter);
	tasks = opendir(name);
	ck_assert_ptr_nonnull(tasks);
	while (asleep && (entry = readdir(tasks)) != NULL) {
		char state = 'S';
		FILE *stat;

		snprintf(name, sizeof(name), "/proc/%d/task/%s/stat", (int)milter, entry->d_name);
		stat = entry->d_name[0] != '.' ? fopen(name, "r") : NULL;
		if (stat == NULL)
			continue;
		if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			state = 'S';
		fclose(stat);
		asleep = state == 'S' || state == 'Z'; /* it may have died */
	}
	closedir(tasks);
	return asleep;
}

/* Once its threads are there and wait, so is the main one, for the signal. */
static inline void tell_to_stop(void)
{
	while (!all_asleep())
		sched_yield();
	ck_assert_int_eq(kill(milter, SIGTERM), 0);
}

/* In good order, so that whatever watches the milter has its say. */
static inline void teardown(void)
{
	static const char *const names[] = { "conf",   "milter.sock",        "map.sock",
					     "ledger", "run/milter.metrics", "run" };
	char name[96];

	close(mta);
	if (milter > 0) {
		tell_to_stop();
		ck_assert_int_eq(wait_status(milter), 0);
	}
	close(milter_log);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		remove(name);
	}
	remove(dir);
}

struct group {
	const char *name;
	void (*setup)(void);
	void (*teardown)(void);
	const TTest *const *tests;
	size_t count;
};

static inline void add(Suite *suite, const struct group *group)
{
	TCase *tests = tcase_create(group->name);

	tcase_add_checked_fixture(tests, group->setup, group->teardown);
	tcase_set_timeout(tests, 60);
	for (size_t i = 0; i < group->count; i++)
		tcase_add_test(tests, group->tests[i]);
	suite_add_tcase(suite, tests);
}

static inline int run_groups(const char *name, const struct group *groups, size_t count)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < count; i++)
		add(suite, &groups[i]);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
