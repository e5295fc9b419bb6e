/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socketmap_server - a real postseal-socketmap in a directory of its own, its
 * clients, and a prober in the test's hands. Included once by each test program.
 */
#ifndef POSTSEAL_TESTS_SOCKETMAP_SERVER_H
#define POSTSEAL_TESTS_SOCKETMAP_SERVER_H

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/buf.h"
#include "core/protocol/netstring.h"
#include "core/policy/request.h"
#include "io/local/metrics_file.h"
#include "tests/unit/fork.h"
#include "tests/unit/socketmap_case.h"

#define PATIENCE_S 30 /* for what should come at once; less than first_contact_wait can be */

static const struct sort sorts[] = {
	{ "sealed.test", MX_FOUND, true, OBSERVED_TLS, TLSA_USABLE, 0 },
	{ "tls.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 },
	{ "plain.test", MX_FOUND, false, OBSERVED_PLAIN, TLSA_ABSENT, 0 },
	{ "oldtls.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 600 },
};

static pid_t server;
static const char *descriptors; /* how many the server may have; NULL: as many as the test */

static inline const char *in_dir(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *dst = path[next++ % ARRAY_LEN(path)];

	snprintf(dst, PATH_MAX, "%s/%s", dir, name);
	return dst;
}

static inline struct sockaddr_un unix_address(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	ck_assert(str_copy(addr.sun_path, sizeof(addr.sun_path), in_dir(name)));
	return addr;
}

static inline int bound_socket(const char *name, int type)
{
	struct sockaddr_un addr = unix_address(name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	unlink(addr.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, SOMAXCONN), 0);
	return fd;
}

static inline void wait_readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	ck_assert_msg(poll(&ready, 1, PATIENCE_S * 1000) == 1, "nothing comes");
}

/*
 * The server's process.
 */

static inline void write_settings(const char *more)
{
	FILE *file = fopen(in_dir("conf"), "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "ledger = \"%s\"\nruntime = \"%s\"\nsocketmap_listen = {\"unix:%s\"}\n%s",
		ledger_dir, dir, in_dir("map"), more);
	ck_assert_int_eq(fclose(file), 0);
}

/* `prepare` runs in the new process, before the program; it may be NULL. */
static inline void start_server_with(const char *more, void (*prepare)(void))
{
	char self[PATH_MAX] = "", program[PATH_MAX + 32], words[64] = "";
	int notify = bound_socket("notify", SOCK_DGRAM);

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(program, sizeof(program), "%s/../postseal-socketmap", dirname(self));
	write_settings(more);
	server = must_fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen(in_dir("log"), "a", stderr) == NULL)
			_exit(126);
		unsetenv("JOURNAL_STREAM");
		setenv("NOTIFY_SOCKET", in_dir("notify"), 1);
		if (prepare != NULL)
			prepare();
		/* By a shell, since valgrind keeps setrlimit(2) to itself. */
		if (descriptors != NULL)
			execl("/bin/sh", "sh", "-c", "ulimit -n $0 && exec \"$@\"", descriptors,
			      program, "-c", in_dir("conf"), (char *)NULL);
		execl(program, "postseal-socketmap", "-c", in_dir("conf"), (char *)NULL);
		_exit(127);
	}
	wait_readable(notify);
	ck_assert_int_gt(recv(notify, words, sizeof(words) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(words, "READY=1"));
	close(notify);
}

/* What the server has counted by now. */
static inline uint64_t counted(enum metric_cell cell)
{
	char error[METRICS_FILE_ERROR_SIZE];
	struct metrics_snapshot snapshot;
	bool alive;

	ck_assert_int_eq(metrics_read(dir, METRICS_SOCKETMAP, &snapshot, &alive, error),
			 LOOKUP_FOUND);
	ck_assert(alive);
	return snapshot.cell[cell];
}

static inline void start_server(const char *more)
{
	start_server_with(more, NULL);
}

