/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal-milter: refuses what the secure alias forbids (DESIGN.md section 7). */
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "milter/filter.h"

static void *open_filter(const struct settings *settings)
{
	static char opened[] = "open"; /* libmilter keeps the state, one a process */

	if (settings->secure_domains.count == 0)
		log_warning("secure_domains is empty: every sender and recipient is accepted");
	return filter_open(settings) ? opened : NULL;
}

static int serve(void *state)
{
	(void)state;
	return filter_serve() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void reload(void *state, const struct settings *settings)
{
	(void)state;
	filter_reload(settings);
}

static void close_filter(void *state)
{
	(void)state;
	filter_close();
}

int main(int argc, char **argv)
{
	static const struct daemon daemon = {
		.name = "postseal-milter",
		.summary = "Refuse what a secure alias must neither get nor send in the clear.",
		.metrics = METRICS_MILTER,
		.open = open_filter,
		.serve = serve,
		.reload = reload,
		.close = close_filter,
	};

	return daemon_main(&daemon, argc, argv);
}
