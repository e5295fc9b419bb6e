/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/span.h"
#include "base/str.h"
#include "io/local/command.h"

#define OUTPUT_MAX (4 * 1024 * 1024)
#define STEP_MS 10000
#define LOOK_AGAIN_MS 250
#define SAID_SIZE 4096 /* one line of postconf(1) */

struct search {
	char path[SAID_SIZE]; /* of the log; "": the journal */
	off_t from;           /* where the log ended before the mail was sent */
	int64_t since;
	char id[64]; /* Message-ID, without brackets */
};

/* postconf -h NAME, "" where there is none. */
static void ask_postconf(char dst[SAID_SIZE], const char *name)
{
	char word[64];
	char *argv[] = { (char[]){ "postconf" }, (char[]){ "-hx" }, word, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	dst[0] = '\0';
	str_copy(word, sizeof(word), name);
	if (command_run(argv, SAID_SIZE - 1, clock_mono_ms() + STEP_MS, &output, error) ==
	    LOOKUP_FOUND)
		snprintf(dst, SAID_SIZE, "%.*s", (int)strcspn(buf_cstr(&output), "\n"),
			 output.data);
	buf_free(&output);
}

/*
 * The log.
 */

static void find_log(struct search *search)
{
	struct stat st;

	ask_postconf(search->path, "maillog_file");
	if (search->path[0] == '\0' && access("/run/systemd/journal/socket", F_OK) != 0)
		str_copy(search->path, sizeof(search->path), "/var/log/mail.log");
	search->from = stat(search->path, &st) == 0 ? st.st_size : 0;
	search->since = clock_wall();
}

static bool read_file(const struct search *search, struct buf *log, char error[COMMAND_ERROR_SIZE])
{
	int fd = open(search->path, O_RDONLY | O_CLOEXEC);
	off_t at = search->from;
	ssize_t got = 0;

	if (fd < 0) {
		snprintf(error, COMMAND_ERROR_SIZE, "%.128s cannot be read: %s", search->path,
			 strerror(errno));
		return false;
	}
	while (log->len < OUTPUT_MAX && (got = pread(fd, buf_reserve(log, 65536), 65536, at)) > 0) {
		log->len += (size_t)got;
		at += got;
	}
	close(fd);
	return got >= 0;
}

/* Facility 2 is mail (syslog(3)). */
static bool read_journal(const struct search *search, struct buf *log,
			 char error[COMMAND_ERROR_SIZE])
{
	char since[48];
	char *argv[] = { (char[]){ "journalctl" },
			 (char[]){ "--quiet" },
			 (char[]){ "--no-pager" },
			 (char[]){ "--output=short-iso" },
			 since,
			 (char[]){ "SYSLOG_FACILITY=2" },
			 NULL };

	snprintf(since, sizeof(since), "--since=@%" PRId64, search->since - 1);
	return command_run(argv, OUTPUT_MAX, clock_mono_ms() + STEP_MS, log, error) == LOOKUP_FOUND;
}

static bool read_log(const struct search *search, struct buf *log, char error[COMMAND_ERROR_SIZE])
{
	return search->path[0] != '\0' ? read_file(search, log, error)
				       : read_journal(search, log, error);
}

/*
 * What it says.
 */

/* "postfix/smtp[123]", the process that wrote the line: the word before the first ": ". */
static struct span process_of(struct span line)
{
	bool found;
	struct span head = span_cut(&line, ": ", &found);
	size_t at = head.len;

	while (at > 0 && head.at[at - 1] != ' ')
		at--;
	return (struct span){ head.at + at, found ? head.len - at : 0 };
}

/* What comes after "PROCESS: ". */
static struct span message_of(struct span line)
{
	bool found;

	span_cut(&line, ": ", &found);
	return line;
}

/* "4F1B: message-id=<ID>" of cleanup(8). */
static bool take_queue_id(struct span line, const char *id, char queue_id[64])
{
	struct span message = message_of(line), word;
	char wanted[96];
	bool found;

	snprintf(wanted, sizeof(wanted), "message-id=<%s>", id);
	word = span_cut(&message, ": ", &found);
	return found && span_is(message, wanted) && str_copy_n(queue_id, 64, word.at, word.len);
}

/* "relay=mx.example.com[192.0.2.1]:25"; local(8), virtual(8), pipe(8) and sockets have no port. */
static enum trial_way way_of(struct span message)
{
	struct span relay = message;
	bool found;

	span_cut(&relay, ">, relay=", &found);
	if (!found)
		return TRIAL_NOWHERE;
	relay = span_cut(&relay, ", ", &found);
	if (span_is(relay, "none"))
		return TRIAL_NOWHERE;
	return span_find(relay, "]:") != NULL ? TRIAL_NETWORK : TRIAL_HERE;
}

static enum trial_end end_of(struct span message)
{
	if (span_find(message, " status=sent (") != NULL)
		return TRIAL_SENT;
	if (span_find(message, " status=deferred (") != NULL)
		return TRIAL_DEFERRED;
	return span_find(message, " status=bounced (") != NULL ? TRIAL_BOUNCED : TRIAL_SILENT;
}

/* "Trusted TLS connection established to HOST: TLSv1.3 with cipher ..." of this process. */
static void take_tls(struct trial *trial, struct span line, struct span process)
{
	struct span message = message_of(line), own = process_of(line), trust;
	bool found;
	int len;

	if (own.len != process.len || memcmp(own.at, process.at, own.len) != 0)
		return;
	trust = span_cut(&message, " TLS connection ", &found);
	if (!found || trust.len > 16 || (span_cut(&message, "]:", &found), !found) ||
	    (span_cut(&message, ": ", &found), !found))
		return;
	len = snprintf(trial->tls, sizeof(trial->tls), "%.*s, ", (int)trust.len, trust.at);
	str_printable(trial->tls + len, sizeof(trial->tls) - (size_t)len, message.at,
		      message.len < 160 ? message.len : 160);
}

/* The delivery, and the TLS connection that its process made just before. */
static void read_outcome(struct trial *trial, struct span log, const char *queue_id)
{
	struct span rest = log, line;
	char wanted[80];
	bool found = true;

	snprintf(wanted, sizeof(wanted), "%s: to=<", queue_id);
	while (found) {
		struct span again = log, earlier, message;

		line = span_cut(&rest, "\n", &found);
		message = message_of(line);
		if (!span_starts(message, wanted) || end_of(message) == TRIAL_SILENT)
			continue;
		trial->end = end_of(message);
		trial->way = way_of(message);
		str_printable(trial->text, sizeof(trial->text), message.at,
			      message.len < TRIAL_TEXT_SIZE / 4 ? message.len
								: TRIAL_TEXT_SIZE / 4 - 1);
		for (trial->tls[0] = '\0'; again.at < line.at;) {
			bool more;

			earlier = span_cut(&again, "\n", &more);
			if (span_find(earlier, " status=") != NULL)
				trial->tls[0] = '\0';
			take_tls(trial, earlier, process_of(line));
		}
		return;
	}
}

static void read_trial(struct trial *trial, struct span log, const char *id)
{
	struct span rest = log;
	char queue_id[64];
	bool found = true;

	while (found && trial->end == TRIAL_SILENT) {
		struct span line = span_cut(&rest, "\n", &found);

		if (take_queue_id(line, id, queue_id))
			read_outcome(trial, log, queue_id);
	}
}

/*
 * Sending.
 */

static void make_id(char id[64])
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		number = (uint64_t)clock_mono_ms();
	snprintf(id, 64, "postseal-trial-%016" PRIx64 "@localhost", number);
}

