/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-socketmap - answers Postfix's look-ups from the ledger.
 *
 *   server      listeners, and what all connections share
 *   connection  one client: netstrings in and out, bounded
 *   answer      request -> map and key -> ledger -> decide -> reply
 *   parking     questions that wait for the prober
 *   throttle    log lines that must not become a flood
 *   tally       what is counted of answers
 */
#include <stdlib.h>

#include "daemon/daemon.h"
#include "socketmap/server.h"

static void *open_server(const struct settings *settings)
{
	return server_open(settings);
}

static int serve(void *server)
{
	server_run(server);
	return EXIT_SUCCESS;
}

static void reload(void *server, const struct settings *settings)
{
	server_reload(server, settings);
}

static void close_server(void *server)
{
	server_close(server);
}

int main(int argc, char **argv)
{
	const struct daemon daemon = {
		.name = "postseal-socketmap",
		.summary = "answers Postfix's look-ups of TLS policy from the ledger",
		.metrics = METRICS_SOCKETMAP,
		.open = open_server,
		.serve = serve,
		.reload = reload,
		.close = close_server,
	};

	return daemon_main(&daemon, argc, argv);
}
