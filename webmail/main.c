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
#include <stdlib.h>

#include "daemon/daemon.h"
#include "webmail/server.h"

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
	static const struct daemon daemon = {
		.name = "postseal-webmail",
		.summary = "Serve webmails on this machine: symbols, secure aliases, sealed mail.",
		.metrics = METRICS_WEBMAIL,
		.open = open_server,
		.serve = serve,
		.reload = reload,
		.close = close_server,
	};

	return daemon_main(&daemon, argc, argv);
}
