/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal-milter and who sends; with a socketmap server in the test's hands. */
#include "tests/unit/fork.h"
#include "tests/unit/milter_mta.h"

#include "base/buf.h"
#include "core/policy/decide.h"
#include "core/protocol/netstring.h"

/* The socketmap server */

static pid_t server; /* 0: none */

static const struct {
	const char *request;
	const char *reply;
} replies[] = {
	{ "transport me@secure.example.com", "OK postseal-encrypt:" },
	{ "transport mine@secure.example.com", "OK postseal-dane-only:" },
	{ "exception me@secure.example.com you@old.example", "OK 2026-02-01T03:04:05Z" },
	{ "exception me@secure.example.com me@new.example", "NOTFOUND " },
	{ "exception me@secure.example.com sick@old.example", "TEMP no ledger" },
	{ "transport off@secure.example.com", "NOTFOUND " },
	{ "transport sick@secure.example.com", "TEMP no ledger" },
	{ "transport torn@secure.example.com", "OK postseal-encrypt:" },
	{ "transport odd@secure.example.com", "PERM unknown map" },
	{ "transport weird@secure.example.com", "OK smtp:" },
	{ "deliverable-encrypt able.example", "OK yes" },
	{ "deliverable-encrypt nossl.example", "OK no nossl.example does not accept TLS" },
	{ "deliverable-encrypt [relay.example]:587",
	  "OK no [relay.example]:587 does not accept TLS" },
	{ "deliverable-encrypt new.example", "OK unknown new.example may or not" },
	{ "deliverable-encrypt sick.example", "TEMP no ledger" },
	{ "deliverable-encrypt rude.example", "OK no %s\r\n250 OK" },
	{ "deliverable-encrypt odd.example", "OK perhaps" },
	{ "deliverable-dane-only able.example", "OK no able.example publishes no DANE records" },
	{ "alias mine@secure.example.com", "OK boss@example.com" },
	{ "alias me@secure.example.com", "NOTFOUND " },
	{ "alias torn@secure.example.com", "TEMP no ledger" },
};

static const char *reply_to(const char *request, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(replies); i++)
		if (strlen(replies[i].request) == len &&
		    memcmp(replies[i].request, request, len) == 0)
			return replies[i].reply;
	return "PERM this was not to be asked";
}

static void serve_one(int fd)
{
	char bytes[1024];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, bytes + len, sizeof(bytes) - len)) > 0) {
		struct netstring request;
		struct buf out = { 0 };
		const char *reply;

		len += (size_t)n;
		if (netstring_decode(&request, bytes, len, sizeof(bytes)) != NETSTRING_WHOLE)
			continue;
		reply = reply_to(request.payload, request.len);
		netstring_append(&out, reply, strlen(reply));
		if (write(fd, out.data, out.len) != (ssize_t)out.len)
			break;
		buf_free(&out);
		len = 0;
	}
	close(fd);
}

static int listen_as_server(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/map.sock", dir);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static void serve(void)
{
	int fd = listen_as_server();

	server = must_fork();
	while (server == 0) {
		int client_fd = accept(fd, NULL, NULL);

		if (client_fd >= 0)
			serve_one(client_fd);
	}
	close(fd);
}

static void setup_with_server(void)
{
	setup();
	serve();
}

static void setup_enabled(void)
{
	setup_with(DOMAINS, "secure_aliases = \"enabled\"\n", "");
}

static void setup_enabled_with_server(void)
{
	setup_enabled();
	serve();
}

static void setup_with_silent_server(void)
{
	setup_with(DOMAINS, "secure_aliases = \"enabled\"\nfirst_contact_wait = 1\n", "");
	server = 0;
	listen_as_server(); /* takes connections, and says nothing */
}

static void teardown_all(void)
{
	teardown();
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	server = 0;
}

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
	snprintf(wanted, sizeof(wanted), "%s %s ", status[0] == '5' ? "550" : "451", status);
	ck_assert_msg(command == 'y', "%s, %s was accepted", from, seen);
	ck_assert_msg(strncmp(answer, wanted, strlen(wanted)) == 0, "%s", answer);
}

/* Where it may go */

static char route(const char *to, const char *mailer, const char *nexthop, char answer[512])
{
	char seen[256];

	snprintf(seen, sizeof(seen),
		 "{client_port}=1234 {rcpt_addr}=%s {rcpt_mailer}=%s "
		 "{rcpt_host}=%s",
		 to, mailer, nexthop);
	macros('R', seen);
	snprintf(seen, sizeof(seen), "<%s>", to);
	return ask('R', seen, answer);
}

