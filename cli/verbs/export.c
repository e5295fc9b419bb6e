/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal export - all that the ledger knows, as lines of JSON. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/json.h"
#include "io/json/export_json.h"

/*
 * A file is written under another name beside it and then renamed, so that a
 * good backup is only ever replaced by a whole one.
 */
static char temporary[PATH_MAX];

/* Stopped by a signal, leave no half a file. */
static void on_stop(int signum)
{
	unlink(temporary);
	signal(signum, SIG_DFL);
	raise(signum);
}

static void handle_stops(void (*handler)(int))
{
	signal(SIGINT, handler);
	signal(SIGTERM, handler);
	signal(SIGHUP, handler);
}

/* Writes the export; false, and says why, when it is not complete. */
static bool write_export(const struct cli *cli, FILE *out, const char *name, uint64_t *records)
{
	struct ledger *ledger = known_ledger(cli, LEDGER_READ);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	enum export_result result;
	int error;

	if (txn == NULL) {
		ledger_close(ledger);
		return false;
	}
	result = export_json(txn, cli->journal, out, records);
	error = errno;
	ledger_abort(txn);
	ledger_close(ledger);
	if (result == EXPORT_FAILED)
		cli_error(cli, "cannot write %s: %s", name, strerror(error));
	else if (result == EXPORT_DAMAGED)
		cli_error(cli, "the export is not complete: some records cannot be read");
	return result == EXPORT_WHOLE;
}

/* Puts the file on disk and under its name; false with errno. */
static bool settle(FILE *file, const char *path)
{
	bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;

	return fclose(file) == 0 && good && rename(temporary, path) == 0;
}

static FILE *open_temporary(const char *path)
{
	FILE *file = NULL;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0)
		file = fdopen(fd, "w");
	return file;
}

static enum cli_status replace_file(const struct cli *cli, const char *path)
{
	FILE *file = open_temporary(path);
	uint64_t records;

	if (file == NULL) {
		cli_error(cli,
			  "cannot write %s: %s; name a file in a directory that you may write to",
			  temporary, strerror(errno));
		return CLI_UNSURE;
	}
	handle_stops(on_stop);
	if (!write_export(cli, file, temporary, &records)) {
		fclose(file);
		unlink(temporary);
		cli_error(cli, "%s was not changed", path);
		return CLI_UNSURE;
	}
	if (!settle(file, path)) {
		cli_error(cli, "cannot write %s: %s; it was not changed", path, strerror(errno));
		unlink(temporary);
		return CLI_UNSURE;
	}
	handle_stops(SIG_DFL);
	if (cli->json)
		json_print_counts(&(struct json_count){ "records", records }, 1);
	else
		printf("%" PRIu64 " records written to %s.\n", records, path);
	return CLI_YES;
}

/* A pipe, a terminal or a device: there is no old file to keep. */
static enum cli_status write_stream(const struct cli *cli, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	uint64_t records;
	bool good;

	if (file == NULL) {
		cli_error(cli, "cannot write %s: %s", path, strerror(errno));
		return CLI_UNSURE;
	}
	good = write_export(cli, file, file == stdout ? "to standard output" : path, &records);
	if (file != stdout)
		fclose(file);
	return good ? CLI_YES : CLI_UNSURE;
}

/*
 * Links are followed, also to devices and pipes: /dev/stdout is a link, and must
 * stay one, even where it leads nowhere.
 */
static enum cli_status write_named(const struct cli *cli, const char *word)
{
	char *path = NULL;
	enum cli_status status;
	struct stat st;

	if (lstat(word, &st) != 0 && errno == ENOENT)
		return replace_file(cli, word);
	if (stat(word, &st) == 0 && !S_ISREG(st.st_mode))
		return write_stream(cli, word);
	path = realpath(word, NULL);
	if (path == NULL) {
		cli_error(cli, "cannot write %s: %s", word, strerror(errno));
		return CLI_UNSURE;
	}
	status = replace_file(cli, path);
	free(path);
	return status;
}

static enum cli_status run(struct cli *cli)
{
	const char *word = cli->count > 0 ? cli->words[0] : "-";

	return strcmp(word, "-") == 0 ? write_stream(cli, word) : write_named(cli, word);
}

const struct verb verb_export = {
	.name = "export",
	.arguments = "[FILE]",
	.summary = "Writes all that is known, as a backup or to move it",
	.options = "J",
	.help = "  -J, --journal  also write the journal: who did what, and when\n"
		"\n"
		"Writes lines of JSON (postseal-ledger(5)) for `postseal import`: what is known\n"
		"of domains and of their servers, overrides, pins, aliases. Without FILE they go\n"
		"to standard output. FILE is replaced only when the export is complete, and only\n"
		"you may read it.\n"
		"\n"
		"The journal tells what happened on this machine, in that order. Without the\n"
		"journal, two ledgers that know the same have the same export to the byte, in\n"
		"whatever order logs were read. The places up to which logs were read are never\n"
		"exported: if a log is read again, nothing counts twice.\n",
	.least = 0,
	.most = 1,
	.run = run,
};
