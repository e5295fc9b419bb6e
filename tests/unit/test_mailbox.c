/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal-mailbox from end to end: mail in, link, PIN, password, reading, answering. */
#include "mailbox_case.h"

#include "core/settings/settings.h"
#include "io/link/link.h"
#include "mailbox/outbox.h"

static const struct marked first = { .sender = "alice@example.com",
				     .random = 1,
				     .subject = "=?iso-8859-1?Q?Gr=FC=DFe?=",
				     .body = "Hello Bob,\r\n\r\n..secret content..\r\n" };

static void setup(void)
{
	case_open("");
}

static void teardown(void)
{
	case_close();
}

START_TEST(sealed_read_and_answered)
{
	unsigned char secret[CODE_SECRET_SIZE];
	const char *mail;
	struct guest guest;
	struct answer answer;
	struct buf text = { 0 };
	struct handle id;
	char *pin, *subject;
	json_t *letter, *body;

	ck_assert_str_eq(give_marked("Bob@example.net", &first), "250 2.0.0 sealed\r\n");
	mail = sink_next("Bob@example.net");
	ck_assert_ptr_null(strstr(mail, "secret content"));
	ck_assert_ptr_null(strstr(mail, "X-Postseal"));
	link_secret(secret, mail);
	mail = sink_next("alice@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "In-Reply-To: <m1@example.com>"));
	ck_assert_ptr_null(strstr(mail, "#v1."));
	pin = mail_pin(mail);
	ck_assert_uint_eq(strlen(pin), 8);
	guest_open(&guest, "correct horse battery", secret, pin);
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "opened"));

	answer = guest_login(&guest, "bob@EXAMPLE.net");
	expect(&answer, 201);
	answer_free(&answer);
	answer = guest_letters(&guest, "inbox");
	letter = json_array_get(json_object_get(answer.json, "letters"), 0);
	ck_assert_str_eq(get_text(letter, "access"), "open");
	guest_read(&guest, letter, &text, &subject);
	ck_assert_str_eq(subject, "Gr\xc3\xbc\xc3\x9f"
				  "e");
	ck_assert_ptr_nonnull(strstr(text.data, "\r\n\r\nHello Bob,\r\n\r\n.secret content.."));
	ck_assert_ptr_null(strstr(text.data, "X-Postseal"));
	ck_assert_ptr_null(strstr(text.data, "Received"));

	memset(id.bytes, 9, sizeof(id.bytes));
	for (int i = 0; i < 2; i++) {
		struct answer sent;

		body = json_object();
		json_object_set_new(body, "id", b64_json(id.bytes, HANDLE_SIZE));
		json_object_set_new(body, "letter", json_string(get_text(letter, "id")));
		json_object_set_new(body, "subject",
				    json_string("Re: Gr\xc3\xbc\xc3\x9f"
						"e"));
		json_object_set_new(body, "text", json_string("Danke, sch\xc3\xb6n.\n.\nBob"));
		json_object_set_new(body, "attachments", json_array());
		sent = call("POST", "replies", guest.session, body);
		expect(&sent, i == 0 ? 201 : 200);
		answer_free(&sent);
	}
	mail = sink_next("alice@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "Reply-To: Bob=example.net@" DOMAIN "\r\n"));
	ck_assert_ptr_nonnull(strstr(mail, "Bob@example.net (Praxis)"));
	ck_assert_ptr_nonnull(strstr(mail, "Danke, sch=C3=B6n.\r\n=2E\r\nBob"));
	answer_free(&answer);
	answer = guest_letters(&guest, "sent");
	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), 1);
	text.len = 0;
	free(subject);
	guest_read(&guest, json_array_get(json_object_get(answer.json, "letters"), 0), &text,
		   &subject);
	ck_assert_str_eq(text.data, mail);
	ck_assert_uint_eq(sink_settled(), sink.taken);
	answer_free(&answer);
	buf_free(&text);
	free(subject);
	free(pin);
}
END_TEST

/* One e with an accent, and an e and an accent: one mailbox; mail goes to what was written. */
START_TEST(two_spellings_are_one_mailbox)
{
	static const char apart[] = u8"Jose\u0301@example.net", whole[] = u8"jos\u00e9@example.net";
	const char *const spelling[] = { apart, whole, u8"JOSe\u0301@example.net" };
	unsigned char secret[CODE_SECRET_SIZE];
	struct marked mail = first;
	struct guest guest;
	struct answer answer;
	char *pin, *again;

	ck_assert_str_eq(give_marked(apart, &mail), "250 2.0.0 sealed\r\n");
	link_secret(secret, sink_next(apart));
	pin = mail_pin(sink_next("alice@example.com"));
	/* The same mail to the other spelling, as if an alias led there. */
	ck_assert_str_eq(give_marked(whole, &mail), "250 2.0.0 it is sealed already\r\n");
	mail.random = 2;
	ck_assert_str_eq(give_marked(whole, &mail), "250 2.0.0 sealed\r\n");
	/* A link of each, and one PIN. */
	link_secret(secret, sink_next(whole));
	again = mail_pin(sink_next("alice@example.com"));
	ck_assert_str_eq(again, pin);
	free(again);
	guest_open(&guest, "correct horse battery", secret, pin);
	for (size_t i = 0; i < ARRAY_LEN(spelling); i++) {
		answer = guest_login(&guest, spelling[i]);
		expect(&answer, 201);
		answer_free(&answer);
		answer = guest_letters(&guest, "inbox");
		ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), 2 + i);
		answer_free(&answer);
		mail.random++;
		ck_assert_str_eq(give_marked(spelling[i], &mail), "250 2.0.0 sealed\r\n");
		/* Into the open mailbox. */
		ck_assert_ptr_null(strstr(sink_next(spelling[i]), "#v1."));
	}
	free(pin);
}
END_TEST

