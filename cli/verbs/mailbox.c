/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verbs that ask postseal-mailbox at its control socket.
 *
 * postseal mailbox - temporary mailboxes, their PINs, and what an admin may do about them.
 * postseal openpgp - keys of recipients to whom sealed mail goes out encrypted.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/cli.h"
#include "io/link/link.h"

#define PATIENCE_MS 60000
#define KEY_MAX 65536

/*
 * What the daemon answers, for people.
 */

/* The daemon passes on what strangers wrote: only printable ASCII reaches the terminal. */
static const char *text_of(json_t *object, const char *name)
{
	static char shown[4][1200];
	static unsigned next;
	const char *text = json_string_value(json_object_get(object, name));
	char *at = shown[next++ % 4];

	return text != NULL ? str_printable(at, sizeof(shown[0]), text, strlen(text)) : "";
}

static int64_t number_of(json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool is_true(json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static void print_box(json_t *box)
{
	char expires[UTC_SIZE];

	int64_t letters = number_of(box, "letters");

	printf("%-8s %4" PRId64 " letter%s  until %.10s  %s\n", text_of(box, "state"), letters,
	       letters == 1 ? " " : "s", utc_format(expires, number_of(box, "expires")),
	       text_of(box, "mailbox"));
}

static void print_list(json_t *answer)
{
	json_t *box;
	size_t i;

	json_array_foreach(json_object_get(answer, "mailboxes"), i, box) print_box(box);
}

static void print_sender(json_t *sender)
{
	printf("  from %s: ", text_of(sender, "sender"));
	if (is_true(sender, "open"))
		printf("no PIN needed\n");
	else if (is_true(sender, "locked"))
		printf("locked after too many wrong PINs (postseal mailbox unlock)\n");
	else
		printf("hidden until the PIN is entered, %" PRId64 " tries left\n",
		       number_of(sender, "tries_left"));
}

static void print_letter(json_t *letter)
{
	char date[UTC_SIZE];

	printf("  %s  %8" PRId64 " bytes  %-6s  %s\n", utc_format(date, number_of(letter, "date")),
	       number_of(letter, "size"), is_true(letter, "read") ? "read" : "unread",
	       text_of(letter, "sender"));
}

static void print_show(json_t *answer)
{
	json_t *one;
	size_t i;

	print_box(json_object_get(answer, "box"));
	json_array_foreach(json_object_get(answer, "senders"), i, one) print_sender(one);
	json_array_foreach(json_object_get(answer, "letters"), i, one) print_letter(one);
}

static void print_pin(json_t *answer)
{
	printf("%s\n", text_of(answer, "pin"));
}

static void print_revoked(json_t *answer)
{
	int64_t revoked = number_of(answer, "revoked");

	printf("%" PRId64 " letter%s revoked\n", revoked, revoked == 1 ? "" : "s");
}

static void print_ended(json_t *answer)
{
	printf("%" PRId64 " mailboxes deleted\n", number_of(answer, "ended"));
}

static void print_done(json_t *answer)
{
	(void)answer;
	printf("done\n");
}

static void print_keys(json_t *answer)
{
	char shown[1200];
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "keys"), i, one)
		printf("%s\n", str_printable(shown, sizeof(shown), json_string_value(one),
					     json_string_length(one)));
}

/*
 * The acts.
 */

static const struct mailbox_act {
	const char *name;
	const char *asks; /* as the daemon knows it */
	int words;        /* besides the act */
	bool sender;      /* the second is one, ... */
	bool key;         /* ... or a file with a key */
	bool destroys;
	void (*print)(json_t *answer);
} mailbox_acts[] = {
	{ "list", "list", 0, false, false, false, print_list },
	{ "show", "show", 1, false, false, false, print_show },
	{ "pin", "pin", 2, true, false, false, print_pin },
	{ "unlock", "unlock", 2, true, false, false, print_done },
	{ "resend", "resend", 1, false, false, false, print_done },
	{ "revoke", "revoke", 2, true, false, true, print_revoked },
	{ "restart", "restart", 1, false, false, true, print_done },
	{ "delete", "delete", 1, false, false, true, print_done },
	{ "expire", "expire", 0, false, false, false, print_ended },
}, openpgp_acts[] = {
	{ "list", "openpgp-list", 0, false, false, false, print_keys },
	{ "add", "openpgp-add", 2, false, true, false, print_keys },
	{ "remove", "openpgp-remove", 1, false, false, false, print_keys },
};

