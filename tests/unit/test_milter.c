/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real postseal-milter, asked as an MTA asks: the milter protocol over its
 * socket, packet by packet, so that each test says exactly which macros it sees.
 */
#include <arpa/inet.h>
#include <check.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

#define PATIENCE_MS 20000 /* for what should come at once */

static char dir[] = "/tmp/test_milter.XXXXXX";
static char path[64];
static pid_t milter;
static int milter_log; /* its standard error */
static int mta;        /* our connection to it */

/* The milter's process */

static void program(char *out, size_t size)
{
	char self[PATH_MAX] = "";

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(out, size, "%s/../postseal-milter", dirname(self));
}

static pid_t start(int *log)
{
	char name[PATH_MAX + 32], conf[64];
	int ends[2];
	pid_t pid;

	program(name, sizeof(name));
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
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
static bool log_line(int log, char *line, size_t size)
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

static void expect_log(int log, const char *wanted)
{
	char line[4096];

	do
		ck_assert_msg(log_line(log, line, sizeof(line)), "never logged: %s", wanted);
	while (strstr(line, wanted) == NULL);
}

static void write_settings(const char *domains, const char *more)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "%s/conf", dir);
	file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file,
		"ledger = \"%s/ledger\"\nruntime = \"%s/run\"\n"
		"milter_listen = \"unix:%s\"\n"
		"secure_domains = {%s}\n%s",
		dir, dir, path, domains, more);
	ck_assert_int_eq(fclose(file), 0);
}

static int wait_status(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The MTA's side of the protocol */

static int dial(void)
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
static void say(char command, const void *data, size_t len)
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

static void read_all(void *into, size_t len)
{
	ck_assert_int_eq(recv(mta, into, len, MSG_WAITALL), (ssize_t)len);
}

/* The reply's command; what came with it into data, with a NUL behind. */
static char hear(char *data, size_t size, size_t *len)
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

static void negotiate_with(struct negotiated *got, uint32_t actions, uint32_t steps)
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

static void negotiate(void)
{
	struct negotiated got;

	negotiate_with(&got, ALL_ACTIONS, ALL_STEPS);
}

/* "name=value name=value": what Postfix sends before a command. */
static void macros(char command, const char *list)
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
static void client(char family, const char *address)
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

static char ask(char command, const char *argument, char reply[512])
{
	size_t len;

	say(command, argument, strlen(argument) + 1);
	return hear(reply, 512, &len);
}

static void helo(void)
{
	/* Nobody asked for this step; an MTA too old to leave it out sends it. */
	char reply[512];

	ck_assert_int_eq(ask('H', "client.example", reply), 'c');
}

/* What a macro list looks like over TLS, and without. */
#define TLS(version) "{client_port}=1234 {tls_version}=" version
#define PLAIN "{client_port}=1234"

static char mail_from(const char *from, const char *seen, char reply[512])
{
	if (seen != NULL)
		macros('M', seen);
	return ask('M', from, reply);
}

static void mail(const char *seen)
{
	char reply[512];

	ck_assert_int_eq(mail_from("<you@example.net>", seen, reply), 'c');
}

static void header(const char *name, const char *value)
{
	char data[256];
	size_t len = strlen(name) + 1;

	memcpy(data, name, len);
	memcpy(data + len, value, strlen(value) + 1);
	say('L', data, len + strlen(value) + 1);
}

static void accepted(const char *to)
{
	char reply[512];

	ck_assert_msg(ask('R', to, reply) == 'c', "%s: %s", to, reply);
}

static void refused(const char *to, const char *text)
{
	char reply[512];

	ck_assert_msg(ask('R', to, reply) == 'y', "%s was accepted", to);
	ck_assert_msg(strncmp(reply, "550 5.7.10 ", 11) == 0, "%s", reply);
	ck_assert_msg(strstr(reply, text) != NULL, "%s", reply);
}

static void end_of_message(void)
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

static void setup_with(const char *domains, const char *more, const char *first_line)
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

static void setup(void)
{
	setup_with(DOMAINS, "", "");
}

static void setup_for_tls13(void)
{
	setup_with(DOMAINS, "secure_min_tls = \"TLSv1.3\"\n", "");
}

static void setup_for_enabled(void)
{
	setup_with(DOMAINS, "secure_aliases = \"enabled\"\n", "warning: secure_aliases=enabled");
}

static void setup_without_domains(void)
{
	setup_with("", "", "warning: secure_domains is empty");
}

static void teardown(void)
{
	static const char *const names[] = { "conf", "milter.sock", "ledger", "run" };
	char name[96];

	close(mta);
	if (milter > 0) {
		kill(milter, SIGKILL);
		waitpid(milter, NULL, 0);
	}
	close(milter_log);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		remove(name);
	}
	remove(dir);
}