static void goes(const char *to, const char *mailer, const char *nexthop)
{
	char answer[512];

	ck_assert_msg(route(to, mailer, nexthop, answer) == 'c', "%s, %s: %s", to, mailer, answer);
}

static void does_not_go(const char *to, const char *mailer, const char *nexthop, const char *text)
{
	char answer[512];

	ck_assert_msg(route(to, mailer, nexthop, answer) == 'y', "%s, %s", to, mailer);
	ck_assert_msg(strncmp(answer, "550 5.7.10 ", 11) == 0, "%s", answer);
	ck_assert_msg(strncmp(answer + 11, text, strlen(text)) == 0, "%s", answer);
}

static void begin(const char *from, const char *seen)
{
	char answer[512];

	ck_assert_msg(mail_from(from, seen, answer) == 'c', "%s: %s", from, answer);
}

START_TEST(a_secure_sender_is_its_owner_over_tls)
{
	negotiate();
	client('4', "192.0.2.9");
	/* not on file: the alias is a login itself */
	sender(SECURE, LOGIN("me@secure.example.com"), NULL);
	sender(SECURE, LOGIN("me"), NULL);
	sender("<me+list@secure.example.com>", LOGIN("me"), NULL);
	sender(SECURE, LOGIN("you"), "5.7.1");
	sender(SECURE, LOGIN("me@example.com"), "5.7.1");
	/* on file: its mailbox logs in */
	sender("<mine@secure.example.com>", LOGIN("boss@example.com"), NULL);
	sender("<mine@secure.example.com>", LOGIN("boss@Example.Com"), NULL);
	sender("<mine@secure.example.com>", LOGIN("BOSS@example.com"), "5.7.1");
	sender("<mine@secure.example.com>", LOGIN("boss"), NULL);
	sender("<mine@secure.example.com>", LOGIN("mine@secure.example.com"), NULL);
	sender("<mine@secure.example.com>", LOGIN("mine"), "5.7.1");
	sender("<mine@secure.example.com>", LOGIN("you@example.com"), "5.7.1");
	/* nobody, and nobody over TLS */
	sender(SECURE, TLS("TLSv1.3"), "5.7.1");
	sender(SECURE, PLAIN, "5.7.1");
	sender(SECURE, PLAIN " {auth_authen}=me", "5.7.10");
	sender(SECURE, TLS("TLSv1.1") " {auth_authen}=me", "5.7.10");
	/* what the MTA makes of it */
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

START_TEST(what_cannot_be_told_waits)
{
	negotiate();
	client('4', "192.0.2.9");
	sender("<torn@secure.example.com>", LOGIN("boss@example.com"), "4.7.1");
	sender("<sick@secure.example.com>", LOGIN("boss@example.com"), "4.7.1");
	sender("<odd@secure.example.com>", LOGIN("boss@example.com"), "4.7.1");
	sender("<sick@secure.example.com>", LOGIN("sick@secure.example.com"), NULL);
	expect_log(milter_log, "error: alias=torn@secure.example.com map=alias "
			       "postseal-socketmap gave a bad answer: TEMP no ledger");
	expect_log(milter_log,
		   "from=<torn@secure.example.com> put off: could not find out who owns");
	expect_log(milter_log, "error: alias=sick@secure.example.com map=transport");
	ck_assert_uint_eq(counted(METRIC1(PUT_OFF, METRIC_OUT)), 3);
	ck_assert_uint_ge(counted(M_UNASKED), 3);
}
END_TEST

START_TEST(without_a_server_it_waits)
{
	negotiate();
	client('4', "192.0.2.9");
	sender(SECURE, LOGIN("boss@example.com"), "4.7.1");
	sender(SECURE, LOGIN("me@secure.example.com"), NULL);
	sender(SECURE, TLS("TLSv1.3"), "5.7.1");
	expect_log(milter_log, "error: alias=me@secure.example.com cannot ask postseal-socketmap");
	begin(SECURE, LOGIN("me@secure.example.com"));
	goes("x@nossl.example", "postseal-encrypt", "nossl.example");
	say('A', NULL, 0);
	/* every address is secure, whoever is asked */
	mail(PLAIN);
	refused(SECURE, NO_TLS);
}
END_TEST

/* Who may write without TLS: where every address is secure, and where those on file are. */

static void put_off(const char *to)
{
	char answer[512];

	ck_assert_msg(ask('R', to, answer) == 'y', "%s was accepted", to);
	ck_assert_msg(strncmp(answer, "451 4.7.1 ", 10) == 0, "%s", answer);
}

/* As Postfix shows a sender: its own view of it, too. */
static void from(const char *argument, const char *rewritten, const char *tls)
{
	char seen[256], answer[512];

	snprintf(seen, sizeof(seen), "%s {mail_addr}=%s", tls, rewritten);
	ck_assert_int_eq(mail_from(argument, seen, answer), 'c');
}

START_TEST(an_exception_lets_one_sender_in)
{
	negotiate();
	client('4', "192.0.2.9");
	from("<You@old.example>", "You@old.example", PLAIN);
	accepted(SECURE);
	accepted(ORDINARY);
	accepted("<Me+list@Secure.example.com>");
	end_of_message();
	from("<you@old.example>", "you@old.example", TLS("TLSv1"));
	accepted(SECURE);
	end_of_message();
	expect_log(milter_log,
		   "client=[192.0.2.9] from=<You@old.example> "
		   "to=<me@secure.example.com> accepted without TLS, by the exception until "
		   "2026-02-01T03:04:05Z");
	from("<me@new.example>", "me@new.example", PLAIN);
	refused(SECURE, NO_TLS);
	accepted(ORDINARY);
	end_of_message();
	from("<sick@old.example>", "sick@old.example", PLAIN);
	put_off(SECURE);
	end_of_message();
	expect_log(milter_log, "error: alias=me@secure.example.com sick@old.example map=exception "
			       "postseal-socketmap gave a bad answer: TEMP no ledger");
	expect_log(milter_log, "put off: could not find out whether the sender is an exception");
}
END_TEST

START_TEST(nothing_is_an_exception_by_its_spelling)
{
	static const struct {
		const char *argument, *rewritten;
	} cases[] = {
		{ "<>", "" },
		{ "<>", "you@old.example" },
		{ "<you@old.example>", "you@new.example" },
		{ "<me@new.example>", "you@old.example" },
		{ "<old.example!you>", "you@old.example" },
		{ "<you@new.example@old.example>", "you@old.example" },
		{ "<you@old.example(c)>", "you@old.example" },
	};
	char answer[512];

	negotiate();
	client('4', "192.0.2.9");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		from(cases[i].argument, cases[i].rewritten, PLAIN);
		refused(SECURE, NO_TLS);
		end_of_message();
	}
	/* of the message before; and one whose sender Postfix does not show */
	from("<you@old.example>", "you@old.example", PLAIN);
	accepted(SECURE);
	end_of_message();
	ck_assert_int_eq(mail_from("<you@old.example>", PLAIN, answer), 'c');
	refused(SECURE, NO_TLS);
}
END_TEST

