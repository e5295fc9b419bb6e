/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets, and what may stand in their way. */
#include "io/net/listen.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/test_listen.XXXXXX";
static struct endpoint endpoint;
static char error[LISTEN_ERROR_SIZE];

static void set_up(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	endpoint = (struct endpoint){ .is_unix = true };
	snprintf(endpoint.path, sizeof(endpoint.path), "%s/sock", dir);
	error[0] = '\0';
}

static void tear_down(void)
{
	unlink(endpoint.path);
	rmdir(dir);
}

static int must_open(mode_t mode)
{
	int fd = listen_open(&endpoint, mode, error);

	ck_assert_msg(fd >= 0, "%s", error);
	return fd;
}

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, endpoint.path, sizeof(addr.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

START_TEST(listens_on_unix)
{
	static const mode_t modes[] = { 0600, 0660, 0666 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const mode_t mask = umask(0027);
		int fd = must_open(modes[i]), client = dial(), served;
		struct stat st;

		/* The mode is as asked for, whatever the process's mask, which is left alone. */
		ck_assert_int_eq(stat(endpoint.path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, modes[i]);
		ck_assert_uint_eq(umask(mask), 0027);
		ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
		ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		served = accept(fd, NULL, NULL);
		ck_assert_int_ge(served, 0);
		ck_assert_int_eq(accept(fd, NULL, NULL), -1);
		ck_assert_int_eq(errno, EAGAIN);
		close(served);
		close(client);
		close(fd);
	}
}
END_TEST

START_TEST(replaces_what_a_dead_process_left)
{
	int fd = must_open(0600);

	close(fd);
	fd = must_open(0600);
	close(dial());
	close(fd);
}
END_TEST

START_TEST(leaves_a_living_one_alone)
{
	int fd = must_open(0600);

	ck_assert_int_eq(listen_open(&endpoint, 0600, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "another process listens here"));
	ck_assert_ptr_nonnull(strstr(error, endpoint.path));
	close(dial());
	close(fd);
}
END_TEST

START_TEST(leaves_other_files_alone)
{
	int fd = open(endpoint.path, O_WRONLY | O_CREAT, 0600);
	struct stat st;

	close(fd);
	ck_assert_int_eq(listen_open(&endpoint, 0600, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "it is not a socket"));
	ck_assert_int_eq(stat(endpoint.path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
}
END_TEST

START_TEST(says_where_it_cannot)
{
	snprintf(endpoint.path, sizeof(endpoint.path), "%s/missing/sock", dir);
	ck_assert_int_eq(listen_open(&endpoint, 0600, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "/missing/sock: bind: No such file or directory"));
}
END_TEST

/* A port that is free now, for an endpoint cannot ask for any. */
static uint16_t free_port(int family)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr = { .any = { .sa_family = (sa_family_t)family } };
	socklen_t len = sizeof(addr);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 ||
	    bind(fd, &addr.any, family == AF_INET ? sizeof(addr.v4) : sizeof(addr.v6)) != 0)
		return 0;
	ck_assert_int_eq(getsockname(fd, &addr.any, &len), 0);
	close(fd);
	return ntohs(family == AF_INET ? addr.v4.sin_port : addr.v6.sin6_port);
}

static void check_inet(int family, const char *loopback)
{
	char text[64];
	int fd;
	uint16_t port = free_port(family);

	if (port == 0)
		return; /* a machine without IPv6 */
	snprintf(text, sizeof(text), "inet:%s:%u", loopback, port);
	ck_assert(endpoint_parse(&endpoint, text));
	fd = must_open(0600);
	ck_assert_int_eq(listen_open(&endpoint, 0600, error), -1);
	ck_assert_ptr_eq(strstr(error, text), error);
	ck_assert_ptr_nonnull(strstr(error, "another process listens here"));
	close(fd);
}

START_TEST(listens_on_inet)
{
	check_inet(AF_INET, "127.0.0.1");
	check_inet(AF_INET6, "[::1]");
}
END_TEST

/* Taken over by a process that they are not for, or twice, they would be served by two. */
START_TEST(inherits_only_its_own)
{
	char pid[16];
	int fds[4];

	unsetenv("LISTEN_PID");
	setenv("LISTEN_FDS", "1", 1);
	ck_assert_uint_eq(listen_inherited(fds, 4), 0);
	setenv("LISTEN_PID", "1", 1);
	ck_assert_uint_eq(listen_inherited(fds, 4), 0);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "many", 1);
	ck_assert_uint_eq(listen_inherited(fds, 4), 0);
}
END_TEST

START_TEST(inherits_only_listeners)
{
	char pid[16];
	int listener = must_open(0600), fds[4], saved[3];

	/* Descriptors 3 to 5 as a service manager would leave them. */
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(3 + i, F_DUPFD_CLOEXEC, 100);
	listener = fcntl(listener, F_DUPFD_CLOEXEC, 100);
	dup2(listener, 3);
	dup2(STDERR_FILENO, 4);
	dup2(listener, 5);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "3", 1);
	ck_assert_uint_eq(listen_inherited(fds, 4), 2);
	ck_assert_int_eq(fds[0], 3);
	ck_assert_int_eq(fds[1], 5);
	ck_assert(fcntl(5, F_GETFD) & FD_CLOEXEC);
	ck_assert(fcntl(5, F_GETFL) & O_NONBLOCK);
	ck_assert_uint_eq(listen_inherited(fds, 4), 0);
	for (int i = 0; i < 3; i++) {
		close(3 + i);
		if (saved[i] >= 0)
			dup2(saved[i], 3 + i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listen");
	TCase *tcase = tcase_create("listen");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, listens_on_unix);
	tcase_add_test(tcase, replaces_what_a_dead_process_left);
	tcase_add_test(tcase, leaves_a_living_one_alone);
	tcase_add_test(tcase, leaves_other_files_alone);
	tcase_add_test(tcase, says_where_it_cannot);
	tcase_add_test(tcase, listens_on_inet);
	tcase_add_test(tcase, inherits_only_its_own);
	tcase_add_test(tcase, inherits_only_listeners);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
