/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-mailbox, killed before each step of what it does (crash_step.c): after a restart each
 * letter is whole or not there, and nothing was promised for one that is not there.
 */
#include "mailbox_case.h"

#include <sys/un.h>

#include "core/mailbox/notes.h"

#define STEPS_MAX 400

static struct marked mail = {
	.sender = "alice@example.com", .pin = "58201947", .subject = "one", .body = "all of it"
};

static void in_case(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", case_dir, name);
}

static void setup(void)
{
	char path[128];

	case_program = "tests/postseal-mailbox-moved";
	setenv("MOVED_CLOCK", "/nonexistent", 1);
	setenv("CRASH_STEP", "/nonexistent", 1);
	case_open("mailbox_quota = 4000\n");
	in_case(path, "clock");
	setenv("MOVED_CLOCK", path, 1);
	in_case(path, "crash");
	setenv("CRASH_STEP", path, 1);
	daemon_stop(SIGTERM);
	daemon_start();
}

static void arm(int step)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", step);
	case_write("crash", text);
}

/* What it does after an answer counts, too: its mails leave, or it dies. */
static bool is_at_rest(void)
{
	char path[128], answer[512];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ssize_t n = 0;

	in_case(path, "mailbox.sock");
	str_copy(addr.sun_path, sizeof(addr.sun_path), path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    write(fd, "{\"do\":\"outbox\"}\n", 16) == 16)
		n = read(fd, answer, sizeof(answer) - 1);
	close(fd);
	answer[n > 0 ? n : 0] = '\0';
	return n > 0 && strstr(answer, "\"waiting\":0") != NULL;
}

/* Starts it anew, if it has died. False: it lives, for it has not so many steps. */
static bool start_again(void)
{
	char path[128];
	int status;
	pid_t ended;

	while ((ended = waitpid(case_daemon, &status, WNOHANG)) == 0 && !is_at_rest())
		poll(NULL, 0, 5);
	in_case(path, "crash");
	unlink(path);
	if (ended == 0 && waitpid(case_daemon, &status, WNOHANG) == 0) {
		daemon_stop(SIGKILL); /* it would count on, to its last step */
		daemon_start();
		return false;
	}
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
	daemon_start();
	return true;
}

/* As give_marked, and lives through its end: was 250 said? */
static bool was_taken(const char *recipient)
{
	struct buf message = { 0 }, in = { 0 };
	char address[SEAL_ADDRESS_SIZE], octets[4096];
	int fd = case_connect(case_intake);
	const char *last;
	ssize_t n;
	bool taken;

	marked_message(&message, recipient, &mail);
	ck_assert(seal_address_encode(address, recipient, strlen(recipient), DOMAIN));
	buf_printf(&in, "LHLO test\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\n",
		   address, buf_cstr(&message));
	if (fd < 0 || write(fd, in.data, in.len) != (ssize_t)in.len)
		ck_abort_msg("cannot write");
	in.len = 0;
	while (in.len == 0 || (strstr(buf_cstr(&in), "\n250 2.0.0") == NULL &&
			       strstr(buf_cstr(&in), "\n451 ") == NULL)) {
		n = read(fd, octets, sizeof(octets));
		if (n <= 0)
			break;
		buf_append(&in, octets, (size_t)n);
	}
	close(fd);
	last = buf_cstr(&in);
	if (getenv("MAILBOX_LOG") != NULL)
		fprintf(stderr, "%s: %s\n", recipient, last);
	taken = strstr(last, "\n250 2.0.0") != NULL;
	buf_free(&message);
	buf_free(&in);
	return taken;
}

/* All mails to somebody hold the same link, and there is one. */
static void one_link(unsigned char secret[CODE_SECRET_SIZE], const char *recipient)
{
	size_t count = 0;

	sink_settled();
	for (size_t i = 0; i < sink.count; i++) {
		unsigned char other[CODE_SECRET_SIZE];

		if (strcmp(sink.to[i], recipient) != 0)
			continue;
		sink.taken = i;
		link_secret(other, sink_next(recipient));
		if (count++ > 0)
			ck_assert_mem_eq(secret, other, CODE_SECRET_SIZE);
		memcpy(secret, other, CODE_SECRET_SIZE);
	}
	ck_assert_msg(count > 0, "no link for %s", recipient);
}

