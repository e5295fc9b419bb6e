/* SPDX-License-Identifier: BSD-2-Clause */
/* A real postseal-socketmap and clients that mean it ill: others are served all the same. */
#include "tests/unit/socketmap_server.h"

#define QUESTION "15:status tls.test,"
#define QUESTION_LEN (sizeof(QUESTION) - 1)

static void set_up(void)
{
	set_up_server_dir();
	start_server("");
}

START_TEST(malformed_netstrings)
{
	static const char *const cases[] = {
		"a",
		":",
		",",
		"01:a,",
		"-1:a,",
		" 1:a,",
		"1 :a,",
		"3:ab,;",
		"15:policy tls.test;",
		"GET / HTTP/1.1\r\n\r\n",
		"EHLO client.test\r\n",
		"\n",
		"\xff\xff\xff\xff",
		"\x16\x03\x01\x02",
		"99999999999999999999:",
		"10001:",
		"99999:",
	};
	int patient = dial();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = dial();

		send_bytes(fd, cases[i], strlen(cases[i]));
		expect_end(fd);
		close(fd);
		expect_service();
	}
	/* What was right before is answered; what stands behind is not. */
	send_request(patient, "policy tls.test");
	send_bytes(patient, "15:policy tls.test,00:,15:policy tls.test,", 42);
	expect_reply(patient, "OK encrypt");
	expect_reply(patient, "OK encrypt");
	expect_end(patient);
	close(patient);
	ck_assert_uint_eq(log_lines("did not send a netstring"), 1);
}
END_TEST

START_TEST(oversized_requests)
{
	static char payload[REQUEST_MAX + 1];
	struct buf out = { 0 };
	int fd = dial();

	memset(payload, 'x', sizeof(payload));
	memcpy(payload, "policy ", 7);
	netstring_append(&out, payload, REQUEST_MAX);
	send_bytes(fd, out.data, out.len);
	expect_reply(fd, "NOTFOUND ");
	out.len = 0;
	netstring_append(&out, payload, REQUEST_MAX + 1);
	/* Refused at its length: the payload need not come, and may find the door shut. */
	send_bytes(fd, out.data, 6);
	expect_end(fd);
	close(fd);
	buf_free(&out);
	expect_service();
}
END_TEST

START_TEST(byte_by_byte)
{
	static const char bytes[] =
		"15:policy tls.test,18:policy sealed.test,17:policy plain.test,";
	int fd = dial();

	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		send_bytes(fd, bytes + i, 1);
		if (i % 16 == 0)
			expect_service();
	}
	expect_reply(fd, "OK encrypt");
	expect_reply(fd, "OK dane-only");
	expect_reply(fd, "NOTFOUND ");
	close(fd);
}
END_TEST

static const struct {
	const char *payload;
	const char *reply;
} mixed[] = {
	{ "policy tls.test", "OK encrypt" },           { "policy sealed.test", "OK dane-only" },
	{ "policy plain.test", "NOTFOUND " },          { "policy .test", "NOTFOUND " },
	{ "policy-encrypt plain.test", "OK encrypt" },
};

static void append_mixed(struct buf *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *payload = mixed[i % ARRAY_LEN(mixed)].payload;

		netstring_append(out, payload, strlen(payload));
	}
}

static void expect_mixed(int fd, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_reply(fd, mixed[i % ARRAY_LEN(mixed)].reply);
}

START_TEST(a_thousand_in_one_write)
{
	struct buf out = { 0 };
	int fd = dial();

	append_mixed(&out, 1000);
	send_bytes(fd, out.data, out.len);
	expect_mixed(fd, 1000);
	close(fd);
	buf_free(&out);
}
END_TEST

/* `printf ... | nc -N`: all questions are answered before the door is shut. */
static void ask_and_end(int count)
{
	struct buf out = { 0 };
	int fd = dial();

	for (int i = 0; i < count; i++)
		buf_append_str(&out, QUESTION);
	send_bytes(fd, out.data, out.len);
	buf_free(&out);
	shutdown(fd, SHUT_WR);
	expect_service();
	for (int i = 0; i < count; i++)
		ck_assert_ptr_nonnull(strstr(receive_reply(fd), "\"state\":\"tls\""));
	expect_end(fd);
	close(fd);
}

START_TEST(no_more_questions)
{
	int fd = dial();

	/* From less to more than fits in the socket's buffer, and then in the server's. */
	for (int count = 1; count < 1000; count += 37)
		ask_and_end(count);
	send_bytes(fd, "15:policy t", 11);
	shutdown(fd, SHUT_WR);
	expect_end(fd);
	close(fd);
}
END_TEST

START_TEST(slow_netstrings)
{
	static const char bytes[] = "15:policy tls.test,";
	int fds[sizeof(bytes)];

	/* One client has stopped after each byte. */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		fds[i] = dial();
		if (i > 0)
			send_bytes(fds[i], bytes, i);
	}
	for (int i = 0; i < 100; i++)
		expect_service();
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i + 1 < sizeof(bytes))
			send_bytes(fds[i], bytes + i, sizeof(bytes) - 1 - i);
		expect_reply(fds[i], "OK encrypt");
		close(fds[i]);
	}
}
END_TEST

#define IDLE 1000

static void raise_own_limit(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_ge(limit.rlim_cur, IDLE + 64);
}

