/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal-milter and whom mail is for: what it sees, asks for, refuses. */
#include <errno.h>
#include <sys/stat.h>

#include "tests/unit/milter_mta.h"

static void setup_for_tls13(void)
{
	setup_with(DOMAINS, "secure_min_tls = \"TLSv1.3\"\n", "");
}

static void setup_named(void)
{
	setup_with(DOMAINS, "authserv_id = our.example\n", "");
}

static void setup_without_domains(void)
{
	setup_with("", "", "warning: secure_domains is empty");
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
	/* no HELO, body, end of headers, unknown command; no reply to headers, CONNECT */
	ck_assert_uint_eq(got.steps, 0x2 | 0x10 | 0x40 | 0x100 | 0x80 | 0x1000);
	/* macros; add recipients, change sender, headers, delete recipients, add headers */
	ck_assert_uint_eq(got.actions, 0x100 | 0x80 | 0x40 | 0x10 | 0x8 | 0x1);
	ck_assert_str_eq(macro_list(&got, 1), "{client_port}");
	ck_assert_str_eq(macro_list(&got, 2),
			 "{client_port} {tls_version} {auth_authen} {mail_addr} {mail_mailer} "
			 "{cipher} {cipher_bits} j");
	ck_assert_str_eq(macro_list(&got, 3),
			 "{client_port} {rcpt_addr} {rcpt_mailer} {rcpt_host}");
	ck_assert_str_eq(macro_list(&got, 4), "{client_port} i");
}
END_TEST

/* Macros come before it, and what follows them waits until something is said. */
START_TEST(answers_data)
{
	char reply[512];

	negotiate();
	client('4', "192.0.2.1");
	helo();
	mail(PLAIN);
	accepted("<bob@example.net>");
	ck_assert_int_eq(ask('T', "", reply), 'c');
}
END_TEST

START_TEST(gets_along_with_an_old_mta)
{
	struct negotiated got;
	char reply[512];
	size_t len;

	/* milter_protocol = 2, no choice of macros: Postfix shows TLS at HELO by itself. */
	negotiate_with(&got, 0x3f, 0x7f);
	ck_assert_uint_eq(got.actions, 0x10 | 0x8 | 0x1);
	ck_assert_uint_eq(got.macros_len, 0);
	client('4', "192.0.2.9");
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
	macros('H', "{tls_version}=TLSv1.3");
	mail(NULL);
	accepted(SECURE);
	expect_log(milter_log, "does not let this milter choose");
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
	ck_assert_uint_eq(counted(METRIC1(REFUSALS, METRIC_CAUSE_TLS_IN)), 2);
	ck_assert_uint_eq(counted(METRIC1(MESSAGES, METRIC_MESSAGE_BEGUN)), 1);
	ck_assert_uint_eq(counted(METRIC1(MESSAGES, METRIC_MESSAGE_PASSED)), 1);
	ck_assert_uint_eq(counted(METRIC1(SEALED, METRIC_IN)), 0);
	ck_assert_uint_eq(counted(M_SESSIONS), 1);
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

START_TEST(without_domains_takes_all)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	accepted(SECURE);
	accepted("<me@not(c)parsable>");
}
END_TEST

/* For the digest */

static void setup_with_digest(void)
{
	setup_with(DOMAINS, "refusal_digest = true\n", "");
}

