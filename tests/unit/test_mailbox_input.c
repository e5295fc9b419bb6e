/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-mailbox and bad input: each is answered with what is wrong, and nothing is kept by halves.
 */
#include "mailbox_case.h"

#include "mailbox/store.h"

#define BOB "bob@example.net"
#define SEALED_BOB "bob=example.net@" DOMAIN
#define MIB (1 << 20)

static const struct marked first = {
	.sender = "alice@example.com", .random = 1, .subject = "one", .body = "text"
};

static void setup(void)
{
	case_open("mailbox_message_size = 1\n");
}

static void teardown(void)
{
	case_close();
}

/*
 * LMTP.
 */

static FILE *greet(void)
{
	char reply[1024];
	FILE *to = fdopen(case_connect(case_intake), "r+");

	ck_assert_ptr_nonnull(to);
	setvbuf(to, NULL, _IONBF, 0);
	lmtp_line(to, reply, "%s", "");
	lmtp_line(to, reply, "LHLO test\r\n");
	return to;
}

static void says(FILE *to, const char *command, const char *wanted)
{
	char reply[1024];

	lmtp_line(to, reply, "%s\r\n", command);
	ck_assert_msg(strncmp(reply, wanted, strlen(wanted)) == 0, "%.60s: %s", command, reply);
}

static void assert_nothing_kept(void)
{
	struct mailbox_question question = { .act = "list" };
	json_t *answer = control(&question);

	ck_assert_uint_eq(json_array_size(json_object_get(answer, "mailboxes")), 0);
	json_decref(answer);
	ck_assert_uint_eq(sink_settled(), 0);
}

START_TEST(commands_that_are_none)
{
	static const struct {
		const char *command, *reply;
	} cases[] = {
		{ "RCPT TO:<" SEALED_BOB ">", "503 " },
		{ "DATA", "503 " },
		{ "MAIL FROM:<a@b", "501 " },
		{ "MAIL FROM:alice@example.com", "501 " },
		{ "MAIL FROM:<no address>", "501 " },
		{ "VRFY bob", "502 " },
		{ "BDAT 3 LAST", "502 " },
		{ "", "502 " },
		{ "MAIL FROM:<> SIZE=1048577", "552 5.3.4 " },
	};
	FILE *to = greet();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		says(to, cases[i].command, cases[i].reply);
	says(to, "NOOP", "250 ");
	fclose(to);
	assert_nothing_kept();
}
END_TEST

START_TEST(a_command_without_end)
{
	char line[8192], reply[64];
	FILE *to = greet();

	memset(line, 'x', sizeof(line));
	fwrite(line, 1, sizeof(line), to);
	ck_assert_ptr_nonnull(fgets(reply, sizeof(reply), to));
	ck_assert_str_eq(reply, "500 5.5.2 too long a line\r\n");
	/* What may have been within that line is not obeyed. */
	ck_assert_ptr_null(fgets(reply, sizeof(reply), to));
	fclose(to);
	assert_nothing_kept();
}
END_TEST

START_TEST(ten_thousand_recipients)
{
	FILE *to = greet();
	char command[128], reply[1024];
	int taken = 0, refused = 0;

	says(to, "MAIL FROM:<alice@example.com>", "250 ");
	for (int i = 0; i < 10000; i++) {
		snprintf(command, sizeof(command), "RCPT TO:<b%d=example.net@" DOMAIN ">\r\n", i);
		lmtp_line(to, reply, "%s", command);
		taken += strncmp(reply, "250 ", 4) == 0;
		refused += strncmp(reply, "452 4.5.3 too many recipients", 29) == 0;
	}
	ck_assert_int_eq(taken, TOKEN_RECIPIENTS_MAX);
	ck_assert_int_eq(taken + refused, 10000);
	/* A reply for each of those that were taken. */
	says(to, "DATA", "354 ");
	fputs("From: a@example.com\r\n\r\nx\r\n.\r\n", to);
	for (int i = 0; i < taken; i++) {
		ck_assert_ptr_nonnull(fgets(reply, sizeof(reply), to));
		ck_assert_int_eq(strncmp(reply, "550 5.7.1 no mark", 17), 0);
	}
	says(to, "NOOP", "250 ");
	fclose(to);
	assert_nothing_kept();
}
END_TEST