/* Negotiation */

static const char *macro_list(const struct negotiated *got, uint32_t stage)
{
	size_t at = 0;

	while (at + 4 < got->macros_len) {
		uint32_t found;

		memcpy(&found, got->macros + at, sizeof(found));
		at += sizeof(found);
		if (ntohl(found) == stage)
			return got->macros + at;
		at += strlen(got->macros + at) + 1;
	}
	return "";
}

START_TEST(asks_for_what_it_needs)
{
	struct negotiated got;

	negotiate_with(&got, ALL_ACTIONS, ALL_STEPS);
	/* no HELO, body, end of headers, unknown command, DATA; no reply to headers, CONNECT */
	ck_assert_uint_eq(got.steps, 0x2 | 0x10 | 0x40 | 0x100 | 0x200 | 0x80 | 0x1000);
	ck_assert_uint_eq(got.actions, 0x100);
	ck_assert_str_eq(macro_list(&got, 1), "{client_port}");
	ck_assert_str_eq(macro_list(&got, 2),
			 "{client_port} {tls_version} {auth_authen} {mail_addr}");
	ck_assert_str_eq(macro_list(&got, 3), "{client_port} {rcpt_addr}");
}
END_TEST

START_TEST(gets_along_with_an_old_mta)
{
	struct negotiated got;
	char reply[512];
	size_t len;

	/* milter_protocol = 2, no choice of macros: Postfix shows TLS at HELO by itself. */
	negotiate_with(&got, 0x3f, 0x7f);
	ck_assert_uint_eq(got.actions, 0);
	ck_assert_uint_eq(got.macros_len, 0);
	client('4', "192.0.2.9");
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
	macros('H', "{tls_version}=TLSv1.3");
	mail(NULL);
	accepted(SECURE);
	expect_log(milter_log, "does not let a milter choose");
}
END_TEST

START_TEST(refuses_when_it_may_not_see)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(NULL);
	refused(SECURE, "cannot tell whether yours is");
	accepted(ORDINARY);
	expect_log(milter_log, "warning: client=[192.0.2.9] from=<you@example.net> "
			       "to=<me@secure.example.com> refused: the MTA does not show");
}
END_TEST

/* What is seen of TLS */

START_TEST(refuses_one_recipient_and_takes_the_others)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	accepted(ORDINARY);
	refused(SECURE, NO_TLS);
	accepted("<you@example.com>");
	refused("<you@secure.example.com>", NO_TLS);
	end_of_message();
	expect_log(milter_log, "client=[192.0.2.9] from=<you@example.net> "
			       "to=<me@secure.example.com> refused: no TLS");
	expect_log(milter_log, "to=<you@secure.example.com> refused: no TLS");
}
END_TEST

START_TEST(takes_mail_over_tls)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.2"));
	accepted(SECURE);
	accepted(ORDINARY);
	end_of_message();
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
}
END_TEST

