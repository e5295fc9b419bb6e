/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-webmail - serves webmails on this machine (postseal-webmail(8)).
 *
 *   server      listens, knows who may ask, and how often
 *   answer      request -> call -> answer
 *   recipients  how mail to somebody travels, asked of postseal-socketmap
 *   aliases     a user's secure aliases, in the ledger
 *   sealed      a user's sealed mails, asked of postseal-mailbox
 */
#include "daemon/daemon.h"
#include "webmail/webmail.h"

int main(int argc, char **argv)
{
	static const struct daemon daemon = {
		.name = "postseal-webmail",
		.summary = "Serve webmails on this machine: symbols, secure aliases, sealed mail.",
		.metrics = METRICS_WEBMAIL,
		.open = server_open,
		.serve = server_serve,
		.reload = server_reload,
		.close = server_close,
	};

	return daemon_main(&daemon, argc, argv);
}