/* `rest` with its mark, to bob; the reply. */
static const char *give_octets(const struct buf *rest, unsigned char random)
{
	static char reply[1024];
	struct seal_print *print = seal_print_new();
	struct token_recipient bob = { .address = BOB };
	struct token token = {
		.login = "alice", .count = 1, .recipients = &bob, .time = clock_wall()
	};
	struct buf mark = { 0 };
	FILE *to = greet();

	str_copy(token.sender, sizeof(token.sender), "alice@example.com");
	memset(token.random, random, sizeof(token.random));
	seal_print_message(print, (struct span){ rest->data, rest->len });
	seal_print_write(print, &token);
	seal_print_free(print);
	buf_append_str(&mark, TOKEN_HEADER ": ");
	ck_assert(seal_token_write(&mark, &token, &case_key, "\r\n\t"));
	buf_append_str(&mark, "\r\n");
	says(to, "MAIL FROM:<alice@example.com>", "250 ");
	says(to, "RCPT TO:<" SEALED_BOB ">", "250 ");
	says(to, "DATA", "354 ");
	fwrite(mark.data, 1, mark.len, to);
	fwrite(rest->data, 1, rest->len, to);
	lmtp_line(to, reply, ".\r\n");
	fclose(to);
	buf_free(&mark);
	return reply;
}