START_TEST(same_token_is_sealed_once)
{
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	ck_assert_str_eq(give_marked("bob@example.net", &first),
			 "250 2.0.0 it is sealed already\r\n");
	/* For another recipient it is another. */
	ck_assert_str_eq(give_marked("carol@example.net", &first), "250 2.0.0 sealed\r\n");
	ck_assert_uint_eq(sink_settled(), 4);
}
END_TEST

/* Postfix takes nothing, and the daemon is killed twice: what it has taken, it tells of. */
START_TEST(what_postfix_does_not_take_waits_in_the_outbox)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer ticket;
	char *pin;

	sink.refuse = true;
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	daemon_stop(SIGKILL);
	daemon_start();
	ck_assert_str_eq(give_marked("bob@example.net", &first),
			 "250 2.0.0 it is sealed already\r\n");
	ck_assert_int_eq(outbox_number("waiting"), 2);
	daemon_stop(SIGKILL);
	sink.refuse = false;
	daemon_start();
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	ck_assert_uint_eq(sink_settled(), 2);
	ticket = ask_ticket(secret, pin);
	expect(&ticket, 200);
	answer_free(&ticket);
	free(pin);
}
END_TEST

/* Nothing that lies on this host after the link mail has left makes its secret again. */
START_TEST(a_link_cannot_be_derived)
{
	unsigned char secret[CODE_SECRET_SIZE], other[CODE_SECRET_SIZE], seed[48], out[32];
	struct seal_key server;
	struct marked again = first;
	char path[128], error[SEAL_KEY_ERROR_SIZE];

	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	link_secret(secret, sink_next("bob@example.net"));
	snprintf(path, sizeof(path), "%s/keys/server.key", case_dir);
	ck_assert_int_eq(seal_key_read(&server, path, error), LOOKUP_FOUND);
	/* As it was made once: of the server's key, the token's random number and the address. */
	memset(seed, first.random, 16);
	crypto_sha256(seed + 16, "bob@example.net", 15);
	crypto_hmac(out, server.bytes, sizeof(server.bytes), "postseal v1 link", 16, seed,
		    sizeof(seed));
	ck_assert_mem_ne(out, secret, sizeof(secret));
	/* The same mail, sealed in another world with the same keys, has another link. */
	sink_next("alice@example.com");
	ck_assert_uint_eq(sink_settled(), 2);
	daemon_stop(SIGTERM);
	snprintf(path, sizeof(path), "rm -r %s/store", case_dir);
	ck_assert_int_eq(system(path), 0);
	daemon_start();
	ck_assert_str_eq(give_marked("bob@example.net", &again), "250 2.0.0 sealed\r\n");
	link_secret(other, sink_next("bob@example.net"));
	ck_assert_mem_ne(secret, other, sizeof(secret));
}
END_TEST

/* Replaces the first `from` of `text` by `to`. */
static void swap(struct buf *text, const char *from, const char *to)
{
	char *whole = strdup(buf_cstr(text)), *at = strstr(whole, from);

	ck_assert_ptr_nonnull(at);
	text->len = 0;
	buf_append(text, whole, (size_t)(at - whole));
	buf_append_str(text, to);
	buf_append_str(text, at + strlen(from));
	free(whole);
}

/* All recipients on this host see the token of a marked mail: it seals that mail and no other. */
START_TEST(a_token_is_for_its_own_mail)
{
	static const struct {
		const char *from, *to, *reply;
	} cases[] = {
		{ "of the mail", "of a thief",
		  "550 5.7.1 this mark of postseal-milter is of another" },
		{ "Subject: first", "Subject: other", "550 5.7.1 this mark" },
		{ "Subject: first", "Subject: first\r\nSubject: other", "550 5.7.1 this mark" },
		{ "Subject: first\r\n", "", "550 5.7.1 this mark" },
		{ "Subject:", "Content-Type: text/html\r\nSubject:", "550 5.7.1 this mark" },
		{ "Subject:", "Content-Transfer-Encoding: base64\r\nSubject:",
		  "550 5.7.1 this mark" },
		{ "<m7@", "<m8@", "550 5.7.1 this mark" },
		{ "<alice@", "<carol@", "550 5.7.1 the author" },
		/* What Postfix does on the way is no change: adds a Date, breaks a line, */
		{ "Subject:", "Date: Sat, 28 Nov 2026 10:00:00 +0000\r\nSubject:",
		  "250 2.0.0 sealed" },
		{ "of the mail", "of \r\n the mail", "250 2.0.0 sealed" },
		/* rewrites addresses. */
		{ "To: bob@example.net", "To: Bob <bob@example.net>", "250 2.0.0 sealed" },
	};
	struct marked mail = { .sender = "alice@example.com",
			       .random = 7,
			       .subject = "first",
			       .body = "of the mail" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf message = { 0 };
		char recipient[64];
		const char *reply;

		marked_message(&message, "bob@example.net", &mail);
		swap(&message, cases[i].from, cases[i].to);
		/* Somebody whom the sender has not named; an alias could lead to him. */
		snprintf(recipient, sizeof(recipient), "victim%zu=example.net@" DOMAIN, i);
		reply = give(recipient, buf_cstr(&message));
		ck_assert_msg(strncmp(reply, cases[i].reply, strlen(cases[i].reply)) == 0,
			      "%zu: %s", i, reply);
		buf_free(&message);
	}
}
END_TEST