START_TEST(refuses_old_tls)
{
	static const char *const versions[] = { "TLSv1", "TLSv1.1" };
	char seen[64], text[64];

	negotiate();
	client('6', "2001:db8::9");
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		snprintf(seen, sizeof(seen), TLS("%s"), versions[i]);
		snprintf(text, sizeof(text), "Your server used %s. Let it use TLSv1.2",
			 versions[i]);
		mail(seen);
		accepted(ORDINARY);
		refused(SECURE, text);
		end_of_message();
	}
	expect_log(milter_log, "client=[2001:db8::9] ");
}
END_TEST

START_TEST(refuses_tls_it_does_not_know)
{
	static const char *const versions[] = { "SSLv3", "TLSv9", "none", "tlsv1.3", "TLSv1.3x" };
	char seen[64];

	negotiate();
	client('4', "192.0.2.9");
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		snprintf(seen, sizeof(seen), TLS("%s"), versions[i]);
		mail(seen);
		refused(SECURE, "a version of TLS unknown here");
		end_of_message();
	}
	mail(TLS(""));
	refused(SECURE, NO_TLS);
}
END_TEST

START_TEST(obeys_the_minimum)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.2"));
	refused(SECURE, "Let it use TLSv1.3 or newer");
	end_of_message();
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
}
END_TEST

START_TEST(counts_every_alias_as_enabled)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	refused(SECURE, NO_TLS);
	accepted(ORDINARY);
}
END_TEST

START_TEST(without_domains_takes_all)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	accepted(SECURE);
	accepted("<me@not(c)parsable>");
}
END_TEST

/* Who asks */

START_TEST(trusts_local_clients)
{
	static const struct {
		char family;
		const char *address;
	} cases[] = { { '4', "127.0.0.1" },
		      { '4', "127.1.2.3" },
		      { '6', "::1" },
		      { '6', "::ffff:127.0.0.1" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		close(mta);
		mta = dial();
		negotiate();
		client(cases[i].family, cases[i].address);
		mail(PLAIN);
		accepted(SECURE);
		accepted("<me@secure(c).example.com>");
	}
}
END_TEST

START_TEST(trusts_nobody_else)
{
	static const struct {
		char family;
		const char *address;
	} cases[] = { { '4', "128.0.0.1" },        { '6', "::2" },         { '6', "::127.0.0.1" },
		      { '6', "::ffff:192.0.2.1" }, { 'L', "/run/socket" }, { 'U', "" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		close(mta);
		mta = dial();
		negotiate();
		client(cases[i].family, cases[i].address);
		mail(PLAIN);
		refused(SECURE, NO_TLS);
	}
	expect_log(milter_log, "client=[unknown] ");
}
END_TEST

/* One thing after the other */

START_TEST(starttls_voids_what_was_said_before)
{
	negotiate();
	client('4', "192.0.2.9");
	macros('H', PLAIN);
	helo();
	mail(PLAIN);
	refused(SECURE, NO_TLS);
	say('A', NULL, 0);
	/* STARTTLS, another EHLO */
	macros('H', PLAIN);
	helo();
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
	end_of_message();
}
END_TEST

START_TEST(starttls_needs_no_ehlo)
{
	negotiate();
	client('4', "192.0.2.9");
	macros('H', PLAIN);
	helo();
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
}
END_TEST

START_TEST(each_message_is_looked_at_anew)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
	end_of_message();
	mail(PLAIN);
	refused(SECURE, NO_TLS);
	end_of_message();
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
}
END_TEST

START_TEST(an_aborted_message_leaves_nothing)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	say('A', NULL, 0);
	mail(PLAIN);
	accepted(ORDINARY);
	refused(SECURE, NO_TLS);
	say('A', NULL, 0);
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
}
END_TEST

START_TEST(a_new_session_on_the_same_connection_is_new)
{
	negotiate();
	client('4', "127.0.0.1");
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
	end_of_message();
	say('K', NULL, 0);
	client('4', "192.0.2.9");
	mail(NULL);
	refused(SECURE, "cannot tell");
	say('A', NULL, 0);
	mail(PLAIN);
	refused(SECURE, NO_TLS);
}
END_TEST

