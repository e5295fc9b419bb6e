/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-milter: refuses what the secure alias forbids, and seals what is marked
 * (DESIGN.md section 7, MAILBOX.md section 1).
 *
 * To read it, from the socket inwards: server.c takes MTAs in; connection.c speaks the
 * milter protocol with one of them; session.c follows its messages, and asks aliases.c
 * for what is on file. All that can be argued about is decided in core/secure.
 */
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "milter/server.h"

static void *open_server(const struct settings *settings)
{
	if (settings->secure_domains.count == 0)
		log_warning("secure_domains is empty: every sender and recipient is accepted");
	return server_open(settings);
}

static int serve(void *server)
{
	return server_serve(server) ? EXIT_SUCCESS : EXIT_FAILURE;
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
		.name = "postseal-milter",
		.summary = "Refuse what a secure alias must neither get nor send in the clear.",
		.metrics = METRICS_MILTER,
		.open = open_server,
		.serve = serve,
		.reload = reload,
		.close = close_server,
	};

	return daemon_main(&daemon, argc, argv);
}
