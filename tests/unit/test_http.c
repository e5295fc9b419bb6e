/* SPDX-License-Identifier: BSD-2-Clause */
/* The HTTP server: what reaches its handler, and what it refuses by itself. */
#include "io/http/http.h"

#include <check.h>
#include <poll.h>
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

/* Of the server; some tests have others. */
static struct http_limits limits;

static struct http_request *parked;
static char large[4 << 20];

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
		if (parked != NULL)
			http_reply(parked, 200, "text/plain", "late", 4);
		parked = request;
		return;
	}
	if (strcmp(http_request_target(request), "/large") == 0) {
		char *copy = mem_alloc(sizeof(large));

		memcpy(copy, large, sizeof(large));
		http_reply_given(request, 200, "text/plain", copy, sizeof(large));
		return;
	}
	if (strcmp(http_request_target(request), "/kept") == 0) {
		http_reply_kept(request, 200, "text/plain", large, sizeof(large));
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
	struct loop *loop = loop_new();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN); /* as the skeleton of daemons does */
	http_server_listen(http_server_new(loop, &limits, answer, NULL), fd);
	loop_run(loop);
	_exit(0);
}

/* Bytes for `connections` and for two bodies beside. */
static void set_up_with(size_t connections, size_t body_max, int whole, int patience)
{
	char error[LISTEN_ERROR_SIZE];
	int fd;

	limits = (struct http_limits){
		.headers_max = 1000,
		.body_max = body_max,
		.silence = 300,
		.methods = 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_PUT,
		.connections = connections,
		.held = connections * 49152 + 2 * (1000 + body_max + 16384),
		.whole = whole,
		.patience = patience,
		.meter = { M_MAILBOX_TURNED_AWAY, M_MAILBOX_CLIENTS, M_MAILBOX_HELD },
	};

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

static void set_up(void)
{
	set_up_with(100, 100, 300, 300);
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
	static const char too_large[] = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n" END;
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
		{ too_large, sizeof(too_large) - 1, "413" },
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

#define BODY 200000
#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_LARGE "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_KEPT "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n"
#define PUT "PUT /p HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"

static char body[BODY];

static void set_up_few(void)
{
	set_up_with(8, BODY, 300, 300);
}

/* .. and slow ones give way soon. */
static void set_up_impatient(void)
{
	set_up_with(8, BODY, 300, 1);
}

static void set_up_short(void)
{
	set_up_with(8, BODY, 1, 300);
}

static void say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		text += n;
		len -= (size_t)n;
	}
}

/* The status of an answer that has to come; 0: it hung up instead. The rest of it is not read. */
static int status_of(int fd)
{
	char text[sizeof("HTTP/1.1 201") - 1];
	size_t got = 0;
	ssize_t n;

	while (got < sizeof(text)) {
		n = read(fd, text + got, sizeof(text) - got);
		if (n <= 0)
			return 0;
		got += (size_t)n;
	}
	return (text[9] - '0') * 100 + (text[10] - '0') * 10 + text[11] - '0';
}

/* Reads what has come until nothing more does within no time at all. */
static void skip(int fd)
{
	char text[65536];

	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
}

static bool has_come(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, 0) == 1;
}

/* The server has seen all that was sent to it before this: it reads in the order of arrival. */
static void in_step(int fd)
{
	skip(fd);
	say(fd, GET, strlen(GET));
	ck_assert_int_eq(status_of(fd), 201);
	skip(fd);
}

static int dial_status(const char *request)
{
	int fd = dial(), status;

	/* Who is refused at once may be so before a word was said. */
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	status = status_of(fd);
	close(fd);
	return status;
}

static void await_hang_up(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLRDHUP };

	ck_assert_int_eq(poll(&one, 1, -1), 1);
	close(fd);
}

