/* SPDX-License-Identifier: BSD-2-Clause */
/* The HTTP server: what reaches its handler, and what it refuses by itself. */
#include "io/http/http.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/net/listen.h"
#include "tests/unit/fork.h"

static char dir[] = "/tmp/test_http.XXXXXX";
static struct endpoint endpoint;
static char log_path[64];
static pid_t server;

static struct http_request *parked;

/* Says what it was asked; /park is answered together with the next request. */
static void answer(void *context, struct http_request *request)
{
	struct buf out = { 0 };
	const char *value = "", *body;
	uid_t uid = 0;
	size_t len;
	enum lookup found;

	(void)context;
	if (strcmp(http_request_target(request), "/park") == 0) {
		parked = request;
		return;
	}
	if (parked != NULL)
		http_reply(parked, 200, "text/plain", "late", 4);
	parked = NULL;
	found = http_request_header(request, "x-one", &value);
	body = http_request_body(request, &len);
	buf_printf(&out, "%d %s %d=%s [%.*s] %d", http_request_method(request),
		   http_request_target(request), found, found == LOOKUP_FOUND ? value : "",
		   (int)len, body, http_request_peer(request, &uid) && uid == getuid());
	http_reply_header(request, "X-Two", "2");
	http_reply(request, 201, "text/plain", buf_cstr(&out), out.len);
	buf_free(&out);
}

static _Noreturn void serve(int fd)
{
	const struct http_limits limits = {
		.headers_max = 1000,
		.body_max = 100,
		.silence = 30,
		.methods = 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_PUT,
	};
	struct loop *loop = loop_new();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN); /* as the skeleton of daemons does */
	http_server_listen(http_server_new(loop, &limits, answer, NULL), fd);
	loop_run(loop);
	_exit(0);
}

static void set_up(void)
{
	char error[LISTEN_ERROR_SIZE];
	int fd;

	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	endpoint = (struct endpoint){ .is_unix = true };
	snprintf(endpoint.path, sizeof(endpoint.path), "%s/sock", dir);
	fd = listen_open(&endpoint, 0600, error);
	ck_assert_int_ge(fd, 0);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	server = must_fork();
	if (server == 0) {
		if (freopen(log_path, "a", stderr) == NULL)
			_exit(1);
		unsetenv("JOURNAL_STREAM");
		serve(fd);
	}
	close(fd);
}

