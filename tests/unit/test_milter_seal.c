/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal-milter and marked mail: what it makes of recipients, sender, headers. */
#include "io/crypto/seal_token.h"
#include "tests/unit/milter_mta.h"

static struct seal_key key;

static void setup_with_mailbox(void)
{
	char more[256], error[SEAL_KEY_ERROR_SIZE];

	str_copy(dir, sizeof(dir), "/tmp/test_milter.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/milter.sock", dir);
	snprintf(more, sizeof(more), "%s/token.key", dir);
	ck_assert_msg(seal_key_make(more, error), "%s", error);
	ck_assert_int_eq(seal_key_read(&key, more, error), LOOKUP_FOUND);
	snprintf(more, sizeof(more),
		 "mailbox_domain = sealed.example.com\nmailbox_token_key = \"%s/token.key\"\n",
		 dir);
	write_settings(DOMAINS, more);
	milter = start(&milter_log);
	expect_log(milter_log, "READY");
	mta = dial();
}

static void teardown_mailbox(void)
{
	char name[96];

	snprintf(name, sizeof(name), "%s/token.key", dir);
	remove(name);
	teardown();
}

#define ALICE TLS("TLSv1.3") " {auth_authen}=alice@example.com {mail_mailer}=local"

static void begin(const char *address, const char *from, const char *seen)
{
	char reply[512];

	negotiate();
	client('4', address);
	ck_assert_msg(mail_from(from, seen, reply) == 'c', "%s", reply);
}

/* RCPT with parameters, "<a@b>\0NOTIFY=NEVER\0", len without the last NUL. */
static char recipient(const char *argument, size_t len, const char *mailer, char reply[512])
{
	char seen[128];
	size_t got;

	snprintf(seen, sizeof(seen), "{client_port}=1234 {rcpt_mailer}=%s", mailer);
	macros('R', seen);
	say('R', argument, len + 1);
	return hear(reply, 512, &got);
}

static void goes(const char *to, const char *mailer)
{
	char reply[512];

	ck_assert_msg(recipient(to, strlen(to), mailer, reply) == 'c', "%s: %s", to, reply);
}

static void is_refused(const char *to, const char *mailer, const char *text)
{
	char reply[512];

	ck_assert_int_eq(recipient(to, strlen(to), mailer, reply), 'y');
	ck_assert_msg(strncmp(reply, text, strlen(text)) == 0, "%s", reply);
}

/*
 * The end: its edits in order, a line each, NULs as blanks. The token is taken out into
 * `token`, and the return address is replaced by "RETURN(sender)".
 */
static void ends(char *edits, size_t size, struct token *token)
{
	static char reply[70000];
	size_t len;
	char command;

	memset(token, 0, sizeof(*token));
	edits[0] = '\0';
	say('E', NULL, 0);
	while ((command = hear(reply, sizeof(reply) - 1, &len)) != 'c' && command != 'y') {
		const char *text = reply;
		char line[2048], sender[SEAL_ADDRESS_SIZE], index[16] = "";

		if (command == 'm' || command == 'i') {
			snprintf(index, sizeof(index), "%d ", (int)reply[3]);
			text += 4;
			len -= 4;
		}
		if (command == 'i' && strcmp(text, TOKEN_HEADER) == 0) {
			const char *value = text + strlen(text) + 1;

			ck_assert(seal_token_read(token, value, strlen(value), &key));
			snprintf(line, sizeof(line), "i %s%s\n", index, text);
		} else if (command == 'e') {
			ck_assert(seal_return_read(sender, text, strlen(text), "sealed.example.com",
						   &key));
			snprintf(line, sizeof(line), "e RETURN(%s)\n", sender);
		} else {
			size_t at = (size_t)snprintf(line, sizeof(line), "%c %s", command, index);

			for (size_t i = 0; i + 1 < len; i++)
				line[at++] = text[i] == '\0' ? ' ' : text[i];
			line[at++] = '\n';
			line[at] = '\0';
		}
		ck_assert_uint_lt(strlen(edits) + strlen(line), size);
		strcat(edits, line);
	}
	if (command == 'y')
		snprintf(edits, size, "%.500s", reply);
}

static void expect_edits(const char *wanted)
{
	static char edits[8192];
	struct token token;

	ends(edits, sizeof(edits), &token);
	ck_assert_str_eq(edits, wanted);
	token_free(&token);
}

static void expect_refusal(const char *wanted)
{
	static char edits[8192];
	struct token token;

	ends(edits, sizeof(edits), &token);
	ck_assert_msg(strncmp(edits, wanted, strlen(wanted)) == 0, "%s", edits);
}

