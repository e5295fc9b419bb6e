/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/local/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/net/stream.h"

#define READ_SIZE 65536
#define NAME_SIZE 512
#define SENDMAIL_TO_SIZE 1200 /* more than an address can have (RFC 5321 4.5.3.1.3) */
#define EXITED_UNSPAWNED 127  /* posix_spawn(3): the child could not become the program */

/* What becomes of what it says on standard error. */
enum complaints { COMPLAINTS_DROPPED, COMPLAINTS_SHOWN };

/* An errno, or 0. Signals are as a program expects them, whatever ours are. */
static int spawn(const char *file, char *const *argv, int in, int out, enum complaints complaints,
		 pid_t *child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipes;
	int rc;

	sigemptyset(&none);
	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	if (in < 0)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (complaints == COMPLAINTS_DROPPED)
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(child, file, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return rc;
}

static int spawn_somewhere(char *const *argv, int in, int out, enum complaints complaints,
			   pid_t *child)
{
	static const char *const places[] = { "", "/usr/sbin/", "/usr/local/sbin/" };
	char file[NAME_SIZE];
	int rc = ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(places) && rc == ENOENT; i++) {
		snprintf(file, sizeof(file), "%s%s", places[i], argv[0]);
		rc = spawn(file, argv, in, out, complaints, child);
	}
	return rc;
}

int command_start(char *const *argv, pid_t *child)
{
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	rc = spawn_somewhere(argv, -1, ends[1], COMPLAINTS_SHOWN, child);
	close(ends[1]);
	if (rc == 0)
		return ends[0];
	close(ends[0]);
	errno = rc;
	return -1;
}

/* All that comes, until it ends. An errno, or 0. */
static int read_all(int fd, size_t most, int64_t deadline, struct buf *output)
{
	for (;;) {
		ssize_t n;

		if (!stream_wait(fd, POLLIN, deadline))
			return errno;
		n = read(fd, buf_reserve(output, READ_SIZE), READ_SIZE);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return errno;
		output->len += n > 0 ? (size_t)n : 0;
		if (output->len > most)
			return EFBIG;
	}
}

/* It closed its output, so it is as good as done; one that is not is killed. */
static int wait_for(pid_t child, int64_t deadline, int trouble)
{
	int status = 0;
	pid_t got = 0;

	while (trouble == 0 && (got = waitpid(child, &status, WNOHANG)) == 0 &&
	       clock_mono_ms() < deadline)
		poll(NULL, 0, 5);
	if (got == 0) {
		kill(child, SIGKILL);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	}
	return status;
}

static enum lookup judge(const char *name, int trouble, int status, char error[COMMAND_ERROR_SIZE])
{
	if (trouble == ETIMEDOUT)
		snprintf(error, COMMAND_ERROR_SIZE, "%s does not come to an end", name);
	else if (trouble == EFBIG)
		snprintf(error, COMMAND_ERROR_SIZE, "%s prints without end", name);
	else if (trouble != 0)
		snprintf(error, COMMAND_ERROR_SIZE, "%s cannot be run: %s", name,
			 strerror(trouble));
	else if (WIFSIGNALED(status))
		snprintf(error, COMMAND_ERROR_SIZE, "%s was ended by signal %d", name,
			 WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXITED_UNSPAWNED)
		snprintf(error, COMMAND_ERROR_SIZE, "%s cannot be run", name);
	else if (WEXITSTATUS(status) != 0)
		snprintf(error, COMMAND_ERROR_SIZE, "%s ended with status %d", name,
			 WEXITSTATUS(status));
	else
		return LOOKUP_FOUND;
	return LOOKUP_ERROR;
}

/* `in` -1: nothing to read. */
static enum lookup run(char *const *argv, int in, size_t most, int64_t deadline, struct buf *output,
		       char error[COMMAND_ERROR_SIZE])
{
	struct buf printed = { 0 };
	pid_t child = 0;
	int ends[2], rc, status = 0;
	enum lookup result;

	error[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return judge(argv[0], errno, 0, error);
	rc = spawn_somewhere(argv, in, ends[1], COMPLAINTS_DROPPED, &child);
	close(ends[1]);
	if (rc == 0) {
		rc = read_all(ends[0], most, deadline, &printed);
		status = wait_for(child, deadline, rc);
	}
	close(ends[0]);
	result = judge(argv[0], rc, status, error);
	if (result == LOOKUP_FOUND)
		buf_append(output, printed.data, printed.len);
	buf_free(&printed);
	return result == LOOKUP_ERROR && rc == ENOENT ? LOOKUP_ABSENT : result;
}

enum lookup command_run(char *const *argv, size_t most, int64_t deadline, struct buf *output,
			char error[COMMAND_ERROR_SIZE])
{
	return run(argv, -1, most, deadline, output, error);
}

/* A file in memory, at its start: unlike a pipe it cannot fill up while nobody reads. */
static int file_of(const struct buf *input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, input->data, input->len) != (ssize_t)input->len ||
			lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

enum lookup command_feed(char *const *argv, const struct buf *input, size_t most, int64_t deadline,
			 struct buf *output, char error[COMMAND_ERROR_SIZE])
{
	int in = file_of(input);
	enum lookup result;

	if (in < 0) {
		snprintf(error, COMMAND_ERROR_SIZE, "%s cannot be fed: %s", argv[0],
			 strerror(errno));
		return LOOKUP_ERROR;
	}
	result = run(argv, in, most, deadline, output, error);
	close(in);
	return result;
}

#define SENDMAIL_MS 60000
#define SENDMAIL_SAYS_MAX 65536

bool command_sendmail(const char *to, const struct buf *mail, char error[COMMAND_ERROR_SIZE])
{
	char name[] = "sendmail", dots[] = "-i", from[] = "-f", null[] = "<>", end[] = "--";
	char address[SENDMAIL_TO_SIZE];
	char *argv[] = { name, dots, from, null, end, address, NULL };
	struct buf said = { 0 };
	bool sent;

	if (!str_copy(address, sizeof(address), to)) {
		snprintf(error, COMMAND_ERROR_SIZE, "the address is too long");
		return false;
	}
	sent = command_feed(argv, mail, SENDMAIL_SAYS_MAX, clock_mono_ms() + SENDMAIL_MS, &said,
			    error) == LOOKUP_FOUND;
	buf_free(&said);
	return sent;
}
