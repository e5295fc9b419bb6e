/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-milter - refuses what a secure alias forbids, and seals what is marked
 * (DESIGN.md section 7, MAILBOX.md section 1). From the socket inwards:
 *
 *   server      takes MTAs in, a thread for each; tells the watchdog that it answers
 *   connection  one MTA: packets of the milter protocol in and out
 *   session     one SMTP session: its messages, and what is answered at each step
 *   message     what is looked at in a message's headers, and done to them
 *   sealing     what marks make of a message: other recipients, and a token
 *   aliases     what is on file of an alias, asked of postseal-socketmap
 *
 * All that can be argued about is decided in core/secure and core/mailbox/mark.
 */
#include "daemon/daemon.h"
#include "milter/server.h"

int main(int argc, char **argv)
{
	static const struct daemon daemon = {
		.name = "postseal-milter",
		.summary = "Refuse what a secure alias must neither get nor send in the clear.",
		.metrics = METRICS_MILTER,
		.open = server_open,
		.serve = server_serve,
		.reload = server_reload,
		.close = server_close,
	};

	return daemon_main(&daemon, argc, argv);
}
