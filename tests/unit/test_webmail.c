/* SPDX-License-Identifier: BSD-2-Clause */
/* A real postseal-webmail, before a real postseal-socketmap and its ledger. */
#include <errno.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include "core/mailbox/pin.h"
#include "io/http/http.h"
#include "tests/unit/fork.h"
#include "tests/unit/socketmap_server.h"

static pid_t webmail;

static const char *my_name(void)
{
	const struct passwd *entry = getpwuid(getuid());

	ck_assert_ptr_nonnull(entry);
	return entry->pw_name;
}

static void start_webmail(void)
{
	char self[PATH_MAX] = "", program[PATH_MAX + 32], words[64] = "";
	int notify = bound_socket("notify", SOCK_DGRAM);

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(program, sizeof(program), "%s/../postseal-webmail", dirname(self));
	webmail = must_fork();
	if (webmail == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen(in_dir("webmail.log"), "a", stderr) == NULL)
			_exit(126);
		unsetenv("JOURNAL_STREAM");
		setenv("NOTIFY_SOCKET", in_dir("notify"), 1);
		execl(program, "postseal-webmail", "-c", in_dir("conf"), (char *)NULL);
		_exit(127);
	}
	wait_readable(notify);
	ck_assert_int_gt(recv(notify, words, sizeof(words) - 1, 0), 0);
	close(notify);
}

static void put_alias(const char *key, const char *mailbox, int64_t changed)
{
	struct alias alias = { .enabled = true, .level = ALIAS_VERIFY, .changed = changed };
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
	struct ledger_txn *txn;

	ck_assert_msg(ledger != NULL, "%s", error);
	txn = ledger_begin_write(ledger);
	str_copy(alias.mailbox, sizeof(alias.mailbox), mailbox);
	ck_assert(ledger_put_alias(txn, key, &alias));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

static void set_up_with(const char *settings)
{
	char more[1024];

	set_up_server_dir();
	put_alias("extra@s.example", "me@example.com", 1);
	put_alias("taken@s.example", "other@example.com", 1);
	snprintf(more, sizeof(more),
		 "secure_domains = {\"s.example\"}\nsecure_aliases = \"enabled\"\n"
		 "secure_owner = {\"s.example=example.com\"}\nwebmail_rate = 60\n"
		 "webmail_clients = {\"%s\"}\nmailbox_runtime = \"%s\"\nwebmail_listen = "
		 "\"unix:%s\"\n%s",
		 my_name(), dir, in_dir("web"), settings);
	start_server(more);
	start_webmail();
	ck_assert_int_ge(chmod(dir, 0755), 0);
}

static void set_up(void)
{
	set_up_with("");
}

static void set_up_sealing(void)
{
	set_up_with("mailbox_domain = sealed.example\n");
}

static const char *ask(const char *text);
#define USER "X-Postseal-User: me@example.com\r\n"
#define END "Host: localhost\r\nConnection: close\r\n\r\n"

static void tear_down(void)
{
	int status;

	/* Who is not at its loop yet would be killed by the signal. */
	ask("GET /v1/aliases HTTP/1.1\r\n" END);
	expect_service();
	ck_assert_int_eq(kill(webmail, SIGTERM), 0);
	ck_assert_int_eq(waitpid(webmail, &status, 0), webmail);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
	tear_down_server_dir();
}

static int sent(const char *text)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un addr = unix_address("web");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		send(fd, text, strlen(text), MSG_NOSIGNAL);
	return fd;
}

/* All that comes until the server hangs up, "" where it does not answer. */
static const char *received(int fd)
{
	static char reply[65536];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, reply + len, sizeof(reply) - 1 - len, 0)) > 0)
		len += (size_t)n;
	reply[len] = '\0';
	close(fd);
	return reply;
}

static const char *ask(const char *text)
{
	return received(sent(text));
}

