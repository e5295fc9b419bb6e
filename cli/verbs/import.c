/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal import - what an export holds, into the ledger. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/verbs/import_from.h"
#include "io/json/import_json.h"

#define SPOOL_DIR "/var/tmp" /* unless $TMPDIR says otherwise */

/*
 * The file. It is read twice, so a pipe is copied first.
 */

static FILE *open_spool(char path[PATH_MAX])
{
	const char *dir = getenv("TMPDIR");
	FILE *spool = NULL;
	int fd;

	snprintf(path, PATH_MAX, "%s/postseal.XXXXXX",
		 dir != NULL && dir[0] == '/' ? dir : SPOOL_DIR);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0) {
		unlink(path);
		spool = fdopen(fd, "w+");
	}
	return spool;
}

/* Copies all of it; false with errno. */
static bool copy_all(FILE *to, FILE *from)
{
	char bytes[65536];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		if (fwrite(bytes, 1, n, to) != n)
			return false;
	return ferror(from) == 0 && fflush(to) == 0 && fseeko(to, 0, SEEK_SET) == 0;
}

/* Closes `from`. */
static FILE *spool(const struct cli *cli, FILE *from)
{
	char path[PATH_MAX];
	FILE *copy = open_spool(path);

	if (copy == NULL) {
		cli_error(cli,
			  "cannot make a copy at %s: %s; set TMPDIR to a directory that you may "
			  "write to",
			  path, strerror(errno));
	} else if (!copy_all(copy, from)) {
		cli_error(cli, "cannot make a copy at %s: %s; set TMPDIR to a directory with room",
			  path, strerror(errno));
		fclose(copy);
		copy = NULL;
	}
	fclose(from);
	return copy;
}

