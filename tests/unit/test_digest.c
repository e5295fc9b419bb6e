/* SPDX-License-Identifier: BSD-2-Clause */
/* The digest: a mail that any MTA takes, whatever strangers called themselves. */
#include "core/secure/refusals.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define T INT64_C(1767323045) /* Fri, 02 Jan 2026 03:04:05 +0000 */

static struct digest_part parts[2];
static struct buf mail;

static void setup(void)
{
	memset(parts, 0, sizeof(parts));
	str_copy(parts[0].alias, sizeof(parts[0].alias), "me@secure.example.com");
	str_copy(parts[1].alias, sizeof(parts[1].alias), "me.too@secure.example.com");
	mail = (struct buf){ 0 };
}

static void teardown(void)
{
	buf_free(&mail);
}

static void refuse(struct digest_part *part, const char *sender, enum refusal_cause cause)
{
	struct refusal refusal = { .cause = cause, .client = "192.0.2.9" };

	ck_assert(str_copy(refusal.sender, sizeof(refusal.sender), sender));
	refusals_add(&part->refusals, &refusal, T - 3600);
}

static const char *text_for(const char *mailbox)
{
	mail.len = 0;
	ck_assert(digest_append(&mail, mailbox, parts, ARRAY_LEN(parts), T));
	return buf_cstr(&mail);
}

START_TEST(reads_as_it_should)
{
	refuse(&parts[0], "you@old.example", REFUSAL_NO_TLS);
	refuse(&parts[0], "you@old.example", REFUSAL_NO_TLS);
	refuse(&parts[0], "", REFUSAL_OLD_TLS);
	parts[0].refusals.others = 1;
	ck_assert_int_eq(
		strcmp(text_for("me@example.com"),
		       "From: postseal <postmaster@example.com>\n"
		       "To: <me@example.com>\n"
		       "Subject: Mail refused at your secure address\n"
		       "Date: Fri, 02 Jan 2026 03:04:05 +0000\n"
		       "Message-ID: <postseal-digest.1767323045.8d84cd53a2324826@example.com>\n"
		       "Auto-Submitted: auto-generated\n"
		       "MIME-Version: 1.0\n"
		       "Content-Type: text/plain; charset=us-ascii\n"
		       "Content-Transfer-Encoding: 7bit\n"
		       "\n"
		       "Mail to your secure address was refused, because it did not come over an\n"
		       "encrypted connection that is good enough:\n"
		       "\n"
		       "At me@secure.example.com:\n"
		       "\n"
		       "  A server, without a sender (a bounce or a receipt)\n"
		       "      1 time, last 2026-01-02 02:04 UTC from 192.0.2.9\n"
		       "      the sending server used an old version of TLS\n"
		       "  <you@old.example>\n"
		       "      2 times, last 2026-01-02 02:04 UTC from 192.0.2.9\n"
		       "      the sending server did not use TLS\n"
		       "  Others, 1 time\n"
		       "\n"
		       "Their servers have been told so. If you know a sender, and want their "
		       "mail:\n"
		       "\n"
		       "- They, or whoever runs their server, can let it use TLS for outgoing "
		       "mail\n"
		       "  (with Postfix: smtp_tls_security_level = may), and send again.\n"
		       "- Or they can write to your ordinary address, me@example.com.\n"
		       "- Or your postmaster can make an exception for them, for a time. Then "
		       "mail\n"
		       "  from everybody who claims to be them may come in the clear. The command "
		       "is\n"
		       "\n"
		       "    postseal alias allow me@secure.example.com you@old.example\n"
		       "    postseal alias allow ALIAS SENDER\n"
		       "\n"
		       "Senders are shown as they named themselves; anybody can claim any name.\n"
		       "You get this message at most once a day, and only after a refusal.\n"),
		0);
	refuse(&parts[1], "you@old.example", REFUSAL_HIDDEN_TLS);
	ck_assert_ptr_nonnull(strstr(text_for("me@example.com"),
				     "Subject: Mail refused at your secure addresses\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&mail), "At me.too@secure.example.com:\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&mail), "please write to your postmaster\n"));
}
END_TEST

