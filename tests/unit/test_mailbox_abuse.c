/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal-mailbox where people, clocks and disks do what they should not. */
#include "mailbox_case.h"

#include "core/settings/settings.h"
#include "io/http/http.h"
#include "io/link/link.h"
#include "mailbox/store.h"

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

static void teardown(void)
{
	sink.refuse = false;
	case_close();
}

static void in_case(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", case_dir, name);
}

static void setup_moved(void)
{
	char path[128];

	case_open_moved("");
	in_case(path, "full");
	setenv("FULL_STORE", path, 1);
	in_case(path, "shut");
	setenv("SHUT_STORE", path, 1);
	daemon_stop(SIGTERM);
	daemon_start();
}

/* Does one wait for bob? */
static bool has_letter_of_carol(void)
{
	struct mailbox_question question = { .act = "show",
					     .mailbox = "bob@example.net",
					     .as = "carol@example.com" };
	json_t *answer = control(&question);
	bool has = json_array_size(json_object_get(answer, "letters")) == 1;

	json_decref(answer);
	return has;
}

/*
 * Carol's letter is sealed, but her link mail has to wait; then bob opens the mailbox with
 * alice's. Her link has to reach him all the same: nothing else opens her letter.
 */
START_TEST(a_link_that_waited_reaches_an_open_mailbox)
{
	unsigned char secret[CODE_SECRET_SIZE], carols[CODE_SECRET_SIZE];
	struct guest guest;
	struct answer answer;
	char *pin;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	sink.refuse = true;
	ck_assert_str_eq(give_marked("bob@example.net", &second), "250 2.0.0 sealed\r\n");
	guest_open(&guest, "correct horse battery", secret, pin);
	sink.refuse = false;
	/* Those that were tried wait longer than those that were not. */
	ck_assert_uint_eq(sink_settled(), 6);
	for (int i = 2; i < 6; i++) {
		if (strcmp(sink.to[i], "bob@example.net") == 0)
			link_secret(carols, sink.text[i]);
	}
	answer = call("POST", "release", guest.session,
		      json_pack("{s:o,s:s}", "id", link_id(carols), "pin", "58201947"));
	expect(&answer, 200);
	answer_free(&answer);
	free(pin);
}
END_TEST

/* A name that is no UTF-8 would end the daemon when it is to be shown. */
START_TEST(addresses_that_are_no_utf8)
{
	struct buf message = { 0 };

	marked_message(&message, "bob@example.net", &first);
	ck_assert_int_eq(strncmp(give("b\xff=example.net@" DOMAIN, buf_cstr(&message)), "550 ", 4),
			 0);
	ck_assert_int_eq(
		strncmp(give("b\xc3\xb6=example.net@" DOMAIN, buf_cstr(&message)), "250 ", 4), 0);
	ck_assert_uint_eq(sink_settled(), 2);
	buf_free(&message);
}
END_TEST

/* What comes back may hold the whole mail, and must not go on in the clear from the sender's
 * mailbox: Postfix chooses the transport by the envelope sender. */
START_TEST(a_bounce_goes_the_way_of_receipts)
{
	char address[SEAL_ADDRESS_SIZE];

	ck_assert(seal_return_write(address, "alice@example.com", DOMAIN, &case_key));
	ck_assert_str_eq(give(address, "Subject: returned\r\n\r\nthe whole mail\r\n"),
			 "250 2.0.0 given to the sender\r\n");
	sink_next("alice@example.com");
	ck_assert_str_eq(sink.from[0], "sealed@example.com");
	/* Nor does it go round in a circle. */
	ck_assert_str_eq(give("sealed@example.com", "Auto-Submitted: auto-replied\r\n\r\nno\r\n"),
			 "250 2.0.0 not read by anybody\r\n");
	ck_assert_uint_eq(sink_settled(), 1);
	ck_assert_str_eq(give("bounce+zzzzzzzzzzzzzzzz@example.com", "\r\nno\r\n"),
			 "250 2.0.0 nobody is waiting for this\r\n");
}
END_TEST

/* Who replies to a link mail is told once what to do; a forged sender gets no mail from us. */
START_TEST(a_reply_to_a_link_mail_is_answered_once)
{
	static const char reply[] = "Subject: Re: sealed\r\n\r\nthanks\r\n";

	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	ck_assert_uint_eq(sink_settled(), 2);
	ck_assert_str_eq(give_from("eve@example.org", "sealed@example.com", reply),
			 "250 2.0.0 not read by anybody\r\n");
	ck_assert_str_eq(give_from("bob@example.net", "sealed@example.com", reply),
			 "250 2.0.0 not read by anybody\r\n");
	sink_next("bob@example.net");
	ck_assert_str_eq(give_from("BOB@Example.net", "sealed@example.com", reply),
			 "250 2.0.0 not read by anybody\r\n");
	ck_assert_uint_eq(sink_settled(), 3);
}
END_TEST

