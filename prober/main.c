/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-prober - looks at mail providers and writes down what it saw. The picture of how a
 * question becomes a result is in prober.h.
 *
 *   prober    the main thread: its loop, and a turn of it
 *   askers    who asks, by a local socket, and what they are told
 *   tasks     next hops and MX hosts that are being looked at: what is due, who waits
 *   job       one thing to find out; what a worker does with it
 *   pool      the workers, and which job goes first
 *   result    where what was found is written to the ledger
 *   tell      what of it the log and the journal say
 *   refresh   looking again without being asked
 *   sightings what it does with and for the other hosts of a fleet
 *   scan      the ledger's domains that are due, and those that leave it; crowd bounds how
 *             many of one owner are due a day
 *   refused   what the milter refused, for `postseal digest`
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "io/net/listen.h"
#include "prober/prober.h"

#define SOCKET_MODE 0660

struct state {
	struct prober prober;
	struct job_config config;
	char ehlo_name[STARTTLS_NAME_SIZE];
	struct tls *tls;
	int listen_fd;
};

static bool open_ledger(struct state *state, const struct settings *settings)
{
	char error[LEDGER_ERROR_SIZE];

	state->prober.ledger = ledger_open(settings->ledger, LEDGER_CREATE, error);
	if (state->prober.ledger == NULL)
		log_error("%s", error);
	return state->prober.ledger != NULL;
}

static bool open_socket(struct state *state, const struct settings *settings)
{
	struct endpoint endpoint = { .is_unix = true };
	char error[LISTEN_ERROR_SIZE];
	int len = snprintf(endpoint.path, sizeof(endpoint.path), "%s/%s", settings->runtime,
			   PROBER_SOCKET);

	if (len < 0 || (size_t)len >= sizeof(endpoint.path)) {
		log_error("runtime=%s is too long a path for a socket in it", settings->runtime);
		return false;
	}
	state->listen_fd = listen_open(&endpoint, SOCKET_MODE, error);
	if (state->listen_fd < 0)
		log_error("%s", error);
	return state->listen_fd >= 0;
}

static bool open_tls(struct state *state, const struct settings *settings)
{
	char error[TLS_ERROR_SIZE];

	state->tls = tls_new(&(struct tls_setup){ .ca_file = settings->ca_file,
						  .min_version = settings->smtp_min_tls,
						  .ciphers = settings->smtp_ciphers },
			     error);
	if (state->tls == NULL) {
		log_error("%s", error);
		return false;
	}
	starttls_own_name(state->ehlo_name, settings);
	state->config = (struct job_config){
		.settings = settings,
		.tls = state->tls,
		.starttls = {
			.tls = state->tls,
			.ehlo_name = state->ehlo_name,
			.step_ms = settings->smtp_timeout * 1000,
			.probe_private = settings->probe_private,
			.pix_workarounds = settings->smtp_pix_workarounds,
			.servername = settings->smtp_servername,
		},
		.ca_file = settings->ca_file,
	};
	return true;
}

/* Each worker has one of its own; whether it can is known at once. */
static bool check_resolver(const struct settings *settings)
{
	char error[RESOLVER_ERROR_SIZE];
	struct resolver *resolver = resolver_new(settings, error);

	if (resolver == NULL)
		log_error("%s", error);
	resolver_free(resolver);
	return resolver != NULL;
}

static void close_all(void *argument)
{
	struct state *state = argument;

	tls_free(state->tls);
	ledger_close(state->prober.ledger);
	free(state);
}

static void *open_all(const struct settings *settings)
{
	struct state *state = mem_zero(1, sizeof(*state));

	state->listen_fd = -1;
	state->prober.settings = settings;
	if (open_ledger(state, settings) && open_tls(state, settings) && check_resolver(settings) &&
	    open_socket(state, settings))
		return state;
	close_all(state);
	return NULL;
}

static int serve(void *argument)
{
	struct state *state = argument;

	prober_run(&state->prober, state->listen_fd, &state->config);
	return EXIT_SUCCESS;
}

/* What workers go by (job_config) is of settings that count from a start on. */
static void reload(void *argument, const struct settings *settings)
{
	struct state *state = argument;

	state->prober.settings = settings;
}

static const struct daemon prober = {
	.name = "postseal-prober",
	.summary = "Looks at mail providers' DNS and TLS, and writes down what it saw.",
	.metrics = METRICS_PROBER,
	.open = open_all,
	.serve = serve,
	.reload = reload,
	.close = close_all,
};

int main(int argc, char **argv)
{
	return daemon_main(&prober, argc, argv);
}