START_TEST(marks_that_are_refused)
{
	static const struct {
		const char *recipient, *message, *reply;
	} cases[] = {
		{ "bob=example.net@" DOMAIN, "From: a@example.com\r\n\r\nx", "550 5.7.1 no mark" },
		{ "bob@example.net", "From: a@example.com\r\n\r\nx", "550 5.7.1 no mark" },
		{ "bob=example.net@" DOMAIN, TOKEN_HEADER ": AAAA\r\n\r\nx",
		  "550 5.7.1 this mark" },
		{ "bob=example.net@" DOMAIN,
		  TOKEN_HEADER ": AAAA\r\n" TOKEN_HEADER ": AAAA\r\n\r\nx",
		  "550 5.7.1 more than one" },
	};
	struct marked old = first, to_self = first;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *reply = give(cases[i].recipient, cases[i].message);

		ck_assert_msg(strncmp(reply, cases[i].reply, strlen(cases[i].reply)) == 0, "%s",
			      reply);
	}
	old.time = clock_wall() - TOKEN_LIFE - 1;
	ck_assert_int_eq(strncmp(give_marked("bob@example.net", &old), "550 5.7.1 this mark", 19),
			 0);
	ck_assert_int_eq(
		strncmp(give_marked("Alice@example.com", &to_self), "550 5.7.1 a mail to its", 23),
		0);
	ck_assert_uint_eq(sink_settled(), 0);
}
END_TEST

START_TEST(three_letters_and_two_link_mails_lost)
{
	unsigned char secret[3][CODE_SECRET_SIZE];
	struct marked mail = first;
	struct guest guest;
	struct answer answer;
	char *pin = NULL;
	size_t i;
	json_t *letter;
	const int arrived = _i;

	for (i = 0; i < 3; i++) {
		mail.random = (unsigned char)(i + 1);
		ck_assert_str_eq(give_marked("bob@example.net", &mail), "250 2.0.0 sealed\r\n");
		link_secret(secret[i], sink_next("bob@example.net"));
		free(pin);
		pin = mail_pin(sink_next("alice@example.com"));
	}
	guest_open(&guest, "correct horse battery", secret[arrived], pin);
	answer = guest_letters(&guest, "inbox");
	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), 3);
	json_array_foreach(json_object_get(answer.json, "letters"), i, letter)
	{
		struct buf text = { 0 };
		char *subject;

		ck_assert_str_eq(get_text(letter, "access"), "open");
		guest_read(&guest, letter, &text, &subject);
		ck_assert_ptr_nonnull(strstr(text.data, "secret content"));
		buf_free(&text);
		free(subject);
	}
	answer_free(&answer);
	free(pin);
}
END_TEST

static json_t *pin_of_letter(json_t *letter, const char *pin)
{
	return json_pack("{s:s,s:s}", "letter", get_text(letter, "id"), "pin", pin);
}

START_TEST(second_sender_is_withheld_until_his_pin)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct marked second = { .sender = "carol@example.com",
				 .pin = "58201947",
				 .random = 2,
				 .subject = "two",
				 .body = "of carol" };
	struct guest guest;
	struct answer answer, other;
	struct buf text = { 0 };
	char *pin, *subject, path[128];
	json_t *letter;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	sink_next("alice@example.com");
	ck_assert_str_eq(give_marked("bob@example.net", &second), "250 2.0.0 sealed\r\n");
	ck_assert_ptr_null(strstr(sink_next("bob@example.net"), "#v1."));
	sink_next("carol@example.com");
	answer = guest_letters(&guest, "inbox");
	letter = json_array_get(json_object_get(answer.json, "letters"), 0);
	ck_assert_str_eq(get_text(letter, "access"), "pin");
	ck_assert(json_is_null(json_object_get(letter, "key")));
	ck_assert(json_is_null(json_object_get(letter, "summary")));
	snprintf(path, sizeof(path), "letters/%s/body", get_text(letter, "id"));
	other = call("GET", path, guest.session, NULL);
	expect(&other, 403);
	answer_free(&other);
	other = call("POST", "release", guest.session, pin_of_letter(letter, pin));
	expect(&other, 403);
	ck_assert_int_eq(json_integer_value(json_object_get(other.json, "tries_left")), 9);
	answer_free(&other);
	other = call("POST", "release", guest.session, pin_of_letter(letter, "58201947"));
	expect(&other, 200);
	letter = json_array_get(json_object_get(other.json, "letters"), 0);
	guest_read(&guest, letter, &text, &subject);
	ck_assert_str_eq(subject, "two");
	answer_free(&other);
	answer_free(&answer);
	buf_free(&text);
	free(subject);
	free(pin);
}
END_TEST

