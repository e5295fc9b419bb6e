/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal - shows, explains and edits what postseal knows.
 *
 * main.c turns the command line into a struct cli (cli.h) and runs one verb:
 *
 *   verbs/     a file for each verb, or for two that show the same
 *   doctor/    looks at this machine (doctor_look*) into one struct (doctor_patient.h),
 *              and judges that without asking anybody (doctor_judge*)
 *   setup/     what `setup` does about what doctor has found: a plan, and files
 *
 * What they share:
 *
 *   known       what the ledger knows about a next hop, and what follows from it; has the
 *               prober look, and waits for it
 *   act         a change by an admin: one transaction, with an entry in the journal
 *   facts_page  facts as sentences
 *   json        everything that is printed with --json
 *   terminal    colour, pages of text, questions, a bar of progress
 *   learner     Postfix's log into the ledger; with --follow this is a daemon
 *   postconf    what postconf(1) prints
 *   trial       a real mail through this Postfix
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "io/local/settings_file.h"

static const struct verb *const verbs[] = {
	&verb_status,   &verb_explain, &verb_history, &verb_list,   &verb_probe,  &verb_learn,
	&verb_override, &verb_pin,     &verb_alias,   &verb_digest, &verb_alert,  &verb_mailbox,
	&verb_openpgp,  &verb_forget,  &verb_export,  &verb_import, &verb_stats,  &verb_top,
	&verb_doctor,   &verb_setup,   &verb_preview, &verb_fleet,  &verb_config,
};

/*
 * All options. A verb takes those whose letter is in its `options`, and these of every verb.
 */
#define COMMON_OPTIONS "chj"
#define FLAG(member) no_argument, offsetof(struct cli, member)
#define TEXT(member) required_argument, offsetof(struct cli, member)

static const struct known_option {
	char letter;
	const char *name;
	int argument;
	size_t member; /* of struct cli; none for help and version, which end the program */
} known_options[] = {
	{ 'c', "config", TEXT(settings_file) },
	{ 'h', "help", no_argument, 0 },
	{ 'j', "json", FLAG(json) },
	{ 'V', "version", no_argument, 0 },
	{ 'A', "fleet", FLAG(fleet) },
	{ 'e', "expires", TEXT(expires) },
	{ 'f', "follow", FLAG(follow) },
	{ 'F', "for", TEXT(mailbox) },
	{ 'J', "journal", FLAG(journal) },
	{ 'l', "level", TEXT(level) },
	{ 'L', "no-ledger", FLAG(no_ledger) },
	{ 'm', "from", TEXT(from) },
	{ 'n', "changed", FLAG(changed) },
	{ 'N', "dry-run", FLAG(dry_run) },
	{ 'o', "otherwise", TEXT(otherwise) },
	{ 'O', "once", FLAG(once) },
	{ 'p', "from-probe", FLAG(from_probe) },
	{ 'P', "prometheus", FLAG(prometheus) },
	{ 'r', "reason", TEXT(reason) },
	{ 'R', "replace", FLAG(replace) },
	{ 's', "state", TEXT(state) },
	{ 'S', "send", FLAG(send) },
	{ 't', "to", TEXT(to) },
	{ 'U', "undo", FLAG(undo) },
	{ 'w', "waiting", FLAG(waiting) },
	{ 'y', "yes", FLAG(yes) },
};

/* The same as getopt_long(3) wants it; `before` is "+" to stop at the first argument. */
struct getopt_words {
	struct option names[ARRAY_LEN(known_options) + 1];
	char letters[2 * ARRAY_LEN(known_options) + 2];
};

static void write_getopt_words(struct getopt_words *words, const char *before)
{
	struct buf letters = { 0 };

	memset(words, 0, sizeof(*words));
	buf_append_str(&letters, before);
	for (size_t i = 0; i < ARRAY_LEN(known_options); i++) {
		const struct known_option *o = &known_options[i];

		words->names[i] = (struct option){ o->name, o->argument, NULL, o->letter };
		buf_printf(&letters, "%c%s", o->letter, o->argument == no_argument ? "" : ":");
	}
	str_copy(words->letters, sizeof(words->letters), buf_cstr(&letters));
	buf_free(&letters);
}

static void put_option(struct cli *cli, char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(known_options); i++) {
		const struct known_option *o = &known_options[i];
		char *member = (char *)cli + o->member;

		if (o->letter == letter && o->argument == required_argument)
			*(const char **)(void *)member = optarg;
		else if (o->letter == letter)
			*(bool *)(void *)member = true;
	}
}

/*
 * Help.
 */

