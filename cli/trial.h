/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial - sends a real mail through this machine's Postfix, and reads in its log what became of
 * it. For `doctor --send` and `setup`.
 *
 * The mail is handed to sendmail(1), and found in the log by its Message-ID. The log is
 * maillog_file, else the journal's mail facility, else /var/log/mail.log. A user who may read
 * none of them learns nothing.
 */
#ifndef POSTSEAL_CLI_TRIAL_H
#define POSTSEAL_CLI_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#define TRIAL_TEXT_SIZE 1024

enum trial_end {
	TRIAL_SENT,
	TRIAL_DEFERRED, /* it is in the queue, and Postfix will try again */
	TRIAL_BOUNCED,
	TRIAL_SILENT /* the log said nothing in time, or cannot be read */
};

/* What a mail went over, TLS or not. */
enum trial_way {
	TRIAL_NOWHERE, /* Postfix had no connection to a server when it wrote this */
	TRIAL_NETWORK,
	TRIAL_HERE /* it was delivered on this machine, without a network */
};

/* All text is printable. */
struct trial {
	enum trial_end end;
	enum trial_way way;         /* not with SILENT */
	char text[TRIAL_TEXT_SIZE]; /* what the log says of it; SILENT: why that is not known */
	char tls[TRIAL_TEXT_SIZE];  /* "Verified, TLSv1.3 with cipher ..."; "" for none */
};

/* Can a mail be sent there, as far as its form tells? */
bool trial_is_address(const char *text);

/* Over what it went, for people: its TLS, else why there was none. */
const char *trial_over(const struct trial *trial);

/*
 * Sends from `from` (NULL: the user who runs this) to `to`, and waits for the outcome, but not
 * longer than this.
 */
void trial_run(struct trial *trial, const char *from, const char *to, int64_t patience_ms);

#endif