/* Sealed to links alone, from before the opening: opens with the link, after the PIN. */
START_TEST(second_senders_letter_from_before_the_opening)
{
	unsigned char secret[CODE_SECRET_SIZE], carols[CODE_SECRET_SIZE], k[FRAME_KEY_SIZE];
	struct marked second = { .sender = "carol@example.com",
				 .pin = "58201947",
				 .random = 2,
				 .subject = "two",
				 .body = "of carol" };
	struct guest guest;
	struct answer answer, other;
	char *pin;
	struct handle id;
	json_t *letter, *body, *list, *item;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	give_marked("bob@example.net", &second);
	link_secret(carols, sink_next("bob@example.net"));
	sink_next("carol@example.com");
	guest_open(&guest, "correct horse battery", secret, pin);
	answer = guest_letters(&guest, "inbox");
	letter = json_array_get(json_object_get(answer.json, "letters"), 0);
	ck_assert_str_eq(get_text(letter, "access"), "link");
	ck_assert(json_is_null(
		json_object_get(json_array_get(json_object_get(letter, "links"), 0), "key")));
	/* Its handle alone does not spend tries, nor does it open. */
	other = call("POST", "release", guest.session, pin_of_letter(letter, "58201947"));
	expect(&other, 404);
	answer_free(&other);
	body = json_object();
	json_object_set_new(body, "id", link_id(carols));
	json_object_set_new(body, "pin", json_string("58201947"));
	other = call("POST", "release", guest.session, body);
	expect(&other, 200);
	letter = json_array_get(json_object_get(other.json, "letters"), 0);
	get_octets(id.bytes, HANDLE_SIZE, letter, "id");
	open_link_key(k, carols, "key to link", &guest.mailbox, &id,
		      json_array_get(json_object_get(letter, "links"), 0));
	item = json_object();
	json_object_set_new(item, "id", b64_json(id.bytes, HANDLE_SIZE));
	json_object_set_new(item, "key", seal_to(&guest, "key to mailbox", &id, k));
	list = json_array();
	json_array_append_new(list, item);
	answer_free(&other);
	other = call("POST", "reseal", guest.session, json_pack("{s:o}", "letters", list));
	expect(&other, 200);
	ck_assert_int_eq(json_integer_value(json_object_get(other.json, "sealed")), 1);
	answer_free(&other);
	other = call("POST", "confirm", guest.session,
		     json_pack("{s:[o]}", "letters", b64_json(id.bytes, HANDLE_SIZE)));
	expect(&other, 200);
	answer_free(&other);
	answer_free(&answer);
	answer = guest_letters(&guest, "inbox");
	letter = json_array_get(json_object_get(answer.json, "letters"), 0);
	ck_assert_str_eq(get_text(letter, "access"), "open");
	ck_assert(json_is_true(json_object_get(letter, "confirmed")));
	guest_key(&guest, letter, k);
	answer_free(&answer);
	free(pin);
}
END_TEST

static void *try_wrong(void *argument)
{
	struct answer answer = ask_ticket(argument, "90909091");
	long status = answer.status;

	answer_free(&answer);
	return (void *)status;
}

START_TEST(ten_wrong_pins_and_no_more)
{
	unsigned char secret[CODE_SECRET_SIZE], nobody[CODE_SECRET_SIZE] = { 1 };
	pthread_t thread[30];
	struct answer answer;
	size_t wrong = 0, locked = 0;
	char *pin;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	/* Who cannot name the link costs nothing. */
	answer = ask_ticket(nobody, "90909091");
	expect(&answer, 404);
	answer_free(&answer);
	for (size_t i = 0; i < ARRAY_LEN(thread); i++)
		pthread_create(&thread[i], NULL, try_wrong, secret);
	for (size_t i = 0; i < ARRAY_LEN(thread); i++) {
		void *status;

		pthread_join(thread[i], &status);
		wrong += (long)status == 403;
		locked += (long)status == 423;
	}
	/* The tenth locks, and says so. */
	ck_assert_uint_eq(wrong, 9);
	ck_assert_uint_eq(locked, 21);
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "entered wrongly"));
	answer = ask_ticket(secret, pin);
	expect(&answer, 423);
	answer_free(&answer);
	ck_assert_uint_eq(sink_settled(), sink.taken);
	free(pin);
}
END_TEST

START_TEST(two_browsers_and_a_lost_answer)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct guest guest, other;
	struct answer a, b, answer;
	char *pin, *one, *two;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	a = ask_ticket(secret, pin);
	b = ask_ticket(secret, pin);
	one = strdup(get_text(a.json, "ticket"));
	two = strdup(get_text(b.json, "ticket"));
	guest_make(&guest, "correct horse battery");
	guest_make(&other, "somebody else's words");
	answer = call("POST", "open", one, opening(&guest, secret, a.json));
	expect(&answer, 201);
	answer_free(&answer);
	answer = call("POST", "open", two, opening(&other, secret, b.json));
	expect(&answer, 409);
	answer_free(&answer);
	/* The answer was lost: the same again. */
	answer = call("POST", "open", one, opening(&guest, secret, a.json));
	expect(&answer, 200);
	answer_free(&answer);
	answer = guest_login(&other, "bob@example.net");
	expect(&answer, 403);
	answer_free(&answer);
	answer = ask_ticket(secret, pin);
	expect(&answer, 409);
	answer_free(&answer);
	answer_free(&a);
	answer_free(&b);
	free(one);
	free(two);
	free(pin);
}
END_TEST

