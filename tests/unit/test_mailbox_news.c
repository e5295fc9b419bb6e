/* SPDX-License-Identifier: BSD-2-Clause */
/* What postseal-mailbox tells people of their sealed mail: is it true, and does all of it come? */
#include "mailbox_case.h"

#include "core/settings/settings.h"
#include "io/link/link.h"

static const struct marked first = {
	.sender = "alice@example.com", .random = 1, .subject = "one", .body = "of alice"
};
static const struct marked second = { .sender = "carol@example.com",
				      .pin = "58201947",
				      .random = 2,
				      .subject = "two",
				      .body = "of carol" };

static void setup(void)
{
	case_open("");
}

static void setup_moved(void)
{
	case_open_moved("");
}

static void setup_silent(void)
{
	case_open("mailbox_notify_opened = false\n");
}

static void teardown(void)
{
	sink.reject = false;
	case_close();
}

/* Where bounces of the link mail that is next come to. */
static void link_mail(char bounce[128])
{
	const char *mail = sink_next("bob@example.net");

	ck_assert_ptr_nonnull(strstr(mail, "#v1."));
	ck_assert_int_eq(strncmp(sink.from[sink.taken - 1], "bounce", 6), 0);
	snprintf(bounce, 128, "%s", sink.from[sink.taken - 1]);
}

/* As Postfix 3.7 writes it, but for dates and names. */
static void report(struct buf *out, const char *action, const char *status)
{
	buf_printf(out,
		   "Date: Mon,  2 Nov 2026 10:00:00 +0000 (UTC)\r\n"
		   "From: MAILER-DAEMON@mail.example.com (Mail Delivery System)\r\n"
		   "Subject: Delivery Status Notification\r\nTo: bounce@example.com\r\n"
		   "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: multipart/report; report-type=delivery-status;\r\n"
		   "\tboundary=\"4C2.1/mail.example.com\"\r\n\r\n"
		   "--4C2.1/mail.example.com\r\nContent-Type: text/plain\r\n\r\n"
		   "This is the mail system at host mail.example.com.\r\n\r\n"
		   "--4C2.1/mail.example.com\r\nContent-Description: Delivery report\r\n"
		   "Content-Type: message/delivery-status\r\n\r\n"
		   "Reporting-MTA: dns; mail.example.com\r\n\r\n"
		   "Final-Recipient: rfc822; bob@example.net\r\nAction: %s\r\nStatus: %s\r\n\r\n"
		   "--4C2.1/mail.example.com\r\nContent-Type: text/rfc822-headers\r\n\r\n"
		   "Subject: Alice has sent you a protected letter\r\n\r\n"
		   "--4C2.1/mail.example.com--\r\n",
		   action, status);
}

static void come_back(const char *bounce, const char *action, const char *status,
		      const char *expected)
{
	struct buf message = { 0 };

	report(&message, action, status);
	ck_assert_str_eq(give_from("", bounce, buf_cstr(&message)), expected);
	buf_free(&message);
}

/* "Still trying" is no failure; and when it fails in the end, that is told. */
START_TEST(a_link_mail_that_is_late_is_not_lost)
{
	char bounce[128];

	give_marked("bob@example.net", &first);
	link_mail(bounce);
	sink_next("alice@example.com");
	come_back(bounce, "delayed", "4.4.1", "250 2.0.0 nothing to be told of\r\n");
	come_back(bounce, "relayed", "2.0.0", "250 2.0.0 nothing to be told of\r\n");
	ck_assert_uint_eq(sink_settled(), 2);
	come_back(bounce, "failed", "5.1.1", "250 2.0.0 the sender is told\r\n");
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "could not be delivered"));
	come_back(bounce, "failed", "5.1.1", "250 2.0.0 nobody is waiting for this\r\n");
	ck_assert_uint_eq(sink_settled(), 3);
}
END_TEST

/* It arrived, and who has it is on holiday, or has read it (RFC 3834 4: answers go to the
 * envelope's sender). */