/* One octet more than mailbox_message_size, its mark included, and none. */
START_TEST(a_mail_of_one_octet_too_many)
{
	struct buf rest = { 0 };
	size_t most = MIB;

	buf_append_str(&rest, "From: alice@example.com\r\n\r\n");
	while (rest.len < most) {
		size_t n = most - rest.len < 64 ? most - rest.len : 64;

		buf_append(&rest,
			   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", n);
	}
	rest.data[rest.len - 2] = '\r';
	rest.data[rest.len - 1] = '\n';
	ck_assert_str_eq(give_octets(&rest, 1),
			 "552 5.3.4 the mail is larger than mailbox_message_size\r\n");
	assert_nothing_kept();
	/* Half of it is taken. */
	rest.len = most / 2;
	rest.data[rest.len - 2] = '\r';
	rest.data[rest.len - 1] = '\n';
	ck_assert_str_eq(give_octets(&rest, 2), "250 2.0.0 sealed\r\n");
	buf_free(&rest);
}
END_TEST

/* It is sealed as it came: NUL, a line that ends in LF alone, a dot between such, octets in headers. */
START_TEST(odd_octets_are_kept_as_they_are)
{
	static const char body[] = "nul \0 and\nbare\n.\nends\rhere\r\n\xff\xfe\r\n";
	struct buf rest = { 0 }, text = { 0 };
	struct guest guest;
	struct answer letters;
	unsigned char secret[CODE_SECRET_SIZE];
	char *pin, *subject;
	const char *got;

	buf_append_str(&rest, "From: alice@example.com\r\nSubject: gr\xfc\xdf"
			      "e \xc3\xa4\r\nX-Odd: \x80\x81\r\n\r\n");
	buf_append(&rest, body, sizeof(body) - 1);
	ck_assert_str_eq(give_octets(&rest, 1), "250 2.0.0 sealed\r\n");
	link_secret(secret, sink_next(BOB));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	letters = guest_letters(&guest, "inbox");
	guest_read(&guest, json_array_get(json_object_get(letters.json, "letters"), 0), &text,
		   &subject);
	ck_assert_str_eq(subject, "gr??e \xc3\xa4");
	got = memmem(text.data, text.len, "\r\n\r\n", 4);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(text.len - (size_t)(got + 4 - text.data), sizeof(body) - 1);
	ck_assert_mem_eq(got + 4, body, sizeof(body) - 1);
	ck_assert_ptr_nonnull(memmem(text.data, text.len, "X-Odd: \x80\x81\r\n", 11));
	answer_free(&letters);
	buf_free(&rest);
	buf_free(&text);
	free(subject);
	free(pin);
}
END_TEST

static const char *const automatic[] = { "Auto-Submitted: auto-replied\r\n",
					 "auto-submitted: Auto-Generated\r\n",
					 "List-Id: <friends.example.com>\r\n",
					 "Auto-Submitted: \r\n" };

START_TEST(mail_of_machines_is_refused)
{
	struct buf rest = { 0 };

	buf_printf(&rest, "From: alice@example.com\r\n%s\r\nx\r\n", automatic[_i]);
	ck_assert_str_eq(give_octets(&rest, 1),
			 "550 5.7.1 mail of machines and of lists is not sealed\r\n");
	assert_nothing_kept();
	/* RFC 3834 5: that a person sent it. */
	rest.len = 0;
	buf_append_str(&rest, "From: alice@example.com\r\nAuto-Submitted: no\r\n\r\nx\r\n");
	ck_assert_str_eq(give_octets(&rest, 2), "250 2.0.0 sealed\r\n");
	buf_free(&rest);
}
END_TEST

/* A client that goes away in the middle of a text leaves nothing. */
START_TEST(half_a_mail)
{
	FILE *to = greet();

	says(to, "MAIL FROM:<alice@example.com>", "250 ");
	says(to, "RCPT TO:<" SEALED_BOB ">", "250 ");
	says(to, "DATA", "354 ");
	fputs("From: alice@example.com\r\n\r\nhalf", to);
	fclose(to);
	assert_nothing_kept();
}
END_TEST

/*
 * HTTP.
 */

/* All that comes back until the server hangs up. */
static void converse(struct buf *in, const char *request, size_t len, size_t piece)
{
	int fd = case_connect(case_portal);
	int64_t deadline = clock_mono_ms() + PATIENCE;
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	in->len = 0;
	for (size_t at = 0; at < len; at += piece)
		if (!stream_write(fd, request + at, len - at < piece ? len - at : piece, deadline))
			break; /* it has heard enough */
	while ((n = stream_read(fd, buf_reserve(in, 65536), 65536, deadline)) > 0)
		in->len += (size_t)n;
	close(fd);
}

static int answers(struct buf *in)
{
	int count = 0;

	for (const char *at = buf_cstr(in); (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
		count++;
	return count;
}

#define SITE "GET /api/v1/site HTTP/1.1\r\nHost: " HOST "\r\n"

START_TEST(requests_in_pieces_and_at_once)
{
	static const char one[] = SITE "Connection: close\r\n\r\n";
	static const char three[] = SITE "\r\n" SITE "\r\n" SITE "Connection: close\r\n\r\n";
	struct buf in = { 0 };

	converse(&in, one, strlen(one), 1);
	ck_assert_int_eq(answers(&in), 1);
	ck_assert_int_eq(strncmp(in.data, "HTTP/1.1 200", 12), 0);
	converse(&in, three, strlen(three), strlen(three));
	ck_assert_int_eq(answers(&in), 3);
	buf_free(&in);
}
END_TEST

/* What two readers could understand in two ways, and what is too much. */
static const struct {
	const char *request;
	size_t len, more; /* octets of a body */
	int status;
} refused[] = {
#define REQUEST(text) text, sizeof(text) - 1
	{ REQUEST("POST /api/v1/link HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SITE "\r\n"),
	  0, 400 },
	{ REQUEST("GET /api/v1/site\0 HTTP/1.1\r\nHost: " HOST "\r\n\r\n"), 0, 400 },
	{ REQUEST(SITE "Host: " HOST "\r\nConnection: close\r\n\r\n"), 0, 421 },
	{ REQUEST("POST /api/v1/link HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 2\r\nConnection: close\r\n\r\n{}"),
	  0, 415 },
	{ REQUEST("POST /api/v1/link HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n"),
	  MIB + 1, 413 },
	{ REQUEST("POST /api/v1/link HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n"),
	  0, 400 },
	{ REQUEST(SITE "Content-Length: 2\r\nConnection: close\r\n\r\n{}"), 0, 415 },
	{ REQUEST("BREW /api/v1/site HTTP/1.1\r\nHost: " HOST "\r\n\r\n"), 0, 501 },
};

START_TEST(requests_that_are_refused)
{
	struct buf request = { 0 }, in = { 0 };
	int status = 0;

	buf_append(&request, refused[_i].request, refused[_i].len);
	memset(buf_reserve(&request, refused[_i].more), 'x', refused[_i].more);
	request.len += refused[_i].more;
	converse(&in, request.data, request.len, request.len);
	ck_assert_int_eq(sscanf(buf_cstr(&in), "HTTP/1.1 %d", &status), 1);
	ck_assert_msg(status == refused[_i].status, "%d: %s", status, refused[_i].request);
	ck_assert_int_eq(answers(&in), 1);
	buf_free(&request);
	buf_free(&in);
}
END_TEST

START_TEST(headers_without_end)
{
	struct buf request = { 0 }, in = { 0 };

	buf_append_str(&request, SITE);
	while (request.len < 20000)
		buf_append_str(&request, "X-Header: and so on\r\n");
	buf_append_str(&request, "\r\n");
	converse(&in, request.data, request.len, request.len);
	ck_assert_ptr_null(strstr(buf_cstr(&in), "HTTP/1.1 200"));
	buf_free(&request);
	buf_free(&in);
}
END_TEST

/*
 * A store that is damaged: whatever record is junk, nothing ends, and nothing is said that is not so.
 */

static bool note_key(void *context, const struct store_key *key, struct span value)
{
	struct store_key *first_key = context;

	(void)value;
	*first_key = *key;
	return false;
}

/* The first record of this kind. */
static void spoil(enum store_db db)
{
	char dir[128], error[STORE_ERROR_SIZE];
	struct store_key all = store_key("", 0, "", 0), key = { .len = 0 };
	struct buf junk = { 0 };
	struct store_txn *txn;
	struct store *store;

	snprintf(dir, sizeof(dir), "%s/store", case_dir);
	store = store_open(dir, error);
	ck_assert_msg(store != NULL, "%s", error);
	txn = store_begin(store, true);
	ck_assert(store_each(txn, db, &all, false, note_key, &key));
	ck_assert_uint_gt(key.len, 0);
	buf_append_str(&junk, "junk");
	ck_assert(store_put(txn, db, &key, &junk));
	ck_assert(store_commit(txn));
	store_close(store);
	buf_free(&junk);
}

static const struct {
	enum store_db db;
	bool waits, link; /* does mail to bob wait; is the link still known? */
} damage[] = { { STORE_MAILBOX, true, false },
	       { STORE_ADDRESS, true, true },
	       { STORE_LETTER, true, false },
	       { STORE_LINK, false, false },
	       { STORE_GATE, true, false } };

START_TEST(a_damaged_record)
{
	struct marked again = first;
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;
	const char *reply;

	ck_assert_str_eq(give_marked(BOB, &first), "250 2.0.0 sealed\r\n");
	link_secret(secret, sink_next(BOB));
	sink_settled();
	daemon_stop(SIGTERM);
	spoil(damage[_i].db);
	daemon_start();
	again.random = 2;
	reply = give_marked(BOB, &again);
	ck_assert_msg(strncmp(reply, damage[_i].waits ? "451 4.3.0 " : "250 ", 4) == 0, "%s",
		      reply);
	answer = call("POST", "link", NULL, json_pack("{s:o}", "id", link_id(secret)));
	ck_assert_msg(answer.status == (damage[_i].link ? 200 : 503), "%d", answer.status);
	answer_free(&answer);
	/* Others are served. */
	ck_assert_str_eq(give_marked("eve@example.net", &again), "250 2.0.0 sealed\r\n");
	/* Housekeeping goes past it. */
	ck_assert(control_ok(&(struct mailbox_question){ .act = "expire" }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox and bad input");
	TCase *tcase = tcase_create("input");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, commands_that_are_none);
	tcase_add_test(tcase, a_command_without_end);
	tcase_add_test(tcase, ten_thousand_recipients);
	tcase_add_test(tcase, a_mail_of_one_octet_too_many);
	tcase_add_test(tcase, odd_octets_are_kept_as_they_are);
	tcase_add_loop_test(tcase, mail_of_machines_is_refused, 0, ARRAY_LEN(automatic));
	tcase_add_test(tcase, half_a_mail);
	tcase_add_test(tcase, requests_in_pieces_and_at_once);
	tcase_add_loop_test(tcase, requests_that_are_refused, 0, ARRAY_LEN(refused));
	tcase_add_test(tcase, headers_without_end);
	tcase_add_loop_test(tcase, a_damaged_record, 0, ARRAY_LEN(damage));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