static void expect_of(const char *reply, const char *request, const char *status, const char *part)
{
	ck_assert_msg(strncmp(reply, "HTTP/1.1 ", 9) == 0 && strncmp(reply + 9, status, 3) == 0 &&
			      strstr(reply, part) != NULL,
		      "for %s\nwith %s and %s:\n%s", request, status, part, reply);
}

static void expect(const char *request, const char *status, const char *part)
{
	expect_of(ask(request), request, status, part);
}

START_TEST(tells_of_recipients)
{
	expect("GET /v1/recipients?a=jo@tls.test&a=%5B1%5D%40x&a=new@new.test&a=a@b@c "
	       "HTTP/1.1\r\n" USER END,
	       "200",
	       "{\"recipients\":[{\"address\":\"jo@tls.test\",\"domain\":\"tls.test\","
	       "\"state\":\"tls\"");
	expect("GET /v1/recipients?a=a%40b%40c HTTP/1.1\r\n" USER END, "200",
	       "{\"address\":\"a@b@c\",\"error\":\"no-such-address\"");
	expect("GET /v1/recipients?a=x@new.test HTTP/1.1\r\n" USER END, "200",
	       "\"state\":\"unknown\"");
	expect("GET /v1/recipients?a=x@new.test HTTP/1.1\r\n" USER END, "200",
	       "\r\nCache-Control: no-store\r\n");
	stop_server();
	expect("GET /v1/recipients?a=jo@tls.test HTTP/1.1\r\n" USER END, "200",
	       "{\"recipients\":[{\"address\":\"jo@tls.test\",\"error\":\"not-now\"");
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200", "\"aliases\":[");
	start_server("");
}
END_TEST

/* Takes the next request at `socket`, which has to be this one; its connection. */
static int map_asked(int socket, const char *request)
{
	char text[1024] = "";
	int fd;

	wait_readable(socket);
	fd = accept(socket, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	wait_readable(fd);
	ck_assert_int_gt(recv(fd, text, sizeof(text) - 1, 0), 0);
	ck_assert_str_eq(text, request);
	return fd;
}

#define TWO "GET /v1/recipients?a=jo@tls.test&a=al@tls.test HTTP/1.1\r\n" USER END
#define STATUS_JO "18:status jo@tls.test,"
#define NOT_NOW "{\"address\":\"al@tls.test\",\"error\":\"not-now\""

/* The test is the socketmap server here: the real one would have to hang, and to lie. */
START_TEST(waits_for_the_map_without_others)
{
	static const char *const lies[] = { "", "4:OK {", "06:OK {1},", "6:OK {1},x", "200000:OK" };
	char next[64] = "";
	int map, client, fd;

	expect_service();
	stop_server();
	map = bound_socket("map", SOCK_STREAM);
	client = sent(TWO);
	fd = map_asked(map, STATUS_JO);
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200", "\"aliases\":[");
	ck_assert_int_eq(send(fd, "6:OK {", 6, MSG_NOSIGNAL), 6);
	ck_assert_int_eq(send(fd, "1},", 3, MSG_NOSIGNAL), 3);
	wait_readable(fd);
	ck_assert_int_gt(recv(fd, next, sizeof(next) - 1, 0), 0);
	ck_assert_str_eq(next, "18:status al@tls.test,");
	ck_assert_int_eq(send(fd, "6:OK {2},", 9, MSG_NOSIGNAL), 9);
	expect_of(received(client), "two", "200",
		  "{\"recipients\":[{1,\"seal\":\"off\"},{2,\"seal\":\"off\"}]}");
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		client = sent(TWO);
		fd = map_asked(map, STATUS_JO);
		ck_assert_int_ge(send(fd, lies[i], strlen(lies[i]), MSG_NOSIGNAL), 0);
		shutdown(fd, SHUT_WR);
		expect_of(received(client), lies[i], "200", NOT_NOW);
		close(fd);
	}
	/* One reply comes, and then nothing; after that nobody asks it for a while. */
	client = sent(TWO);
	fd = map_asked(map, STATUS_JO);
	ck_assert_int_eq(send(fd, "6:OK {1},", 9, MSG_NOSIGNAL), 9);
	expect_of(received(client), "late", "200",
		  "{\"recipients\":[{1,\"seal\":\"off\"}," NOT_NOW);
	close(fd);
	expect(TWO, "200", NOT_NOW);
	ck_assert_int_eq(poll(&(struct pollfd){ .fd = map, .events = POLLIN }, 1, 0), 0);
	close(map);
	unlink(in_dir("map"));
	start_server("");
}
END_TEST