START_TEST(an_answer_of_a_machine_is_no_bounce)
{
	static const char *const answers[] = {
		"From: Bob <bob@example.net>\r\nSubject: Out of office\r\n"
		"Auto-Submitted: auto-replied (vacation)\r\n\r\nI am away.\r\n",
		"From: Bob <Bob@EXAMPLE.net>\r\nSubject: Read: your letter\r\n"
		"Content-Type: multipart/report; report-type=disposition-notification;\r\n"
		" boundary=b\r\n\r\n--b\r\n\r\nread\r\n--b\r\n"
		"Content-Type: message/disposition-notification\r\n\r\n"
		"Final-Recipient: rfc822; bob@example.net\r\n"
		"Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n",
	};
	char bounce[128];

	give_marked("bob@example.net", &first);
	link_mail(bounce);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		ck_assert_str_eq(give_from("", bounce, answers[i]),
				 "250 2.0.0 nothing to be told of\r\n");
		ck_assert_str_eq(give_from("bob@example.net", bounce, answers[i]),
				 "250 2.0.0 nothing to be told of\r\n");
	}
	ck_assert_uint_eq(sink_settled(), 2);
	/* A bounce in nobody's format is one all the same. */
	ck_assert_str_eq(give_from("", bounce,
				   "From: MAILER-DAEMON@example.net\r\nSubject: failure notice\r\n"
				   "\r\nHi. This is the qmail-send program at example.net.\r\n"),
			 "250 2.0.0 the sender is told\r\n");
	ck_assert_uint_eq(sink_settled(), 3);
}
END_TEST

/*
 * The link mail went on to another address of bob's, and he replies from there. He is told that it
 * did not arrive; once for each link mail, so that nobody makes us write to strangers.
 */
START_TEST(a_reply_from_another_address_is_answered)
{
	char reply[512], *id;

	give_marked("bob@example.net", &first);
	id = case_between(sink_next("bob@example.net"), "\nMessage-ID: ", "\r\n");
	sink_next("alice@example.com");
	snprintf(reply, sizeof(reply),
		 "From: bob@example.org\r\nSubject: Re: Alice\r\nIn-Reply-To: %s\r\n"
		 "References: <x@example.org>\r\n %s\r\n\r\nthanks\r\n",
		 id, id);
	ck_assert_str_eq(give_from("bob@example.org", "sealed@example.com", reply),
			 "250 2.0.0 not read by anybody\r\n");
	ck_assert_ptr_nonnull(strstr(sink_next("bob@example.org"), "was not delivered"));
	give_from("bob@example.org", "sealed@example.com", reply);
	give_from("eve@example.org", "sealed@example.com", reply);
	/* Nor for a name that we never gave. */
	give_from("eve@example.org", "sealed@example.com",
		  "In-Reply-To: <0123456789abcdef.0@example.com>\r\n\r\nthanks\r\n");
	ck_assert_uint_eq(sink_settled(), 3);
	free(id);
}
END_TEST

/* Both were promised to be told. */
START_TEST(all_senders_hear_of_the_first_opening)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct guest guest;
	const char *mail;
	char *pin;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	mail = sink_next("alice@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "opened for the first time"));
	pin = mail_pin(mail);
	give_marked("bob@example.net", &second);
	ck_assert_ptr_nonnull(strstr(sink_next("carol@example.com"), "opened for the first time"));
	guest_open(&guest, "correct horse battery", secret, pin);
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "with the link of your mail"));
	mail = sink_next("carol@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "opened for the first time"));
	ck_assert_ptr_null(strstr(mail, "with the link of your mail"));
	ck_assert_ptr_null(strstr(mail, "alice"));
	free(pin);
}
END_TEST

/* It was opened long ago: nobody is told of that again. */
START_TEST(no_receipt_promises_what_has_been)
{
	struct guest guest;

	guest_open_letter(&guest, &first);
	give_marked("bob@example.net", &second);
	ck_assert_ptr_null(strstr(sink_next("carol@example.com"), "opened for the first time"));
}
END_TEST

START_TEST(no_receipt_promises_what_is_switched_off)
{
	give_marked("bob@example.net", &first);
	ck_assert_ptr_null(strstr(sink_next("alice@example.com"), "opened for the first time"));
}
END_TEST

static void read_first_letter(struct guest *guest)
{
	struct answer letters = guest_letters(guest, "inbox"), answer;
	char path[128];
	json_t *letter;
	size_t i;

	json_array_foreach(json_object_get(letters.json, "letters"), i, letter)
	{
		if (strcmp(get_text(letter, "access"), "open") != 0)
			continue;
		snprintf(path, sizeof(path), "letters/%s/read", get_text(letter, "id"));
		answer = call("POST", path, guest->session, json_object());
		expect(&answer, 204);
		answer_free(&answer);
	}
	answer_free(&letters);
}

