/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest - a recipient's browser, and a sender's milter, for the live world: what
 * tests/unit/mailbox_case.h can do, one act a run.
 *
 *   guest mark KEYFILE SENDER RECIPIENT PIN|-       a mail on standard input: prints it marked
 *   guest open PORT MAILFILE PIN STATEFILE          link, PIN, password; prints the letters
 *   guest wrong PORT MAILFILE PIN                   prints the status of a try
 *   guest read PORT STATEFILE [BOX]                 logs in, prints the letters
 *   guest seen PORT STATEFILE                       logs in, notes all letters as read
 *   guest reply PORT STATEFILE SUBJECT TEXT         answers the newest letter
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Here what is asserted ends the program: no test is running. */
static _Noreturn void die(const char *what)
{
	fprintf(stderr, "guest: %s\n", what);
	exit(EXIT_FAILURE);
}
#undef ck_assert_msg
#define ck_assert_msg(expr, ...) ((expr) ? (void)0 : die(#expr))

#define HOST "sealed.sender.test"
#define DOMAIN "sealed.sender.test"
#include "../unit/mailbox_case.h"

#define ADDRESS_SIZE 600
#define PASSWORD             \
	"Gr\xc3\xbc\xc3\x9f" \
	"e aus dem Postfach"

struct state {
	struct guest guest;
	char address[ADDRESS_SIZE];
};

static void keep(const char *path, const struct state *state)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(state, sizeof(*state), 1, file) != 1 || fclose(file) != 0)
		die("cannot keep the state");
}

static void recall(const char *path, struct state *state)
{
	FILE *file = fopen(path, "r");
	struct answer answer;

	if (file == NULL || fread(state, sizeof(*state), 1, file) != 1)
		die("there is no state");
	fclose(file);
	answer = guest_login(&state->guest, state->address);
	expect(&answer, 201);
	answer_free(&answer);
}

/* Of a file with LF line ends, and soft line breaks. */
static void secret_of(unsigned char secret[CODE_SECRET_SIZE], const char *path)
{
	struct buf text = { 0 };
	FILE *file = fopen(path, "r");
	const char *at, *code;
	size_t n;

	if (file == NULL)
		die("there is no mail");
	while ((n = fread(buf_reserve(&text, 65536), 1, 65536, file)) > 0)
		text.len += n;
	fclose(file);
	at = strstr(buf_cstr(&text), "https://" HOST "/#v1.");
	if (at == NULL)
		die("there is no link in the mail");
	code = at + strlen("https://" HOST "/#v1.");
	if (!code_parse(secret, code, CODE_LETTERS))
		die("the link is none");
	buf_free(&text);
}

static void print_letters(const struct guest *guest, const char *box)
{
	struct answer answer = guest_letters(guest, box);
	json_t *letter;
	size_t i;

	json_array_foreach(json_object_get(answer.json, "letters"), i, letter)
	{
		struct buf text = { 0 };
		char *subject;

		if (strcmp(get_text(letter, "access"), "open") != 0) {
			printf("withheld: %s\n", get_text(letter, "access"));
			continue;
		}
		guest_read(guest, letter, &text, &subject);
		printf("Subject is: %s\n%s\n", subject, buf_cstr(&text));
		buf_free(&text);
		free(subject);
	}
	answer_free(&answer);
}

/* As the page does when a letter was shown. */
static void note_seen(char **argv)
{
	struct state state;
	struct answer answer, noted;
	json_t *letter;
	size_t i;

	recall(argv[3], &state);
	answer = guest_letters(&state.guest, "inbox");
	json_array_foreach(json_object_get(answer.json, "letters"), i, letter)
	{
		char path[128];

		snprintf(path, sizeof(path), "letters/%s/read", get_text(letter, "id"));
		noted = call("POST", path, state.guest.session, json_object());
		expect(&noted, 204);
		answer_free(&noted);
	}
	answer_free(&answer);
}

static void mark(char **argv)
{
	struct token_recipient one = { .pin = "" };
	struct token token = {
		.login = "alice", .count = 1, .recipients = &one, .time = clock_wall()
	};
	struct seal_print *print = seal_print_new();
	char error[SEAL_KEY_ERROR_SIZE];
	struct buf value = { 0 }, mail = { 0 };
	size_t n;

	while ((n = fread(buf_reserve(&mail, 65536), 1, 65536, stdin)) > 0)
		mail.len += n;
	seal_print_message(print, (struct span){ buf_cstr(&mail), mail.len });
	seal_print_write(print, &token);
	seal_print_free(print);
	if (seal_key_read(&case_key, argv[2], error) != LOOKUP_FOUND)
		die(error);
	str_copy(token.sender, sizeof(token.sender), argv[3]);
	str_copy(one.address, sizeof(one.address), argv[4]);
	if (strcmp(argv[5], "-") != 0)
		str_copy(one.pin, sizeof(one.pin), argv[5]);
	crypto_random(token.random, sizeof(token.random));
	if (!seal_token_write(&value, &token, &case_key, "\n\t"))
		die("too much for a token");
	printf(TOKEN_HEADER ": %s\n%s", buf_cstr(&value), buf_cstr(&mail));
	buf_free(&value);
	buf_free(&mail);
}

static void open_it(char **argv)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct state state = { .address = "" };
	struct answer ticket;

	secret_of(secret, argv[3]);
	ticket = ask_ticket(secret, argv[4]);
	expect(&ticket, 200);
	str_copy(state.address, sizeof(state.address), get_text(ticket.json, "address"));
	answer_free(&ticket);
	guest_open(&state.guest, PASSWORD, secret, argv[4]);
	keep(argv[5], &state);
	print_letters(&state.guest, "inbox");
}

static void try_wrong(char **argv)
{
	unsigned char secret[CODE_SECRET_SIZE];
	struct answer answer;

	secret_of(secret, argv[3]);
	answer = ask_ticket(secret, argv[4]);
	printf("%d\n", answer.status);
	answer_free(&answer);
}

static void reply(char **argv)
{
	struct state state;
	struct answer letters, sent;
	unsigned char id[HANDLE_SIZE];

	recall(argv[3], &state);
	letters = guest_letters(&state.guest, "inbox");
	crypto_random(id, sizeof(id));
	sent = call("POST", "replies", state.guest.session,
		    json_pack("{s:o,s:s,s:s,s:s,s:[]}", "id", b64_json(id, sizeof(id)), "letter",
			      get_text(json_array_get(json_object_get(letters.json, "letters"), 0),
				       "id"),
			      "subject", argv[4], "text", argv[5], "attachments"));
	expect(&sent, 201);
	answer_free(&letters);
	answer_free(&sent);
}

int main(int argc, char **argv)
{
	struct state state;

	if (argc < 4)
		die("see the top of this file");
	case_portal = atoi(argv[2]);
	if (strcmp(argv[1], "mark") == 0 && argc == 6) {
		mark(argv);
	} else if (strcmp(argv[1], "open") == 0 && argc == 6) {
		open_it(argv);
	} else if (strcmp(argv[1], "wrong") == 0 && argc == 5) {
		try_wrong(argv);
	} else if (strcmp(argv[1], "read") == 0) {
		recall(argv[3], &state);
		print_letters(&state.guest, argc > 4 ? argv[4] : "inbox");
	} else if (strcmp(argv[1], "seen") == 0) {
		note_seen(argv);
	} else if (strcmp(argv[1], "reply") == 0 && argc == 6) {
		reply(argv);
	} else {
		die("see the top of this file");
	}
	return EXIT_SUCCESS;
}