START_TEST(sessions_do_not_mix)
{
	int first = mta, second = dial();

	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	mta = second;
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	mta = first;
	accepted(SECURE);
	mta = second;
	refused(SECURE, NO_TLS);
	mta = first;
	accepted(SECURE);
	close(second);
}
END_TEST

/* Who sends */

#define LOGIN(name) TLS("TLSv1.3") " {auth_authen}=" name

static void sender(const char *from, const char *seen, const char *status)
{
	char answer[512], wanted[32] = "";
	char command = mail_from(from, seen, answer);

	if (status == NULL) {
		ck_assert_msg(command == 'c', "%s, %s: %s", from, seen, answer);
		say('A', NULL, 0);
		return;
	}
	snprintf(wanted, sizeof(wanted), "550 %s ", status);
	ck_assert_msg(command == 'y', "%s, %s was accepted", from, seen);
	ck_assert_msg(strncmp(answer, wanted, strlen(wanted)) == 0, "%s", answer);
}

START_TEST(a_secure_sender_is_its_owner_over_tls)
{
	negotiate();
	client('4', "192.0.2.9");
	sender(SECURE, LOGIN("me"), NULL);
	sender(SECURE, LOGIN("me@secure.example.com"), NULL);
	sender(SECURE, LOGIN("you"), "5.7.1");
	sender(SECURE, LOGIN("me@example.net"), "5.7.1");
	sender(SECURE, TLS("TLSv1.3"), "5.7.1");
	sender(SECURE, PLAIN, "5.7.1");
	sender(SECURE, NULL, "5.7.1");
	sender(SECURE, PLAIN " {auth_authen}=me", "5.7.10");
	sender(SECURE, TLS("TLSv1.1") " {auth_authen}=me", "5.7.10");
	sender("<x%secure.example.com@example.com>", PLAIN " {mail_addr}=x@secure.example.com",
	       "5.7.1");
	sender("<>", PLAIN " {mail_addr}=", NULL);
	sender("<root@[192.0.2.1]>", PLAIN " {mail_addr}=root@[192.0.2.1]", NULL);
	expect_log(milter_log, "client=[192.0.2.9] from=<me@secure.example.com> refused: "
			       "login=<you> does not own it");
	expect_log(milter_log, "from=<me@secure.example.com> refused: not logged in");
	/* the session goes on */
	mail(PLAIN);
	refused(SECURE, NO_TLS);
	accepted(ORDINARY);
}
END_TEST

START_TEST(a_secure_sender_may_be_local)
{
	negotiate();
	client('4', "127.0.0.1");
	sender(SECURE, PLAIN, NULL);
	sender(SECURE, PLAIN " {auth_authen}=me", NULL);
	sender(SECURE, PLAIN " {auth_authen}=you", "5.7.1");
}
END_TEST

START_TEST(hidden_macros_hide_the_login)
{
	negotiate();
	client('4', "192.0.2.9");
	sender(SECURE, NULL, "5.7.10");
	expect_log(milter_log, "warning: client=[192.0.2.9] from=<me@secure.example.com> refused: "
			       "the MTA does not show");
}
END_TEST

static void message_refused(void)
{
	char reply[512];
	size_t len;

	say('E', NULL, 0);
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'y');
	ck_assert_msg(strncmp(reply, "550 5.7.10 ", 11) == 0, "%s", reply);
}