START_TEST(an_exception_without_a_server_waits)
{
	negotiate();
	client('4', "192.0.2.9");
	from("<you@old.example>", "you@old.example", PLAIN);
	put_off(SECURE);
	accepted(ORDINARY);
	end_of_message();
	from("<>", "", PLAIN);
	refused(SECURE, NO_TLS);
}
END_TEST

/* secure_aliases = "enabled" */

START_TEST(only_enabled_aliases_are_secure)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	refused(SECURE, NO_TLS);
	refused("<ME+list@secure.example.com>", NO_TLS);
	accepted("<off@secure.example.com>");
	accepted("<Off+list@secure.example.com>");
	say('A', NULL, 0);
	/* and what is told of TLS is true also of one that may come without */
	mail(PLAIN " j=mx.example.com");
	accepted("<off@secure.example.com>");
	end_of_message();
	mail(PLAIN);
	accepted(ORDINARY);
	put_off("<sick@secure.example.com>");
	put_off("<odd@secure.example.com>");
	/* one that is off, by way of which one goes to one that is on */
	macros('R', "{client_port}=1234 {rcpt_addr}=me@secure.example.com");
	refused("<me%secure.example.com@secure.example.com>", NO_TLS);
	macros('R', PLAIN);
	refused("<me%secure.example.com@secure.example.com>", NO_TLS);
	/* cannot be on file, so it cannot be switched on */
	accepted("<m\xc3\xa9@secure.example.com>");
	end_of_message();
	mail(TLS("TLSv1.3"));
	accepted("<sick@secure.example.com>");
	end_of_message();
	sender("<off@secure.example.com>", PLAIN, NULL);
	sender("<sick@secure.example.com>", PLAIN, "4.7.1");
	expect_log(milter_log, "to=<sick@secure.example.com> put off: could not find out whether");
}
END_TEST

