/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-share - carries what was learned, and what admins did, between hosts.
 *
 *   share   who we are, when what is done, waiting, what is told an admin
 *   pull    what others told, into the ledger, and how far we have read
 *   push    what the ledger has for others: its outbox, or all of it
 *   eyes    who else sees a host without TLS: what we ask others, and what they ask us
 */
#include "daemon/daemon.h"
#include "fleet/share.h"

static void *open_share(const struct settings *settings)
{
	return share_open(settings);
}

static int serve(void *share)
{
	return share_serve(share);
}

static void reload(void *argument, const struct settings *settings)
{
	struct share *share = argument;

	share->settings = settings;
}

static void close_share(void *share)
{
	share_close(share);
}

int main(int argc, char **argv)
{
	static const struct daemon daemon = {
		.name = "postseal-share",
		.summary = "Shares what is known of mail providers with other hosts.",
		.metrics = METRICS_SHARE,
		.open = open_share,
		.serve = serve,
		.reload = reload,
		.close = close_share,
	};

	return daemon_main(&daemon, argc, argv);
}