START_TEST(a_secure_sender_does_not_waive_tls)
{
	char reply[512];

	negotiate();
	client('4', "192.0.2.9");
	ck_assert_int_eq(mail_from(SECURE, LOGIN("me"), reply), 'c');
	accepted(ORDINARY);
	header("Subject", "one");
	header("tls-required", " No");
	header("X-Other", "");
	message_refused();
	expect_log(milter_log, "client=[192.0.2.9] from=<me@secure.example.com> refused: "
			       "header TLS-Required");
	/* it was the message's, not the session's */
	ck_assert_int_eq(mail_from(SECURE, LOGIN("me"), reply), 'c');
	accepted(ORDINARY);
	header("Subject", "two");
	end_of_message();
	/* nor is what was begun and given up */
	ck_assert_int_eq(mail_from(SECURE, LOGIN("me"), reply), 'c');
	accepted(ORDINARY);
	header("TLS-Required", "no");
	say('A', NULL, 0);
	ck_assert_int_eq(mail_from(SECURE, LOGIN("me"), reply), 'c');
	accepted(ORDINARY);
	end_of_message();
}
END_TEST

START_TEST(others_may_waive_tls)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	accepted(ORDINARY);
	header("TLS-Required", "No");
	end_of_message();
}
END_TEST

/* Whom it goes to */

START_TEST(listens_to_what_the_mta_makes_of_it)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	macros('R', "{client_port}=1234 {rcpt_addr}=me@secure.example.com");
	refused("<me%secure.example.com@example.com>", NO_TLS);
	macros('R', "{client_port}=1234 {rcpt_addr}=me@example.com");
	accepted("<me@example.com (comment)>");
	macros('R', "{client_port}=1234 {rcpt_addr}=me@example.com");
	refused(SECURE, NO_TLS);
	/* what was made of one recipient says nothing about the next */
	macros('R', PLAIN);
	refused("<me@secure(c).example.com>", NO_TLS);
	expect_log(milter_log, "to=<me@secure(c).example.com> refused: no TLS; "
			       "the address could be a secure one");
}
END_TEST

START_TEST(tricks_do_not_help)
{
	static const char *const tricks[] = {
		"<ME@Secure.Example.COM>",
		"<me+x@secure.example.com>",
		"<\"me\"@secure.example.com>",
		"<@a.example:me@secure.example.com>",
		"<me@secure.example.com.>",
		"<me%x@secure.example.com>",
		"<x!me@secure.example.com>",
		"me@secure.example.com",
		"<me@secure(c).example.com>",
		"<me@[192.0.2.1]>",
		"<\"me@secure.example.com\"@x.example>",
		"<me%secure.example.com@x.example>",
		"<me@secure.example.com@x.example>",
		"<me>",
		"<me@secure\xe3\x80\x82.example.com>",
		"<m\xc3\xa9@secure.example.com>",
		"<\xff@secure.example.com>",
		"<me@secure.example.com",
		"",
	};

	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	for (size_t i = 0; i < ARRAY_LEN(tricks); i++)
		refused(tricks[i], NO_TLS);
	accepted("<postmaster>");
}
END_TEST

START_TEST(the_log_is_printable)
{
	char reply[512];

	negotiate();
	client('4', "192.0.2.9");
	macros('M', PLAIN " {mail_addr}=x@example.net");
	ck_assert_int_eq(ask('M', "<\x1b[31m\nREADY\xff@example.net>", reply), 'c');
	refused("<\"\r\n\x07\"@secure.example.com>", NO_TLS);
	expect_log(milter_log, "from=<\\x1b[31m\\x0aREADY\\xff@example.net> "
			       "to=<\"\\x0d\\x0a\\x07\"@secure.example.com> refused: ");
}
END_TEST

START_TEST(long_addresses_do_no_harm)
{
	char to[1400];

	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	memset(to, 'a', sizeof(to));
	str_copy(to + sizeof(to) - 32, 32, "@secure.example.com>");
	to[0] = '<';
	refused(to, NO_TLS);
	accepted(ORDINARY);
}
END_TEST

/* Beginning and end */

START_TEST(a_broken_packet_ends_only_its_own_session)
{
	static const char huge[] = { 0x7f, 0, 0, 0, 'M' };
	int broken = mta, sound = dial();
	char byte;

	negotiate();
	client('4', "192.0.2.9");
	ck_assert_int_eq(write(broken, huge, sizeof(huge)), (ssize_t)sizeof(huge));
	ck_assert_int_eq(recv(broken, &byte, 1, 0), 0);
	mta = sound;
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
	close(broken);
}
END_TEST

