/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal openpgp - keys of recipients to whom sealed mail goes out encrypted. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "io/link/mailbox_client.h"

#define PATIENCE_MS 60000
#define KEY_MAX 65536

/* The whole file; false, and said why. */
static bool read_key(const struct cli *cli, const char *path, struct buf *key)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL) {
		cli_error(cli, "%s cannot be read: %s", path, strerror(errno));
		return false;
	}
	while (key->len <= KEY_MAX && (n = fread(buf_reserve(key, 4096), 1, 4096, file)) > 0)
		key->len += n;
	fclose(file);
	if (key->len <= KEY_MAX && memchr(buf_cstr(key), '\0', key->len) == NULL &&
	    strstr(buf_cstr(key), "-----BEGIN PGP PUBLIC KEY BLOCK-----") != NULL)
		return true;
	cli_error(cli, "%s is no armored public key of at most 64 KiB", path);
	return false;
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

static enum cli_status tell(const struct cli *cli, const struct buf *line)
{
	json_t *answer = json_loadb(line->data, line->len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = json_is_true(json_object_get(answer, "ok"));
	const char *why = json_string_value(json_object_get(answer, "text"));
	char shown[300], *text;

	if (answer != NULL && cli->json) {
		text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
		printf("%s\n", text != NULL ? text : "{}");
		free(text);
	} else if (ok) {
		print_keys(answer);
	} else {
		why = why != NULL ? why : "what postseal-mailbox answers cannot be understood";
		cli_error(cli, "%s", str_printable(shown, sizeof(shown), why, strlen(why)));
	}
	json_decref(answer);
	if (answer == NULL)
		return CLI_UNSURE;
	return ok ? CLI_YES : CLI_NO;
}

static enum cli_status ask(const struct cli *cli, const struct mailbox_question *question)
{
	char error[MAILBOX_CLIENT_ERROR_SIZE];
	struct buf answer = { 0 };
	enum cli_status status = CLI_UNSURE;

	if (mailbox_client_ask(&cli->settings, question, clock_mono_ms() + PATIENCE_MS, &answer,
			       error))
		status = tell(cli, &answer);
	else
		cli_error(cli, "%s", error);
	buf_free(&answer);
	return status;
}

static enum cli_status run(struct cli *cli)
{
	struct mailbox_question question = { .act = NULL };
	struct buf key = { 0 };
	enum cli_status status = CLI_USAGE;

	if (strcmp(cli->words[0], "list") == 0 && cli->count == 1) {
		question.act = "openpgp-list";
	} else if (strcmp(cli->words[0], "remove") == 0 && cli->count == 2) {
		question.act = "openpgp-remove";
		question.mailbox = cli->words[1];
	} else if (strcmp(cli->words[0], "add") == 0 && cli->count == 3) {
		if (!read_key(cli, cli->words[2], &key)) {
			buf_free(&key);
			return CLI_UNSURE;
		}
		question.act = "openpgp-add";
		question.mailbox = cli->words[1];
		question.key = buf_cstr(&key);
	}
	if (question.act == NULL)
		cli_error(cli, "`postseal openpgp --help` lists what can be done");
	else
		status = ask(cli, &question);
	buf_free(&key);
	return status;
}

const struct verb verb_openpgp = {
	.name = "openpgp",
	.arguments = "ACT...",
	.summary = "OpenPGP keys of recipients of sealed mail",
	.options = "",
	.help = "  add ADDRESS FILE   puts an armored key on file\n"
		"  list               addresses that have one\n"
		"  remove ADDRESS     takes it away\n"
		"\n"
		"One of the key's user IDs has to be just this address.\n"
		"postseal-mailbox has to run.\n"
		"\n",
	.least = 1,
	.most = 3,
	.run = run,
};