/* More clients than there are places are told so, and the log says it once; again when it was better. */
START_TEST(has_so_many_places)
{
	int clients[8];

	for (int round = 1; round <= 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(clients); i++)
			clients[i] = dial();
		/* Nobody waits: not those who say nothing, not those who are too many. */
		for (int i = 0; i < 20; i++) {
			int fd = dial();

			ck_assert_int_eq(status_of(fd), 503);
			close(fd);
		}
		ck_assert_uint_eq(logged_lines(), round);
		for (size_t i = 0; i < ARRAY_LEN(clients); i++)
			in_step(clients[i]);
		for (size_t i = 0; i < ARRAY_LEN(clients); i++)
			close(clients[i]);
		while (dial_status(GET) != 201)
			;
	}
}
END_TEST

/* Who says nothing for long, or half a request, gives its place to who comes. */
START_TEST(slow_clients_give_way)
{
	int clients[8];

	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		clients[i] = dial();
		if (i % 2 == 1)
			say(clients[i], PUT "abc", strlen(PUT) + 3);
	}
	while (dial_status(GET) != 201)
		usleep(10000);
	/* The oldest alone had to go. */
	await_hang_up(clients[0]);
	for (size_t i = 2; i < ARRAY_LEN(clients); i += 2)
		in_step(clients[i]);
	for (size_t i = 1; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
}
END_TEST

/* A byte now and then is no silence, but has an end; so has an answer that nobody reads. */
START_TEST(a_request_has_an_end)
{
	int header = dial(), upload = dial(), reader = dial(), idle = dial();
	bool ended[2] = { false, false };

	say(reader, GET_KEPT, strlen(GET_KEPT));
	say(upload, PUT, strlen(PUT));
	say(header, "GET / HTTP/1.1\r\nHost: ", 22);
	while (!ended[0] || !ended[1]) {
		ended[0] = ended[0] || send(header, "x", 1, MSG_NOSIGNAL) < 0;
		ended[1] = ended[1] || send(upload, "x", 1, MSG_NOSIGNAL) < 0;
		usleep(10000);
	}
	await_hang_up(reader);
	/* One on which nothing is under way stays. */
	in_step(idle);
	close(header);
	close(upload);
	close(idle);
}
END_TEST