START_TEST(a_header_seals_all_of_it)
{
	static const char with_parameters[] = "<Carol@Example.org>\0NOTIFY=SUCCESS,FAILURE\0"
					      "ORCPT=rfc822;c+2Barol@example.org\0BODY=8BITMIME";
	static char edits[8192];
	char reply[512];
	struct token token;

	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<bob@example.net>", "smtp");
	goes("<dave@example.com>", "local");
	goes("<eve=example.net@sealed.example.com>", "lmtp");
	ck_assert_int_eq(recipient(with_parameters, sizeof(with_parameters) - 1, "smtp", reply),
			 'c');
	header("From", "Alice <alice@example.com>");
	header("X-Postseal-Seal", "yes");
	header("X-Postseal-Seal-Token", "forged");
	header("X-Postseal-PIN", "bob@example.net 47110815");
	header("x-postseal-pin", "carol@example.org 81504711");
	header("Subject", "secret");
	ends(edits, sizeof(edits), &token);
	ck_assert_str_eq(edits, "m 2 x-postseal-pin \nm 1 X-Postseal-PIN \n"
				"m 1 X-Postseal-Seal-Token \nm 1 X-Postseal-Seal \n"
				"e RETURN(alice@example.com)\n"
				"- <bob@example.net>\n2 <bob=example.net@sealed.example.com>\n"
				"- <Carol@Example.org>\n"
				"2 <Carol=example.org@sealed.example.com> "
				"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c+2Barol@example.org\n"
				"i 0 X-Postseal-Seal-Token\n");
	ck_assert_str_eq(token.login, "alice@example.com");
	ck_assert_str_eq(token.sender, "alice@example.com");
	ck_assert(!token.pin_required);
	ck_assert_uint_eq(token.count, 3);
	ck_assert_str_eq(token.recipients[0].address, "bob@example.net");
	ck_assert_str_eq(token.recipients[0].pin, "47110815");
	ck_assert_str_eq(token.recipients[1].address, "eve@example.net");
	ck_assert_str_eq(token.recipients[1].pin, "");
	ck_assert_str_eq(token.recipients[2].address, "Carol@example.org");
	ck_assert_str_eq(token.recipients[2].pin, "81504711");
	token_free(&token);
	expect_log(milter_log, "client=[192.0.2.9] from=<alice@example.com> sealed, recipients "
			       "elsewhere: 3");
	ck_assert_uint_eq(counted(M_MARKED), 1);
	/* nothing of it is left for the next message */
	ck_assert_int_eq(mail_from("<alice@example.com>", ALICE, reply), 'c');
	goes("<bob@example.net>", "smtp");
	header("From", "Alice <alice@example.com>");
	expect_edits("");
}
END_TEST

START_TEST(an_address_seals_all_of_it)
{
	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	goes("<carol@example.org>", "smtp");
	header("From", "alice@example.com");
	expect_edits("e RETURN(alice@example.com)\n"
		     "- <carol@example.org>\n2 <carol=example.org@sealed.example.com>\n"
		     "i 0 X-Postseal-Seal-Token\n");
}
END_TEST

/* A local alias may lead elsewhere: its mail has the address that leads to the intake. */
START_TEST(mail_that_stays_here_is_sealed_as_well)
{
	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<dave@example.com>", "local");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_edits("m 1 X-Postseal-Seal \ne RETURN(alice@example.com)\n"
		     "i 0 X-Postseal-Seal-Token\n");
}
END_TEST

START_TEST(what_is_encrypted_goes_to_its_recipients)
{
	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<Bob=example.net@sealed.example.com>", "lmtp");
	goes("<carol@example.org>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	header("Content-Type", "multipart/encrypted; protocol=\"application/pgp-encrypted\"");
	expect_edits("m 1 X-Postseal-Seal \n"
		     "- <Bob=example.net@sealed.example.com>\n2 <Bob@example.net>\n");
}
END_TEST

