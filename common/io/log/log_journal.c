/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/log/log_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/log/sdjournal.h"
#include "io/local/command.h"

#define READ_SIZE 65536

/* journalctl(1) does the reading: its format is documented, that of the files is not. */
struct log_journal {
	pid_t child; /* 0: has been waited for */
	int fd;
	char bytes[READ_SIZE];
	size_t len, used;
	struct sdjournal reader;
	struct sdjournal_entry entry;
	struct logplace place;
	bool has_place;
	struct buf line;
};

/* Room for the command, its options and the NULL after them. */
#define ARGUMENTS 13
/* Of what postconf(1) prints, and how long it may take: it waits for a fresh main.cf. */
#define OWNER_MAX 256
#define OWNER_PATIENCE_MS 10000

/* machine-id(5), as a match; false if it has none. */
static bool match_machine(char match[64])
{
	FILE *file = fopen("/etc/machine-id", "re");
	char id[33];
	bool good = file != NULL && fscanf(file, "%32[0-9a-f]", id) == 1 && strlen(id) == 32;

	if (file != NULL)
		fclose(file);
	if (good)
		snprintf(match, 64, "_MACHINE_ID=%s", id);
	return good;
}

/*
 * Whom smtp(8) runs as, as a match: postconf(1)'s mail_owner, or "postfix" where there is
 * no Postfix to ask (a journal of another machine). False, and why, when there is no such
 * user: without it anybody's lines would be believed.
 */
static bool match_owner(char match[64], char error[LOG_SOURCE_ERROR_SIZE])
{
	char *argv[] = { (char[]){ "postconf" }, (char[]){ "-h" }, (char[]){ "mail_owner" }, NULL };
	char said[COMMAND_ERROR_SIZE];
	const struct passwd *user;
	struct buf output = { 0 };

	if (command_run(argv, OWNER_MAX, clock_mono_ms() + OWNER_PATIENCE_MS, &output, said) !=
		    LOOKUP_FOUND ||
	    output.len < 2) {
		output.len = 0;
		buf_append_str(&output, "postfix\n");
	}
	output.data[output.len - 1] = '\0';
	user = getpwnam(output.data);
	if (user == NULL)
		snprintf(error, LOG_SOURCE_ERROR_SIZE,
			 "the journal cannot be read: there is no user \"%s\", as whom Postfix's "
			 "smtp(8) would log",
			 str_printable(said, sizeof(said), output.data, output.len - 1));
	else
		snprintf(match, 64, "_UID=%ld", (long)user->pw_uid);
	buf_free(&output);
	return user != NULL;
}

/*
 * By _COMM and _UID, which journald asks the kernel for: anyone may claim to be
 * "postfix/smtp" in an identifier, or name a program of their own "smtp". --follow shows this boot alone: what was logged
 * between the last look and a reboot would be lost, and in a sandbox in a container
 * /proc tells another boot's id than journald's, so that nothing is shown. --merge
 * lifts that; it brings other machines' journals, too, which the match keeps out.
 */
static int run_journalctl(const struct logplace *from, bool follow, char *owner, pid_t *child)
{
	char after[LOGPLACE_CURSOR_SIZE + 32];
	char follow_it[] = "--follow", merge[] = "--merge", machine[64];
	char *argv[ARGUMENTS] = {
		(char[]){ "journalctl" },
		(char[]){ "--quiet" },
		(char[]){ "--no-pager" },
		(char[]){ "--output=export" },
		(char[]){ "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_HOSTNAME" },
		(char[]){
			"--no-tail" }, /* for --follow, which would begin ten lines before the end */
		(char[]){ "_COMM=smtp" },
		owner,
	};
	size_t count = 8;

	if (from != NULL) {
		snprintf(after, sizeof(after), "--after-cursor=%s", from->cursor);
		argv[count++] = after;
	}
	if (follow)
		argv[count++] = follow_it;
	if (follow && match_machine(machine)) {
		argv[count++] = merge;
		argv[count] = machine;
	}
	return command_start(argv, child);
}