/* In no file below the store is there a trace of what nobody may know. */
static bool holds(const char *dir, const void *secret, size_t len)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	bool found = false;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char path[1024];
		struct stat st;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (stat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			found = holds(path, secret, len) || found;
		} else {
			struct buf all = { 0 };
			FILE *file = fopen(path, "r");
			size_t n;

			while ((n = fread(buf_reserve(&all, 65536), 1, 65536, file)) > 0)
				all.len += n;
			found = found ||
				(all.len > 0 && memmem(all.data, all.len, secret, len) != NULL);
			fclose(file);
			buf_free(&all);
		}
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

START_TEST(store_shows_nothing)
{
	unsigned char secret[CODE_SECRET_SIZE], k[FRAME_KEY_SIZE];
	struct guest guest;
	struct answer answer;
	char *pin, store[128];

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	snprintf(store, sizeof(store), "%s/store", case_dir);
	/* The control: an address is there. */
	ck_assert(holds(store, "alice@example.com", 17));
	ck_assert(!holds(store, pin, strlen(pin)));
	ck_assert(!holds(store, "secret content", 14));
	ck_assert(!holds(store, secret, sizeof(secret)));
	guest_open(&guest, "correct horse battery", secret, pin);
	answer = guest_letters(&guest, "inbox");
	guest_key(&guest, json_array_get(json_object_get(answer.json, "letters"), 0), k);
	ck_assert(!holds(store, k, sizeof(k)));
	ck_assert(!holds(store, guest.auth, sizeof(guest.auth)));
	ck_assert(!holds(store, guest.private_key, sizeof(guest.private_key)));
	ck_assert(!holds(store, "secret content", 14));
	answer_free(&answer);
	free(pin);
}
END_TEST