/* Reads the whole file; false, and says why. */
static bool read_key(const struct cli *cli, const char *path, struct buf *key)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL) {
		cli_error(cli, "cannot read %s: %s", path, strerror(errno));
		return false;
	}
	while (key->len <= KEY_MAX && (n = fread(buf_reserve(key, 4096), 1, 4096, file)) > 0)
		key->len += n;
	fclose(file);
	if (key->len <= KEY_MAX && memchr(buf_cstr(key), '\0', key->len) == NULL &&
	    strstr(buf_cstr(key), "-----BEGIN PGP PUBLIC KEY BLOCK-----") != NULL)
		return true;
	cli_error(cli, "%s is not an armored public key of at most 64 KiB", path);
	return false;
}

/* NO where the daemon says no, UNSURE where it could not do it now. */
static enum cli_status tell(const struct cli *cli, const struct mailbox_act *act,
			    const struct buf *line)
{
	json_t *answer = json_loadb(line->data, line->len, JSON_REJECT_DUPLICATES, NULL);
	enum cli_status status = CLI_YES;

	if (answer == NULL) {
		cli_error(cli, "the answer of postseal-mailbox is not JSON");
		return CLI_UNSURE;
	}
	if (cli->json) {
		char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);

		printf("%s\n", text != NULL ? text : "{}");
		free(text);
	}
	if (!is_true(answer, "ok")) {
		cli_error(cli, "%s", text_of(answer, "text"));
		status = strcmp(text_of(answer, "error"), "later") == 0 ? CLI_UNSURE : CLI_NO;
	} else if (!cli->json) {
		act->print(answer);
	}
	json_decref(answer);
	return status;
}

static enum cli_status ask(const struct cli *cli, const struct mailbox_act *act)
{
	struct mailbox_question question = { .act = act->asks };
	char error[MAILBOX_CLIENT_ERROR_SIZE];
	struct buf answer = { 0 }, key = { 0 };
	enum cli_status status = CLI_UNSURE;

	if (act->words > 0)
		question.mailbox = cli->words[1];
	if (act->sender)
		question.sender = cli->words[2];
	if (act->key) {
		if (!read_key(cli, cli->words[2], &key)) {
			buf_free(&key);
			return CLI_UNSURE;
		}
		question.key = buf_cstr(&key);
	}
	if (mailbox_client_ask(&cli->settings, &question, clock_mono_ms() + PATIENCE_MS, &answer,
			       error))
		status = tell(cli, act, &answer);
	else
		cli_error(cli, "%s", error);
	buf_free(&answer);
	buf_free(&key);
	return status;
}

static enum cli_status run(const struct cli *cli, const struct mailbox_act *acts, size_t count)
{
	const struct mailbox_act *act = NULL;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(acts[i].name, cli->words[0]) == 0)
			act = &acts[i];
	}
	if (act == NULL || cli->count != act->words + 1) {
		cli_error(cli, "`postseal %s --help` lists what you can do, and the arguments",
			  cli->verb->name);
		return CLI_USAGE;
	}
	if (act->destroys && !cli->yes) {
		cli_error(cli, "this cannot be undone; add --yes to do it");
		return CLI_USAGE;
	}
	return ask(cli, act);
}

static enum cli_status run_mailbox(struct cli *cli)
{
	return run(cli, mailbox_acts, ARRAY_LEN(mailbox_acts));
}

static enum cli_status run_openpgp(struct cli *cli)
{
	return run(cli, openpgp_acts, ARRAY_LEN(openpgp_acts));
}

const struct verb verb_mailbox = {
	.name = "mailbox",
	.arguments = "ACT...",
	.summary = "Shows and manages temporary mailboxes of sealed mail",
	.options = "y",
	.help = "  list                     all mailboxes\n"
		"  show MAILBOX             one of them: senders and letters, without content\n"
		"  pin MAILBOX SENDER       the PIN, as long as it was not used\n"
		"  unlock MAILBOX SENDER    after too many wrong PINs: as many tries again\n"
		"  resend MAILBOX           the link mail once more, to an open mailbox\n"
		"  revoke MAILBOX SENDER    deletes unread letters of that sender\n"
		"  restart MAILBOX          the next letter begins a new one, with a new password\n"
		"  delete MAILBOX           for good\n"
		"  expire                   does what is due now: sends warnings, ends mailboxes\n"
		"\n"
		"  -y, --yes  needed for revoke, restart and delete\n"
		"\n"
		"MAILBOX is the recipient's address. postseal-mailbox has to be running.\n"
		"\n",
	.least = 1,
	.most = 3,
	.run = run_mailbox,
};

const struct verb verb_openpgp = {
	.name = "openpgp",
	.arguments = "ACT...",
	.summary = "Manages OpenPGP keys of recipients of sealed mail",
	.options = "",
	.help = "  add ADDRESS FILE   stores an armored key\n"
		"  list               addresses that have one\n"
		"  remove ADDRESS     removes it\n"
		"\n"
		"One user ID of the key has to be this address.\n"
		"postseal-mailbox has to be running.\n"
		"\n",
	.least = 1,
	.most = 3,
	.run = run_openpgp,
};