/* More letters than one letter can have links: the newest link opens the newest letter. */
START_TEST(a_hundred_letters_before_the_opening)
{
	struct marked mail = first;

	for (int i = 0; i < 100; i++) {
		unsigned char secret[CODE_SECRET_SIZE];
		struct answer answer;

		mail.random = (unsigned char)(i + 1);
		ck_assert_str_eq(give_marked("bob@example.net", &mail), "250 2.0.0 sealed\r\n");
		link_secret(secret, sink_next("bob@example.net"));
		sink_next("alice@example.com");
		answer = call("POST", "link", NULL, json_pack("{s:o}", "id", link_id(secret)));
		expect(&answer, 200);
		ck_assert_int_ge(json_integer_value(json_object_get(answer.json, "letters")), 1);
		answer_free(&answer);
		if (i % 40 == 39) { /* who asks so often has to wait; a new daemon has forgotten */
			daemon_stop(SIGTERM);
			daemon_start();
		}
	}
}
END_TEST

/* A sender takes back what nobody has read: all of it, and nothing of another's. */
START_TEST(many_letters_are_revoked)
{
	const struct mailbox_question revoke = { .act = "revoke",
						 .mailbox = "bob@example.net",
						 .as = "alice@example.com" };
	const struct mailbox_question show = { .act = "show", .mailbox = "bob@example.net" };
	struct marked mail = first, other = second;
	json_t *answer;

	for (int i = 0; i < 70; i++) {
		mail.random = (unsigned char)(i + 1);
		ck_assert_str_eq(give_marked("bob@example.net", &mail), "250 2.0.0 sealed\r\n");
	}
	other.random = 200;
	other.sender = "carol@example.com";
	ck_assert_str_eq(give_marked("bob@example.net", &other), "250 2.0.0 sealed\r\n");
	answer = control(&revoke);
	ck_assert(json_is_true(json_object_get(answer, "ok")));
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "revoked")), 70);
	json_decref(answer);
	answer = control(&show);
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "letters")), 1);
	json_decref(answer);
}
END_TEST

START_TEST(uploads_have_an_end)
{
	struct guest guest;
	struct answer answer;
	int taken = 0, status = 201;

	guest_open_letter(&guest, &first);
	while (status == 201) {
		unsigned char id[HANDLE_SIZE];

		crypto_random(id, sizeof(id));
		answer = call("POST", "uploads", guest.session,
			      json_pack("{s:o,s:I}", "id", b64_json(id, sizeof(id)), "size",
					(json_int_t)frame_sealed_size((uint64_t)25 << 20)));
		status = answer.status;
		taken += status == 201;
		answer_free(&answer);
	}
	ck_assert_int_eq(status, 507);
	ck_assert_int_eq(taken, 4);
}
END_TEST

START_TEST(sessions_of_one_have_an_end)
{
	struct guest guest;
	struct answer answer;
	char oldest[64];

	guest_open_letter(&guest, &first);
	str_copy(oldest, sizeof(oldest), guest.session);
	for (int i = 0; i < 64; i++) {
		answer = guest_login(&guest, "bob@example.net");
		expect(&answer, 201);
		answer_free(&answer);
	}
	answer = call("GET", "session", oldest, NULL);
	expect(&answer, 401);
	answer_free(&answer);
	answer = call("GET", "session", guest.session, NULL);
	expect(&answer, 200);
	answer_free(&answer);
}
END_TEST

static int post_reply_as(const struct guest *guest, const char *letter,
			 const unsigned char id[HANDLE_SIZE])
{
	struct buf request = { 0 };
	char *text;
	json_t *body;
	int fd = case_connect(case_portal);

	body = json_pack("{s:o,s:s,s:s,s:s,s:[]}", "id", b64_json(id, HANDLE_SIZE), "letter",
			 letter, "subject", "s", "text", "t", "attachments");
	text = json_dumps(body, JSON_COMPACT);
	buf_printf(&request,
		   "POST /api/v1/replies HTTP/1.1\r\nHost: " HOST "\r\nAuthorization: Bearer %s\r\n"
		   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		   guest->session, strlen(text), text);
	ck_assert_int_eq(write(fd, request.data, request.len), (ssize_t)request.len);
	json_decref(body);
	free(text);
	buf_free(&request);
	return fd;
}

static int post_reply(const struct guest *guest, const char *letter)
{
	unsigned char id[HANDLE_SIZE];

	crypto_random(id, sizeof(id));
	return post_reply_as(guest, letter, id);
}

static int status_of(int fd)
{
	char text[64] = "";
	int status = 0;

	ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
	ck_assert_int_eq(sscanf(text, "HTTP/1.1 %d", &status), 1);
	close(fd);
	return status;
}