START_TEST(http_is_strict)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
		{ "GET /api/v1/site HTTP/1.1\r\nHost: " HOST "\r\n", 200 },
		{ "GET /api/v1/site HTTP/1.1\r\nHost: evil.example\r\n", 421 },
		{ "GET /api/v1/site HTTP/1.1\r\n", 421 },
		{ "GET /api/v1/nothing HTTP/1.1\r\nHost: " HOST "\r\n", 404 },
		{ "POST /api/v1/site HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\n"
		  "Content-Length: 2\r\n\r\n{}",
		  405 },
		{ "POST /api/v1/link HTTP/1.1\r\nHost: " HOST "\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 2\r\n\r\n{}",
		  415 },
		{ "POST /api/v1/link HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\n"
		  "Content-Length: 2\r\n\r\n{}",
		  400 },
		{ "POST /api/v1/link HTTP/1.1\r\nHost: " HOST "\r\nOrigin: https://evil.example\r\n"
		  "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		  403 },
		{ "POST /api/v1/salt HTTP/1.1\r\nHost: " HOST
		  "\r\nContent-Type: application/json\r\n"
		  "Content-Length: 38\r\n\r\n{\"address\":\"a@b.example\",\"address\":\"\"}",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: " HOST "\r\n", 200 },
		{ "GET /%23v1.ABC HTTP/1.1\r\nHost: " HOST "\r\n", 200 },
		{ "GET /%2523v1.ABC HTTP/1.1\r\nHost: " HOST "\r\n", 200 },
		{ "GET /csp HTTP/1.1\r\nHost: " HOST "\r\n", 404 },
		{ "GET /../postseal.conf HTTP/1.1\r\nHost: " HOST "\r\n", 404 },
		{ "GET /letters HTTP/1.1\r\nHost: " HOST "\r\n", 404 },
		{ "GET /api/v1/session HTTP/1.1\r\nHost: " HOST "\r\n", 401 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf request = { 0 };
		const char *head_end = strstr(cases[i].request, "\r\n\r\n");
		struct answer answer;

		if (head_end != NULL) {
			buf_append(&request, cases[i].request,
				   (size_t)(head_end - cases[i].request));
			buf_printf(&request, "\r\nConnection: close%s", head_end);
		} else {
			buf_printf(&request, "%sConnection: close\r\n\r\n", cases[i].request);
		}
		answer = http(request.data, request.len);
		ck_assert_msg(answer.status == cases[i].status, "%d: %s", answer.status,
			      cases[i].request);
		ck_assert_ptr_nonnull(strstr(answer.head.data, "Cache-Control: no-"));
		answer_free(&answer);
		buf_free(&request);
	}
}
END_TEST

START_TEST(salt_tells_nothing)
{
	struct answer a = call("POST", "salt", NULL, json_pack("{s:s}", "address", "a@b.example"));
	struct answer again =
		call("POST", "salt", NULL, json_pack("{s:s}", "address", "A@B.example"));
	struct answer other =
		call("POST", "salt", NULL, json_pack("{s:s}", "address", "c@b.example"));

	expect(&a, 200);
	ck_assert_str_eq(a.body.data, again.body.data);
	ck_assert_str_ne(a.body.data, other.body.data);
	answer_free(&a);
	answer_free(&again);
	answer_free(&other);
}
END_TEST

static void assert_base64(const char *text, const unsigned char *plain, size_t len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, have = 0;
	size_t at = 0;

	for (; *text != '\0' && at < len; text++) {
		const char *letter = strchr(letters, *text);

		if (letter == NULL)
			continue;
		bits = bits << 6 | (unsigned)(letter - letters);
		have += 6;
		if (have >= 8) {
			have -= 8;
			ck_assert_uint_eq(bits >> have & 255, plain[at]);
			at++;
		}
	}
	ck_assert_uint_eq(at, len);
}

/* 300 kB by upload, in two pieces, one of them twice; then out as an attachment. */
START_TEST(attachment_there_and_back)
{
	unsigned char secret[CODE_SECRET_SIZE], k[FRAME_KEY_SIZE], key[FRAME_KEY_SIZE];
	unsigned char nonce[FRAME_NONCE_SIZE], aad[FRAME_AAD_MAX];
	static unsigned char plain[300000];
	struct handle id, upload;
	struct guest guest;
	struct answer answer, other;
	struct buf sealed = { 0 }, text = { 0 };
	char *pin, *subject, path[128];
	size_t aad_len;
	json_t *letter, *body;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	sink_next("alice@example.com");
	answer = guest_letters(&guest, "inbox");
	letter = json_array_get(json_object_get(answer.json, "letters"), 0);
	crypto_random(plain, sizeof(plain));
	crypto_random(k, sizeof(k));
	crypto_random(upload.bytes, HANDLE_SIZE);
	crypto_random(id.bytes, HANDLE_SIZE);
	crypto_hkdf(key, k, sizeof(k), "postseal v1 part upload");
	aad_len = frame_aad(aad, &guest.mailbox, &upload, "upload");
	for (size_t at = 0, number = 0; at < sizeof(plain); at += FRAME_PLAIN, number++) {
		size_t n = sizeof(plain) - at < FRAME_PLAIN ? sizeof(plain) - at : FRAME_PLAIN;

		frame_nonce(nonce, number, at + n == sizeof(plain));
		crypto_seal((unsigned char *)buf_reserve(&sealed, n + FRAME_TAG_SIZE), key, nonce,
			    aad, aad_len, plain + at, n);
		sealed.len += n + FRAME_TAG_SIZE;
	}
	body = json_object();
	json_object_set_new(body, "id", b64_json(upload.bytes, HANDLE_SIZE));
	json_object_set_new(body, "size", json_integer((json_int_t)sealed.len));
	other = call("POST", "uploads", guest.session, body);
	expect(&other, 201);
	answer_free(&other);
	for (int i = 0; i < 3; i++) {
		size_t from = i < 2 ? 0 : 200000, len = i < 2 ? 200000 : sealed.len - 200000;
		char b64[32];

		snprintf(path, sizeof(path), "/api/v1/uploads/%s/%zu",
			 b64_text(b64, upload.bytes, HANDLE_SIZE), from);
		other = call_octets("PUT", path, guest.session, "application/octet-stream",
				    sealed.data + from, len, "");
		expect(&other, 204);
		answer_free(&other);
	}
	body = json_pack("{s:o,s:s,s:s,s:s,s:[{s:o,s:o,s:s,s:s}]}", "id",
			 b64_json(id.bytes, HANDLE_SIZE), "letter", get_text(letter, "id"),
			 "subject", "with a file", "text", "x", "attachments", "upload",
			 b64_json(upload.bytes, HANDLE_SIZE), "key", b64_json(k, sizeof(k)), "name",
			 "\xc3\x9c"
			 "bersicht.pdf",
			 "type", "application/pdf");
	other = call("POST", "replies", guest.session, body);
	expect(&other, 201);
	answer_free(&other);
	{
		const char *mail = sink_next("alice@example.com");
		const char *at = strstr(mail, "filename*0*=utf-8''%C3%9Cbersicht.pdf\r\n\r\n");

		ck_assert_ptr_nonnull(at);
		assert_base64(strstr(at, "\r\n\r\n") + 4, plain, sizeof(plain));
	}
	answer_free(&answer);
	answer = guest_letters(&guest, "sent");
	guest_read(&guest, json_array_get(json_object_get(answer.json, "letters"), 0), &text,
		   &subject);
	ck_assert_str_eq(subject, "with a file");
	answer_free(&answer);
	buf_free(&text);
	buf_free(&sealed);
	free(subject);
	free(pin);
}
END_TEST

static size_t files_of(const char *suffix)
{
	char dir[128];
	DIR *folder;
	struct dirent *entry;
	size_t count = 0;

	snprintf(dir, sizeof(dir), "%s/keys", case_dir);
	folder = opendir(dir);
	while ((entry = readdir(folder)) != NULL)
		count += strlen(entry->d_name) == 36 && strcmp(entry->d_name + 32, suffix) == 0;
	closedir(folder);
	return count;
}

/* What waited under a key file was sealed with the secret of a link, or with a PIN. */
START_TEST(key_files_of_the_outbox_are_shredded)
{
	sink.refuse = true;
	give_marked("bob@example.net", &first);
	ck_assert_uint_eq(files_of(".out"), 1);
	daemon_stop(SIGKILL);
	daemon_start();
	ck_assert_int_eq(outbox_number("waiting"), 2);
	ck_assert_uint_eq(files_of(".out"), 1);
	sink.refuse = false;
	ck_assert_uint_eq(sink_settled(), 2);
	daemon_stop(SIGKILL);
	daemon_start();
	while (files_of(".out") > 0)
		poll(NULL, 0, 10);
}
END_TEST

START_TEST(what_an_administrator_does)
{
	struct mailbox_question question = { .mailbox = "BOB@example.net",
					     .sender = "alice@example.com" };
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;
	char *pin;
	json_t *json;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	question.act = "pin";
	json = control(&question);
	ck_assert_str_eq(get_text(json, "pin"), pin);
	json_decref(json);
	for (int i = 0; i < 10; i++) {
		answer = ask_ticket(secret, "90909091");
		expect(&answer, i < 9 ? 403 : 423);
		answer_free(&answer);
	}
	answer = ask_ticket(secret, pin);
	expect(&answer, 423);
	answer_free(&answer);
	question.act = "unlock";
	ck_assert(control_ok(&question));
	answer = ask_ticket(secret, pin);
	expect(&answer, 200);
	answer_free(&answer);
	/* Whoever is not its sender sees and does nothing; nor does a sender delete. */
	question.as = "carol@example.com";
	question.act = "show";
	ck_assert(!control_ok(&question));
	question.act = "pin";
	ck_assert(!control_ok(&question));
	question.as = "alice@example.com";
	ck_assert(control_ok(&question));
	question.act = "delete";
	ck_assert(!control_ok(&question));
	question.as = NULL;
	ck_assert_uint_eq(files_of(".key"), 1);
	ck_assert(control_ok(&question));
	ck_assert_uint_eq(files_of(".key"), 0);
	answer = ask_ticket(secret, pin);
	expect(&answer, 404);
	answer_free(&answer);
	ck_assert(!control_ok(&question));
	free(pin);
}
END_TEST

START_TEST(a_forgotten_password_begins_anew)
{
	struct mailbox_question question = { .act = "restart", .mailbox = "bob@example.net" };
	unsigned char secret[CODE_SECRET_SIZE];
	struct marked second = first;
	struct guest guest, anew;
	struct answer answer;
	char *pin;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	ck_assert(!control_ok(&question));
	guest_open(&guest, "correct horse battery", secret, pin);
	sink_next("alice@example.com");
	ck_assert(control_ok(&question));
	sink_next("bob@example.net");
	sink_next("alice@example.com");
	second.random = 2;
	give_marked("bob@example.net", &second);
	link_secret(secret, sink_next("bob@example.net"));
	free(pin);
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&anew, "another one than before", secret, pin);
	answer = guest_login(&anew, "bob@example.net");
	expect(&answer, 201);
	ck_assert(
		json_is_false(json_object_get(json_object_get(answer.json, "mailbox"), "retired")));
	answer_free(&answer);
	answer = guest_letters(&anew, "inbox");
	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "letters")), 1);
	answer_free(&answer);
	answer = guest_login(&guest, "bob@example.net");
	expect(&answer, 201);
	ck_assert(
		json_is_true(json_object_get(json_object_get(answer.json, "mailbox"), "retired")));
	answer_free(&answer);
	free(pin);
}
END_TEST