/* Of an open mailbox that ends: whose letters were never read hears of it, and nobody else. */
START_TEST(a_letter_that_was_never_read)
{
	struct guest guest;
	struct marked again = second;
	const char *mail;

	guest_open_letter(&guest, &first);
	read_first_letter(&guest);
	give_marked("bob@example.net", &second);
	again.random = 3;
	give_marked("bob@example.net", &again);
	sink_settled();
	sink.taken = sink.count;
	move_clock(91, 0);
	ck_assert_int_eq(control_expire(), 1);
	mail = sink_next("carol@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "Never read by bob@example.net"));
	ck_assert_uint_eq(sink_settled(), sink.taken);
}
END_TEST

/* Who took all back is not told that it was lost. */
START_TEST(what_was_taken_back_is_not_missed)
{
	const struct mailbox_question revoke = { .act = "revoke",
						 .mailbox = "bob@example.net",
						 .as = "alice@example.com" };

	give_marked("bob@example.net", &first);
	give_marked("bob@example.net", &second);
	sink_settled();
	sink.taken = sink.count;
	ck_assert(control_ok(&revoke));
	move_clock(91, 0);
	ck_assert_int_eq(control_expire(), 1);
	sink_next("carol@example.com");
	ck_assert_uint_eq(sink_settled(), sink.taken);
}
END_TEST

/* The same one each time: it has the same id. */
static struct answer reply_to_first(const struct guest *guest, const char *text)
{
	struct answer letters = guest_letters(guest, "inbox"), answer;
	json_t *letter = json_array_get(json_object_get(letters.json, "letters"), 0);
	struct handle id;

	memset(id.bytes, 9, sizeof(id.bytes));
	answer = call("POST", "replies", guest->session,
		      json_pack("{s:o,s:s,s:s,s:s,s:[]}", "id", b64_json(id.bytes, HANDLE_SIZE),
				"letter", get_text(letter, "id"), "subject", "Re: one", "text",
				text, "attachments"));
	answer_free(&letters);
	return answer;
}

/* Whoever wrote has no mailbox any more: to try again and again is of no use. */
START_TEST(a_reply_that_is_refused_for_good)
{
	struct guest guest;
	struct answer answer;

	guest_open_letter(&guest, &first);
	for (int i = 0; i < 2; i++) {
		sink.reject = i == 0;
		answer = reply_to_first(&guest, "thanks");
		expect(&answer, i == 0 ? 409 : 201);
		if (i == 0)
			ck_assert_str_eq(get_text(answer.json, "error"), "refused");
		answer_free(&answer);
	}
	sink_next("alice@example.com");
}
END_TEST

/* It was taken, and came back later: where alice's mail goes on to has no TLS, say. The guest reads
 * "sent", and she would never know. */
START_TEST(a_reply_that_comes_back)
{
	struct buf message = { 0 };
	struct guest guest;
	struct answer answer;
	const char *mail;
	char *message_id;

	guest_open_letter(&guest, &first);
	answer = reply_to_first(&guest, "my test was positive");
	expect(&answer, 201);
	message_id = case_between(sink_next("alice@example.com"), "\nMessage-ID: ", "\r\n");
	ck_assert_str_eq(sink.from[sink.taken - 1], "sealed@example.com");
	report(&message, "failed", "5.7.10");
	buf_printf(&message, "Subject: Re: one\r\nMessage-ID: %s\r\n\r\nmy test was positive\r\n",
		   message_id);
	for (int i = 0; i < 2; i++)
		ck_assert_str_eq(give_from("", "sealed@example.com", buf_cstr(&message)),
				 i == 0 ? "250 2.0.0 the sender is told\r\n"
					: "250 2.0.0 not read by anybody\r\n");
	mail = sink_next("alice@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "bob@example.net has answered"));
	ck_assert_ptr_null(strstr(mail, "positive"));
	ck_assert_ptr_null(strstr(mail, "Re: one"));
	/* It must not go the way on which the reply came back. */
	ck_assert_str_eq(sink.from[sink.taken - 1], "");
	ck_assert_uint_eq(sink_settled(), sink.taken);
	answer_free(&answer);
	buf_free(&message);
	free(message_id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox_news");
	TCase *tcase = tcase_create("mailbox_news"), *moved = tcase_create("moved clock"),
	      *silent = tcase_create("silent");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_link_mail_that_is_late_is_not_lost);
	tcase_add_test(tcase, an_answer_of_a_machine_is_no_bounce);
	tcase_add_test(tcase, a_reply_from_another_address_is_answered);
	tcase_add_test(tcase, all_senders_hear_of_the_first_opening);
	tcase_add_test(tcase, no_receipt_promises_what_has_been);
	tcase_add_test(tcase, a_reply_that_is_refused_for_good);
	tcase_add_test(tcase, a_reply_that_comes_back);
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(silent, 60);
	tcase_add_checked_fixture(silent, setup_silent, teardown);
	tcase_add_test(silent, no_receipt_promises_what_is_switched_off);
	suite_add_tcase(suite, silent);
	tcase_set_timeout(moved, 60);
	tcase_add_checked_fixture(moved, setup_moved, teardown);
	tcase_add_test(moved, a_letter_that_was_never_read);
	tcase_add_test(moved, what_was_taken_back_is_not_missed);
	suite_add_tcase(suite, moved);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