/* The page was sent twice, at once: one leaves. */
START_TEST(two_equal_replies_at_once)
{
	unsigned char id[HANDLE_SIZE];
	struct guest guest;
	struct answer answer;
	const char *letter;
	int fds[3], made = 0;

	guest_open_letter(&guest, &first);
	answer = guest_letters(&guest, "inbox");
	letter = get_text(json_array_get(json_object_get(answer.json, "letters"), 0), "id");
	crypto_random(id, sizeof(id));
	sink.hold = true;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = post_reply_as(&guest, letter, id);
	sink_next("alice@example.com");
	pthread_mutex_lock(&sink.lock);
	sink.hold = false;
	pthread_cond_broadcast(&sink.more);
	pthread_mutex_unlock(&sink.lock);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		int status = status_of(fds[i]);

		made += status == 201;
		ck_assert_msg(status == 201 || status == 200, "%d", status);
	}
	ck_assert_int_eq(made, 1);
	ck_assert_uint_eq(sink_settled(), sink.taken);
	answer_free(&answer);
}
END_TEST

/* Who has to wait learns whose pages these are, and since when he can go on. */
START_TEST(the_site_is_free)
{
	struct answer answer;
	int status = 404;

	for (int i = 0; i < 200; i++) {
		answer = call("GET", "site", NULL, NULL);
		expect(&answer, 200);
		answer_free(&answer);
	}
	for (int i = 0; i < 20 && status == 404; i++) {
		unsigned char nobody[CODE_SECRET_SIZE] = { (unsigned char)i };

		answer = ask_ticket(nobody, "90909091");
		status = answer.status;
		answer_free(&answer);
	}
	ck_assert_int_eq(status, 429);
	answer = call("GET", "site", NULL, NULL);
	expect(&answer, 200);
	answer_free(&answer);
}
END_TEST

static void rewrite_setting(const char *line)
{
	char command[256];

	snprintf(command, sizeof(command), "printf '%%s\\n' '%s' >> %s/postseal.conf", line,
		 case_dir);
	ck_assert_int_eq(system(command), 0);
	kill(case_daemon, SIGHUP);
}

/* As many as are left of the day, however many come at once. */
START_TEST(replies_at_once_are_counted)
{
	struct guest guest;
	struct answer answer;
	const char *letter;
	json_int_t left = 0;
	int fds[3], made = 0;

	guest_open_letter(&guest, &first);
	rewrite_setting("mailbox_replies_per_day = 1");
	while (left != 1) {
		answer = call("GET", "session", guest.session, NULL);
		expect(&answer, 200);
		left = json_integer_value(
			json_object_get(json_object_get(answer.json, "mailbox"), "replies_left"));
		answer_free(&answer);
		poll(NULL, 0, 10);
	}
	answer = guest_letters(&guest, "inbox");
	letter = get_text(json_array_get(json_object_get(answer.json, "letters"), 0), "id");
	sink.hold = true;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = post_reply(&guest, letter);
	sink_next("alice@example.com");
	pthread_mutex_lock(&sink.lock);
	sink.hold = false;
	pthread_cond_broadcast(&sink.more);
	pthread_mutex_unlock(&sink.lock);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		int status = status_of(fds[i]);

		made += status == 201;
		ck_assert_msg(status == 201 || status == 429, "%d", status);
	}
	ck_assert_int_eq(made, 1);
	answer_free(&answer);
}
END_TEST

START_TEST(a_reload_takes_what_it_can)
{
	struct answer answer;
	json_int_t length = 8;

	rewrite_setting("mailbox_pin_length = 12");
	while (length != 12) {
		answer = call("GET", "site", NULL, NULL);
		expect(&answer, 200);
		length = json_integer_value(json_object_get(answer.json, "pin_length"));
		answer_free(&answer);
		poll(NULL, 0, 10);
	}
	/* The store stays where it is, and a file that is wrong changes nothing. */
	rewrite_setting("mailbox_store = \"/nonexistent\"");
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	rewrite_setting("nonsense");
	ck_assert_str_eq(give_marked("carol@example.net", &second), "250 2.0.0 sealed\r\n");
}
END_TEST