/* RFC 5322 2.1.1; and that a header's line is one. */
static void must_be_a_mail(const char *text)
{
	size_t len;

	for (const char *line = text; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		ck_assert_uint_le(len, 998);
		ck_assert_int_eq(line[len], '\n');
		for (size_t i = 0; i < len; i++)
			ck_assert_msg(line[i] >= ' ' && line[i] <= '~', "%s", line);
	}
}

START_TEST(no_name_becomes_a_command)
{
	static const char *const names[] = {
		"$(reboot)@x.example",
		"`reboot`@x.example",
		"\"a;reboot\"@x.example",
		"you@old.example;reboot",
		"-rf@x.example",
		"--reason@x.example",
		"you@old.example\\x0areboot",
		"'@x.example",
		"@x.example",
		"x.example",
		"you@x.example you",
		"a&b@x.example",
		"a|b@x.example",
		"~root@x.example",
		"*@x.example",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *command;

		setup();
		refuse(&parts[0], names[i], REFUSAL_NO_TLS);
		command = strstr(text_for("me@example.com"), "    postseal alias allow ");
		ck_assert_ptr_nonnull(strstr(buf_cstr(&mail), names[i]));
		ck_assert_msg(strncmp(command, "    postseal alias allow ALIAS", 30) == 0, "%s",
			      command);
		must_be_a_mail(buf_cstr(&mail));
		teardown();
	}
}
END_TEST

START_TEST(the_longest_is_a_mail)
{
	char sender[REFUSAL_SENDER_SIZE], mailbox[ALIAS_ADDRESS_SIZE];

	memset(sender, '"', sizeof(sender) - 1);
	sender[sizeof(sender) - 1] = '\0';
	for (int i = 0; i < 40; i++) {
		sender[0] = (char)('A' + i % 26);
		refuse(&parts[i % 2], sender, REFUSAL_HIDDEN_TLS);
	}
	memset(mailbox, 'm', 64);
	mailbox[64] = '@';
	for (size_t i = 65; i < 65 + 253; i++)
		mailbox[i] = (i - 65) % 64 == 63 ? '.' : 'd';
	mailbox[65 + 253] = '\0';
	must_be_a_mail(text_for(mailbox));
}
END_TEST

START_TEST(a_mailbox_is_one_address)
{
	static const struct {
		const char *mailbox, *address; /* NULL: none */
	} cases[] = {
		{ "me@example.com", "me@example.com" },
		{ "me+x@example.com", "me+x@example.com" },
		{ "-oq/tmp@example.com", "-oq/tmp@example.com" }, /* stands behind "--" */
		{ "\"a,b\"@example.com", "\"a,b\"@example.com" },
		{ "\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com" },
		{ "a..b@example.com", "\"a..b\"@example.com" },
		{ "\".\"@example.com", "\".\"@example.com" },
		{ "a,b@example.com", NULL },
		{ "me@example.com, you@example.com", NULL },
		{ "me", NULL },
		{ "@example.com", NULL },
		{ "me@[192.0.2.1]", NULL },
		{ "<>", NULL },
		{ "", NULL },
		{ "me@example.com\nBcc: you@example.com", NULL },
	};
	char address[DIGEST_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is = digest_address(address, cases[i].mailbox);

		ck_assert_msg(is == (cases[i].address != NULL), "%s", cases[i].mailbox);
		ck_assert_str_eq(address, is ? cases[i].address : "");
		if (!is)
			ck_assert(!digest_append(&mail, cases[i].mailbox, parts, 2, T));
	}
	ck_assert_uint_eq(mail.len, 0);
}
END_TEST

START_TEST(knows_the_day)
{
	static const struct {
		int64_t now;
		const char *date;
	} cases[] = {
		{ 0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\n" },
		{ INT64_C(951782400), "Date: Tue, 29 Feb 2000 00:00:00 +0000\n" },
		{ INT64_C(1798761599), "Date: Thu, 31 Dec 2026 23:59:59 +0000\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		mail.len = 0;
		ck_assert(digest_append(&mail, "me@example.com", parts, 1, cases[i].now));
		ck_assert_msg(strstr(buf_cstr(&mail), cases[i].date) != NULL, "%s", mail.data);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tc = tcase_create("digest");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_as_it_should);
	tcase_add_test(tc, no_name_becomes_a_command);
	tcase_add_test(tc, the_longest_is_a_mail);
	tcase_add_test(tc, a_mailbox_is_one_address);
	tcase_add_test(tc, knows_the_day);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