/* Also where a sanitizer's complaint shows. */
static inline void stop_server(void)
{
	int status;

	ck_assert_int_eq(kill(server, SIGTERM), 0);
	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}

/* How many lines of the log hold `text`. */
static inline unsigned log_lines(const char *text)
{
	FILE *file = fopen(in_dir("log"), "r");
	char line[4096];
	unsigned count = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

static inline void set_up_server_dir(void)
{
	make_dir();
	put_sorts(sorts, ARRAY_LEN(sorts), time(NULL));
}

static inline void tear_down_server_dir(void)
{
	stop_server();
	remove_dir();
}

/*
 * Clients. They block, but not for ever.
 */

static inline int dial(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un addr = unix_address("map");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static inline void send_bytes(int fd, const void *bytes, size_t len)
{
	ck_assert_int_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void send_request(int fd, const char *payload)
{
	struct buf out = { 0 };

	netstring_append(&out, payload, strlen(payload));
	send_bytes(fd, out.data, out.len);
	buf_free(&out);
}

static inline void receive_bytes(int fd, char *bytes, size_t len)
{
	ck_assert_msg(recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len, "no reply: %s",
		      strerror(errno));
}

/* The next reply, and nothing that stands behind it. */
static inline const char *receive_reply(int fd)
{
	static char bytes[REPLY_MAX + 16];
	struct netstring reply;
	size_t len = 0, payload = 0;

	do {
		receive_bytes(fd, bytes + len, 1);
		if (bytes[len] != ':')
			payload = 10 * payload + (size_t)(bytes[len] - '0');
		ck_assert_uint_le(payload, REPLY_MAX);
	} while (bytes[len++] != ':');
	receive_bytes(fd, bytes + len, payload + 1);
	len += payload + 1;
	ck_assert_int_eq(netstring_decode(&reply, bytes, len, REPLY_MAX), NETSTRING_WHOLE);
	bytes[len - 1] = '\0';
	return reply.payload;
}

static inline void expect_reply(int fd, const char *reply)
{
	ck_assert_str_eq(receive_reply(fd), reply);
}

static inline void expect_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "not closed: %zd", n);
}

/* What every abuse must leave as it is: others are served. */
static inline void expect_service(void)
{
	int fd = dial();

	send_request(fd, "policy tls.test");
	expect_reply(fd, "OK encrypt");
	close(fd);
}

/* More than the kernel's two socket buffers and the server's own would need. */
#define FAR_TOO_MUCH ((size_t)8 * 1024 * 1024)

/* Ask again and again, never reading, until no more is taken; how many bytes were. */
static inline size_t stuff(int fd, const char *netstring)
{
	size_t sent = 0;
	struct buf questions = { 0 };
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	while (questions.len < 4096)
		buf_append_str(&questions, netstring);
	/* Not taken for a second: the server has stopped reading. */
	while (sent < FAR_TOO_MUCH && poll(&ready, 1, 1000) == 1) {
		size_t from = sent % questions.len;
		ssize_t n = send(fd, questions.data + from, questions.len - from,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			sent += (size_t)n;
		expect_service();
	}
	buf_free(&questions);
	ck_assert_uint_lt(sent, FAR_TOO_MUCH);
	return sent;
}

/*
 * The prober's side of its socket.
 */

static inline int accept_server(int listener)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd;

	wait_readable(listener);
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static inline void expect_asked(int prober, const char *wanted)
{
	char line[512];
	size_t len = 0;

	do
		ck_assert_msg(recv(prober, line + len, 1, 0) == 1, "not asked: %s", wanted);
	while (line[len++] != '\n' && len < sizeof(line));
	line[len - 1] = '\0';
	ck_assert_str_eq(line, wanted);
}

static inline void say(int prober, const char *line)
{
	send_bytes(prober, line, strlen(line));
	send_bytes(prober, "\n", 1);
}

#endif