START_TEST(a_disabled_sender_may_waive_tls)
{
	char answer[512];

	negotiate();
	client('4', "192.0.2.9");
	ck_assert_int_eq(mail_from("<off@secure.example.com>", PLAIN, answer), 'c');
	accepted(ORDINARY);
	header("TLS-Required", "no");
	end_of_message();
}
END_TEST

START_TEST(a_silent_server_is_waited_for_no_longer_than_postfix_waits)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	put_off(SECURE);
	accepted(ORDINARY);
	expect_log(milter_log,
		   "error: alias=me@secure.example.com map=transport postseal-socketmap at");
}
END_TEST

#define CANNOT_GO "; mail from a secure address cannot go there. "

START_TEST(what_cannot_be_met_is_refused_at_once)
{
	negotiate();
	client('4', "192.0.2.9");
	begin(SECURE, LOGIN("me"));
	goes("x@able.example", "postseal-encrypt", "able.example");
	does_not_go("x@nossl.example", "postseal-encrypt", "nossl.example",
		    "nossl.example does not accept TLS" CANNOT_GO);
	does_not_go("x@able.example", "postseal-dane-only", "able.example",
		    "able.example publishes no DANE records" CANNOT_GO);
	does_not_go("x@able.example", "postseal-encrypt", "[relay.example]:587",
		    "Mail for able.example goes by a relay here: [relay.example]:587 does not "
		    "accept TLS" CANNOT_GO);
	does_not_go("x@rude.example", "postseal-encrypt", "rude.example",
		    "its server cannot be reached that securely" CANNOT_GO);
	/* nobody knows: the transport will */
	goes("x@new.example", "postseal-encrypt", "new.example");
	goes("x@sick.example", "postseal-encrypt", "sick.example");
	goes("x@odd.example", "postseal-encrypt", "odd.example");
	goes("x@nossl.example", "postseal-encrypt", "");
	/* goes by no SMTP, or by a way that is not ours to judge */
	goes("you@example.com", "local", "example.com");
	goes("x@nossl.example", "relay", "nossl.example");
	goes("x@nossl.example", "error", "5.1.1");
	accepted("<x@nossl.example>"); /* what was said of one recipient is not said of the next */
	expect_log(milter_log, "from=<me@secure.example.com> to=<x@nossl.example> refused: "
			       "nossl.example does not accept TLS");
	expect_log(milter_log, "domain=sick.example map=deliverable-encrypt postseal-socketmap");
	ck_assert_uint_eq(counted(METRIC1(REFUSALS, METRIC_CAUSE_DESTINATION)), 4);
	ck_assert_uint_eq(counted(METRIC1(PROSPECTS, PROSPECT_NONE)), 4);
	ck_assert_uint_eq(counted(METRIC1(PROSPECTS, PROSPECT_GOOD)), 1);
	ck_assert_uint_eq(counted(METRIC1(PROSPECTS, PROSPECT_UNKNOWN)), 3);
	ck_assert_uint_eq(counted(METRIC1(SEALED, METRIC_OUT)), 0);
	end_of_message();
	/* mail of others goes where it likes */
	begin("<you@example.com>", LOGIN("you"));
	goes("x@nossl.example", "smtp", "nossl.example");
	goes("x@nossl.example", "postseal-encrypt", "nossl.example");
}
END_TEST

START_TEST(a_transport_with_precedence_is_held_to_the_level)
{
	negotiate();
	client('4', "127.0.0.1");
	begin(SECURE, PLAIN);
	does_not_go("x@nossl.example", "smtp", "nossl.example", "nossl.example does not");
	goes("x@able.example", "smtp", "able.example");
	end_of_message();
	begin("<mine@secure.example.com>", PLAIN);
	does_not_go("x@able.example", "smtp", "able.example", "able.example publishes no DANE");
	/* one that is sealed, and less strictly than the alias is */
	does_not_go("x@able.example", "postseal-encrypt", "able.example",
		    "able.example publishes no DANE");
	does_not_go("x@nossl.example", "postseal-encrypt", "nossl.example",
		    "nossl.example does not accept TLS");
	end_of_message();
	/* the level cannot be told */
	begin("<sick@secure.example.com>", PLAIN);
	goes("x@nossl.example", "smtp", "nossl.example");
	end_of_message();
	begin("<weird@secure.example.com>", PLAIN);
	goes("x@nossl.example", "smtp", "nossl.example");
	expect_log(milter_log, "error: alias=weird@secure.example.com map=transport "
			       "postseal-socketmap gave a bad answer: smtp:");
}
END_TEST

