/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command - run another program and read what it prints: no shell, a bound on its
 * time and on its output.
 */
#ifndef POSTSEAL_IO_COMMAND_H
#define POSTSEAL_IO_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/lookup.h"

#define COMMAND_ERROR_SIZE 256

/*
 * argv ends with NULL; argv[0] is looked for in $PATH, and then where programs
 * of the system are (/usr/sbin, /usr/local/sbin), which is not in an ordinary
 * user's $PATH. It has no input, and its standard error is dropped.
 *
 *   FOUND   it ended with exit status 0; what it printed is appended to *output
 *   ABSENT  there is no such program
 *   ERROR   anything else: it could not be started, did not end well, printed
 *           more than `most` bytes, or was not done at `deadline`
 *           (clock_mono_ms) and was killed
 *
 * Unless FOUND, *output is as it was, and the reason stands in `error`.
 */
enum lookup command_run(char *const *argv, size_t most, int64_t deadline, struct buf *output,
			char error[COMMAND_ERROR_SIZE]);

/* The same, with `input` for its standard input. */
enum lookup command_feed(char *const *argv, const struct buf *input, size_t most, int64_t deadline,
			 struct buf *output, char error[COMMAND_ERROR_SIZE]);

/*
 * Hands a mail to Postfix by sendmail(1): from the null sender, so that no bounce comes
 * back, to one address (behind "--", whatever it is), a minute at most.
 */
bool command_sendmail(const char *to, const struct buf *mail, char error[COMMAND_ERROR_SIZE]);

/*
 * Start it, and let it run: a descriptor of what it prints, close-on-exec, or -1 and
 * errno. *child is the caller's, who ends it and waits for it. argv[0] is looked for
 * as above, its standard error is ours, and signals are as a program expects them.
 */
int command_start(char *const *argv, pid_t *child);

#endif
