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
#define WORD_SIZE 32
#define WHERE_SIZE 320
#define ERRORS_MAX 20

struct line {
	size_t number;
	char alias[ALIAS_ADDRESS_SIZE], mailbox[ALIAS_ADDRESS_SIZE];
	char level[WORD_SIZE], otherwise[WORD_SIZE]; /* "": not given */
};

struct load {
	const struct cli *cli;
	const char *name; /* of the file */
	size_t errors;
	size_t count, room;
	struct line *lines;
};

/* As if this command line were that line of the file. */
static void at_line(struct cli *one, char where[WHERE_SIZE], const struct load *load, size_t number)
{
	*one = *load->cli;
	snprintf(where, WHERE_SIZE, "%.256s:%zu: ", load->name, number);
	one->where = where;
}

static void complain(struct load *load, size_t number, const char *why)
{
	char where[WHERE_SIZE];
	struct cli one;

	at_line(&one, where, load, number);
	cli_error(&one, "%s", why);
	load->errors++;
}

/*
 * Words of a line.
 */

static char *next_word(char **rest)
{
	return strtok_r(NULL, " \t\r\n", rest);
}

/* The value of an option, "--level=verify" or "--level verify"; NULL: it is not that option. */
static const char *option_value(const char *word, const char *name, char **rest)
{
	size_t len = strlen(name);
	const char *next;

	if (strncmp(word, name, len) != 0 || (word[len] != '\0' && word[len] != '='))
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	next = next_word(rest);
	return next != NULL ? next : "";
}

/* NULL, or what is wrong. */
static const char *take_word(struct line *line, const char *word, char **rest)
{
	const struct {
		const char *name;
		char *room;
		size_t size;
	} options[] = { { "--for", line->mailbox, sizeof(line->mailbox) },
			{ "--level", line->level, sizeof(line->level) },
			{ "--otherwise", line->otherwise, sizeof(line->otherwise) } };

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const char *value = option_value(word, options[i].name, rest);

		if (value == NULL)
			continue;
		if (value[0] == '\0')
			return "an option has no value";
		return str_copy(options[i].room, options[i].size, value) ? NULL
									 : "a word is too long";
	}
	if (word[0] == '-')
		return "the options here are --for, --level and --otherwise";
	/* Without their names, in this order. */
	for (size_t i = 0; i < 2; i++) {
		if (options[i].room[0] == '\0')
			return str_copy(options[i].room, options[i].size, word)
				       ? NULL
				       : "a word is too long";
	}
	return "expected ALIAS MAILBOX [LEVEL] [OPTION...]";
}

static void add_line(struct load *load, size_t number, char *text)
{
	char *rest = NULL, *word = strtok_r(text, " \t\r\n", &rest);
	const char *wrong = NULL;
	struct line *line;

	if (word == NULL || word[0] == '#')
		return;
	if (load->count == load->room) {
		load->room = load->room * 2 + 64;
		load->lines = mem_resize(load->lines, load->room, sizeof(load->lines[0]));
	}
	line = &load->lines[load->count++];
	*line = (struct line){ .number = number };
	if (!str_copy(line->alias, sizeof(line->alias), word))
		wrong = "a word is too long";
	while (wrong == NULL && (word = next_word(&rest)) != NULL)
		wrong = take_word(line, word, &rest);
	if (wrong == NULL && line->mailbox[0] == '\0')
		wrong = "expected ALIAS MAILBOX [LEVEL] [OPTION...]";
	if (wrong != NULL) {
		complain(load, number, wrong);
		load->count--;
	}
}

/* False, and says so, where the file itself cannot be read. */
static bool read_lines(struct load *load, FILE *file)
{
	char text[LINE_SIZE];
	size_t number = 0;

	while (load->errors < ERRORS_MAX && fgets(text, sizeof(text), file) != NULL) {
		size_t len = strlen(text);

		if (++number > LINES_MAX) {
			complain(load, number, "a file has 100000 lines at most");
			return true;
		}
		/* A line without its end is the last one, or too long, or has a NUL in it. */
		if ((len == 0 || text[len - 1] != '\n') && !feof(file)) {
			complain(load, number, "it is too long, or holds a NUL");
			return true;
		}
		add_line(load, number, text);
	}
	if (!ferror(file))
		return true;
	cli_error(load->cli, "%s cannot be read: %s", load->name, strerror(errno));
	return false;
}

/*
 * All of them.
 */

/* As if this line alone had been given to `alias enable`. */
static enum cli_status enable_line(struct act *act, const struct load *load, struct line *line)
{
	char act_name[] = "enable", *words[] = { act_name, line->alias };
	char key[ALIAS_ADDRESS_SIZE], where[WHERE_SIZE];
	struct entry entry = { .kind = ENTRY_ALIAS };
	struct cli one;

	at_line(&one, where, load, line->number);
	one.words = words;
	one.count = 2;
	one.mailbox = line->mailbox;
	if (line->level[0] != '\0')
		one.level = line->level;
	if (line->otherwise[0] != '\0')
		one.otherwise = line->otherwise;
	if (!alias_word(key, &one) || alias_looks_like_route(&one, key))
		return CLI_USAGE;
	return alias_enable_in(act, &one, &entry, key);
}

/* Goes on after a line that is wrong, so that all that is wrong is told at once. */
static enum cli_status enable_all(struct load *load)
{
	enum cli_status status = CLI_YES;
	struct act act;

	if (!act_begin(&act, load->cli))
		return CLI_UNSURE;
	for (size_t i = 0; i < load->count && status != CLI_UNSURE && load->errors < ERRORS_MAX;
	     i++) {
		status = enable_line(&act, load, &load->lines[i]);
		load->errors += status == CLI_USAGE;
	}
	if (status != CLI_UNSURE && load->errors > 0) {
		act_drop(&act);
		return CLI_USAGE;
	}
	return act_end(&act, status == CLI_YES);
}

enum cli_status alias_load(const struct cli *cli)
{
	struct load load = { .cli = cli };
	enum cli_status status;
	bool whole;
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
	load.name = file == stdin ? "standard input" : cli->words[1];
	whole = read_lines(&load, file);
	if (file != stdin)
		fclose(file);
	status = whole ? enable_all(&load) : CLI_UNSURE;
	if (status == CLI_USAGE || !whole)
		cli_error(cli, "%s: nothing was done", load.name);
	if (status == CLI_YES && cli->json)
		json_print_counts(&(struct json_count){ "enabled", load.count }, 1);
	else if (status == CLI_YES)
		printf("%zu alias%s on\n", load.count, load.count == 1 ? " is" : "es are");
	free(load.lines);
	return status;
}