static void tear_down(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(endpoint.path);
	unlink(log_path);
	rmdir(dir);
}

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, endpoint.path, sizeof(addr.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* All that comes for this, until the server hangs up. */
static const char *ask(const char *text, size_t len)
{
	static char reply[8192];
	size_t got = 0;
	ssize_t n;
	int fd = dial();

	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	while ((n = read(fd, reply + got, sizeof(reply) - 1 - got)) > 0)
		got += (size_t)n;
	reply[got] = '\0';
	close(fd);
	return reply;
}

#define END "Connection: close\r\n\r\n"

START_TEST(answers)
{
	static const struct {
		const char *request, *status, *body;
	} cases[] = {
		{ "GET /a%20b?c=%00 HTTP/1.1\r\nHost: x\r\n" END, "201", "0 /a%20b?c=%00 1= [] 1" },
		{ "GET / HTTP/1.1\r\nHost: x\r\nX-ONE: v w\r\n" END, "201", "0 / 0=v w [] 1" },
		/* Two readers could take different ones. */
		{ "GET / HTTP/1.1\r\nHost: x\r\nX-One: a\r\nx-one: b\r\n" END, "201",
		  "0 / 2= [] 1" },
		{ "PUT /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n" END "body", "201",
		  "3 /p 1= [body] 1" },
		{ "PUT /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" END
		  "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
		  "201", "3 /p 1= [abc] 1" },
		{ "HEAD / HTTP/1.1\r\nHost: x\r\n" END, "201", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *reply = ask(cases[i].request, strlen(cases[i].request));
		const char *body = strstr(reply, "\r\n\r\n");

		ck_assert_msg(strncmp(reply + strlen("HTTP/1.1 "), cases[i].status, 3) == 0, "%s",
			      reply);
		ck_assert_ptr_nonnull(body);
		ck_assert_str_eq(body + 4, cases[i].body);
		ck_assert_ptr_nonnull(strstr(reply, "\r\nX-Two: 2\r\n"));
		ck_assert_ptr_nonnull(strstr(reply, "\r\nContent-Length: "));
	}
}
END_TEST

START_TEST(refuses_by_itself)
{
	static const char smuggled[] = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
				       "Transfer-Encoding: chunked\r\n" END "0\r\n\r\n";
	static const char nul[] = "GET /a\0b HTTP/1.1\r\nHost: x\r\n" END;
	static const char deleted[] = "DELETE / HTTP/1.1\r\nHost: x\r\n" END;
	static const char large[] = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n" END;
	static const char none[] = "GET\r\n" END;
	/* After each of these a reader that takes it otherwise would find one more request. */
#define MORE "GET /smuggled HTTP/1.1\r\nHost: x\r\n" END
	static const char lengths[] = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
				      "Content-Length: 0\r\n\r\n" MORE;
	static const char coded[] =
		"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n" MORE;
	static const char coded_twice[] =
		"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" MORE;
	static const char of_head[] =
		"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" MORE;
	char headers[2000] = "GET / HTTP/1.1\r\nHost: x\r\nX-One: ";
	static const struct {
		const char *text;
		size_t len;
		const char *status;
	} cases[] = {
		{ smuggled, sizeof(smuggled) - 1, "400" },
		{ nul, sizeof(nul) - 1, "400" },
		{ deleted, sizeof(deleted) - 1, "501" },
		{ large, sizeof(large) - 1, "413" },
		{ none, sizeof(none) - 1, "400" },
		{ lengths, sizeof(lengths) - 1, "400" },
		{ coded, sizeof(coded) - 1, "400" },
		{ of_head, sizeof(of_head) - 1, "400" },
		{ coded_twice, sizeof(coded_twice) - 1, "400" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *reply = ask(cases[i].text, cases[i].len);

		ck_assert_msg(strncmp(reply + strlen("HTTP/1.1 "), cases[i].status, 3) == 0,
			      "%s: %s", cases[i].text, reply);
		ck_assert_msg(strstr(reply, "\nHTTP/1.1 ") == NULL, "%s: %s", cases[i].text, reply);
	}
	memset(headers + strlen(headers), 'v', 1200);
	strcat(headers, "\r\n" END);
	ck_assert_msg(strstr(ask(headers, strlen(headers)), " 400 ") != NULL ||
			      strstr(ask(headers, strlen(headers)), " 413 ") != NULL,
		      "%s", ask(headers, strlen(headers)));
}
END_TEST

START_TEST(answers_later)
{
	static const char park[] = "GET /park HTTP/1.1\r\nHost: x\r\n" END;
	static const char other[] = "GET / HTTP/1.1\r\nHost: x\r\n" END;
	char reply[4096] = "";
	size_t got = 0;
	ssize_t n;
	int fd = dial();

	ck_assert_int_eq(write(fd, park, sizeof(park) - 1), sizeof(park) - 1);
	/* The server reads in the order of connections, so this one comes second. */
	while (strstr(ask(other, sizeof(other) - 1), "201") == NULL)
		;
	while ((n = read(fd, reply + got, sizeof(reply) - 1 - got)) > 0)
		got += (size_t)n;
	ck_assert_ptr_nonnull(strstr(reply, "\r\n\r\nlate"));
	close(fd);
	/* A client that has gone meanwhile hurts nobody. */
	fd = dial();
	ck_assert_int_eq(write(fd, park, sizeof(park) - 1), sizeof(park) - 1);
	close(fd);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(strstr(ask(other, sizeof(other) - 1), "201") != NULL, "%d: %s", i,
			      ask(other, sizeof(other) - 1));
}
END_TEST

static size_t logged_lines(void)
{
	FILE *file = fopen(log_path, "r");
	size_t lines = 0;
	int c;

	if (file == NULL)
		return 0; /* the server has only begun */
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

/* More clients than descriptors: a line a second, and not the whole processor. */
START_TEST(rests_when_it_is_full)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n" END;
	const struct rlimit few = { .rlim_cur = 24, .rlim_max = 24 };
	int clients[40];

	ck_assert_int_eq(prlimit(server, RLIMIT_NOFILE, &few, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = dial();
	while (logged_lines() < 2)
		usleep(10000);
	ck_assert_uint_lt(logged_lines(), 20);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
	ck_assert_ptr_nonnull(strstr(ask(request, sizeof(request) - 1), " 201 "));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *tcase = tcase_create("http");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, answers);
	tcase_add_test(tcase, refuses_by_itself);
	tcase_add_test(tcase, answers_later);
	tcase_add_test(tcase, rests_when_it_is_full);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