START_TEST(a_thousand_idle)
{
	static int fds[IDLE];

	raise_own_limit();
	for (int i = 0; i < IDLE; i++)
		fds[i] = dial();
	for (int i = 0; i < 100; i++)
		expect_service();
	/* All are still there, and are served. */
	for (int i = 0; i < IDLE; i++)
		send_request(fds[i], "policy sealed.test");
	for (int i = 0; i < IDLE; i++) {
		expect_reply(fds[i], "OK dane-only");
		close(fds[i]);
	}
	expect_service();
}
END_TEST

START_TEST(a_client_that_never_reads)
{
	int fd = dial();
	size_t sent = stuff(fd, QUESTION);

	for (int i = 0; i < 100; i++)
		expect_service();
	/* Nothing was lost: it reads now, and has all of its answers. */
	for (size_t i = 0; i < sent / QUESTION_LEN; i++)
		ck_assert_ptr_nonnull(strstr(receive_reply(fd), "\"state\":\"tls\""));
	send_bytes(fd, QUESTION + sent % QUESTION_LEN, QUESTION_LEN - sent % QUESTION_LEN);
	ck_assert_ptr_nonnull(strstr(receive_reply(fd), "\"state\":\"tls\""));
	close(fd);
}
END_TEST

/* Goes away with all of its answers unread. */
START_TEST(a_client_that_never_reads_and_leaves)
{
	int fd = dial();

	stuff(fd, QUESTION);
	close(fd);
	expect_service();
}
END_TEST

START_TEST(clients_that_leave_at_once)
{
	for (int i = 0; i < 1000; i++) {
		int fd = dial();

		if (i % 3 > 0)
			send_request(fd, "policy tls.test");
		if (i % 3 > 1)
			shutdown(fd, SHUT_RD);
		close(fd);
	}
	expect_service();
}
END_TEST

#define FEW (80 - 32) /* less those that the server keeps for itself */

/* At the limit new clients wait for others to leave, and no one is thrown out. */
START_TEST(more_clients_than_descriptors)
{
	int fds[FEW + 20];
	char byte;

	expect_service();
	stop_server();
	descriptors = "80";
	start_server("");
	descriptors = NULL;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial();
		send_request(fds[i], "policy tls.test");
		if (i < FEW)
			expect_reply(fds[i], "OK encrypt");
	}
	for (size_t i = 0; i < FEW; i++) {
		send_request(fds[i], "policy sealed.test");
		expect_reply(fds[i], "OK dane-only");
	}
	ck_assert_int_eq(recv(fds[FEW], &byte, 1, MSG_DONTWAIT), -1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (i >= FEW)
			expect_reply(fds[i], "OK encrypt");
		close(fds[i]);
	}
	expect_service();
	ck_assert_uint_eq(log_lines("new clients wait"), 1);
}
END_TEST

/*
 * All places are taken by clients that are idle: who never asked, and who stopped in the
 * middle of a question. They give way to who asks.
 */
START_TEST(idle_clients_keep_nobody_out)
{
	int fds[FEW + 20], patient = -1;

	expect_service();
	stop_server();
	descriptors = "80";
	start_server("");
	descriptors = NULL;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial();
		if (i % 2 == 0)
			send_bytes(fds[i], "15:pol", 6);
	}
	patient = dial();
	send_request(patient, "policy tls.test");
	expect_reply(patient, "OK encrypt");
	for (int i = 0; i < 10; i++)
		expect_service();
	/* Who has just been answered is not idle. */
	send_request(patient, "policy sealed.test");
	expect_reply(patient, "OK dane-only");
	expect_end(fds[0]);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	close(patient);
	ck_assert_uint_ge(log_lines("new clients wait"), 1);
}
END_TEST

/* Not even those that it keeps for itself: accept(2) fails, and is not tried in a circle. */
START_TEST(no_descriptor_left)
{
	int fds[60];

	expect_service();
	stop_server();
	descriptors = "36";
	start_server("");
	descriptors = NULL;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial();
		send_request(fds[i], "policy tls.test");
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		expect_reply(fds[i], "OK encrypt");
		close(fds[i]);
	}
	expect_service();
	ck_assert_uint_eq(log_lines("new clients wait: Too many open files"), 1);
}
END_TEST

START_TEST(stops_with_clients_on_the_line)
{
	int idle = dial(), busy = dial(), halfway = dial();

	send_request(busy, "policy tls.test");
	send_bytes(halfway, "15:pol", 6);
	expect_service();
	stop_server();
	expect_end(idle);
	expect_reply(busy, "OK encrypt");
	expect_end(busy);
	expect_end(halfway);
	close(idle);
	close(busy);
	close(halfway);
	/* And its socket is no obstacle to the next one. */
	start_server("");
	expect_service();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socketmap_abuse");
	TCase *tcase = tcase_create("socketmap_abuse");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down_server_dir);
	tcase_set_timeout(tcase, 10 * PATIENCE_S);
	tcase_add_test(tcase, malformed_netstrings);
	tcase_add_test(tcase, oversized_requests);
	tcase_add_test(tcase, byte_by_byte);
	tcase_add_test(tcase, a_thousand_in_one_write);
	tcase_add_test(tcase, no_more_questions);
	tcase_add_test(tcase, slow_netstrings);
	tcase_add_test(tcase, a_thousand_idle);
	tcase_add_test(tcase, a_client_that_never_reads);
	tcase_add_test(tcase, a_client_that_never_reads_and_leaves);
	tcase_add_test(tcase, clients_that_leave_at_once);
	tcase_add_test(tcase, more_clients_than_descriptors);
	tcase_add_test(tcase, idle_clients_keep_nobody_out);
	tcase_add_test(tcase, no_descriptor_left);
	tcase_add_test(tcase, stops_with_clients_on_the_line);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
