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
#include "io/json/import_json.h"

#define SPOOL_DIR "/var/tmp" /* unless $TMPDIR says otherwise */

/*
 * The file, which is read twice: of a pipe a copy is made.
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

/* All of it; false, and errno. */
static bool copy_all(FILE *to, FILE *from)
{
	char bytes[65536];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		if (fwrite(bytes, 1, n, to) != n)
			return false;
	return ferror(from) == 0 && fflush(to) == 0 && fseeko(to, 0, SEEK_SET) == 0;
}

/* Ends `from`. */
static FILE *spool(const struct cli *cli, FILE *from)
{
	char path[PATH_MAX];
	FILE *copy = open_spool(path);

	if (copy == NULL) {
		cli_error(cli,
			  "cannot keep a copy at %s: %s; set TMPDIR to a directory that can be "
			  "written to",
			  path, strerror(errno));
	} else if (!copy_all(copy, from)) {
		cli_error(cli, "cannot keep a copy at %s: %s; set TMPDIR to where there is room",
			  path, strerror(errno));
		fclose(copy);
		copy = NULL;
	}
	fclose(from);
	return copy;
}

/* NULL, and said why. */
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
 * What came of it.
 */

/* What of the file does not count, and why. */
static void tell_passed_over(const struct cli *cli, const struct import_tally *tally)
{
	char latest[UTC_SIZE];

	if (tally->ahead > 0)
		cli_error(cli,
			  "note: %" PRIu64 " records were passed over: they are dated later than "
			  "now by this machine's clock; see that the clocks of both are right",
			  tally->ahead);
	if (tally->acts > 0)
		cli_error(cli,
			  "note: %" PRIu64 " overrides, pins, aliases and exceptions were passed "
			  "over: nothing in the file is newer than %s, so what they say may have "
			  "been taken away since",
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
		puts("The journal was passed over; this ledger has its own.");
}

static enum cli_status refused(const struct cli *cli, const char *word, enum import_result result,
			       const char *error)
{
	cli_error(cli, "%s: %s", strcmp(word, "-") == 0 ? "standard input" : word, error);
	if (result == IMPORT_REFUSED) {
		cli_error(cli, "nothing was changed");
		return CLI_NO;
	}
	cli_error(cli, cli->replace
			       ? "nothing was changed"
			       : "some of it may have been imported; import it again, which counts "
				 "nothing twice");
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
	FILE *file = open_input(cli, word, &size);

	if (file == NULL)
		return CLI_UNSURE;
	status = import(cli, word, file, size);
	fclose(file);
	return status;
}

const struct verb verb_import = {
	.name = "import",
	.arguments = "FILE|-",
	.summary = "Reads what `postseal export` wrote",
	.options = "R",
	.help = "  -R, --replace  restore: into an empty ledger, with the journal if it is there\n"
		"\n"
		"All of FILE (or of standard input) is checked first; if a line is bad, nothing\n"
		"is changed.\n"
		"\n"
		"It is merged with what is known already: all that was seen counts, and of an\n"
		"override, pin, alias or exception what was done last, also that it was taken\n"
		"away. Look-ups are taken for names that were not looked up here yet. So an\n"
		"export may be imported twice, and several in any order. The journal tells of it\n"
		"(`postseal history`).\n"
		"\n"
		"Passed over is what is dated later than now, and, if nothing in FILE is newer\n"
		"than 300 days, what admins did: it may have been taken away since.\n"
		"\n"
		"Exit status: 1 if FILE is not a whole and good export, or --replace finds a\n"
		"ledger that is not empty.\n",
	.least = 1,
	.most = 1,
	.run = run,
};