/* With a key of gpg's own making, and read by gpg again. */
START_TEST(full_disk_means_wait)
{
	static char large[400000];
	struct marked mail = first;

	memset(large, 'x', sizeof(large) - 1);
	for (size_t i = 70; i < sizeof(large) - 2; i += 72)
		memcpy(large + i, "\r\n", 2);
	mail.body = large;
	daemon_stop(SIGTERM);
	case_file_max = 300000;
	daemon_start();
	ck_assert_int_eq(strncmp(give_marked("bob@example.net", &mail), "451 ", 4), 0);
	ck_assert_uint_eq(files_of(".key"), 0);
	ck_assert_uint_eq(sink_settled(), 0);
	daemon_stop(SIGTERM);
	case_file_max = RLIM_INFINITY;
	daemon_start();
	ck_assert_str_eq(give_marked("bob@example.net", &mail), "250 2.0.0 sealed\r\n");
	ck_assert_uint_eq(sink_settled(), 2);
}
END_TEST

START_TEST(full_mailbox_means_wait)
{
	static char large[900000];
	struct marked mail = first;

	memset(large, 'x', sizeof(large) - 1);
	for (size_t i = 70; i < sizeof(large) - 2; i += 72)
		memcpy(large + i, "\r\n", 2);
	mail.body = large;
	ck_assert_str_eq(give_marked("bob@example.net", &mail), "250 2.0.0 sealed\r\n");
	mail.random = 2;
	ck_assert_int_eq(strncmp(give_marked("bob@example.net", &mail), "451 ", 4), 0);
	ck_assert_str_eq(give_marked("carol@example.net", &mail), "250 2.0.0 sealed\r\n");
}
END_TEST

static void setup_small(void)
{
	case_open("mailbox_quota = 1\n");
}

static void setup_moved(void)
{
	case_open_moved("");
}

START_TEST(nobody_comes)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	sink_next("alice@example.com");
	move_clock(89, 0);
	ck_assert_int_eq(control_expire(), 0);
	ck_assert_uint_eq(sink_settled(), 2);
	move_clock(91, 0);
	ck_assert_int_eq(control_expire(), 1);
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "nobody"));
	ck_assert_uint_eq(files_of(".key"), 0);
	answer = ask_ticket(secret, "12345678");
	expect(&answer, 404);
	answer_free(&answer);
	/* A clock that goes back brings nothing back. */
	move_clock(0, 0);
	ck_assert_int_eq(control_expire(), 0);
}
END_TEST