/* More mail at once than there may be in memory: the rest waits, and comes. */
START_TEST(more_texts_than_there_is_room_for)
{
	char reply[1024];
	FILE *full[5];

	for (size_t i = 0; i < ARRAY_LEN(full); i++) {
		full[i] = fdopen(case_connect(case_intake), "r+");
		setvbuf(full[i], NULL, _IONBF, 0);
		lmtp_line(full[i], reply, "%s", "");
		lmtp_line(full[i], reply, "LHLO test\r\n");
		lmtp_line(full[i], reply, "MAIL FROM:<alice@example.com>\r\n");
		lmtp_line(full[i], reply, "RCPT TO:<x=example.net@" DOMAIN ">\r\n");
		fputs("DATA\r\n", full[i]);
		if (i < 4) {
			lmtp_line(full[i], reply, "%s", "");
			ck_assert_int_eq(strncmp(reply, "354", 3), 0);
		}
	}
	{
		struct pollfd silent = { .fd = fileno(full[4]), .events = POLLIN };

		ck_assert_int_eq(poll(&silent, 1, 300), 0);
	}
	/* One goes, in the middle of its text: there is room. */
	fputs("Subject: never ends\r\n", full[0]);
	fclose(full[0]);
	lmtp_line(full[4], reply, "%s", "");
	ck_assert_int_eq(strncmp(reply, "354", 3), 0);
	for (size_t i = 1; i < ARRAY_LEN(full); i++)
		fclose(full[i]);
}
END_TEST

/* The key directory is not mounted: mail waits, nobody is told that his mailbox is gone, nothing
 * of the outbox is thrown away; and all goes on when it is back. */
START_TEST(the_key_directory_is_gone_for_a_while)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct guest guest;
	struct answer answer;
	char keys[128], away[128];
	char *pin;

	in_case(keys, "keys");
	in_case(away, "away");
	sink.refuse = true;
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	ck_assert_int_eq(rename(keys, away), 0);
	sink.refuse = false;
	ck_assert_int_eq(strncmp(give_marked("bob@example.net", &second), "451 ", 4), 0);
	ck_assert_int_eq(strncmp(give_marked("dora@example.net", &second), "451 ", 4), 0);
	ck_assert_int_gt(outbox_number("waiting"), 0); /* one may have been on its way already */
	ck_assert_int_eq(outbox_number("lost"), 0);
	ck_assert_int_eq(rename(away, keys), 0);
	ck_assert_uint_eq(sink_settled(), 2);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	ck_assert_int_eq(rename(keys, away), 0);
	answer = guest_login(&guest, "bob@example.net");
	expect(&answer, 503);
	answer_free(&answer);
	ck_assert_int_eq(rename(away, keys), 0);
	answer = guest_login(&guest, "bob@example.net");
	expect(&answer, 201);
	answer_free(&answer);
	free(pin);
}
END_TEST

static bool has_out_files(void)
{
	char path[128];
	DIR *folder;
	struct dirent *entry;
	bool has = false;

	in_case(path, "keys");
	folder = opendir(path);
	while ((entry = readdir(folder)) != NULL)
		has = has || strstr(entry->d_name, ".out") != NULL;
	closedir(folder);
	return has;
}

static void copy_store(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s/%s && cp -a %s/%s %s/%s", case_dir, to,
		 case_dir, from, case_dir, to);
	ck_assert_int_eq(system(command), 0);
}

/*
 * The store comes back as it was before the link mail left: it is not sent twice, for its key
 * file is gone; what the mailbox had stays openable; what came since is lost.
 */
START_TEST(a_store_of_yesterday)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct guest guest;
	struct answer answer;
	size_t left;
	char *pin;

	sink.refuse = true;
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	daemon_stop(SIGTERM);
	copy_store("store", "backup");
	sink.refuse = false;
	daemon_start();
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	ck_assert_uint_eq(sink_settled(), 2);
	ck_assert_str_eq(give_marked("bob@example.net", &second), "250 2.0.0 sealed\r\n");
	left = sink_settled();
	daemon_stop(SIGTERM);
	daemon_start(); /* what waits under no key file: it is shredded */
	while (has_out_files())
		poll(NULL, 0, 10);
	daemon_stop(SIGTERM);
	copy_store("backup", "store");
	daemon_start();
	/* alice is told that the link may not have arrived; bob gets nothing twice. */
	while (outbox_number("waiting") > 0)
		poll(NULL, 0, 10);
	for (size_t i = left; i < sink.count; i++)
		ck_assert_str_eq(sink.to[i], "alice@example.com");
	ck_assert_int_eq(outbox_number("lost"), 2);
	guest_open(&guest, "correct horse battery", secret, pin);
	answer = guest_letters(&guest, "inbox");
	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), 1);
	answer_free(&answer);
	free(pin);
}
END_TEST