static int listen_as_prober(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char run[64];

	snprintf(run, sizeof(run), "%s/run", dir);
	ck_assert(mkdir(run, 0700) == 0 || errno == EEXIST);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/prober.sock", run);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static void stop_listening(int prober)
{
	char socket_path[96];

	close(prober);
	snprintf(socket_path, sizeof(socket_path), "%s/run/prober.sock", dir);
	remove(socket_path);
}

static void hears(int prober, const char *line)
{
	int fd = accept(prober, NULL, NULL);
	char heard[1024];
	size_t len = 0;
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	while ((n = read(fd, heard + len, sizeof(heard) - 1 - len)) > 0)
		len += (size_t)n;
	heard[len] = '\0';
	ck_assert_str_eq(heard, line);
	close(fd);
}

START_TEST(tells_the_prober_of_refusals)
{
	char reply[512];
	int prober = listen_as_prober();

	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	accepted(ORDINARY);
	refused("<Me+list@Secure.example.com>", NO_TLS);
	hears(prober, "refused me@secure.example.com no-tls 192.0.2.9 <you@example.net>\n");
	end_of_message();
	ck_assert_int_eq(mail_from("<\xc3\xb6 \x1b@example.net>",
				   TLS("TLSv1") " {mail_addr}=x@example.net", reply),
			 'c');
	refused(SECURE, "used TLSv1");
	hears(prober,
	      "refused me@secure.example.com old-tls 192.0.2.9 <\\xc3\\xb6 \\x1b@example.net>\n");
	stop_listening(prober);
}
END_TEST

/* Nobody there, and nobody who takes what comes: answers are the same, and as fast. */
START_TEST(refuses_whether_or_not_the_prober_hears)
{
	int prober;

	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	refused(SECURE, NO_TLS);
	expect_log(milter_log, "alias=me@secure.example.com the prober does not record refusals");
	refused(SECURE, NO_TLS);
	prober = listen_as_prober();
	refused(SECURE, NO_TLS);
	expect_log(milter_log,
		   "refusals=2 are missing in digests; the prober takes them again now");
	for (int i = 0; i < 10; i++)
		refused(SECURE, NO_TLS); /* more than wait to be accepted */
	expect_log(milter_log, "does not record refusals");
	stop_listening(prober);
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

/* Only a broken MTA leaves the macros out; it says nothing of TLS then. */
START_TEST(tls_is_not_remembered)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
	end_of_message();
	mail(NULL);
	refused(SECURE, "cannot tell whether yours is");
	say('A', NULL, 0);
	mail(TLS("TLSv1.3"));
	mail(NULL);
	refused(SECURE, "cannot tell whether yours is");
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
			       "the address could be a secure alias");
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

/* What it notes in the headers */

#define TLS13 TLS("TLSv1.3") " {cipher}=TLS_AES_256_GCM_SHA384 {cipher_bits}=256 j=mx.example.com"
#define NOTED                                                 \
	"mx.example.com; x-tls=pass smtp.version=TLSv1.3\n\t" \
	"smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256"

/* The end of a message: its edits, "-INDEX" and "+VALUE", each with a blank behind. */
static void end_with(const char *edits)
{
	char reply[1024], got[2048] = "";
	size_t len;
	char command;

	say('E', NULL, 0);
	while ((command = hear(reply, sizeof(reply), &len)) != 'c') {
		uint32_t index;

		ck_assert_msg(command == 'm' || command == 'i', "%c %s", command, reply);
		memcpy(&index, reply, sizeof(index));
		index = ntohl(index);
		ck_assert_str_eq(reply + 4, "Authentication-Results");
		if (command == 'm') {
			ck_assert_str_eq(reply + 4 + strlen(reply + 4) + 1, "");
			snprintf(got + strlen(got), 16, "-%u ", (unsigned)index);
		} else {
			ck_assert_uint_eq(index, 0);
			snprintf(got + strlen(got), 1024, "+%s ",
				 reply + 4 + strlen(reply + 4) + 1);
		}
	}
	ck_assert_str_eq(got, edits);
}

START_TEST(notes_the_tls_of_mail_to_an_alias)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS13);
	accepted(ORDINARY);
	accepted(SECURE);
	header("Subject", "one");
	end_with("+" NOTED " ");
	/* not of other mail */
	mail(TLS13);
	accepted(ORDINARY);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	end_with("");
	/* nor by a name that nobody told */
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	end_with("");
	mail(TLS("TLSv1.3") " j=mx.example.com");
	accepted(SECURE);
	end_with("+mx.example.com; x-tls=pass smtp.version=TLSv1.3 ");
}
END_TEST