START_TEST(stops_when_told_to)
{
	char byte;

	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	ck_assert_int_eq(kill(milter, SIGTERM), 0);
	expect_log(milter_log, "STOPPED status=0");
	ck_assert_int_eq(wait_status(milter), 0);
	milter = 0;
	/* The session under way was cut off, which an MTA takes as "later". */
	ck_assert_int_le(recv(mta, &byte, 1, 0), 0);
}
END_TEST

START_TEST(does_not_push_out_who_listens)
{
	char line[512];
	int log;
	pid_t second = start(&log);

	expect_log(log, "another process listens here");
	while (log_line(log, line, sizeof(line)))
		ck_assert_msg(strstr(line, "READY") == NULL, "%s", line);
	ck_assert_int_eq(wait_status(second), 1);
	close(log);
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	refused(SECURE, NO_TLS);
}
END_TEST

START_TEST(takes_over_a_dead_ones_socket)
{
	kill(milter, SIGKILL);
	waitpid(milter, NULL, 0);
	close(milter_log);
	close(mta);
	milter = start(&milter_log);
	expect_log(milter_log, "READY");
	mta = dial();
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	refused(SECURE, NO_TLS);
}
END_TEST

struct group {
	const char *name;
	void (*setup)(void);
	const TTest *const *tests;
	size_t count;
};

static void add(Suite *suite, const struct group *group)
{
	TCase *tests = tcase_create(group->name);

	tcase_add_checked_fixture(tests, group->setup, teardown);
	tcase_set_timeout(tests, 60);
	for (size_t i = 0; i < group->count; i++)
		tcase_add_test(tests, group->tests[i]);
	suite_add_tcase(suite, tests);
}

int main(void)
{
	const TTest *const shipped[] = {
		asks_for_what_it_needs,
		gets_along_with_an_old_mta,
		refuses_when_it_may_not_see,
		refuses_one_recipient_and_takes_the_others,
		takes_mail_over_tls,
		refuses_old_tls,
		refuses_tls_it_does_not_know,
		trusts_local_clients,
		trusts_nobody_else,
		starttls_voids_what_was_said_before,
		starttls_needs_no_ehlo,
		each_message_is_looked_at_anew,
		an_aborted_message_leaves_nothing,
		a_new_session_on_the_same_connection_is_new,
		sessions_do_not_mix,
		listens_to_what_the_mta_makes_of_it,
		tricks_do_not_help,
		the_log_is_printable,
		long_addresses_do_no_harm,
		a_broken_packet_ends_only_its_own_session,
		stops_when_told_to,
		does_not_push_out_who_listens,
		takes_over_a_dead_ones_socket,
	};
	const TTest *const senders[] = {
		a_secure_sender_is_its_owner_over_tls,
		a_secure_sender_may_be_local,
		hidden_macros_hide_the_login,
		a_secure_sender_does_not_waive_tls,
		others_may_waive_tls,
	};
	const TTest *const tls13[] = { obeys_the_minimum };
	const TTest *const enabled[] = { counts_every_alias_as_enabled };
	const TTest *const no_domains[] = { without_domains_takes_all };
	const struct group groups[] = {
		{ "shipped", setup, shipped, ARRAY_LEN(shipped) },
		{ "senders", setup, senders, ARRAY_LEN(senders) },
		{ "tls13", setup_for_tls13, tls13, ARRAY_LEN(tls13) },
		{ "enabled", setup_for_enabled, enabled, ARRAY_LEN(enabled) },
		{ "no domains", setup_without_domains, no_domains, ARRAY_LEN(no_domains) },
	};
	Suite *suite = suite_create("milter");
	SRunner *runner;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		add(suite, &groups[i]);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