/* A guest keeps all workers busy, so that nobody hears what he does with another's link. */
START_TEST(notices_have_room_always)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct marked other = first;
	struct guest guest, thief;
	struct answer answer;
	struct pollfd waiting[70];
	const char *letter;
	char *pin;

	guest_open_letter(&guest, &first);
	other.random = 3;
	give_marked("dora@example.net", &other);
	link_secret(secret, sink_next("dora@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	answer = guest_letters(&guest, "inbox");
	letter = get_text(json_array_get(json_object_get(answer.json, "letters"), 0), "id");
	sink.hold = true;
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
		waiting[i] = (struct pollfd){ .fd = post_reply(&guest, letter), .events = POLLIN };
	/* The first answer is that there is too much to do. */
	ck_assert_int_gt(poll(waiting, ARRAY_LEN(waiting), PATIENCE), 0);
	guest_open(&thief, "correct horse battery", secret, pin);
	pthread_mutex_lock(&sink.lock);
	sink.hold = false;
	pthread_cond_broadcast(&sink.more);
	pthread_mutex_unlock(&sink.lock);
	while (strstr(sink_next("alice@example.com"), "was opened for the first time") == NULL) {
	}
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
		close(waiting[i].fd);
	answer_free(&answer);
	free(pin);
}
END_TEST

/* An idle connection of Postfix does not hold up a stop, and nothing is left that works on
 * what has ended. */
START_TEST(a_stop_ends_idle_connections)
{
	int fd = case_connect(case_intake);
	char line[64];

	ck_assert_int_gt(read(fd, line, sizeof(line)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	kill(case_daemon, SIGTERM);
	ck_assert_int_eq(stream_read(fd, line, sizeof(line), clock_mono_ms() + PATIENCE), 0);
	/* A second signal, when the first is obeyed already, would kill it. */
	daemon_await();
	close(fd);
	daemon_start();
}
END_TEST

/* A change that the store does not take must not keep all others waiting for ever. */
START_TEST(a_full_store_holds_nobody_up)
{
	struct mailbox_question unlock = { .act = "unlock",
					   .mailbox = "bob@example.net",
					   .sender = "alice@example.com" };
	struct guest guest;
	struct answer answer, read;
	char path[128], name[128];
	json_t *letter;

	guest_open_letter(&guest, &first);
	answer = guest_letters(&guest, "inbox");
	letter = json_array_get(json_object_get(answer.json, "letters"), 0);
	snprintf(name, sizeof(name), "letters/%s/read", get_text(letter, "id"));
	case_write("full", "");
	json_decref(control(&unlock));
	read = call("POST", name, guest.session, json_object());
	expect(&read, 503);
	answer_free(&read);
	give("sealed@example.com", "\r\nhello\r\n");
	in_case(path, "full");
	unlink(path);
	read = call("POST", name, guest.session, json_object());
	expect(&read, 204);
	answer_free(&read);
	answer_free(&answer);
}
END_TEST

/* The disk becomes read-only: mail waits in Postfix, nothing is answered that is not so, and what
 * has left is not sent again because it cannot be crossed off. */
START_TEST(a_store_that_takes_nothing)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;
	char path[128], *pin;

	in_case(path, "shut");
	sink.hold = true;
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	link_secret(secret, sink_next("bob@example.net"));
	case_write("shut", "");
	pthread_mutex_lock(&sink.lock);
	sink.hold = false;
	pthread_cond_broadcast(&sink.more);
	pthread_mutex_unlock(&sink.lock);
	pin = mail_pin(sink_next("alice@example.com"));
	ck_assert_int_eq(strncmp(give_marked("bob@example.net", &second), "451 ", 4), 0);
	answer = ask_ticket(secret, pin);
	expect(&answer, 503);
	answer_free(&answer);
	/* Longer than it waits before it tries again. */
	poll(NULL, 0, 2500);
	ck_assert_int_eq(outbox_number("waiting"), 2);
	ck_assert_uint_eq(sink.count, 2);
	unlink(path);
	ck_assert_uint_eq(sink_settled(), 2);
	answer = ask_ticket(secret, pin);
	expect(&answer, 200);
	answer_free(&answer);
	free(pin);
}
END_TEST

/* A clock that was set wrong, in either direction, gives nothing up and ends nothing at once. */
START_TEST(a_clock_that_steps)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;
	char *pin;

	sink.refuse = true;
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	move_clock(20, 0);
	daemon_stop(SIGTERM);
	daemon_start();
	poll(NULL, 0, 1500);
	ck_assert_int_eq(outbox_number("waiting"), 2);
	ck_assert_int_eq(outbox_number("lost"), 0);
	move_clock(-20, 0);
	daemon_stop(SIGTERM);
	sink.refuse = false;
	daemon_start();
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	ck_assert_uint_eq(sink_settled(), 2);
	answer = ask_ticket(secret, pin);
	expect(&answer, 200);
	answer_free(&answer);
	/* A token from the future is none; the sender hears why. */
	ck_assert_int_eq(
		strncmp(give_marked("bob@example.net", &second), "550 5.7.1 this mark", 19), 0);
	free(pin);
}
END_TEST

static void *give_carols(void *argument)
{
	struct marked late = second;

	(void)argument;
	late.time = clock_wall() + 91 * INT64_C(86400);
	give_marked("bob@example.net", &late);
	return NULL;
}

/* While senders are told that a mailbox has ended, a letter comes: it is kept. */
START_TEST(a_letter_that_comes_at_the_end)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;
	pthread_t thread;

	give_marked("bob@example.net", &first);
	sink_next("bob@example.net");
	sink_next("alice@example.com");
	daemon_stop(SIGTERM);
	move_clock(91, 0);
	sink.hold = true;
	daemon_start();
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "nobody"));
	pthread_create(&thread, NULL, give_carols, NULL);
	while (!has_letter_of_carol())
		poll(NULL, 0, 20);
	pthread_mutex_lock(&sink.lock);
	sink.hold = false;
	pthread_cond_broadcast(&sink.more);
	pthread_mutex_unlock(&sink.lock);
	pthread_join(thread, NULL);
	link_secret(secret, sink_next("bob@example.net"));
	answer = ask_ticket(secret, "58201947");
	expect(&answer, 200);
	answer_free(&answer);
	ck_assert(has_letter_of_carol());
}
END_TEST