START_TEST(wants_to_know_whose)
{
	expect("GET /v1/aliases HTTP/1.1\r\n" END, "400", "{\"error\":\"user\"");
	expect("GET /v1/aliases HTTP/1.1\r\n" USER USER END, "400", "{\"error\":\"user\"");
	expect("GET /v1/aliases HTTP/1.1\r\nX-Postseal-User: me\r\n" END, "400", "\"user\"");
	expect("GET /v2 HTTP/1.1\r\n" USER END, "404", "\"no-such-call\"");
	expect("PUT /v1/aliases HTTP/1.1\r\nContent-Length: 0\r\n" USER END, "405", "\"method\"");
	expect("GET /v1/sealed/jo@tls.test HTTP/1.1\r\n" USER END, "503", "\"not-set-up\"");
}
END_TEST

#define ALIAS(address, json_length, json) \
	"PUT /v1/aliases/" address " HTTP/1.1\r\nContent-Length: " json_length "\r\n" USER END json

START_TEST(switches_ones_own)
{
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200",
	       "{\"user\":\"me@example.com\",\"levels\":[\"encrypt\",\"authenticated\",\"verify\","
	       "\"dane-only\"],\"seal\":null,\"aliases\":[{\"address\":\"me@s.example\",\"on_"
	       "file\":false,\"enabled\":false,\"level\":\"encrypt\",\"otherwise\":\"refuse\","
	       "\"sealed\":false,\"changed\":null,\"author\":null},{\"address\":\"extra@s."
	       "example\",\"on_file\":true,\"enabled\":true,\"level\":\"verify\",\"otherwise\":"
	       "\"refuse\",\"sealed\":true,");
	expect(ALIAS("me@s.example", "37", "{\"enabled\":true,\"level\":\"dane-only\"} "), "200",
	       "{\"address\":\"me@s.example\",\"on_file\":true,\"enabled\":true,"
	       "\"level\":\"dane-only\",\"otherwise\":\"refuse\",\"sealed\":true,");
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200",
	       "\"author\":\"webmail:me@example.com\"}");
	/* The level stays what it was. */
	expect(ALIAS("Me@S.example", "17", "{\"enabled\":false}"), "200",
	       "\"enabled\":false,\"level\":\"dane-only\",\"otherwise\":\"refuse\",\"sealed\":"
	       "false,");
}
END_TEST

/* As another host's admin did, whose clock is ahead of ours: this is the later act. */
START_TEST(acts_after_what_is_on_file)
{
	put_alias("extra@s.example", "me@example.com", INT64_C(4102444800));
	expect(ALIAS("extra@s.example", "17", "{\"enabled\":false}"), "200",
	       "\"enabled\":false,\"level\":\"verify\",\"otherwise\":\"refuse\",\"sealed\":false,"
	       "\"changed\":\"2100-01-01T00:00:01Z\"");
}
END_TEST