/* NULL, and says why. */
static FILE *open_input(const struct cli *cli, const char *word, uint64_t *size)
{
	FILE *file = strcmp(word, "-") == 0 ? fdopen(dup(STDIN_FILENO), "r") : fopen(word, "re");
	struct stat st;

	if (file == NULL) {
		cli_error(cli, "cannot read %s: %s", word, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		cli_error(cli, "cannot read %s: %s", word, strerror(EISDIR));
		fclose(file);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || ftello(file) != 0)
		file = spool(cli, file);
	*size = file != NULL && fstat(fileno(file), &st) == 0 ? (uint64_t)st.st_size : 0;
	return file;
}

/*
 * The outcome.
 */

/* Says what was skipped, and why. */
static void tell_passed_over(const struct cli *cli, const struct import_tally *tally)
{
	char latest[UTC_SIZE];

	if (tally->ahead > 0)
		cli_error(cli,
			  "note: %" PRIu64
			  " records were skipped: by this machine's clock their dates are in the "
			  "future. Check the clocks of both machines",
			  tally->ahead);
	if (tally->acts > 0)
		cli_error(cli,
			  "note: %" PRIu64
			  " overrides, pins, aliases and exceptions were skipped: nothing in the "
			  "file is newer than %s, so they may have been removed since",
			  tally->acts, utc_format(latest, tally->latest));
}

static void print_outcome(const struct cli *cli, const struct import_tally *tally)
{
	tell_passed_over(cli, tally);
	if (cli->json) {
		json_print_imported(tally);
		return;
	}
	printf("%-10s %10s %10s %10s\n", "", "READ", "NEW", "CHANGED");
	for (enum entry_kind kind = ENTRY_DOMAIN; kind < ENTRY_END; kind++)
		if (tally->read[kind] > 0)
			printf("%-10s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
			       entry_kind_name(kind), tally->read[kind], tally->added[kind],
			       tally->changed[kind]);
	if (tally->read[ENTRY_JOURNAL] > tally->added[ENTRY_JOURNAL])
		puts("The journal was skipped; this ledger has its own.");
}

static enum cli_status refused(const struct cli *cli, const char *word, enum import_result result,
			       const char *error)
{
	cli_error(cli, "%s: %s", strcmp(word, "-") == 0 ? "standard input" : word, error);
	if (result == IMPORT_REFUSED) {
		cli_error(cli, "nothing was changed");
		return CLI_NO;
	}
	cli_error(cli, cli->replace ? "nothing was changed"
				    : "part of it may have been imported; import it again: nothing "
				      "counts twice");
	return CLI_UNSURE;
}

/*
 * The verb.
 */

static void tell_progress(void *context, uint64_t bytes)
{
	progress_at(context, bytes);
}

static enum cli_status import(const struct cli *cli, const char *word, FILE *file, uint64_t size)
{
	struct progress progress;
	struct import_tally tally;
	char author[ACT_AUTHOR_SIZE], error[IMPORT_ERROR_SIZE];
	struct import job = {
		.file = file,
		.ledger = known_ledger(cli, LEDGER_WRITE),
		.restore = cli->replace,
		.every_host = cli->settings.mixed_mx == MIXED_MX_LENIENT,
		.default_port = cli->settings.smtp_port,
		.now = cli->now,
		.author = author,
		.name = word,
		.progress = tell_progress,
		.context = &progress,
	};
	enum import_result result;

	if (job.ledger == NULL)
		return CLI_UNSURE;
	act_author(author);
	progress_begin(&progress, "importing", 2 * size);
	result = import_json(&job, &tally, error);
	progress_end(&progress);
	ledger_close(job.ledger);
	if (result != IMPORT_DONE)
		return refused(cli, word, result, error);
	print_outcome(cli, &tally);
	return CLI_YES;
}

static enum cli_status run(struct cli *cli)
{
	const char *word = cli->words[0];
	enum cli_status status;
	uint64_t size;
	FILE *file;

	if (cli->from != NULL && !cli->replace)
		return import_from(cli);
	if (cli->from != NULL || cli->dry_run || cli->reason != NULL || cli->expires != NULL) {
		cli_error(cli, cli->from != NULL
				       ? "--replace is for an export"
				       : "--dry-run, --reason and --expires are for --from");
		return CLI_USAGE;
	}
	file = open_input(cli, word, &size);

	if (file == NULL)
		return CLI_UNSURE;
	status = import(cli, word, file, size);
	fclose(file);
	return status;
}

const struct verb verb_import = {
	.name = "import",
	.arguments = "FILE|-",
	.summary = "Reads an export, or what another program kept",
	.options = "emNrR",
	.help = "  -R, --replace       restore: into an empty ledger, with the journal too\n"
		"  -m, --from PROGRAM  FILE is what another program kept; see below\n"
		"  -N, --dry-run       with --from: tell what would be taken, and change nothing\n"
		"  -r, --reason TEXT   with --from postfix: the reason of all overrides\n"
		"  -e, --expires TIME  with --from postfix: when they end\n"
		"\n"
		"First all of FILE (or standard input) is checked. If a line is bad, nothing is\n"
		"changed.\n"
		"\n"
		"Then it is merged with what is known already. All that was seen counts. Of\n"
		"overrides, pins, aliases and exceptions the latest change counts, even if that\n"
		"was a removal. Look-ups are taken only for names not looked up here yet. So an\n"
		"export may be imported twice, and several exports in any order. The journal\n"
		"records the import (`postseal history`).\n"
		"\n"
		"Records dated in the future are skipped. What admins did is skipped if nothing\n"
		"in FILE is newer than 300 days, because it may have been removed since.\n"
		"\n"
		"PROGRAM is one of\n"
		"  postfix           FILE is the text of a table for smtp_tls_policy_maps; its\n"
		"                    levels become overrides, each a minimum\n"
		"  postfix-tlspol    FILE is what `postfix-tlspol -export` prints; the prober\n"
		"                    looks at these domains now\n"
		"  mta-sts-resolver  FILE is the cache of postfix-mta-sts-resolver: a database of\n"
		"                    SQLite, or its rows as JSON; policies in force are taken\n"
		"Nothing of it lowers a requirement. A line for each entry says what was taken,\n"
		"kept (postseal knows better) or left, and why.\n"
		"\n"
		"Exit status: 1 if FILE is not a complete and good export, or --replace finds a\n"
		"ledger that is not empty; with --from, if something was left.\n",
	.least = 1,
	.most = 1,
	.run = run,
};