START_TEST(a_mark_is_refused_or_obeyed)
{
	char reply[512];

	/* the world loses its marks, all with our prefix, */
	begin("192.0.2.9", "<eve@example.net>", PLAIN);
	goes(ORDINARY, "local");
	header("X-Postseal-Seal", "yes");
	header("X-Postseal-PIN", "nonsense");
	header("X-Postseal-Other", "x");
	header("X-Postseal-Seal", "yes");
	expect_edits("m 2 X-Postseal-Seal \nm 1 X-Postseal-Other \nm 1 X-Postseal-PIN \n"
		     "m 1 X-Postseal-Seal \n");
	/* and writes to nobody here that way */
	ck_assert_int_eq(mail_from("<eve@example.net>", TLS("TLSv1.3"), reply), 'c');
	is_refused("<bob=example.net@sealed.example.com>", "lmtp",
		   "550 5.7.1 Only users who have logged");
	is_refused("<nobody@sealed.example.com>", "lmtp", "550 5.7.1 Only users who have logged");
	/* who may send on without a login does not send it unsealed */
	ck_assert_int_eq(mail_from("<printer@example.com>", PLAIN, reply), 'c');
	goes("<dave@example.com>", "local");
	goes("<bob@example.net>", "smtp");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.7.1 Only users who have logged in");
	/* who has logged in is told what is amiss */
	ck_assert_int_eq(mail_from("<alice@example.com>", ALICE, reply), 'c');
	goes("<@example.org:bob@example.net>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.1.3 One of the recipients has an address");
	ck_assert_int_eq(mail_from("<alice@example.com>", ALICE, reply), 'c');
	is_refused("<nobody@sealed.example.com>", "lmtp", "550 5.1.3 To seal mail to bob@");
	goes("<bob@example.net>", "smtp");
	header("From", "mallory@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.7.1 Sealed mail names one author");
	expect_log(milter_log, "refused: sealed mail whose From: is not its envelope sender");
	ck_assert_uint_eq(counted(METRIC1(REFUSALS, METRIC_CAUSE_MARK)), 6);
	ck_assert_int_eq(mail_from("<alice@example.com>",
				   PLAIN " {auth_authen}=alice@example.com {mail_mailer}=local",
				   reply),
			 'c');
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.7.10 Mail that is to be sealed is accepted over encrypted");
	ck_assert_int_eq(mail_from("<alice@example.com>",
				   TLS("TLSv1.3") " {auth_authen}=alice@example.com "
						  "{mail_mailer}=smtp",
				   reply),
			 'c');
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.7.1 Sealed mail is sent from an address of this host");
}
END_TEST

START_TEST(this_machine_has_to_log_in)
{
	char reply[512];

	begin("127.0.0.1", "<alice@example.com>", PLAIN " {mail_mailer}=local");
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.7.1 Only users who have logged in");
	ck_assert_int_eq(mail_from("<alice@example.com>", PLAIN " {mail_mailer}=local", reply),
			 'c');
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	header("From", "alice@example.com");
	expect_refusal("550 5.7.1 Only users who have logged in");
	/* what a filter hands back stays as it is; the intake looks at its token */
	ck_assert_int_eq(mail_from("<alice@example.com>", PLAIN " {mail_mailer}=local", reply),
			 'c');
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal-Token", "x");
	expect_edits("");
}
END_TEST

START_TEST(without_a_key_it_waits)
{
	char name[96];

	snprintf(name, sizeof(name), "%s/token.key", dir);
	remove(name);
	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("451 4.7.1 This server cannot change");
	expect_log(milter_log, "error: mailbox_token_key=");
}
END_TEST

/* To come again would not help. */
START_TEST(too_many_recipients_are_refused)
{
	char to[256];

	begin("192.0.2.9", "<alice@example.com>", ALICE);
	for (int i = 0; i < 500; i++) {
		snprintf(to, sizeof(to), "<%0150d@example.net>", i);
		goes(to, "smtp");
	}
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.5.3 This mail goes to so many recipients");
	expect_log(milter_log, "refused: sealed mail to too many recipients");
}
END_TEST

/* milter_protocol = 2: recipients cannot be added with parameters, nor the sender changed. */
START_TEST(an_old_mta_cannot_seal)
{
	struct negotiated got;
	char reply[512];
	size_t len;

	negotiate_with(&got, 0x3f, 0x7f);
	client('4', "192.0.2.9");
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
	macros('M', ALICE);
	ck_assert_int_eq(ask('M', "<alice@example.com>", reply), 'c');
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
	header("X-Postseal-Seal", "yes");
	ck_assert_int_eq(hear(reply, sizeof(reply), &len), 'c');
	expect_refusal("451 4.7.1 This server cannot change");
}
END_TEST

START_TEST(without_headers_it_waits)
{
	char reply[512];

	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	macros('T', PLAIN);
	ck_assert_int_eq(ask('T', "", reply), 'y');
	ck_assert_msg(strncmp(reply, "451 4.7.1 This server hands", 27) == 0, "%s", reply);
}
END_TEST

