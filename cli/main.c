/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal - shows, explains and edits what postseal knows. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "io/local/settings_file.h"

static const struct verb *const verbs[] = {
	&verb_status,  &verb_explain,  &verb_history, &verb_list,    &verb_probe,
	&verb_learn,   &verb_override, &verb_pin,     &verb_alias,   &verb_digest,
	&verb_mailbox, &verb_openpgp,  &verb_forget,  &verb_export,  &verb_import,
	&verb_stats,   &verb_doctor,   &verb_setup,   &verb_preview, &verb_config,
};

/* Letters of the options that every verb takes. */
#define COMMON_OPTIONS "chj"

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "changed", no_argument, NULL, 'n' },
	{ "follow", no_argument, NULL, 'f' },
	{ "journal", no_argument, NULL, 'J' },
	{ "state", required_argument, NULL, 's' },
	{ "version", no_argument, NULL, 'V' },
	{ "yes", no_argument, NULL, 'y' },
	{ "reason", required_argument, NULL, 'r' },
	{ "for", required_argument, NULL, 'F' },
	{ "expires", required_argument, NULL, 'e' },
	{ "level", required_argument, NULL, 'l' },
	{ "otherwise", required_argument, NULL, 'o' },
	{ "from-probe", no_argument, NULL, 'p' },
	{ "replace", no_argument, NULL, 'R' },
	{ "send", no_argument, NULL, 'S' },
	{ "prometheus", no_argument, NULL, 'P' },
	{ "no-ledger", no_argument, NULL, 'L' },
	{ "dry-run", no_argument, NULL, 'N' },
	{ "undo", no_argument, NULL, 'U' },
	{ "to", required_argument, NULL, 't' },
	{ 0 },
};

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

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

/* What was printed is only now known to have got through. */
static _Noreturn void leave(enum cli_status status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "postseal: cannot write to standard output: %s\n", strerror(errno));
		status = CLI_UNSURE;
	}
	exit(status);
}

/* What stands before the verb; returns the verb's index in argv. */
static int parse_program(struct cli *cli, int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "+c:hjV", options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			cli->settings_file = optarg;
			break;
		case 'h':
			print_usage(stdout);
			leave(CLI_YES);
		case 'j':
			cli->json = true;
			break;
		case 'V':
			printf("postseal %s\n", POSTSEAL_VERSION);
			leave(CLI_YES);
		default:
			if (letter != '?')
				fprintf(stderr,
					"postseal: that option stands behind the verb it is for\n");
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

static void take_option(struct cli *cli, int letter)
{
	if (letter == '?')
		refuse_usage(cli);
	if (strchr(COMMON_OPTIONS, letter) == NULL && strchr(cli->verb->options, letter) == NULL) {
		cli_error(cli, "there is no option -%c here", letter);
		refuse_usage(cli);
	}
	switch (letter) {
	case 'c':
		cli->settings_file = optarg;
		break;
	case 'e':
		cli->expires = optarg;
		break;
	case 'f':
		cli->follow = true;
		break;
	case 'F':
		cli->mailbox = optarg;
		break;
	case 'h':
		print_verb_usage(stdout, cli->verb);
		leave(CLI_YES);
	case 'j':
		cli->json = true;
		break;
	case 'J':
		cli->journal = true;
		break;
	case 'l':
		cli->level = optarg;
		break;
	case 'L':
		cli->no_ledger = true;
		break;
	case 'o':
		cli->otherwise = optarg;
		break;
	case 'n':
		cli->changed = true;
		break;
	case 'N':
		cli->dry_run = true;
		break;
	case 't':
		cli->to = optarg;
		break;
	case 'U':
		cli->undo = true;
		break;
	case 'p':
		cli->from_probe = true;
		break;
	case 'P':
		cli->prometheus = true;
		break;
	case 'r':
		cli->reason = optarg;
		break;
	case 'R':
		cli->replace = true;
		break;
	case 'S':
		cli->send = true;
		break;
	case 's':
		cli->state = optarg;
		break;
	case 'y':
		cli->yes = true;
		break;
	}
}

/* argv[0] is the verb's name. */
static void parse_verb(struct cli *cli, int argc, char **argv)
{
	char *name = argv[0];
	int letter;

	cli->verb = find_verb(name);
	if (cli->verb == NULL) {
		char shown[32];

		fprintf(stderr, "postseal: there is no verb \"%s\"; `postseal --help` lists them\n",
			str_printable(shown, sizeof(shown), name, strlen(name)));
		exit(CLI_USAGE);
	}
	optind = 0; /* glibc: begin anew, with another argv */
	while ((letter = getopt_long(argc, argv, "c:e:F:fhjJl:LnNo:pPr:RSs:t:Uy", options, NULL)) !=
	       -1)
		take_option(cli, letter);
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
