/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real postseal-socketmap that is stopped and started anew behind a socket that
 * somebody else keeps open, as systemd does, while its clients go on asking.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "tests/unit/fork.h"
#include "tests/unit/socketmap_server.h"

#define QUESTION "policy tls.test"
#define ANSWER "OK encrypt"

static int prober_listener;
static int activated; /* the socket that outlives the servers */
static struct sockaddr_in port;

static void hand_over(void)
{
	char pid[16];

	/* As systemd does it; 3 may be taken by what this test had open. */
	dup2(activated, 3);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
}

static int any_port(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, len), 0);
	ck_assert_int_eq(listen(fd, SOMAXCONN), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static int kept(void);

/* Until it serves, which is a little after it is ready, a signal would just kill it. */
static void start_again(void)
{
	start_server_with("first_contact_wait = 60\n", hand_over);
	close(kept());
}

static void set_up(void)
{
	set_up_server_dir();
	prober_listener = bound_socket("prober.sock", SOCK_STREAM);
	activated = any_port(&port);
	start_again();
}

static void tear_down(void)
{
	tear_down_server_dir();
	close(activated);
	close(prober_listener);
}

static int receive_buffer; /* of clients; 0: as the kernel has it */

/* -1 and errno where it is refused. */
static int dial_port(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (receive_buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&port, sizeof(port)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A connection that the server has taken in, and not been asked on. */
static int fresh(void)
{
	int fd = dial_port(), other = dial_port();

	/* It takes them in in their order. */
	send_request(other, QUESTION);
	expect_reply(other, ANSWER);
	close(other);
	return fd;
}

static int kept(void)
{
	int fd = dial_port();

	send_request(fd, QUESTION);
	expect_reply(fd, ANSWER);
	return fd;
}

static void expect_reset(int fd)
{
	char byte;

	ck_assert_int_eq(recv(fd, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	close(fd);
}

static void expect_stopped(void)
{
	int status;

	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}

/* Whatever is sent between the two is there before the server hears of its end. */
static void freeze_and_end(void)
{
	int status;

	ck_assert_int_eq(kill(server, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(server, &status, WUNTRACED), server);
	ck_assert_int_eq(kill(server, SIGTERM), 0);
}

static void thaw(void)
{
	ck_assert_int_eq(kill(server, SIGCONT), 0);
}

START_TEST(serves_what_systemd_hands_over)
{
	int fd;

	stop_server();
	/* In the queue since before the server was there, and its only listener. */
	fd = dial_port();
	send_request(fd, QUESTION);
	start_again();
	expect_reply(fd, ANSWER);
	close(fd);
}
END_TEST

/* READY would be a lie, and mail would wait without a word of why. */
START_TEST(does_not_start_with_nowhere_to_listen)
{
	char self[PATH_MAX] = "", command[3 * PATH_MAX];
	FILE *conf = fopen(in_dir("nowhere"), "w");
	int status;

	ck_assert_ptr_nonnull(conf);
	fprintf(conf, "ledger = \"%s\"\nruntime = \"%s/run\"\nsocketmap_listen = {}\n", ledger_dir,
		dir);
	ck_assert_int_eq(fclose(conf), 0);
	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(command, sizeof(command), "timeout %d %s/../postseal-socketmap -c %s 2>>%s",
		 PATIENCE_S, dirname(self), in_dir("nowhere"), in_dir("log"));
	status = system(command);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x", status);
	ck_assert_uint_eq(log_lines("socketmap_listen={} is empty"), 1);
}
END_TEST

START_TEST(answers_what_has_arrived)
{
	int idle = kept(), asking = kept(), first = fresh(), late;

	freeze_and_end();
	for (int i = 0; i < 100; i++)
		send_request(asking, QUESTION);
	send_request(first, QUESTION);
	late = dial_port();
	send_request(late, QUESTION);
	thaw();
	expect_stopped();
	/* Read only now that the server is gone: a reset took no reply away. */
	for (int i = 0; i < 100; i++)
		expect_reply(asking, ANSWER);
	expect_reset(asking);
	expect_reply(first, ANSWER);
	expect_reset(first);
	expect_reset(idle);
	start_again();
	/* Taken in by the one server or the other. */
	expect_reply(late, ANSWER);
	close(late);
}
END_TEST

/* Their replies fit into the server's socket buffer, and by far not into the client's. */
#define MANY 100

START_TEST(answers_who_reads_slowly)
{
	const char *question = "status tls.test";
	int slow;

	receive_buffer = 1; /* the kernel makes it as small as it can */
	slow = kept();
	receive_buffer = 0;
	freeze_and_end();
	for (int i = 0; i < MANY; i++)
		send_request(slow, question);
	thaw();
	expect_stopped();
	for (int i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(strstr(receive_reply(slow), "\"label\":\"SSL ok\""));
	expect_end(slow);
	close(slow);
	start_again();
}
END_TEST

START_TEST(answers_what_is_parked)
{
	const struct sort sort = { "new.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 };
	int waiting = dial_port(), idle = kept(), first = fresh(), prober, late;

	send_request(waiting, "policy new.test");
	prober = accept_server(prober_listener);
	expect_asked(prober, "want new.test");
	ck_assert_int_eq(kill(server, SIGTERM), 0);
	expect_reset(idle);
	/* Who has only just come has a moment to ask. */
	send_request(first, QUESTION);
	expect_reply(first, ANSWER);
	expect_reset(first);
	/* From here on it takes nobody in. */
	late = dial_port();
	send_request(late, QUESTION);
	put_sorts(&sort, 1, time(NULL));
	say(prober, "done new.test");
	expect_reply(waiting, ANSWER);
	expect_stopped();
	expect_reset(waiting);
	ck_assert_int_eq(recv(late, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
	close(prober);
	start_again();
	expect_reply(late, ANSWER);
	close(late);
}
END_TEST

START_TEST(another_signal_cuts_it_short)
{
	int waiting = dial_port(), idle = kept(), prober;

	send_request(waiting, "policy new.test");
	prober = accept_server(prober_listener);
	expect_asked(prober, "want new.test");
	ck_assert_int_eq(kill(server, SIGTERM), 0);
	expect_reset(idle);
	stop_server();
	expect_end(waiting);
	close(waiting);
	close(prober);
	start_again();
}
END_TEST

/* Who never asks, or stops in the middle, keeps nobody waiting for long. */
START_TEST(does_not_wait_for_the_silent)
{
	int silent = fresh(), slow = kept();

	send_bytes(slow, "15:poli", 7);
	stop_server();
	expect_end(silent);
	expect_end(slow);
	close(silent);
	close(slow);
	start_again();
}
END_TEST

/*
 * Clients that go on and on, in processes of their own: what each of them had to
 * see is in `seen`, which they share.
 */

static struct seen {
	_Atomic unsigned answers, second_tries;
	_Atomic bool enough;
} * seen;

/* False when the connection broke before the first byte of a reply. */
static bool asked(int fd)
{
	struct buf request = { 0 };
	char byte;
	ssize_t n;

	netstring_append(&request, QUESTION, strlen(QUESTION));
	n = send(fd, request.data, request.len, MSG_NOSIGNAL);
	buf_free(&request);
	if (n > 0)
		n = recv(fd, &byte, 1, MSG_PEEK);
	/* An orderly end would not do: see prepare_reset in socketmap/connection.c. */
	ck_assert_msg(n > 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE)),
		      "no answer, and no reset: %zd, %s", n, strerror(errno));
	if (n < 0)
		return false;
	expect_reply(fd, ANSWER);
	seen->answers++;
	return true;
}

/* As Postfix: on one connection, and where it breaks once more on another. */
static void ask_on_kept(void)
{
	int fd = dial_port();

	ck_assert_int_ge(fd, 0);
	while (!seen->enough) {
		if (asked(fd))
			continue;
		close(fd);
		seen->second_tries++;
		fd = dial_port();
		ck_assert_msg(fd >= 0 && asked(fd), "failed twice");
	}
	close(fd);
}

/* As a script: a connection for each question, and no second try. */
static void ask_on_new(void)
{
	while (!seen->enough) {
		int fd = dial_port();

		ck_assert_msg(fd >= 0 && asked(fd), "a new connection failed");
		close(fd);
	}
}

static pid_t client(void (*ask)(void))
{
	pid_t child = must_fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ask();
		_exit(0);
	}
	return child;
}

static void wait_for_answers(unsigned wanted)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	while (seen->answers < wanted && !seen->enough) {
		/* A client that failed has said why, and counts no more. */
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);
		nanosleep(&moment, NULL);
	}
}

#define RESTARTS 20
#define BETWEEN 200

START_TEST(restarts_lose_no_answer)
{
	void (*const kinds[])(void) = { ask_on_kept, ask_on_kept, ask_on_new, ask_on_new };
	pid_t clients[ARRAY_LEN(kinds)];

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(seen, MAP_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		clients[i] = client(kinds[i]);
	for (int i = 0; i < RESTARTS; i++) {
		wait_for_answers(seen->answers + BETWEEN);
		stop_server();
		start_again();
	}
	wait_for_answers(seen->answers + BETWEEN);
	seen->enough = true;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		int status;

		ck_assert_int_eq(waitpid(clients[i], &status, 0), clients[i]);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "client %zu", i);
	}
	ck_assert_uint_ge(seen->answers, RESTARTS * BETWEEN);
	/* Else this tried nothing. */
	ck_assert_uint_gt(seen->second_tries, 0);
	munmap(seen, sizeof(*seen));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socketmap_restart");
	TCase *tcase = tcase_create("socketmap_restart");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 10 * PATIENCE_S);
	tcase_add_test(tcase, serves_what_systemd_hands_over);
	tcase_add_test(tcase, does_not_start_with_nowhere_to_listen);
	tcase_add_test(tcase, answers_what_has_arrived);
	tcase_add_test(tcase, answers_who_reads_slowly);
	tcase_add_test(tcase, answers_what_is_parked);
	tcase_add_test(tcase, another_signal_cuts_it_short);
	tcase_add_test(tcase, does_not_wait_for_the_silent);
	tcase_add_test(tcase, restarts_lose_no_answer);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
