/* SPDX-License-Identifier: BSD-2-Clause */
/* A real postseal-socketmap and its prober: what waits, for how long, and who leaves. */
#include "socketmap/share.h"
#include "tests/unit/socketmap_server.h"

#define NOT_YET "TEMP new.test: nothing is known about it yet"

static int listener; /* the prober's socket */

static void set_up(void)
{
	set_up_server_dir();
	listener = bound_socket("prober.sock", SOCK_STREAM);
	/* Longer than any of these tests lasts: nothing is answered for want of patience. */
	start_server("first_contact_wait = 60\n");
}

static void tear_down(void)
{
	close(listener);
	tear_down_server_dir();
}

static void learn(const char *key, enum observed observed)
{
	const struct sort sort = { key, MX_FOUND, false, observed, TLSA_ABSENT, 0 };

	put_sorts(&sort, 1, time(NULL));
}

static int ask(const char *payload)
{
	int fd = dial();

	send_request(fd, payload);
	return fd;
}

/* The server has read all that was sent before: it serves in the order of arrival. */
static void expect_no_reply(int fd)
{
	char byte;

	expect_service();
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(waits_until_the_prober_is_done)
{
	int fd = ask("policy new.test");
	int prober = accept_server(listener);

	expect_asked(prober, "want new.test");
	expect_no_reply(fd);
	learn("new.test", OBSERVED_TLS);
	say(prober, "done new.test");
	expect_reply(fd, "OK encrypt");
	close(fd);
	close(prober);
}
END_TEST

START_TEST(asks_once_for_all_that_wait)
{
	int fds[200];
	int prober;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = ask(i % 2 == 0 ? "policy new.test" : "policy-encrypt NEW.test.");
	prober = accept_server(listener);
	expect_asked(prober, "want new.test");
	send_request(fds[0], "policy other.test");
	expect_no_reply(fds[0]);
	learn("new.test", OBSERVED_TLS);
	say(prober, "done new.test");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		expect_reply(fds[i], "OK encrypt");
	/* Nothing was asked between the two. */
	expect_asked(prober, "want other.test");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	close(prober);
}
END_TEST

START_TEST(news_answers_what_it_settles)
{
	int plain = ask("policy new.test"), sealed = ask("policy sealed2.test");
	const struct sort sort = {
		"sealed2.test", MX_FOUND, true, OBSERVED_NOTHING, TLSA_USABLE, 0
	};
	int prober = accept_server(listener);

	expect_asked(prober, "want new.test");
	expect_asked(prober, "want sealed2.test");
	/* The MX is known, and no host of it has been spoken to. */
	learn("new.test", OBSERVED_NOTHING);
	say(prober, "news new.test");
	expect_no_reply(plain);
	/* DANE needs no more than DNS. */
	put_sorts(&sort, 1, time(NULL));
	say(prober, "news sealed2.test");
	expect_reply(sealed, "OK dane-only");
	learn("new.test", OBSERVED_PLAIN);
	say(prober, "news new.test");
	expect_reply(plain, "NOTFOUND ");
	say(prober, "done new.test");
	expect_service();
	close(plain);
	close(sealed);
	close(prober);
}
END_TEST

START_TEST(replies_stay_in_order)
{
	int fd = ask("policy tls.test"), prober;

	expect_reply(fd, "OK encrypt");
	send_request(fd, "policy new.test");
	for (int i = 0; i < 100; i++)
		send_request(fd, i % 2 == 0 ? "policy sealed.test" : "policy plain.test");
	send_request(fd, "policy new2.test");
	send_request(fd, "policy tls.test");
	prober = accept_server(listener);
	expect_asked(prober, "want new.test");
	expect_no_reply(fd);
	say(prober, "done new.test");
	expect_reply(fd, NOT_YET);
	for (int i = 0; i < 100; i++)
		expect_reply(fd, i % 2 == 0 ? "OK dane-only" : "NOTFOUND ");
	/* Answered what it could, it waits again. */
	expect_asked(prober, "want new2.test");
	learn("new2.test", OBSERVED_TLS);
	say(prober, "done new2.test");
	expect_reply(fd, "OK encrypt");
	expect_reply(fd, "OK encrypt");
	close(fd);
	close(prober);
}
END_TEST

/* The same next hop again, from the very connection that is being answered. */
START_TEST(asks_again_while_being_answered)
{
	int fd = ask("policy new.test"), prober = accept_server(listener);

	send_request(fd, "policy new.test");
	for (int i = 0; i < 2; i++) {
		expect_asked(prober, "want new.test");
		say(prober, "done new.test");
		expect_reply(fd, NOT_YET);
	}
	close(fd);
	close(prober);
}
END_TEST

START_TEST(a_client_that_vanishes_while_parked)
{
	int gone = ask("policy new.test"), stays = ask("policy new.test");
	int last = ask("policy new3.test");
	int prober = accept_server(listener);

	expect_asked(prober, "want new.test");
	expect_asked(prober, "want new3.test");
	close(gone);
	close(last);
	expect_no_reply(stays);
	learn("new.test", OBSERVED_TLS);
	say(prober, "done new.test");
	say(prober, "done new3.test");
	expect_reply(stays, "OK encrypt");
	expect_service();
	ck_assert_uint_eq(counted(METRIC1(UNPARKED, METRIC_UNPARKED_LEFT)), 2);
	ck_assert_uint_eq(counted(METRIC1(UNPARKED, METRIC_UNPARKED_SETTLED)), 1);
	ck_assert_uint_eq(counted(METRIC1(SERVED, METRIC_SERVED_PARKED)), 3);
	ck_assert_uint_eq(counted(M_PARKED), 0);
	/* No one is left who asked that. */
	ck_assert_uint_eq(log_lines("domain=new3.test"), 0);
	ck_assert_uint_eq(log_lines("domain=new.test"), 1);
	close(stays);
	close(prober);
}
END_TEST

/* What it asks behind a parked question waits, and no more of it is taken than fits. */
START_TEST(a_parked_client_that_goes_on_asking)
{
	static const char question[] = "15:policy tls.test,";
	const size_t len = sizeof(question) - 1;
	int fd = ask("policy new.test"), prober = accept_server(listener);
	size_t sent;

	expect_asked(prober, "want new.test");
	sent = stuff(fd, question);
	expect_no_reply(fd);
	say(prober, "done new.test");
	expect_reply(fd, NOT_YET);
	for (size_t i = 0; i < sent / len; i++)
		expect_reply(fd, "OK encrypt");
	send_bytes(fd, question + sent % len, len - sent % len);
	expect_reply(fd, "OK encrypt");
	close(fd);
	close(prober);
}
END_TEST

START_TEST(refreshes_behind_an_answer)
{
	int fd = ask("policy oldtls.test"), prober;

	expect_reply(fd, "OK encrypt");
	prober = accept_server(listener);
	expect_asked(prober, "want oldtls.test");
	/* Not again while the prober is at it. */
	for (int i = 0; i < 10; i++) {
		send_request(fd, "policy oldtls.test");
		expect_reply(fd, "OK encrypt");
	}
	send_request(fd, "status joe@unknown.test");
	ck_assert_ptr_nonnull(strstr(receive_reply(fd), "\"state\":\"unknown\""));
	expect_asked(prober, "want unknown.test");
	say(prober, "done oldtls.test");
	/* The ledger says the same as before, so it is asked for again. */
	expect_service();
	send_request(fd, "policy oldtls.test");
	expect_reply(fd, "OK encrypt");
	expect_asked(prober, "want oldtls.test");
	ck_assert_uint_ge(counted(METRIC1(SERVED, METRIC_SERVED_REFRESH)), 13);
	ck_assert_uint_eq(counted(METRIC1(SERVED, METRIC_SERVED_PARKED)), 0);
	close(fd);
	close(prober);
}
END_TEST

START_TEST(answers_without_a_prober)
{
	int fd;

	close(listener);
	fd = ask("policy new.test");
	for (int i = 0; i < 10; i++) {
		expect_reply(fd, NOT_YET);
		send_request(fd, "policy new.test");
	}
	expect_reply(fd, NOT_YET);
	send_request(fd, "policy-dane-only new.test");
	expect_reply(fd, "OK dane-only");
	ck_assert_uint_eq(log_lines("cannot be reached"), 1);
	ck_assert_uint_eq(counted(METRIC1(SERVED, METRIC_SERVED_ALONE)), 12);
	close(fd);
	listener = bound_socket("prober.sock", SOCK_STREAM);
}
END_TEST

/* Ask until the question is parked, which is when the prober hears of it. */
static int ask_until_parked(int fd, const char *payload)
{
	struct pollfd ready[2] = { { fd, POLLIN, 0 }, { listener, POLLIN, 0 } };

	for (;;) {
		send_request(fd, payload);
		ck_assert_int_gt(poll(ready, 2, PATIENCE_S * 1000), 0);
		if (ready[1].revents != 0)
			return accept_server(listener);
		receive_reply(fd);
	}
}

START_TEST(a_prober_that_dies_and_comes_back)
{
	int one = ask("policy new.test"), two = ask("policy new2.test");
	int prober = accept_server(listener);

	expect_asked(prober, "want new.test");
	expect_asked(prober, "want new2.test");
	close(prober);
	expect_reply(one, NOT_YET);
	expect_reply(two, "TEMP new2.test: nothing is known about it yet");
	ck_assert_uint_eq(log_lines("cannot be reached"), 1);
	prober = ask_until_parked(one, "policy new.test");
	expect_asked(prober, "want new.test");
	learn("new.test", OBSERVED_TLS);
	say(prober, "done new.test");
	expect_reply(one, "OK encrypt");
	ck_assert_uint_eq(log_lines("answers again"), 1);
	ck_assert_uint_eq(counted(M_PROBER_LOST), 1);
	ck_assert_uint_eq(counted(METRIC1(UNPARKED, METRIC_UNPARKED_LOST)), 2);
	ck_assert_uint_eq(counted(METRIC1(UNPARKED, METRIC_UNPARKED_SETTLED)), 1);
	close(one);
	close(two);
	close(prober);
}
END_TEST

START_TEST(a_prober_that_talks_nonsense)
{
	static const char *const nonsense[] = {
		"done",          "done ",         "hello new.test",
		"want new.test", "done NEW.test", "done new.test done",
		"\x80",
	};

	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		int fd = dial();
		int prober = ask_until_parked(fd, "policy new.test");

		expect_asked(prober, "want new.test");
		/* One right word, so that the next attempt to connect is not put off. */
		say(prober, "news never.asked.test");
		say(prober, nonsense[i]);
		expect_reply(fd, NOT_YET);
		expect_end(prober);
		close(fd);
		close(prober);
	}
	expect_service();
}
END_TEST