static void has_one_letter(const struct guest *guest)
{
	struct answer answer = guest_letters(guest, "inbox");
	struct buf text = { 0 };
	char *subject;

	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), 1);
	guest_read(guest, json_array_get(json_object_get(answer.json, "letters"), 0), &text,
		   &subject);
	ck_assert_ptr_nonnull(strstr(text.data, "all of it"));
	buf_free(&text);
	free(subject);
	answer_free(&answer);
}

/* So that the sink has room for all. */
static void forget_mails(void)
{
	sink_settled();
	pthread_mutex_lock(&sink.lock);
	for (size_t i = 0; i < sink.count; i++) {
		free(sink.to[i]);
		free(sink.from[i]);
		free(sink.text[i]);
	}
	sink.count = sink.taken = 0;
	pthread_mutex_unlock(&sink.lock);
}

/* Its Message-ID says so. */
static bool is_note(const char *text, enum note note)
{
	char end[32];

	snprintf(end, sizeof(end), ".%d@example.com>", (int)note);
	return strstr(text, end) != NULL;
}

static size_t count_files(const char *name, const char *suffix)
{
	char path[128];
	DIR *folder;
	struct dirent *entry;
	size_t count = 0;

	in_case(path, name);
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		count += strlen(entry->d_name) == 32 + strlen(suffix) &&
			 strcmp(entry->d_name + 32, suffix) == 0;
	if (folder != NULL)
		closedir(folder);
	return count;
}

START_TEST(intake)
{
	bool died = true;
	int step = 1;

	for (; died; step++) {
		unsigned char secret[CODE_SECRET_SIZE];
		struct guest guest;
		char recipient[64];
		bool taken;

		ck_assert_int_lt(step, STEPS_MAX);
		snprintf(recipient, sizeof(recipient), "g%d@example.net", step);
		mail.random = (unsigned char)step;
		arm(step);
		taken = was_taken(recipient);
		died = start_again();
		if (!taken)
			ck_assert(was_taken(recipient));
		one_link(secret, recipient);
		guest_open(&guest, "correct horse battery", secret, mail.pin);
		has_one_letter(&guest);
		forget_mails();
	}
	ck_assert_int_gt(step, 30);
	/* No key file of a mailbox that is not there. */
	while (count_files("keys", ".key") > (size_t)step - 1)
		poll(NULL, 0, 20);
	ck_assert_uint_eq(count_files("keys", ".key"), (size_t)step - 1);
	/* And a day later no file of a letter that is not there. */
	daemon_stop(SIGTERM);
	case_write("clock", "2");
	daemon_start();
	for (int i = 0; i < 500 && count_files("store", "") > (size_t)step - 1; i++)
		poll(NULL, 0, 20);
	ck_assert_uint_eq(count_files("store", ""), (size_t)step - 1);
}
END_TEST

/* A request that may have no answer: its status, or 0. */
static int try_call(const char *path, const char *token, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT), octets[4096];
	struct buf request = { 0 };
	int fd = case_connect(case_portal), status = 0;
	ssize_t n;

	buf_printf(&request,
		   "POST /api/v1/%s HTTP/1.1\r\nHost: " HOST "\r\nConnection: close\r\n"
		   "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
		   "Content-Length: %zu\r\n\r\n%s",
		   path, token, strlen(text), text);
	if (fd >= 0 && write(fd, request.data, request.len) == (ssize_t)request.len &&
	    (n = read(fd, octets, sizeof(octets) - 1)) > 0) {
		octets[n] = '\0';
		sscanf(octets, "HTTP/1.1 %d", &status);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	json_decref(body);
	buf_free(&request);
	return status;
}

START_TEST(opening_a_mailbox)
{
	bool died = true;

	for (int step = 1; died; step++) {
		unsigned char secret[CODE_SECRET_SIZE];
		struct answer ticket, login;
		struct guest guest;
		char recipient[64];
		json_t *body;
		int status;
		size_t told = 0;

		ck_assert_int_lt(step, STEPS_MAX);
		snprintf(recipient, sizeof(recipient), "g%d@example.net", step);
		mail.random = (unsigned char)step;
		ck_assert(was_taken(recipient));
		one_link(secret, recipient);
		forget_mails();
		ticket = ask_ticket(secret, mail.pin);
		expect(&ticket, 200);
		guest_make(&guest, "correct horse battery");
		body = opening(&guest, secret, ticket.json);
		arm(step);
		status = try_call("open", get_text(ticket.json, "ticket"), body);
		answer_free(&ticket);
		died = start_again();
		login = guest_login(&guest, recipient);
		if (status == 201)
			expect(&login, 201);
		if (login.status != 201) {
			guest_open(&guest, "correct horse battery", secret, mail.pin);
		}
		answer_free(&login);
		has_one_letter(&guest);
		/* The sender hears of it, whenever it ended. */
		sink_settled();
		for (size_t i = 0; i < sink.count; i++)
			told += is_note(sink.text[i], NOTE_OPENED);
		ck_assert_uint_ge(told, 1);
		forget_mails();
	}
}
END_TEST