START_TEST(switches_nothing_else)
{
	static const char *const strangers[] = {
		ALIAS("taken@s.example", "16", "{\"enabled\":true}"), /* on file for another */
		ALIAS("you@s.example", "16", "{\"enabled\":true}"),   /* another's, by the pair */
		ALIAS("me+x@s.example", "16", "{\"enabled\":true}"),
		ALIAS("me@other.example", "16", "{\"enabled\":true}"),
		ALIAS("me@example.com", "16", "{\"enabled\":true}"),
		ALIAS("none@nowhere.example", "16", "{\"enabled\":true}"),
	};
	static const char *const bodies[] = {
		ALIAS("me@s.example", "0", ""),
		ALIAS("me@s.example", "2", "[]"),
		ALIAS("me@s.example", "2", "{}"),
		ALIAS("me@s.example", "13", "{\"enabled\":1}"),
		ALIAS("me@s.example", "31", "{\"enabled\":true,\"level\":\"none\"}"),
		ALIAS("me@s.example", "34", "{\"enabled\":true,\"otherwise\":\"may\"}"),
		ALIAS("me@s.example", "33", "{\"enabled\":true,\"otherwise\":true} "),
		ALIAS("me@s.example", "22", "{\"otherwise\":\"refuse\"}"),
		ALIAS("me@s.example", "42", "{\"enabled\":true,\"mailbox\":\"eve@x.example\"}"),
		ALIAS("me@s.example", "32", "{\"enabled\":true,\"enabled\":false}"),
	};
	const char *journal;

	for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
		expect(strangers[i], "404", "{\"error\":\"no-such-alias\"");
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		expect(bodies[i], "400", "{\"error\":\"body\"");
	journal = ask("GET /v1/aliases HTTP/1.1\r\n" USER END);
	ck_assert_msg(strstr(journal, "webmail:") == NULL, "%s", journal);
}
END_TEST

#define TO_MAILBOX ALIAS("me@s.example", "38", "{\"enabled\":true,\"otherwise\":\"mailbox\"}")

START_TEST(seals_nothing_where_nothing_is_sealed)
{
	const char *list;

	expect(TO_MAILBOX, "503", "{\"error\":\"not-set-up\"");
	list = ask("GET /v1/aliases HTTP/1.1\r\n" USER END);
	ck_assert_msg(strstr(list, "webmail:") == NULL, "%s", list);
	expect(ALIAS("me@s.example", "37", "{\"enabled\":true,\"otherwise\":\"refuse\"}"), "200",
	       "\"otherwise\":\"refuse\"");
}
END_TEST

/* As many as there are places; one more is told so at once, and others when some have gone. */
START_TEST(has_so_many_places)
{
	static const char half[] = "GET /v1/aliases HTTP/1.1\r\n" USER;
	int clients[HTTP_CONNECTIONS];
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = sent(half);
	expect_of(received(sent("")), "one too many", "503", "Connection: close");
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
	while (strstr(ask("GET /v1/aliases HTTP/1.1\r\n" USER END), "\"aliases\":[") == NULL)
		;
}
END_TEST

/* What it proposes is good enough for itself, and another each time. */
START_TEST(tells_how_mail_is_sealed)
{
	static const char before[] = "\"seal\":{\"domain\":\"sealed.example\",\"pin\":\"require\","
				     "\"pin_length\":8,\"pin_proposal\":\"";
	char pins[3][9] = { "", "", "" };

	for (size_t i = 0; i < ARRAY_LEN(pins); i++) {
		const char *list = ask("GET /v1/aliases HTTP/1.1\r\n" USER END);
		const char *at = strstr(list, before);

		ck_assert_msg(at != NULL, "%s", list);
		memcpy(pins[i], at + sizeof(before) - 1, 8);
		ck_assert_ptr_null(pin_weakness(pins[i], 8));
	}
	ck_assert(strcmp(pins[0], pins[1]) != 0 || strcmp(pins[1], pins[2]) != 0);
}
END_TEST

START_TEST(seals_what_cannot_be_sent)
{
	expect(TO_MAILBOX, "200",
	       "\"enabled\":true,\"level\":\"encrypt\",\"otherwise\":\"mailbox\",");
	/* It stays, whatever else is changed. */
	expect(ALIAS("me@s.example", "37", "{\"enabled\":true,\"level\":\"dane-only\"} "), "200",
	       "\"level\":\"dane-only\",\"otherwise\":\"mailbox\",");
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200",
	       "\"level\":\"dane-only\",\"otherwise\":\"mailbox\",");
	expect(ALIAS("me@s.example", "37", "{\"enabled\":true,\"otherwise\":\"refuse\"}"), "200",
	       "\"level\":\"dane-only\",\"otherwise\":\"refuse\",");
}
END_TEST

