/* SPDX-License-Identifier: BSD-2-Clause */
/* Many secure aliases at once, from a file: all of them, or none. */
#include "cli/verbs/alias.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/act.h"
#include "cli/json.h"

#define LINE_SIZE 2048
#define LINES_MAX 100000
#define WORDS_MAX 3

struct line {
	size_t number;
	char alias[ALIAS_ADDRESS_SIZE], mailbox[ALIAS_ADDRESS_SIZE], level[32];
};

struct lines {
	size_t count, room;
	struct line *list;
};

/* False, and said why. */
static bool complain(const struct cli *cli, size_t number, const char *why)
{
	cli_error(cli, "line %zu: %s; nothing was done", number, why);
	return false;
}

static bool add_line(const struct cli *cli, struct lines *lines, size_t number, char *text)
{
	char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
	struct line *line;
	size_t count = 0;

	for (char *word = strtok_r(text, " \t\r\n", &rest); word != NULL && count <= WORDS_MAX;
	     word = strtok_r(NULL, " \t\r\n", &rest))
		words[count++] = word;
	if (count == 0 || words[0][0] == '#')
		return true;
	if (count < 2 || count > WORDS_MAX)
		return complain(cli, number, "expected ALIAS MAILBOX [LEVEL]");
	if (lines->count == lines->room) {
		lines->room = lines->room * 2 + 64;
		lines->list = mem_resize(lines->list, lines->room, sizeof(lines->list[0]));
	}
	line = &lines->list[lines->count++];
	*line = (struct line){ .number = number };
	if (!str_copy(line->alias, sizeof(line->alias), words[0]) ||
	    !str_copy(line->mailbox, sizeof(line->mailbox), words[1]) ||
	    !str_copy(line->level, sizeof(line->level), count > 2 ? words[2] : ""))
		return complain(cli, number, "a word is too long");
	return true;
}

static bool read_lines(const struct cli *cli, struct lines *lines, FILE *file)
{
	char text[LINE_SIZE];
	size_t number = 0;

	while (fgets(text, sizeof(text), file) != NULL) {
		size_t len = strlen(text);

		if (++number > LINES_MAX)
			return complain(cli, number, "a file has 100000 lines at most");
		/* A line without its end is the last one, or too long, or has a NUL in it. */
		if ((len == 0 || text[len - 1] != '\n') && !feof(file))
			return complain(cli, number, "it is too long, or holds a NUL");
		if (!add_line(cli, lines, number, text))
			return false;
	}
	if (!ferror(file))
		return true;
	cli_error(cli, "%s cannot be read: %s", cli->words[1], strerror(errno));
	return false;
}

/* As if this line alone had been given to `alias enable`. */
static enum cli_status enable_line(struct act *act, const struct cli *cli, struct line *line)
{
	char act_name[] = "enable", *words[] = { act_name, line->alias };
	struct entry entry = { .kind = ENTRY_ALIAS };
	char key[ALIAS_ADDRESS_SIZE];
	struct cli one = *cli;

	one.words = words;
	one.count = 2;
	one.mailbox = line->mailbox;
	if (line->level[0] != '\0')
		one.level = line->level;
	if (!alias_word(key, &one) || alias_looks_like_route(&one, key))
		return CLI_USAGE;
	return alias_enable_in(act, &one, &entry, key);
}

static enum cli_status enable_all(const struct cli *cli, struct lines *lines)
{
	enum cli_status status = CLI_YES;
	struct act act;

	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	for (size_t i = 0; i < lines->count && status == CLI_YES; i++) {
		status = enable_line(&act, cli, &lines->list[i]);
		if (status == CLI_USAGE)
			complain(cli, lines->list[i].number, "it is no alias that can be enabled");
	}
	if (status == CLI_USAGE) {
		ledger_abort(act.txn);
		ledger_close(act.ledger);
		return CLI_USAGE;
	}
	return act_end(&act, status == CLI_YES);
}

enum cli_status alias_load(const struct cli *cli)
{
	struct lines lines = { 0 };
	enum cli_status status = CLI_USAGE;
	FILE *file;

	if (!act_takes(cli, 2))
		return CLI_USAGE;
	if (cli->count < 2) {
		cli_error(cli, "say which file; - is standard input");
		return CLI_USAGE;
	}
	file = strcmp(cli->words[1], "-") == 0 ? stdin : fopen(cli->words[1], "re");
	if (file == NULL) {
		cli_error(cli, "%s cannot be read: %s", cli->words[1], strerror(errno));
		return CLI_UNSURE;
	}
	if (read_lines(cli, &lines, file))
		status = enable_all(cli, &lines);
	if (file != stdin)
		fclose(file);
	if (status == CLI_YES && cli->json)
		json_print_counts(&(struct json_count){ "enabled", lines.count }, 1);
	else if (status == CLI_YES)
		printf("%zu aliases are on\n", lines.count);
	free(lines.list);
	return status;
}