/* A line without an end must not be waited for, nor kept. */
START_TEST(a_prober_that_never_ends_its_line)
{
	char line[2048];
	int fd = ask("policy new.test"), prober = accept_server(listener);

	expect_asked(prober, "want new.test");
	memset(line, 'x', sizeof(line));
	send_bytes(prober, line, sizeof(line));
	expect_reply(fd, NOT_YET);
	close(fd);
	close(prober);
}
END_TEST

START_TEST(a_prober_that_is_busy_or_cannot_write)
{
	int fd = ask("policy new.test"), prober = accept_server(listener);

	expect_asked(prober, "want new.test");
	say(prober, "busy new.test");
	expect_reply(fd, NOT_YET);
	close(fd);
	fd = ask("policy unwritten.test");
	expect_asked(prober, "want unwritten.test");
	say(prober, "lost unwritten.test");
	expect_reply(fd, "TEMP unwritten.test: nothing is known about it yet");
	/* Words about what no one has asked. */
	say(prober, "done never.asked.test");
	say(prober, "lost never.asked.test");
	say(prober, "news never.asked.test");
	expect_service();
	close(fd);
	close(prober);
}
END_TEST

/* On a full disk each mail would have its domain looked at anew, and hosts probed. */
START_TEST(a_prober_that_cannot_write_is_spared)
{
	int fd = ask("policy oldtls.test"), prober;
	char byte;

	expect_reply(fd, "OK encrypt");
	prober = accept_server(listener);
	expect_asked(prober, "want oldtls.test");
	say(prober, "lost oldtls.test");
	expect_service();
	for (int i = 0; i < 10; i++) {
		send_request(fd, "policy oldtls.test");
		expect_reply(fd, "OK encrypt");
	}
	expect_service();
	ck_assert_int_eq(recv(prober, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* But who waits for it is not turned away. */
	send_request(fd, "policy new.test");
	expect_asked(prober, "want new.test");
	say(prober, "done new.test");
	expect_reply(fd, NOT_YET);
	close(fd);
	close(prober);
}
END_TEST

#define CROWD 8
#define EACH 100 /* less than one client may have looked at: socketmap/share.h */

/* A crowd that asks for other names all the time; all of it has been served. */
static void crowd(int fds[CROWD], const char *begin, const char *end)
{
	char payload[64];

	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = dial();
		for (unsigned k = 0; k < EACH; k++) {
			snprintf(payload, sizeof(payload), "%s%u%s", begin, i * EACH + k, end);
			send_request(fds[i], payload);
		}
	}
	for (unsigned i = 0; i < CROWD; i++)
		for (unsigned k = 0; k < EACH; k++)
			receive_reply(fds[i]);
}

/* How many next hops the prober is asked to look at before this one. */
static size_t asked_before(int prober, const char *wanted)
{
	char line[512];
	size_t count = 0, len;

	for (;; count++) {
		len = 0;
		do
			ck_assert_msg(recv(prober, line + len, 1, 0) == 1, "not asked: %s", wanted);
		while (line[len++] != '\n' && len < sizeof(line));
		line[len - 1] = '\0';
		if (strcmp(line, wanted) == 0)
			return count;
	}
}

START_TEST(status_never_crowds_out_mail)
{
	int fds[CROWD], fd, prober;

	crowd(fds, "status dead", ".test");
	fd = ask("policy new.test");
	prober = accept_server(listener);
	ck_assert_uint_eq(asked_before(prober, "want new.test"), SHARE_STATUS);
	expect_no_reply(fd);
	learn("new.test", OBSERVED_TLS);
	say(prober, "done new.test");
	expect_reply(fd, "OK encrypt");
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
	close(fd);
	close(prober);
}
END_TEST

/* Wildcard names of one zone, of which each is new. */
START_TEST(one_zone_never_crowds_out_others)
{
	int fds[CROWD], fd, prober;

	expect_service();
	stop_server();
	start_server("first_contact = may\n");
	crowd(fds, "policy x", ".evil.test");
	fd = ask("policy new.test");
	expect_reply(fd, "NOTFOUND ");
	prober = accept_server(listener);
	ck_assert_uint_eq(asked_before(prober, "want new.test"), SHARE_ZONE);
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
	close(fd);
	close(prober);
}
END_TEST

START_TEST(patience_ends)
{
	int fds[10], prober;

	expect_service();
	stop_server();
	start_server("first_contact_wait = 1\n");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = ask("policy new.test");
	prober = accept_server(listener);
	expect_asked(prober, "want new.test");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		expect_reply(fds[i], NOT_YET);
		close(fds[i]);
	}
	ck_assert_uint_eq(counted(METRIC1(UNPARKED, METRIC_UNPARKED_TIMEOUT)), ARRAY_LEN(fds));
	ck_assert_uint_eq(counted(M_PARKED), 0);
	close(prober);
}
END_TEST