START_TEST(bounds_each_user)
{
	char many[4096] = "GET /v1/recipients?a=a@tls.test";

	for (int i = 0; i < 59; i++)
		strcat(many, "&a=a@tls.test");
	strcat(many, " HTTP/1.1\r\n" USER END);
	expect(many, "200", "\"state\":\"tls\"");
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "429", "\r\nRetry-After: ");
	expect("GET /v1/aliases HTTP/1.1\r\nX-Postseal-User: you@example.com\r\n" END, "200",
	       "\"you@s.example\"");
}
END_TEST

START_TEST(takes_new_clients)
{
	const char *reply;

	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200", "\"aliases\":[");
	write_settings("webmail_clients = {}\n");
	ck_assert_int_eq(kill(webmail, SIGHUP), 0);
	do
		reply = ask("GET /v1/aliases HTTP/1.1\r\n" USER END);
	while (strncmp(reply, "HTTP/1.1 200", 12) == 0);
	ck_assert_msg(strncmp(reply, "HTTP/1.1 403", 12) == 0, "%s", reply);
}
END_TEST

/*
 * As somebody else, which only root can be: he cannot connect; where the file system has no access
 * lists he is refused.
 */
START_TEST(answers_no_stranger)
{
	const struct sockaddr_un addr = unix_address("web");
	bool listed = getxattr(addr.sun_path, "system.posix_acl_access", NULL, 0) > 0;
	pid_t stranger;
	int status;

	if (getuid() != 0)
		return;
	ck_assert(listed || errno == ENOTSUP);
	stranger = must_fork();
	if (stranger == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		const char *reply;

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(1);
		if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
			_exit(listed && errno == EACCES ? 0 : 2);
		reply = ask("GET /v1/aliases HTTP/1.1\r\n" USER END);
		_exit(!listed && strncmp(reply, "HTTP/1.1 403", 12) == 0 &&
				      strstr(reply, "example.com") == NULL
			      ? 0
			      : 3);
	}
	ck_assert_int_eq(waitpid(stranger, &status, 0), stranger);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}
END_TEST

/*
 * Sealed mail. The test is postseal-mailbox here: the real one would have to hang, and to lie.
 */

#define SEALED_OF_KIM "GET /v1/sealed/kim@plain.test HTTP/1.1\r\n" USER END
#define SHOWN                                                                                    \
	"{\"ok\":true,\"box\":{\"mailbox\":\"kim@plain.test\",\"state\":\"open\",\"opened\":0,"  \
	"\"expires\":4102444800},\"letters\":[{\"date\":1,\"read\":false,\"message_id\":\"<1@a>" \
	"\"}],"                                                                                  \
	"\"senders\":[{\"sender\":\"me@example.com\",\"open\":false,\"locked\":false,"           \
	"\"tries_left\":10}]}"
#define GONE "{\"ok\":false,\"error\":\"gone\",\"text\":\"no letter\"}"

static int mailbox;

static void mailbox_up(void)
{
	mailbox = bound_socket(MAILBOX_SOCKET, SOCK_STREAM);
}

