/* SPDX-License-Identifier: BSD-2-Clause */
/* Dialogues with servers that are there, or not, or leave. */
#include "io/net/dialogue.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/unit/fork.h"

static char dir[] = "/tmp/test_dialogue.XXXXXX";
static struct loop *loop;
static struct dialogues *all;
static struct endpoint refused, here;
static int listener, port;
static pid_t server;
static int ended, last_why; /* dialogues that are over */
static struct buf heard;

/* A port that is bound, on which nobody listens. */
static int closed_port(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[64];

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(text, sizeof(text), "inet:127.0.0.1:%d", ntohs(addr.sin_port));
	ck_assert(endpoint_parse(&refused, text));
	return fd;
}

static void set_up(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/here", dir);
	here = (struct endpoint){ .is_unix = true };
	str_copy(here.path, sizeof(here.path), addr.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	port = closed_port();
	loop = loop_new();
	all = dialogues_new(loop, 1);
}

static void tear_down(void)
{
	dialogues_free(all);
	loop_free(loop);
	buf_free(&heard);
	close(port);
	close(listener);
	unlink(here.path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* A line that begins with "." is the last, one with "?" is nonsense, any other wants a reply. */
static enum dialogue_sense hear(void *context, struct buf *in, struct buf *out)
{
	(void)context;
	if (in->data[in->len - 1] != '\n')
		return DIALOGUE_GOES_ON;
	buf_append(&heard, in->data, in->len);
	if (in->data[0] == '?')
		return DIALOGUE_IS_WRONG;
	if (in->data[0] == '.')
		return DIALOGUE_IS_OVER;
	in->len = 0;
	buf_append_str(out, "more\n");
	return DIALOGUE_GOES_ON;
}

static void over(void *context, int why)
{
	int *wanted = context;

	last_why = why;
	if (++ended == *wanted)
		loop_stop(loop);
}

static const struct dialogue_ears ears = { hear, over };

static void begin(const struct endpoint *endpoints, size_t count, int64_t deadline, int *wanted)
{
	struct buf out = { 0 };

	buf_append_str(&out, "first\n");
	dialogue_begin(all, endpoints, count, &out, deadline, &ears, wanted);
	ck_assert_int_eq((int)out.len, 0);
}

/* Far longer than anything here takes. */
static int64_t patience(void)
{
	return clock_mono_ms() + 60000;
}

/* Another process takes so many connections, one after the other, and tells each its answer. */
static void serve(const char *const answers[], int count)
{
	server = must_fork();
	if (server != 0)
		return;
	for (int i = 0; i < count; i++) {
		int client = accept(listener, NULL, NULL);
		char line[64] = "";

		if (client < 0 || recv(client, line, sizeof(line) - 1, 0) != 6 ||
		    strcmp(line, "first\n") != 0 ||
		    send(client, answers[i], strlen(answers[i]), MSG_NOSIGNAL) < 0)
			_exit(1);
		close(client);
	}
	_exit(0);
}

static void expect_served(void)
{
	int status;

	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert_int_eq(status, 0);
}

/* Who is not there is passed over; two that wait for one place are answered one by one. */
START_TEST(asks_the_first_that_is_there)
{
	const struct endpoint both[] = { refused, here };
	int two = 2;

	serve((const char *const[]){ ".\n", ".\n" }, 2);
	begin(both, 2, patience(), &two);
	begin(both, 2, patience(), &two);
	loop_run(loop);
	expect_served();
	ck_assert_int_eq(last_why, 0);
	ck_assert_str_eq(buf_cstr(&heard), ".\n.\n");
}
END_TEST

START_TEST(says_why_not)
{
	const struct endpoint gone = { .is_unix = true, .path = "/nonexistent/socket" };
	const struct endpoint neither[] = { refused, gone };
	int once = 1;

	begin(neither, 2, patience(), &once);
	loop_run(loop);
	ck_assert_int_eq(last_why, ECONNREFUSED);
	ended = 0;
	begin(&gone, 1, patience(), &once);
	loop_run(loop);
	ck_assert_int_eq(last_why, ENOENT);
	ended = 0;
	begin(NULL, 0, patience(), &once);
	loop_run(loop);
	ck_assert_int_eq(last_why, ENOTCONN);
}
END_TEST

START_TEST(ends_with_who_leaves_or_lies)
{
	int once = 1;

	serve((const char *const[]){ "half", "?\n", "go on\n" }, 3);
	begin(&here, 1, patience(), &once);
	loop_run(loop);
	ck_assert_int_eq(last_why, ECONNRESET);
	ended = 0;
	begin(&here, 1, patience(), &once);
	loop_run(loop);
	ck_assert_int_eq(last_why, EPROTO);
	/* What it would have said next meets a closed connection. */
	ended = 0;
	begin(&here, 1, patience(), &once);
	loop_run(loop);
	ck_assert_int_ne(last_why, 0);
	expect_served();
}
END_TEST

/* One is open, and nobody takes it; one waits for its turn: both end in time. */
START_TEST(waits_no_longer_than_asked)
{
	int two = 2;

	begin(&here, 1, clock_mono_ms() + 20, &two);
	begin(&here, 1, clock_mono_ms() + 10, &two);
	loop_run(loop);
	ck_assert_int_eq(last_why, ETIMEDOUT);
}
END_TEST

START_TEST(tells_all_at_the_end)
{
	int two = 2;

	begin(&here, 1, patience(), &two);
	begin(&here, 1, patience(), &two);
	dialogues_free(all);
	all = NULL;
	ck_assert_int_eq(ended, 2);
	ck_assert_int_eq(last_why, ECANCELED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dialogue");
	TCase *tcase = tcase_create("dialogue");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, asks_the_first_that_is_there);
	tcase_add_test(tcase, says_why_not);
	tcase_add_test(tcase, ends_with_who_leaves_or_lies);
	tcase_add_test(tcase, waits_no_longer_than_asked);
	tcase_add_test(tcase, tells_all_at_the_end);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