START_TEST(warned_and_then_deleted_unless_he_comes)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct guest guest;
	struct answer answer;
	char *pin;

	give_marked("bob@example.net", &first);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	sink_next("alice@example.com");
	move_clock(75, 0);
	ck_assert_int_eq(control_expire(), 0);
	ck_assert_uint_eq(sink_settled(), sink.taken);
	move_clock(77, 0);
	ck_assert_int_eq(control_expire(), 0);
	ck_assert_ptr_null(strstr(sink_next("bob@example.net"), "#v1."));
	ck_assert_int_eq(control_expire(), 0);
	ck_assert_uint_eq(sink_settled(), sink.taken);
	answer = guest_login(&guest, "bob@example.net");
	expect(&answer, 201);
	answer_free(&answer);
	move_clock(91, 0);
	ck_assert_int_eq(control_expire(), 0);
	move_clock(77 + 91, 0);
	ck_assert_int_eq(control_expire(), 1);
	answer = guest_login(&guest, "bob@example.net");
	expect(&answer, 403);
	answer_free(&answer);
	ck_assert_uint_eq(files_of(".key"), 0);
	free(pin);
}
END_TEST

/* So many more were refused, and nobody talks to Postfix: a clock may be moved. */
static void await_refused(int before, int more)
{
	while (sink.refused < before + more || sink.busy)
		poll(NULL, 0, 5);
}

/* The hour that it is, of a day; and somebody's mail to somebody else, so that the outbox looks. */
static void poke(int day, int hour)
{
	struct marked mail = first;
	int before = sink.refused;

	move_clock(day, hour * 3600);
	mail.sender = "dave@example.com";
	mail.random = (unsigned char)(100 + hour);
	ck_assert_str_eq(give_marked("carol@example.net", &mail), "250 2.0.0 sealed\r\n");
	if (sink.refuse)
		await_refused(before, 2 + 2 * hour);
}

/* A link mail that Postfix does not take for days: its sender hears of it, and not too early. */
START_TEST(what_postfix_never_takes_is_given_up)
{
	struct mailbox_question question = { .act = "show", .mailbox = "bob@example.net" };
	int hour = 0;
	const char *mail;

	sink.refuse = true;
	ck_assert_str_eq(give_marked("bob@example.net", &first), "250 2.0.0 sealed\r\n");
	await_refused(0, 2);
	/* A clock that jumps gives up nothing: it was tried a few times only. */
	while (++hour < OUTBOX_TRIES - 1)
		poke(6, hour);
	ck_assert_int_eq(outbox_number("lost"), 0);
	/* Nor do many tries, while it is young. */
	for (int end = hour + OUTBOX_TRIES; hour < end; hour++)
		poke(4, hour);
	ck_assert_int_eq(outbox_number("lost"), 0);
	/* Both together do, for the link mail and the receipt. */
	poke(6, hour);
	while (outbox_number("lost") < 2)
		poll(NULL, 0, 5);
	ck_assert_int_eq(outbox_number("lost"), 2);
	sink.refuse = false;
	poke(6, hour + 1);
	mail = sink_next("alice@example.com");
	ck_assert_ptr_nonnull(strstr(mail, "could not be delivered"));
	ck_assert_ptr_nonnull(strstr(mail, "bob@example.net"));
	ck_assert_ptr_null(strstr(mail, "/#v1."));
	/* The letter is there still: alice can send another, and bob opens both with its link. */
	ck_assert(control_ok(&question));
}
END_TEST

static void add_case(Suite *suite, const char *name, void (*before)(void), size_t count,
		     const TTest *const *tests)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, before, teardown);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	const TTest *const moved[] = { nobody_comes, warned_and_then_deleted_unless_he_comes,
				       what_postfix_never_takes_is_given_up };
	const TTest *const small[] = { full_mailbox_means_wait };
	Suite *suite = suite_create("mailbox");
	TCase *tcase = tcase_create("mailbox");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, sealed_read_and_answered);
	tcase_add_test(tcase, two_spellings_are_one_mailbox);
	tcase_add_test(tcase, same_token_is_sealed_once);
	tcase_add_test(tcase, what_postfix_does_not_take_waits_in_the_outbox);
	tcase_add_test(tcase, a_link_cannot_be_derived);
	tcase_add_test(tcase, key_files_of_the_outbox_are_shredded);
	tcase_add_test(tcase, a_token_is_for_its_own_mail);
	tcase_add_test(tcase, marks_that_are_refused);
	tcase_add_loop_test(tcase, three_letters_and_two_link_mails_lost, 0, 3);
	tcase_add_test(tcase, second_sender_is_withheld_until_his_pin);
	tcase_add_test(tcase, second_senders_letter_from_before_the_opening);
	tcase_add_test(tcase, ten_wrong_pins_and_no_more);
	tcase_add_test(tcase, two_browsers_and_a_lost_answer);
	tcase_add_test(tcase, store_shows_nothing);
	tcase_add_test(tcase, http_is_strict);
	tcase_add_test(tcase, salt_tells_nothing);
	tcase_add_test(tcase, attachment_there_and_back);
	tcase_add_test(tcase, full_disk_means_wait);
	tcase_add_test(tcase, what_an_administrator_does);
	tcase_add_test(tcase, a_forgotten_password_begins_anew);
	suite_add_tcase(suite, tcase);
	add_case(suite, "moved clock", setup_moved, ARRAY_LEN(moved), moved);
	add_case(suite, "small", setup_small, ARRAY_LEN(small), small);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