START_TEST(what_nobody_answers_is_left_to_the_transport)
{
	negotiate();
	client('4', "192.0.2.9");
	begin(SECURE, LOGIN("me@secure.example.com"));
	goes("x@nossl.example", "postseal-encrypt", "nossl.example");
	goes("y@nossl.example", "postseal-encrypt", "nossl.example");
	expect_log(milter_log,
		   "domain=nossl.example map=deliverable-encrypt postseal-socketmap at");
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

static void message_refused(const char *with)
{
	char reply[512];
	size_t len;

	say('E', NULL, 0);
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'y');
	ck_assert_msg(strncmp(reply, with, strlen(with)) == 0, "%s", reply);
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
	message_refused("550 5.7.10 ");
	expect_log(milter_log, "client=[192.0.2.9] from=<me@secure.example.com> refused: "
			       "header TLS-Required");
	ck_assert_uint_eq(counted(METRIC1(REFUSALS, METRIC_CAUSE_WAIVER)), 1);
	ck_assert_uint_eq(counted(METRIC1(MESSAGES, METRIC_MESSAGE_REFUSED)), 1);
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

/* Headers */

static void submit(const char *from, const char *seen, const char *name, const char *value)
{
	begin(from, seen);
	accepted("<you@elsewhere.example>");
	header("Subject", "one");
	header(name, value);
	header("X-Other", "");
}

#define WRONG_ENVELOPE "550 5.7.1 Your header "

START_TEST(a_header_names_the_senders_alias)
{
	negotiate();
	client('4', "192.0.2.9");
	submit("<me@example.com>", LOGIN("me"), "From", "Me <me@secure.example.com>");
	message_refused(WRONG_ENVELOPE
			"\"From\" names a secure address, but the envelope sender "
			"(MAIL FROM) is another, so this mail would not be protected. Set your "
			"mail program to send with envelope sender <me@secure.example.com>, or ");
	expect_log(milter_log, "client=[192.0.2.9] from=<me@example.com> refused: header From "
			       "names a secure address that is not the sender");
	ck_assert_uint_eq(counted(METRIC1(REFUSALS, METRIC_CAUSE_AUTHOR)), 1);
	submit("<you@example.com>", LOGIN("you"), "FROM", "me@secure.example.com");
	message_refused(WRONG_ENVELOPE "\"From\"");
	submit("<you@example.com>", LOGIN("you"), "sender ", " me@secure.example.com");
	message_refused(WRONG_ENVELOPE "\"Sender\"");
	submit("<>", LOGIN("you"), "Resent-From", "me@secure.example.com");
	message_refused(WRONG_ENVELOPE "\"Resent-From\"");
	submit(SECURE, LOGIN("me"), "Resent-Sender", "you@secure.example.com");
	message_refused(WRONG_ENVELOPE "\"Resent-Sender\"");
	submit("<me@example.com>", LOGIN("me"), "From",
	       "a@example.com,\n\t\"a, b\" <a@example.com>,\n\tMe\n\t<me@secure\n .example.com>");
	message_refused(WRONG_ENVELOPE);
	submit("<me@example.com>", LOGIN("me"), "From", "J\xfcrgen \"me@secure.example.com");
	message_refused(WRONG_ENVELOPE);
	/* his own */
	submit(SECURE, LOGIN("me"), "From", "Me <ME+list@secure.example.com>");
	end_of_message();
	submit("<me+list@secure.example.com>", LOGIN("me"), "From", "Me <me@secure.example.com>");
	end_of_message();
	/* no alias */
	submit("<me@example.com>", LOGIN("me"), "From",
	       "\"me@secure.example.com\" <me@example.com>");
	end_of_message();
	submit("<me@example.com>", LOGIN("me"), "Reply-To", "me@secure.example.com");
	end_of_message();
	/* what was begun and given up, and the session, remember nothing */
	submit("<me@example.com>", LOGIN("me"), "From", "me@secure.example.com");
	say('A', NULL, 0);
	submit("<me@example.com>", LOGIN("me"), "From", "me@example.com");
	end_of_message();
	ck_assert_uint_eq(counted(METRIC1(REFUSALS, METRIC_CAUSE_AUTHOR)), 7);
}
END_TEST

START_TEST(a_local_login_is_held_to_its_headers)
{
	negotiate();
	client('4', "127.0.0.1");
	submit("<me@example.com>", PLAIN " {auth_authen}=me", "From", "me@secure.example.com");
	message_refused(WRONG_ENVELOPE);
}
END_TEST

/* Lists, forwarders, content filters. */
START_TEST(without_a_login_headers_may_name_anybody)
{
	negotiate();
	client('4', "192.0.2.9");
	submit("<list-bounces@example.net>", TLS("TLSv1.3"), "From", "me@secure.example.com");
	end_of_message();
	submit("<me@example.com>", LOGIN("me"), "From", "me@secure.example.com");
	message_refused(WRONG_ENVELOPE);
	submit("<list-bounces@example.net>", TLS("TLSv1.3"), "Sender", "me@secure.example.com");
	end_of_message();
	close(mta);
	mta = dial();
	negotiate();
	client('4', "127.0.0.1");
	submit("<list-bounces@example.com>", PLAIN, "From", "me@secure.example.com");
	end_of_message();
	submit("<>", PLAIN, "From", "me@secure.example.com");
	end_of_message();
}
END_TEST

/* secure_aliases = "enabled" */
START_TEST(a_header_may_name_what_is_switched_off)
{
	char many[512] = "off@secure.example.com";

	negotiate();
	client('4', "192.0.2.9");
	submit("<me@example.com>", LOGIN("me"), "From", "off@secure.example.com");
	end_of_message();
	submit("<me@example.com>", LOGIN("me"), "From",
	       "off@secure.example.com, me@secure.example.com");
	message_refused(WRONG_ENVELOPE);
	submit("<me@example.com>", LOGIN("me"), "From", "sick@secure.example.com");
	message_refused("451 4.7.1 ");
	expect_log(milter_log, "put off: could not find out whether the alias in header From");
	/* not without end */
	for (size_t len = strlen(many); len + 30 < sizeof(many); len = strlen(many))
		snprintf(many + len, sizeof(many) - len, ", off@secure.example.com");
	submit("<me@example.com>", LOGIN("me"), "From", many);
	message_refused(WRONG_ENVELOPE);
}
END_TEST

int main(void)
{
	const TTest *const with_server[] = {
		a_secure_sender_is_its_owner_over_tls,
		a_secure_sender_may_be_local,
		what_cannot_be_told_waits,
		what_cannot_be_met_is_refused_at_once,
		a_transport_with_precedence_is_held_to_the_level,
		hidden_macros_hide_the_login,
		a_secure_sender_does_not_waive_tls,
		others_may_waive_tls,
		an_exception_lets_one_sender_in,
		nothing_is_an_exception_by_its_spelling,
		a_header_names_the_senders_alias,
		a_local_login_is_held_to_its_headers,
		without_a_login_headers_may_name_anybody,
	};
	const TTest *const without_server[] = { without_a_server_it_waits,
						an_exception_without_a_server_waits };
	const TTest *const enabled[] = { only_enabled_aliases_are_secure,
					 an_exception_lets_one_sender_in,
					 nothing_is_an_exception_by_its_spelling,
					 a_disabled_sender_may_waive_tls,
					 a_header_may_name_what_is_switched_off };
	const TTest *const silent[] = {
		a_silent_server_is_waited_for_no_longer_than_postfix_waits,
		what_nobody_answers_is_left_to_the_transport,
	};
	const struct group groups[] = {
		{ "server", setup_with_server, teardown_all, with_server, ARRAY_LEN(with_server) },
		{ "no server", setup, teardown_all, without_server, ARRAY_LEN(without_server) },
		{ "enabled", setup_enabled_with_server, teardown_all, enabled, ARRAY_LEN(enabled) },
		{ "silent server", setup_with_silent_server, teardown_all, silent,
		  ARRAY_LEN(silent) },
	};

	return run_groups("milter_sender", groups, ARRAY_LEN(groups));
}