/* Takes the next question, which has to be this one; its connection. */
static int asked(const char *question)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	char line[1024] = "";
	size_t len = 0;
	int fd;

	wait_readable(mailbox);
	fd = accept(mailbox, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (strchr(line, '\n') == NULL) {
		ssize_t n = recv(fd, line + len, sizeof(line) - 1 - len, 0);

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
	ck_assert_str_eq(line, question);
	return fd;
}

#define KIM(act, as) "{\"do\":\"" act "\",\"mailbox\":\"kim@plain.test\",\"as\":\"" as "\"}\n"

static void tell(int fd, const char *answer)
{
	ck_assert_int_eq(send(fd, answer, strlen(answer), MSG_NOSIGNAL), (ssize_t)strlen(answer));
	ck_assert_int_eq(send(fd, "\n", 1, MSG_NOSIGNAL), 1);
	close(fd);
}

/* As each of his addresses, one after the other; others are answered meanwhile. */
START_TEST(waits_for_the_mailbox_without_others)
{
	int client, show;

	mailbox_up();
	client = sent(SEALED_OF_KIM);
	show = asked(KIM("show", "me@example.com"));
	expect("GET /v1/aliases HTTP/1.1\r\n" USER END, "200", "\"aliases\":[");
	tell(show, SHOWN);
	tell(asked(KIM("pin", "me@example.com")), "{\"ok\":true,\"pin\":\"47110815\"}");
	tell(asked(KIM("show", "me@s.example")), GONE);
	tell(asked(KIM("show", "extra@s.example")), SHOWN);
	tell(asked(KIM("pin", "extra@s.example")),
	     "{\"ok\":false,\"error\":\"none\",\"text\":\"no PIN\"}");
	expect_of(received(client), SEALED_OF_KIM, "200",
		  "{\"sealed\":[{\"sender\":\"me@example.com\",\"recipient\":\"kim@plain.test\","
		  "\"state\":\"waiting\",\"opened\":null,\"expires\":\"2100-01-01T00:00:00Z\","
		  "\"tries_left\":10,\"pin\":\"47110815\",\"letters\":[{\"sealed\":\"1970-01-01T"
		  "00:00:01Z\",\"message_id\":\"<1@a>\",\"read\":false}]},{\"sender\":\"extra@s."
		  "example\"");
	close(mailbox);
}
END_TEST

/* "Nothing is sealed" and "nobody knows" are different answers. */
START_TEST(tells_none_from_unknown)
{
	static const char *const answers[] = {
		"", "[]", "nonsense", "{\"ok\":1}",
		"{\"ok\":false,\"error\":\"later\",\"text\":\"x\"}"
	};
	int client;

	expect(SEALED_OF_KIM, "503", "{\"error\":\"not-now\"");
	mailbox_up();
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		client = sent(SEALED_OF_KIM);
		tell(asked(KIM("show", "me@example.com")), answers[i]);
		expect_of(received(client), answers[i], "503", "{\"error\":\"not-now\"");
		client = sent(SEALED_OF_KIM);
		tell(asked(KIM("show", "me@example.com")), SHOWN);
		tell(asked(KIM("pin", "me@example.com")), answers[i]);
		expect_of(received(client), answers[i], "503", "{\"error\":\"not-now\"");
	}
	client = sent(SEALED_OF_KIM);
	close(asked(KIM("show", "me@example.com")));
	expect_of(received(client), "closed", "503", "{\"error\":\"not-now\"");
	client = sent(SEALED_OF_KIM);
	tell(asked(KIM("show", "me@example.com")), GONE);
	tell(asked(KIM("show", "me@s.example")), GONE);
	tell(asked(KIM("show", "extra@s.example")), GONE);
	expect_of(received(client), "gone", "200", "\r\n\r\n{\"sealed\":[]}");
	close(mailbox);
}
END_TEST

START_TEST(acts_as_whose_mail_it_is)
{
	static const char request[] =
		"POST /v1/sealed/kim@plain.test/revoke HTTP/1.1\r\nContent-Length: 0\r\n" USER END;
	static const char again[] =
		"POST /v1/sealed/kim@plain.test/resend HTTP/1.1\r\nContent-Length: 0\r\n" USER END;
	int client;

	mailbox_up();
	client = sent(request);
	/* Nothing was left of the one address; what the others wrote is taken back all the same. */
	tell(asked(KIM("revoke", "me@example.com")), "{\"ok\":true,\"revoked\":0}");
	tell(asked(KIM("revoke", "me@s.example")), "{\"ok\":true,\"revoked\":1}");
	tell(asked(KIM("revoke", "extra@s.example")), GONE);
	expect_of(received(client), request, "200", "{\"done\":true}");
	client = sent(again);
	tell(asked(KIM("resend", "me@example.com")), GONE);
	tell(asked(KIM("resend", "me@s.example")), "{\"ok\":true}");
	expect_of(received(client), again, "200", "{\"done\":true}");
	client = sent(request);
	for (int i = 0; i < 3; i++)
		tell(asked(i == 0   ? KIM("revoke", "me@example.com")
			   : i == 1 ? KIM("revoke", "me@s.example")
				    : KIM("revoke", "extra@s.example")),
		     GONE);
	expect_of(received(client), request, "404", "{\"error\":\"gone\"");
	client = sent(request);
	tell(asked(KIM("revoke", "me@example.com")),
	     "{\"ok\":false,\"error\":\"closed\",\"text\":\"why\"}");
	expect_of(received(client), request, "409", "{\"error\":\"closed\",\"text\":\"why\"");
	close(mailbox);
}
END_TEST