struct log_journal *log_journal_open(const struct logplace *from, bool follow,
				     char error[LOG_SOURCE_ERROR_SIZE])
{
	struct log_journal *journal;
	char owner[64];

	if (!match_owner(owner, error))
		return NULL;
	journal = mem_zero(1, sizeof(*journal));
	if (from != NULL && from->kind == LOGPLACE_JOURNAL) {
		journal->place = *from;
		journal->has_place = true;
	}
	journal->fd =
		run_journalctl(journal->has_place ? from : NULL, follow, owner, &journal->child);
	if (journal->fd < 0) {
		snprintf(error, LOG_SOURCE_ERROR_SIZE, "journalctl cannot be run: %s",
			 strerror(errno));
		free(journal);
		return NULL;
	}
	return journal;
}

/* Its exit status; -1 when it did not exit by itself. */
static int reap(struct log_journal *journal)
{
	int status = 0;

	while (journal->child != 0 && waitpid(journal->child, &status, 0) < 0 && errno == EINTR)
		;
	journal->child = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void log_journal_close(struct log_journal *journal)
{
	if (journal->child != 0)
		kill(journal->child, SIGTERM);
	close(journal->fd);
	reap(journal);
	buf_free(&journal->line);
	free(journal);
}

static enum log_read at_end(struct log_journal *journal)
{
	int status = reap(journal);

	if (status == 0)
		return LOG_READ_END;
	log_error("log=journal journalctl ended with status %d", status);
	return LOG_READ_FAILED;
}

/* LINE here means that there are bytes. */
static enum log_read fill(struct log_journal *journal)
{
	struct pollfd now = { .fd = journal->fd, .events = POLLIN };
	ssize_t got;

	if (poll(&now, 1, 0) == 0)
		return LOG_READ_IDLE;
	do {
		got = read(journal->fd, journal->bytes, sizeof(journal->bytes));
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		log_error("log=journal cannot be read: %s", strerror(errno));
		return LOG_READ_FAILED;
	}
	journal->used = 0;
	journal->len = (size_t)got;
	return got == 0 ? at_end(journal) : LOG_READ_LINE;
}

/* An entry into a line; false for one that could be none of Postfix's. */
static bool write_line(struct log_journal *journal)
{
	const struct sdjournal_entry *entry = &journal->entry;
	char date[UTC_SIZE];

	if (entry->tag[0] == '\0' || entry->pid == 0 || entry->len == 0 || entry->time < 1)
		return false;
	journal->line.len = 0;
	buf_printf(&journal->line, "%s %s %s[%" PRIu32 "]: ", utc_format(date, entry->time),
		   entry->machine[0] != '\0' ? entry->machine : "-", entry->tag, entry->pid);
	buf_append(&journal->line, entry->message, entry->len);
	return true;
}

static void note_place(struct log_journal *journal)
{
	const char *cursor = journal->entry.cursor;

	if (!logplace_cursor_valid(cursor, strlen(cursor)))
		return;
	journal->place = (struct logplace){ .kind = LOGPLACE_JOURNAL };
	str_copy(journal->place.cursor, sizeof(journal->place.cursor), cursor);
	journal->has_place = true;
}

enum log_read log_journal_next(struct log_journal *journal, struct span *line)
{
	for (;;) {
		enum sdjournal_result result;
		enum log_read more = LOG_READ_LINE;
		size_t used;

		if (journal->used == journal->len)
			more = fill(journal);
		if (more != LOG_READ_LINE)
			return more;
		result = sdjournal_read(&journal->reader, journal->bytes + journal->used,
					journal->len - journal->used, &used, &journal->entry);
		journal->used += used;
		if (result == SDJOURNAL_MALFORMED) {
			log_error("log=journal what journalctl writes cannot be understood");
			return LOG_READ_FAILED;
		}
		if (result != SDJOURNAL_ENTRY)
			continue;
		note_place(journal);
		if (write_line(journal)) {
			*line = (struct span){ journal->line.data, journal->line.len };
			return LOG_READ_LINE;
		}
	}
}

bool log_journal_place(const struct log_journal *journal, struct logplace *place)
{
	*place = journal->place;
	return journal->has_place;
}

int log_journal_fd(const struct log_journal *journal)
{
	return journal->fd;
}