START_TEST(removes_what_is_forged)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS13);
	accepted(SECURE);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	header("Authentication-Results", "other.example; x-tls=pass");
	header("X-Authentication-Results", "mx.example.com; x-tls=pass");
	header("AUTHENTICATION-results", "mx.example.com; dkim=pass");
	header("authentication-results ", "(x) MX.Example.Com 1; dkim=pass; X-TLS=pass");
	end_with("-4 -1 +" NOTED " ");
	expect_log(milter_log, "client=[192.0.2.9] from=<you@example.net> removing forged headers "
			       "Authentication-Results: 2");
	/* what was seen of one message is not done to the next */
	mail(TLS13);
	accepted(SECURE);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	say('A', NULL, 0);
	mail(TLS13);
	accepted(SECURE);
	end_with("+" NOTED " ");
	mail(TLS13);
	accepted(SECURE);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	end_with("-1 +" NOTED " ");
	/* refused, it is no mail to an alias */
	mail(TLS("TLSv1.1") " j=mx.example.com");
	accepted(ORDINARY);
	refused(SECURE, "Your server used TLSv1.1");
	end_with("");
	ck_assert_uint_eq(counted(M_FORGED), 3);
	ck_assert_uint_eq(counted(METRIC1(SEALED, METRIC_IN)), 3);
	ck_assert_uint_eq(counted(METRIC1(MESSAGES, METRIC_MESSAGE_BEGUN)), 5);
	ck_assert_uint_eq(counted(METRIC1(MESSAGES, METRIC_MESSAGE_PASSED)), 4);
}
END_TEST

START_TEST(leaves_local_mail_as_it_is)
{
	negotiate();
	client('4', "127.0.0.1");
	mail(TLS13);
	accepted(SECURE);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	end_with("");
}
END_TEST

START_TEST(does_not_remove_without_end)
{
	char reply[512];
	size_t len;

	negotiate();
	client('4', "192.0.2.9");
	for (int count = 64; count <= 65; count++) {
		mail(TLS13);
		accepted(SECURE);
		for (int i = 0; i < count; i++)
			header("Authentication-Results", "mx.example.com; x-tls=pass");
		say('E', NULL, 0);
		for (uint32_t i = 64; hear(reply, sizeof(reply), &len) == 'm'; i--) {
			uint32_t index;

			memcpy(&index, reply, sizeof(index));
			ck_assert_uint_eq(ntohl(index), i);
		}
		ck_assert_msg((strncmp(reply, "550 5.7.1 ", 10) == 0) == (count == 65), "%s",
			      reply);
		if (count == 64)
			ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
	}
}
END_TEST

START_TEST(is_called_what_the_settings_say)
{
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS13);
	accepted(SECURE);
	header("Authentication-Results", "mx.example.com; x-tls=pass");
	header("Authentication-Results", "our.example; x-tls=pass");
	end_with("-2 +our.example; x-tls=pass smtp.version=TLSv1.3\n\t"
		 "smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256 ");
}
END_TEST

START_TEST(bounces_need_tls_as_well)
{
	char reply[512];

	negotiate();
	client('4', "192.0.2.9");
	ck_assert_int_eq(mail_from("<>", PLAIN " {mail_addr}=", reply), 'c');
	refused(SECURE, NO_TLS);
	accepted(ORDINARY);
	end_of_message();
	ck_assert_int_eq(mail_from("<>", TLS("TLSv1.3") " {mail_addr}=", reply), 'c');
	accepted(SECURE);
}
END_TEST

/* smtpd_proxy_filter: no queue id at DATA, and then no header is ever shown */

static void data(const char *seen, const char *wanted)
{
	char reply[512];

	macros('T', seen);
	if (wanted == NULL) {
		ck_assert_msg(ask('T', "", reply) == 'c', "%s", reply);
		return;
	}
	ck_assert_int_eq(ask('T', "", reply), 'y');
	ck_assert_msg(strstr(reply, wanted) == reply, "%s", reply);
}

#define UNSEEN "451 4.7.1 This server hands mail to a filter"