START_TEST(tells_how_it_would_be_sealed)
{
	static const char request[] =
		"GET /v1/recipients?a=a@tls.test&a=a@b@c&a=b@tls.test HTTP/1.1\r\n" USER END;
	int client, first;

	mailbox_up();
	client = sent(request);
	first = asked("{\"do\":\"seal\",\"mailbox\":\"a@tls.test\"}\n");
	tell(asked("{\"do\":\"seal\",\"mailbox\":\"b@tls.test\"}\n"), "what?");
	tell(first, "{\"ok\":true,\"seal\":\"new-mailbox\"}");
	expect_of(received(client), request, "200",
		  ",\"seal\":\"new-mailbox\"},{\"address\":\"a@b@c\",\"error\":");
	close(mailbox);
	expect(request, "200", "],\"seal\":null},{\"address\":\"a@b@c\"");
}
END_TEST

/* Both while postseal-mailbox has not answered yet. */
START_TEST(outlives_who_hangs_up_and_ends_in_order)
{
	int client, gone, status;

	mailbox_up();
	gone = sent(SEALED_OF_KIM);
	client = asked(KIM("show", "me@example.com"));
	close(gone);
	tell(client, SHOWN);
	tell(asked(KIM("pin", "me@example.com")), "{\"ok\":true,\"pin\":\"1\"}");
	close(asked(KIM("show", "me@s.example")));
	client = sent(SEALED_OF_KIM);
	gone = asked(KIM("show", "me@example.com"));
	ck_assert_int_eq(kill(webmail, SIGTERM), 0);
	ck_assert_str_eq(received(client), "");
	close(gone);
	close(mailbox);
	ck_assert_int_eq(waitpid(webmail, &status, 0), webmail);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
	unlink(in_dir("web"));
	unlink(in_dir("notify"));
	start_webmail();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("webmail");
	TCase *tcase = tcase_create("webmail"), *sealing = tcase_create("sealing");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, tells_of_recipients);
	tcase_add_test(tcase, waits_for_the_map_without_others);
	tcase_add_test(tcase, wants_to_know_whose);
	tcase_add_test(tcase, switches_ones_own);
	tcase_add_test(tcase, acts_after_what_is_on_file);
	tcase_add_test(tcase, switches_nothing_else);
	tcase_add_test(tcase, bounds_each_user);
	tcase_add_test(tcase, takes_new_clients);
	tcase_add_test(tcase, answers_no_stranger);
	tcase_add_test(tcase, seals_nothing_where_nothing_is_sealed);
	tcase_add_test(tcase, has_so_many_places);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(sealing, set_up_sealing, tear_down);
	tcase_set_timeout(sealing, 120);
	tcase_add_test(sealing, tells_how_mail_is_sealed);
	tcase_add_test(sealing, seals_what_cannot_be_sent);
	tcase_add_test(sealing, waits_for_the_mailbox_without_others);
	tcase_add_test(sealing, tells_none_from_unknown);
	tcase_add_test(sealing, acts_as_whose_mail_it_is);
	tcase_add_test(sealing, tells_how_it_would_be_sealed);
	tcase_add_test(sealing, outlives_who_hangs_up_and_ends_in_order);
	suite_add_tcase(suite, sealing);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