/* A sweep has room for a thousand; those of which it can make an end come all the same. */
START_TEST(the_last_of_many_mailboxes_ends)
{
	struct mailbox_question question = { .act = "expire" };
	struct mbox_mailbox box = { .created = clock_wall() };
	struct handle handle = { { 0 } };
	char error[STORE_ERROR_SIZE], path[128];
	struct store_txn *txn;
	struct store *store;
	json_t *answer;

	daemon_stop(SIGTERM);
	in_case(path, "store");
	store = store_open(path, error);
	ck_assert_msg(store != NULL, "%s", error);
	txn = store_begin(store, true);
	for (unsigned i = 0; i < 1200; i++) {
		struct store_key key;

		handle.bytes[0] = (unsigned char)(i >> 8);
		handle.bytes[1] = (unsigned char)i;
		snprintf(box.address, sizeof(box.address), "g%u@example.net", i);
		if (i == 1199)
			box.created -= 100 * 86400;
		key = store_key_handle(&handle);
		ck_assert(store_put_mailbox(txn, &key, &box));
	}
	ck_assert(store_commit(txn));
	store_close(store);
	daemon_start();
	/* The daemon has swept at its start, too, or is about to. */
	for (int i = 0; i < 2; i++)
		json_decref(control(&question));
	question = (struct mailbox_question){ .act = "list" };
	answer = control(&question);
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "mailboxes")), 1199);
	json_decref(answer);
}
END_TEST

static uint64_t counted(enum metric_cell cell)
{
	char error[METRICS_FILE_ERROR_SIZE];
	struct metrics_snapshot snapshot;
	bool alive;

	ck_assert_msg(metrics_read(case_dir, METRICS_MAILBOX, &snapshot, &alive, error) ==
			      LOOKUP_FOUND,
		      "%s", error);
	return snapshot.cell[cell];
}

/* Everybody can have so many descriptors. */
static void many_descriptors(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static bool hung_up(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLRDHUP };

	return poll(&one, 1, 0) == 1;
}

/* Half a request each, of every kind: slow headers, slow bodies, and some who say nothing. */
START_TEST(a_crowd_of_slow_visitors)
{
	static const char *const halves[] = { "", "GET /api/v1/si",
					      "GET / HTTP/1.1\r\nHost: " HOST "\r\n",
					      "PUT /api/v1/uploads/a/0 HTTP/1.1\r\nHost: " HOST
					      "\r\nContent-Length: 1000000\r\n\r\nabc" };
	int slow[HTTP_CONNECTIONS];
	struct answer answer;
	size_t ended = 0;

	many_descriptors();
	while (counted(M_MAILBOX_CLIENTS) > 0)
		poll(NULL, 0, 10);
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		slow[i] = case_connect(case_portal);
		ck_assert_int_ge(slow[i], 0);
		stream_write(slow[i], halves[i % 4], strlen(halves[i % 4]),
			     clock_mono_ms() + PATIENCE);
	}
	while (counted(M_MAILBOX_CLIENTS) < HTTP_CONNECTIONS)
		poll(NULL, 0, 10);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(status_of(case_connect(case_portal)), 503);
	ck_assert_uint_eq(counted(METRIC1(MAILBOX_TURNED_AWAY, HTTP_NO_PLACE)), 100);
	/* A little later they give way, one for each who comes. */
	move_clock(0, HTTP_PATIENCE);
	for (int i = 0; i < 20; i++) {
		answer = call("GET", "site", NULL, NULL);
		expect(&answer, 200);
		answer_free(&answer);
	}
	for (size_t i = 0; i < ARRAY_LEN(slow); i++)
		ended += hung_up(slow[i]);
	ck_assert_uint_ge(ended, 1);
	ck_assert_uint_le(ended, 20);
	ck_assert_uint_eq(counted(METRIC1(MAILBOX_TURNED_AWAY, HTTP_NO_PLACE)), 100 + ended);
	/* And each of the requests has an end. */
	move_clock(0, HTTP_WHOLE + 1);
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		while (i % 4 != 0 && !hung_up(slow[i]))
			poll(NULL, 0, 10);
		close(slow[i]);
	}
	ck_assert_uint_ge(counted(METRIC1(MAILBOX_TURNED_AWAY, HTTP_NO_TIME)),
			  3 * HTTP_CONNECTIONS / 4 - ended);
}
END_TEST