/* Two large requests under way: a third one waits, small ones do not. */
START_TEST(large_requests_wait_for_room)
{
	int first = dial(), second = dial(), third = dial(), fourth = dial(), small = dial();

	say(first, PUT, strlen(PUT));
	say(first, body, BODY - 1);
	say(second, PUT, strlen(PUT));
	say(second, body, BODY - 1);
	in_step(small);
	say(third, PUT, strlen(PUT));
	ck_assert_int_eq(send(third, body, 30000, MSG_NOSIGNAL), 30000);
	in_step(small);
	say(fourth, PUT, strlen(PUT));
	ck_assert_int_eq(send(fourth, body, 30000, MSG_NOSIGNAL), 30000);
	in_step(small);
	/* What is beyond is not read: it fills the socket. */
	while (send(third, body, 10000, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	for (int i = 0; i < 10; i++)
		in_step(small);
	ck_assert_int_lt(send(third, body, 10000, MSG_DONTWAIT | MSG_NOSIGNAL), 0);
	say(second, body, 1);
	ck_assert_int_eq(status_of(second), 201);
	/* Its place is the third one's, not the fourth's, which asked later. */
	close(third);
	say(fourth, body, BODY - 30000);
	ck_assert_int_eq(status_of(fourth), 201);
	ck_assert(!has_come(first));
	say(first, body, 1);
	ck_assert_int_eq(status_of(first), 201);
	ck_assert_uint_eq(logged_lines(), 0);
	close(first);
	close(second);
	close(fourth);
	close(small);
}
END_TEST

/* Two that are slow do not hold up a third for long. */
START_TEST(slow_requests_give_room)
{
	int first = dial(), second = dial(), third = dial();

	say(first, PUT, strlen(PUT));
	say(first, body, 30000);
	while (dial_status(GET) != 201)
		;
	say(second, PUT, strlen(PUT));
	say(second, body, 30000);
	while (dial_status(GET) != 201)
		;
	say(third, PUT, strlen(PUT));
	say(third, body, BODY);
	ck_assert_int_eq(status_of(third), 201);
	await_hang_up(first);
	close(second);
	close(third);
}
END_TEST

/* Answers that nobody reads fill the room; what is shared by all answers is no memory of theirs. */
START_TEST(large_answers_need_room)
{
	static const char last[] = "GET /large HTTP/1.1\r\nHost: x\r\n" END;
	int reader, again, others[4];

	tear_down();
	set_up_with(8, sizeof(large), 300, 300); /* for two such answers */
	reader = dial();
	again = dial();
	say(reader, GET_LARGE, strlen(GET_LARGE));
	ck_assert_int_eq(status_of(reader), 200);
	say(again, GET_LARGE, strlen(GET_LARGE));
	ck_assert_int_eq(status_of(again), 200);
	ck_assert_ptr_nonnull(strstr(ask(last, sizeof(last) - 1), "\r\nRetry-After: 10\r\n"));
	ck_assert_int_eq(dial_status(GET_LARGE), 503);
	ck_assert_uint_eq(logged_lines(), 1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		others[i] = dial();
		say(others[i], GET_KEPT, strlen(GET_KEPT));
		ck_assert_int_eq(status_of(others[i]), 200);
	}
	ck_assert_int_eq(dial_status(GET), 201);
	close(reader);
	while (dial_status(GET_LARGE) != 200)
		;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		close(others[i]);
	close(again);
}
END_TEST

/* Who asks on and on without reading an answer is not read for ever. */
START_TEST(asking_ahead_has_an_end)
{
	char text[10000];
	size_t sent = 0;
	int fd = dial(), small = dial();
	ssize_t n;

	memset(text, 'x', sizeof(text));
	say(fd, GET_KEPT, strlen(GET_KEPT));
	for (int calm = 0; calm < 10 && sent < 64 << 20; calm++) {
		while ((n = send(fd, text, sizeof(text), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
			sent += (size_t)n;
			calm = 0;
		}
		in_step(small);
	}
	ck_assert_uint_lt(sent, 8 << 20);
	close(fd);
	close(small);
}
END_TEST

/* What evhttp says by itself is no answer, or the last one. */
START_TEST(evhttp_speaks_for_itself)
{
	static const char go_on[] = "PUT /p HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n"
				    "Expect: 100-continue\r\n\r\n";
	static const char deleted[] = "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd;

	for (int i = 0; i < 100; i++) {
		fd = dial();
		say(fd, deleted, strlen(deleted));
		ck_assert_int_eq(status_of(fd), 501);
		await_hang_up(fd);
	}
	fd = dial();
	say(fd, go_on, strlen(go_on));
	ck_assert_int_eq(status_of(fd), 100);
	skip(fd);
	say(fd, body, BODY);
	ck_assert_int_eq(status_of(fd), 201);
	close(fd);
}
END_TEST

static void add_bounds(Suite *suite, const char *name, void (*begin)(void), const TTest *first,
		       const TTest *second, const TTest *third)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, begin, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, first);
	if (second != NULL)
		tcase_add_test(tcase, second);
	if (third != NULL)
		tcase_add_test(tcase, third);
	suite_add_tcase(suite, tcase);
}

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
	add_bounds(suite, "few", set_up_few, has_so_many_places, large_requests_wait_for_room,
		   large_answers_need_room);
	add_bounds(suite, "few, asked", set_up_few, asking_ahead_has_an_end,
		   evhttp_speaks_for_itself, NULL);
	add_bounds(suite, "impatient", set_up_impatient, slow_clients_give_way,
		   slow_requests_give_room, NULL);
	add_bounds(suite, "short", set_up_short, a_request_has_an_end, NULL, NULL);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