static json_t *reply_body(const struct guest *guest, const struct handle *id)
{
	struct answer inbox = guest_letters(guest, "inbox");
	const char *letter =
		get_text(json_array_get(json_object_get(inbox.json, "letters"), 0), "id");
	json_t *body =
		json_pack("{s:o,s:s,s:s,s:s,s:[]}", "id", b64_json(id->bytes, HANDLE_SIZE),
			  "letter", letter, "subject", "s", "text", "the answer", "attachments");

	answer_free(&inbox);
	return body;
}

START_TEST(a_reply)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct guest guest;
	bool died = true;
	size_t sent = 0;

	mail.random = 1;
	ck_assert(was_taken("bob@example.net"));
	one_link(secret, "bob@example.net");
	guest_open(&guest, "correct horse battery", secret, mail.pin);
	for (int step = 1; died; step++) {
		struct answer answer;
		struct handle id;
		json_t *body;
		size_t left = 0;
		int status;

		ck_assert_int_lt(step, 45); /* of one day */
		forget_mails();
		crypto_random(id.bytes, sizeof(id.bytes));
		body = reply_body(&guest, &id);
		arm(step);
		status = try_call("replies", guest.session, json_incref(body));
		died = start_again();
		answer = guest_login(&guest, "bob@example.net");
		expect(&answer, 201);
		answer_free(&answer);
		/* The page sends it again until it has an answer. */
		if (status == 0)
			status = try_call("replies", guest.session, json_incref(body));
		ck_assert_msg(status == 201 || status == 200, "%d", status);
		json_decref(body);
		sent++;
		answer = guest_letters(&guest, "sent");
		ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), sent);
		answer_free(&answer);
		for (size_t i = 0; i < sink.count; i++)
			left += strstr(sink.text[i], "the answer") != NULL;
		/* Twice at most: where it died between Postfix's 250 and the transaction. */
		ck_assert_uint_ge(left, 1);
		ck_assert_uint_le(left, 2);
	}
}
END_TEST

START_TEST(the_end_of_a_mailbox)
{
	bool died = true;

	for (int step = 1; died; step++) {
		struct mailbox_question expire = { .act = "expire" };
		char path[128];
		size_t told = 0;
		int fd;

		ck_assert_int_lt(step, STEPS_MAX);
		/* A sweep that has begun goes on with the time that it had. */
		daemon_stop(SIGTERM);
		in_case(path, "clock");
		unlink(path);
		daemon_start();
		mail.random = (unsigned char)step;
		ck_assert(was_taken("bob@example.net"));
		forget_mails();
		case_write("clock", "91");
		arm(step);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		{
			struct sockaddr_un addr = { .sun_family = AF_UNIX };
			char octet;

			snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/mailbox.sock", case_dir);
			ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
			ck_assert_int_gt(write(fd, "{\"do\":\"expire\"}\n", 16), 0);
			while (read(fd, &octet, 1) == 1 && octet != '\n')
				continue;
		}
		close(fd);
		poll(NULL, 0, 50);
		died = start_again();
		json_decref(control(&expire));
		sink_settled();
		for (size_t i = 0; i < sink.count; i++)
			told += is_note(sink.text[i], NOTE_UNOPENED);
		ck_assert_uint_ge(told, 1);
		while (count_files("keys", ".key") > 0 || count_files("store", "") > 0)
			poll(NULL, 0, 20);
		forget_mails();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox_crash");
	TCase *tcase = tcase_create("killed at each step");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 600);
	tcase_add_checked_fixture(tcase, setup, case_close);
	tcase_add_test(tcase, intake);
	tcase_add_test(tcase, opening_a_mailbox);
	tcase_add_test(tcase, a_reply);
	tcase_add_test(tcase, the_end_of_a_mailbox);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