START_TEST(logs_what_an_admin_looks_for)
{
	int fd = ask("policy tls.test"), prober;

	expect_reply(fd, "OK encrypt");
	send_request(fd, "policy oldtls.test");
	expect_reply(fd, "OK encrypt");
	send_request(fd, "policy new.test");
	prober = accept_server(listener);
	expect_asked(prober, "want oldtls.test");
	expect_asked(prober, "want new.test");
	learn("new.test", OBSERVED_TLS);
	say(prober, "news new.test");
	expect_reply(fd, "OK encrypt");
	send_request(fd, "policy new.test");
	expect_reply(fd, "OK encrypt");
	ck_assert_uint_eq(log_lines("domain=tls.test"), 0);
	ck_assert_uint_eq(log_lines("domain=oldtls.test map=policy answer=encrypt"), 1);
	ck_assert_uint_eq(log_lines("domain=new.test map=policy answer=encrypt"), 1);
	stop_server();
	start_server("log_level = debug\n");
	close(fd);
	fd = ask("policy tls.test");
	expect_reply(fd, "OK encrypt");
	ck_assert_uint_eq(log_lines("domain=tls.test map=policy answer=encrypt"), 1);
	close(fd);
	close(prober);
}
END_TEST

START_TEST(starts_before_its_ledger)
{
	int fd;
	const char *reply;

	expect_service();
	stop_server();
	remove_dir();
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	start_server("");
	fd = ask("policy tls.test");
	expect_reply(fd, "TEMP tls.test: postseal cannot read its ledger; its log says why");
	put_sorts(sorts, ARRAY_LEN(sorts), time(NULL));
	do {
		send_request(fd, "policy tls.test");
		reply = receive_reply(fd);
	} while (strncmp(reply, "TEMP ", 5) == 0);
	ck_assert_str_eq(reply, "OK encrypt");
	ck_assert_uint_eq(log_lines("cannot be opened, so mail waits"), 1);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socketmap_parking");
	TCase *tcase = tcase_create("socketmap_parking");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 10 * PATIENCE_S);
	tcase_add_test(tcase, waits_until_the_prober_is_done);
	tcase_add_test(tcase, asks_once_for_all_that_wait);
	tcase_add_test(tcase, news_answers_what_it_settles);
	tcase_add_test(tcase, replies_stay_in_order);
	tcase_add_test(tcase, asks_again_while_being_answered);
	tcase_add_test(tcase, a_client_that_vanishes_while_parked);
	tcase_add_test(tcase, a_parked_client_that_goes_on_asking);
	tcase_add_test(tcase, refreshes_behind_an_answer);
	tcase_add_test(tcase, answers_without_a_prober);
	tcase_add_test(tcase, a_prober_that_dies_and_comes_back);
	tcase_add_test(tcase, a_prober_that_talks_nonsense);
	tcase_add_test(tcase, a_prober_that_never_ends_its_line);
	tcase_add_test(tcase, a_prober_that_is_busy_or_cannot_write);
	tcase_add_test(tcase, a_prober_that_cannot_write_is_spared);
	tcase_add_test(tcase, status_never_crowds_out_mail);
	tcase_add_test(tcase, one_zone_never_crowds_out_others);
	tcase_add_test(tcase, patience_ends);
	tcase_add_test(tcase, logs_what_an_admin_looks_for);
	tcase_add_test(tcase, starts_before_its_ledger);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