START_TEST(what_cannot_be_judged_without_headers_waits)
{
	negotiate();
	client('4', "192.0.2.9");
	/* to an alias: forged headers could not be removed */
	mail(TLS13);
	accepted(SECURE);
	data(PLAIN " i=4ABC", NULL);
	say('A', NULL, 0);
	mail(TLS13);
	accepted(SECURE);
	data(PLAIN, UNSEEN);
	expect_log(milter_log, "warning: client=[192.0.2.9] from=<you@example.net> put off: the "
			       "MTA does not show the headers of this message");
	/* with a login: it could be written in the name of an alias */
	mail(TLS13 " {auth_authen}=you");
	accepted(ORDINARY);
	data(PLAIN, UNSEEN);
	/* other mail is nobody's business */
	mail(TLS13);
	accepted(ORDINARY);
	data(PLAIN, NULL);
	/* where nothing is shown, nothing follows from that */
	mail(TLS13);
	accepted(ORDINARY);
	data("x=y", NULL);
}
END_TEST

/* Beginning and end */

/* A process on this machine that means ill, and an MTA that is served all the same. */
START_TEST(macros_without_a_value_end_only_their_own_session)
{
	int broken = mta, sound = dial();
	char packet[16001], byte;
	size_t len = 0;

	packet[len++] = 'M';
	for (int i = 0; i < 4001; i++) {
		packet[len++] = 'x';
		packet[len++] = '\0';
	}
	negotiate();
	client('4', "192.0.2.9");
	for (size_t n = 1; n <= 4001; n += 4000) {
		uint32_t size = htonl((uint32_t)(1 + 1 + 2 * n));

		mta = broken;
		ck_assert_int_eq(write(mta, &size, 4), 4);
		ck_assert_int_eq(write(mta, "D", 1), 1);
		ck_assert_int_eq(write(mta, packet, 1 + 2 * n), (ssize_t)(1 + 2 * n));
		ck_assert_int_eq(recv(mta, &byte, 1, 0), 0);
		close(mta);
		broken = mta = dial();
		negotiate();
	}
	close(broken);
	mta = sound;
	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	accepted(SECURE);
}
END_TEST

START_TEST(takes_long_headers)
{
	static char packet[5 + 5 + 300000 + 1];
	uint32_t size = htonl(sizeof(packet) - 4);

	negotiate();
	client('4', "192.0.2.9");
	mail(TLS("TLSv1.3"));
	accepted(ORDINARY);
	memset(packet, 'x', sizeof(packet));
	memcpy(packet, &size, 4);
	memcpy(packet + 4, "LLong\0", 6);
	packet[sizeof(packet) - 1] = '\0';
	ck_assert_int_eq(write(mta, packet, sizeof(packet)), sizeof(packet));
	end_of_message();
}
END_TEST

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
	tell_to_stop();
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
int main(void)
{
	const TTest *const shipped[] = {
		asks_for_what_it_needs,
		answers_data,
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
		tls_is_not_remembered,
		a_new_session_on_the_same_connection_is_new,
		sessions_do_not_mix,
		listens_to_what_the_mta_makes_of_it,
		tricks_do_not_help,
		the_log_is_printable,
		long_addresses_do_no_harm,
		bounces_need_tls_as_well,
		notes_the_tls_of_mail_to_an_alias,
		removes_what_is_forged,
		leaves_local_mail_as_it_is,
		does_not_remove_without_end,
		what_cannot_be_judged_without_headers_waits,
		a_broken_packet_ends_only_its_own_session,
		macros_without_a_value_end_only_their_own_session,
		takes_long_headers,
		stops_when_told_to,
		does_not_push_out_who_listens,
		takes_over_a_dead_ones_socket,
	};
	const TTest *const digest[] = { tells_the_prober_of_refusals,
					refuses_whether_or_not_the_prober_hears };
	const TTest *const tls13[] = { obeys_the_minimum };
	const TTest *const named[] = { is_called_what_the_settings_say };
	const TTest *const no_domains[] = { without_domains_takes_all };
	const struct group groups[] = {
		{ "shipped", setup, teardown, shipped, ARRAY_LEN(shipped) },
		{ "tls13", setup_for_tls13, teardown, tls13, ARRAY_LEN(tls13) },
		{ "named", setup_named, teardown, named, ARRAY_LEN(named) },
		{ "digest", setup_with_digest, teardown, digest, ARRAY_LEN(digest) },
		{ "no domains", setup_without_domains, teardown, no_domains,
		  ARRAY_LEN(no_domains) },
	};

	return run_groups("milter", groups, ARRAY_LEN(groups));
}
