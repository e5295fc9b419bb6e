/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-socketmap - answers Postfix's look-ups from the ledger.
 *
 *   server      listeners, and what all connections share
 *   connection  one client: netstrings in and out, bounded
 *   answer      request -> map and key -> ledger -> decide -> reply, and its counts
 *   alias_maps  the same of maps about secure aliases
 *   parking     questions that wait for the prober
 *   sealing     questions that wait for postseal-mailbox
 *   share       how much of the prober a client, a zone or a map may take up
 */
#include "daemon/daemon.h"
#include "socketmap/server.h"

int main(int argc, char **argv)
{
	const struct daemon daemon = {
		.name = "postseal-socketmap",
		.summary = "answers Postfix's look-ups of TLS policy from the ledger",
		.metrics = METRICS_SOCKETMAP,
		.open = server_open,
		.serve = server_serve,
		.reload = server_reload,
		.close = server_close,
	};

	return daemon_main(&daemon, argc, argv);
}