static void setup_switched_off(void)
{
	setup_with(DOMAINS, "", "");
}

START_TEST(switched_off_it_refuses)
{
	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	header("X-Postseal-Seal", "yes");
	expect_refusal("550 5.7.1 Mail cannot be sealed here");
}
END_TEST

/* A piece of the body; what the milter says to it: 'c' go on, 's' no more. */
static char body(const char *octets)
{
	char reply[64];
	size_t len;

	say('B', octets, strlen(octets));
	return hear(reply, sizeof(reply), &len);
}

/* The token of one mail, whose print is that of this text. */
static void expect_print(const char *text)
{
	static char edits[8192];
	struct seal_print *print = seal_print_new();
	struct token token;

	ends(edits, sizeof(edits), &token);
	ck_assert_ptr_nonnull(strstr(edits, TOKEN_HEADER));
	seal_print_message(print, span_of(text));
	ck_assert(seal_print_is(print, &token));
	seal_print_free(print);
	token_free(&token);
}

START_TEST(a_token_says_which_mail_it_is_for)
{
	char reply[512];

	begin("192.0.2.9", "<alice@example.com>", ALICE);
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	header("From", "alice@example.com");
	header("Subject", "one\n two");
	header("Message-ID", "<1@example.com>");
	ck_assert_int_eq(body("Hello\r\n"), 'c');
	ck_assert_int_eq(body("Bob\r\n"), 'c');
	expect_print("From: alice@example.com\r\nSubject: one\r\n\ttwo\r\nMessage-ID: "
		     "<1@example.com>\r\nDate: added later\r\n\r\nHello\r\nBob\r\n");
	/* The next one on the same connection has nothing of it. */
	ck_assert_int_eq(mail_from("<alice@example.com>", ALICE, reply), 'c');
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	header("From", "alice@example.com");
	expect_print("From: alice@example.com\r\n\r\n");
	/* What is not marked shows one piece of its body, and no more. */
	ck_assert_int_eq(mail_from("<alice@example.com>", ALICE, reply), 'c');
	goes("<bob@example.net>", "smtp");
	header("From", "alice@example.com");
	ck_assert_int_eq(body("Hello\r\n"), 's');
	expect_edits("");
}
END_TEST

/* Negotiates while nothing is sealed, and then that is switched on. */
static void switched_off_and_on(struct negotiated *got)
{
	char more[256];

	write_settings(DOMAINS, "");
	kill(milter, SIGHUP);
	expect_log(milter_log, "RELOADED");
	close(mta);
	mta = dial();
	negotiate_with(got, ALL_ACTIONS, ALL_STEPS);
	snprintf(more, sizeof(more),
		 "mailbox_domain = sealed.example.com\nmailbox_token_key = \"%s/token.key\"\n",
		 dir);
	write_settings(DOMAINS, more);
	kill(milter, SIGHUP);
	expect_log(milter_log, "RELOADED");
}

/* As one that connected before mailbox_domain was set. */
START_TEST(an_mta_that_shows_no_body_waits)
{
	char reply[512];
	struct negotiated got;

	switched_off_and_on(&got);
	ck_assert_uint_ne(got.steps & 0x10, 0);
	client('4', "192.0.2.9");
	ck_assert_int_eq(mail_from("<alice@example.com>", ALICE, reply), 'c');
	goes("<bob=example.net@sealed.example.com>", "lmtp");
	header("From", "alice@example.com");
	expect_refusal("451 4.7.1 ");
	expect_log(milter_log, "does not show this milter its body");
}
END_TEST

int main(void)
{
	const TTest *const on[] = {
		a_header_seals_all_of_it,
		an_address_seals_all_of_it,
		mail_that_stays_here_is_sealed_as_well,
		what_is_encrypted_goes_to_its_recipients,
		a_mark_is_refused_or_obeyed,
		this_machine_has_to_log_in,
		without_a_key_it_waits,
		too_many_recipients_are_refused,
		an_old_mta_cannot_seal,
		without_headers_it_waits,
		a_token_says_which_mail_it_is_for,
		an_mta_that_shows_no_body_waits,
	};
	const TTest *const off[] = { switched_off_it_refuses };
	const struct group groups[] = {
		{ "on", setup_with_mailbox, teardown_mailbox, on, ARRAY_LEN(on) },
		{ "off", setup_switched_off, teardown, off, ARRAY_LEN(off) },
	};

	return run_groups("milter_seal", groups, ARRAY_LEN(groups));
}