static void print_usage(FILE *to)
{
	fprintf(to, "usage: postseal [-c FILE] VERB [OPTION...] [ARGUMENT...]\n"
		    "Shows, explains and edits what postseal knows about mail providers.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		fprintf(to, "  %-8s %-12s %s\n", verbs[i]->name, verbs[i]->arguments,
			verbs[i]->summary);
	fprintf(to,
		"\n"
		"  -c, --config FILE  read settings from FILE\n"
		"                     (default %s)\n"
		"  -j, --json         print JSON, one object a line\n"
		"  -h, --help         print this help, or that of the verb\n"
		"  -V, --version      print the version\n"
		"\n"
		"Exit status: 0 yes or done, 1 no, 2 usage, 3 could not tell.\n",
		SETTINGS_FILE_DEFAULT);
}

static void print_verb_usage(FILE *to, const struct verb *verb)
{
	fprintf(to,
		"usage: postseal %s [OPTION...]%s%s\n%s.\n\n%s"
		"The options -c FILE, --json and --help are those of every verb.\n",
		verb->name, verb->arguments[0] != '\0' ? " " : "", verb->arguments, verb->summary,
		verb->help);
}

/* Only now it is known whether all output was written. */
static _Noreturn void leave(enum cli_status status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "postseal: cannot write to standard output: %s\n", strerror(errno));
		status = CLI_UNSURE;
	}
	exit(status);
}

/*
 * The command line.
 */

/* What comes before the verb; returns the verb's index in argv. */
static int parse_program(struct cli *cli, int argc, char **argv)
{
	struct getopt_words words;
	int letter;

	write_getopt_words(&words, "+");
	while ((letter = getopt_long(argc, argv, words.letters, words.names, NULL)) != -1) {
		if (letter == 'h') {
			print_usage(stdout);
			leave(CLI_YES);
		} else if (letter == 'V') {
			printf("postseal %s\n", POSTSEAL_VERSION);
			leave(CLI_YES);
		} else if (letter == 'c' || letter == 'j') {
			put_option(cli, (char)letter);
		} else {
			if (letter != '?')
				fprintf(stderr,
					"postseal: write that option after the verb it is for\n");
			fprintf(stderr, "postseal: `postseal --help` lists verbs and options\n");
			exit(CLI_USAGE);
		}
	}
	if (optind == argc) {
		print_usage(stderr);
		exit(CLI_USAGE);
	}
	return optind;
}

static _Noreturn void refuse_usage(const struct cli *cli)
{
	print_verb_usage(stderr, cli->verb);
	exit(CLI_USAGE);
}

/* `name` of a long option, as it was typed; NULL for a letter. */
static void take_option(struct cli *cli, int letter, const char *name)
{
	if (letter == '?')
		refuse_usage(cli);
	if (strchr(COMMON_OPTIONS, letter) == NULL && strchr(cli->verb->options, letter) == NULL) {
		if (name != NULL)
			cli_error(cli, "there is no option --%s here", name);
		else
			cli_error(cli, "there is no option -%c here", letter);
		refuse_usage(cli);
	}
	if (letter == 'h') {
		print_verb_usage(stdout, cli->verb);
		leave(CLI_YES);
	}
	put_option(cli, (char)letter);
}

/* argv[0] is the verb's name. */
static void parse_verb(struct cli *cli, int argc, char **argv)
{
	const char *name = argv[0];
	struct getopt_words words;
	char shown[32], title[32];
	int letter, which = -1;

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			cli->verb = verbs[i];
	}
	if (cli->verb == NULL) {
		fprintf(stderr, "postseal: there is no verb \"%s\"; `postseal --help` lists them\n",
			str_printable(shown, sizeof(shown), name, strlen(name)));
		exit(CLI_USAGE);
	}
	write_getopt_words(&words, "");
	snprintf(title, sizeof(title), "postseal %s", name);
	argv[0] = title; /* getopt_long(3) begins its messages with it */
	optind = 0;      /* glibc: begin anew, with another argv */
	while ((letter = getopt_long(argc, argv, words.letters, words.names, &which)) != -1) {
		take_option(cli, letter, which >= 0 ? words.names[which].name : NULL);
		which = -1;
	}
	cli->count = argc - optind;
	cli->words = argv + optind;
	if (cli->count < cli->verb->least ||
	    (cli->verb->most >= 0 && cli->count > cli->verb->most)) {
		cli_error(cli, cli->count < cli->verb->least ? "an argument is missing"
							     : "there are too many arguments");
		refuse_usage(cli);
	}
}

static void read_settings(struct cli *cli)
{
	char error[SETTINGS_FILE_ERROR_SIZE];

	settings_init(&cli->settings);
	if (!settings_file_read(&cli->settings, cli->settings_file, error)) {
		cli_error(cli, "%s", error);
		exit(CLI_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	enum cli_status status;
	int verb;

	log_open("postseal", LOG_LEVEL_WARNING, LOG_SINK_STDERR);
	terminal_open();
	verb = parse_program(&cli, argc, argv);
	parse_verb(&cli, argc - verb, argv + verb);
	read_settings(&cli);
	cli.now = clock_wall();
	status = cli.verb->run(&cli);
	settings_free(&cli.settings);
	leave(status);
}