#define UPLOADS 100
#define UPLOAD 1048576

/* Writes what can be written; how much it was. */
static size_t push(int fd, size_t *sent, size_t to)
{
	static const char octets[UPLOAD];
	size_t before = *sent;
	ssize_t n;

	while (*sent < to &&
	       (n = send(fd, octets + *sent, to - *sent, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		*sent += (size_t)n;
	return *sent - before;
}

/*
 * What is held is looked at until it is `enough`, and nothing moves for a while; the most of it. A
 * daemon that has no processor for a while does not move, either.
 */
static uint64_t push_all(const struct pollfd peers[UPLOADS], size_t sent[UPLOADS], uint64_t enough)
{
	int64_t deadline = clock_mono_ms() + PATIENCE;
	uint64_t most = 0, held = 0;

	for (int still = 0; still < 50 || (most < enough && clock_mono_ms() < deadline); still++) {
		uint64_t before = held;

		for (size_t i = 0; i < UPLOADS; i++)
			still = push(peers[i].fd, &sent[i], UPLOAD - 1) > 0 ? 0 : still;
		held = counted(M_MAILBOX_HELD);
		most = held > most ? held : most;
		still = held == before ? still : 0;
		poll(NULL, 0, 1);
	}
	return most;
}

/*
 * There is memory for some forty of them: the others wait, and each is answered in the end. On a
 * machine that is slower than patience some may be ended, but each of them is counted.
 */
START_TEST(many_uploads_at_once)
{
	static const char begin[] = "PUT /api/v1/uploads/a/0 HTTP/1.1\r\nHost: " HOST
				    "\r\nContent-Type: application/octet-stream\r\n"
				    "Connection: close\r\nContent-Length: 1048576\r\n\r\n";
	size_t sent[UPLOADS] = { 0 }, answered = 0, ended = 0;
	struct pollfd peers[UPLOADS];
	struct answer answer;
	uint64_t most;

	many_descriptors();
	for (size_t i = 0; i < UPLOADS; i++) {
		peers[i] = (struct pollfd){ .fd = case_connect(case_portal), .events = POLLIN };
		ck_assert_int_ge(peers[i].fd, 0);
		send(peers[i].fd, begin, strlen(begin), MSG_NOSIGNAL);
	}
	most = push_all(peers, sent, HTTP_HELD / 2);
	ck_assert_uint_le(most, HTTP_HELD);
	ck_assert_uint_ge(most, HTTP_HELD / 2);
	answer = call("GET", "site", NULL, NULL);
	expect(&answer, 200);
	answer_free(&answer);
	while (answered + ended < UPLOADS) {
		for (size_t i = 0; i < UPLOADS; i++) {
			char text[11] = "";

			push(peers[i].fd, &sent[i], UPLOAD);
			if (peers[i].fd < 0 || poll(&peers[i], 1, 0) == 0)
				continue;
			if (read(peers[i].fd, text, 10) > 0)
				ck_assert_str_eq(text, "HTTP/1.1 4");
			answered += text[0] != '\0';
			ended += text[0] == '\0';
			close(peers[i].fd);
			peers[i].fd = -1;
		}
		ck_assert_uint_le(counted(M_MAILBOX_HELD), HTTP_HELD);
		poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(counted(METRIC1(MAILBOX_TURNED_AWAY, HTTP_NO_ROOM)), ended);
}
END_TEST

#define READERS 100

/* A letter of 25 MB, asked for in its largest parts by many who do not read what comes. */
START_TEST(slow_readers_of_a_large_letter)
{
	const size_t size = (size_t)24 << 20;
	char *large = memset(calloc(1, size + 1), 'x', size);
	const struct marked mail = {
		.sender = "alice@example.com", .random = 9, .subject = "large", .body = large
	};
	unsigned char secret[CODE_SECRET_SIZE];
	const int narrow = 4096;
	int readers[READERS], status = 0;
	struct guest guest;
	struct answer answer;
	char *pin, path[128];

	for (size_t i = 76; i < size; i += 78)
		memcpy(large + i, "\r\n", 2);
	ck_assert_str_eq(give_marked("bob@example.net", &mail), "250 2.0.0 sealed\r\n");
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	answer = guest_letters(&guest, "inbox");
	snprintf(path, sizeof(path), "/api/v1/letters/%s/body",
		 get_text(json_array_get(json_object_get(answer.json, "letters"), 0), "id"));
	answer_free(&answer);
	many_descriptors();
	stop_clock();
	for (size_t i = 0; i < READERS; i++) {
		struct buf request = { 0 };

		/* One answer after the other, until the kernel takes no more of them. */
		for (int part = 0; part < 12; part++)
			buf_printf(&request,
				   "GET %s HTTP/1.1\r\nHost: " HOST "\r\nRange: bytes=0-\r\n"
				   "Authorization: Bearer %s\r\n\r\n",
				   path, guest.session);
		readers[i] = case_connect(case_portal);
		ck_assert_int_ge(readers[i], 0);
		setsockopt(readers[i], SOL_SOCKET, SO_RCVBUF, &narrow, sizeof(narrow));
		ck_assert_int_eq(send(readers[i], request.data, request.len, MSG_NOSIGNAL),
				 (ssize_t)request.len);
		buf_free(&request);
	}
	/* Whoever reads finds room, or is told when to come again; and there is room a little later. */
	while (status != 503) {
		answer =
			call_octets("GET", path, guest.session, NULL, "", 0, "Range: bytes=0-\r\n");
		status = answer.status;
		ck_assert(status == 206 || status == 503);
		ck_assert_uint_le(counted(M_MAILBOX_HELD), HTTP_HELD);
		answer_free(&answer);
	}
	answer = call("GET", "session", guest.session, NULL);
	expect(&answer, 200);
	answer_free(&answer);
	/* Room goes to who asks first after that, which may be another of them, but not for ever. */
	for (int waited = HTTP_PATIENCE; status == 503; waited += HTTP_PATIENCE) {
		move_clock(0, waited);
		answer =
			call_octets("GET", path, guest.session, NULL, "", 0, "Range: bytes=0-\r\n");
		status = answer.status;
		ck_assert_uint_le(counted(M_MAILBOX_HELD), HTTP_HELD);
		ck_assert(status == 503 || answer.body.len > 1000000);
		answer_free(&answer);
	}
	ck_assert_int_eq(status, 206);
	ck_assert_uint_ge(counted(METRIC1(MAILBOX_TURNED_AWAY, HTTP_NO_ROOM)), 2);
	for (size_t i = 0; i < READERS; i++)
		close(readers[i]);
	free(large);
	free(pin);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox_abuse");
	TCase *tcase = tcase_create("mailbox_abuse"), *moved = tcase_create("moved clock"),
	      *crowd = tcase_create("crowd");
	SRunner *runner = srunner_create(suite);
	int failed;

	/* A hundred letters are some seconds of work, and a busy machine has other things to do. */
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_link_that_waited_reaches_an_open_mailbox);
	tcase_add_test(tcase, addresses_that_are_no_utf8);
	tcase_add_test(tcase, a_bounce_goes_the_way_of_receipts);
	tcase_add_test(tcase, a_reply_to_a_link_mail_is_answered_once);
	tcase_add_test(tcase, a_hundred_letters_before_the_opening);
	tcase_add_test(tcase, many_letters_are_revoked);
	tcase_add_test(tcase, uploads_have_an_end);
	tcase_add_test(tcase, sessions_of_one_have_an_end);
	tcase_add_test(tcase, two_equal_replies_at_once);
	tcase_add_test(tcase, replies_at_once_are_counted);
	tcase_add_test(tcase, the_site_is_free);
	tcase_add_test(tcase, a_reload_takes_what_it_can);
	tcase_add_test(tcase, more_texts_than_there_is_room_for);
	tcase_add_test(tcase, the_key_directory_is_gone_for_a_while);
	tcase_add_test(tcase, a_store_of_yesterday);
	tcase_add_test(tcase, notices_have_room_always);
	tcase_add_test(tcase, a_stop_ends_idle_connections);
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(moved, 60);
	tcase_add_checked_fixture(moved, setup_moved, teardown);
	tcase_add_test(moved, a_full_store_holds_nobody_up);
	tcase_add_test(moved, a_store_that_takes_nothing);
	tcase_add_test(moved, a_clock_that_steps);
	tcase_add_test(moved, a_letter_that_comes_at_the_end);
	tcase_add_test(moved, the_last_of_many_mailboxes_ends);
	suite_add_tcase(suite, moved);
	tcase_set_timeout(crowd, 120);
	tcase_add_checked_fixture(crowd, setup_moved, teardown);
	tcase_add_test(crowd, many_uploads_at_once);
	tcase_add_test(crowd, a_crowd_of_slow_visitors);
	tcase_add_test(crowd, slow_readers_of_a_large_letter);
	suite_add_tcase(suite, crowd);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