/* Can it be put into a header, and on a command line? */
bool trial_is_address(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (!str_is_graph(*at))
			return false;
	}
	return strchr(text, '@') != NULL;
}

static bool send_mail(const char *id, const char *from, const char *to,
		      char error[COMMAND_ERROR_SIZE])
{
	char sender[320], recipient[320];
	char *with_sender[] = { (char[]){ "sendmail" },
				(char[]){ "-i" },
				(char[]){ "-f" },
				sender,
				(char[]){ "--" },
				recipient,
				NULL };
	char *without[] = { (char[]){ "sendmail" }, (char[]){ "-i" }, (char[]){ "--" }, recipient,
			    NULL };
	struct buf text = { 0 }, output = { 0 };
	bool sent;

	if (!trial_is_address(to) || (from != NULL && !trial_is_address(from))) {
		str_copy(error, COMMAND_ERROR_SIZE, "that is not a mail address");
		return false;
	}
	if (!str_copy(recipient, sizeof(recipient), to) ||
	    (from != NULL && !str_copy(sender, sizeof(sender), from))) {
		str_copy(error, COMMAND_ERROR_SIZE, "that address is too long");
		return false;
	}
	buf_printf(&text,
		   "Subject: postseal test mail\nTo: %s\nMessage-ID: <%s>\nAuto-Submitted: "
		   "auto-generated\n\nThis mail tests how mail leaves. You need not do anything.\n",
		   recipient, id);
	sent = command_feed(from != NULL ? with_sender : without, &text, OUTPUT_MAX,
			    clock_mono_ms() + STEP_MS, &output, error) == LOOKUP_FOUND;
	buf_free(&text);
	buf_free(&output);
	return sent;
}

const char *trial_over(const struct trial *trial)
{
	if (trial->end == TRIAL_SILENT)
		return "not known";
	if (trial->tls[0] != '\0')
		return trial->tls;
	switch (trial->way) {
	case TRIAL_NETWORK:
		return "no TLS";
	case TRIAL_HERE:
		return "no network (delivered on this machine)";
	case TRIAL_NOWHERE:
		break;
	}
	return "no connection (it was given to no server)";
}

void trial_run(struct trial *trial, const char *from, const char *to, int64_t patience_ms)
{
	int64_t deadline = clock_mono_ms() + patience_ms;
	char error[COMMAND_ERROR_SIZE];
	static struct search search;

	*trial = (struct trial){ .end = TRIAL_SILENT };
	find_log(&search);
	make_id(search.id);
	if (!send_mail(search.id, from, to, error)) {
		str_copy(trial->text, sizeof(trial->text), error);
		return;
	}
	str_copy(error, sizeof(error), "the log does not mention it");
	for (bool again = true; again && trial->end == TRIAL_SILENT; poll(NULL, 0, LOOK_AGAIN_MS)) {
		struct buf log = { 0 };

		again = clock_mono_ms() < deadline;
		if (read_log(&search, &log, error))
			read_trial(trial, (struct span){ log.data, log.len }, search.id);
		else
			again = false;
		buf_free(&log);
	}
	if (trial->end == TRIAL_SILENT)
		str_copy(trial->text, sizeof(trial->text), error);
}
