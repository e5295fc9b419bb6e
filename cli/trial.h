/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial - a real mail through this machine's Postfix, and what its log says became of
 * it. For `doctor --send` and `setup`.
 *
 * The mail is handed to sendmail(1), and found in the log by its Message-ID. The log is
 * maillog_file, else what journald has of the mail facility, else /var/log/mail.log; who
 * may read none of them cannot be told anything.
 */
#ifndef POSTSEAL_CLI_TRIAL_H
#define POSTSEAL_CLI_TRIAL_H

#include <stdint.h>

#define TRIAL_TEXT_SIZE 1024

enum trial_end {
	TRIAL_SENT,
	TRIAL_DEFERRED, /* it waits in the queue, and will be tried again */
	TRIAL_BOUNCED,
	TRIAL_SILENT /* no word of it in time, or nothing that could be read */
};

/* All text is printable. */
struct trial {
	enum trial_end end;
	char text[TRIAL_TEXT_SIZE]; /* what the log says of the delivery; SILENT: why */
	char tls[TRIAL_TEXT_SIZE];  /* "Verified, TLSv1.3 with cipher ..."; "" for none */
};

/* From `from` (NULL: whoever runs this) to `to`; waits for its end, this long at the most. */
void trial_run(struct trial *trial, const char *from, const char *to, int64_t patience_ms);

#endif
