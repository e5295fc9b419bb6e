/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-mailbox - keeps sealed mail, and serves the temporary mailbox. It can never
 * read what it keeps (postseal-mailbox-api(5) says how that is done).
 *
 *   intake    LMTP in; deliver seals one mail for one recipient
 *   portal    HTTP: pages, and api_enter, api_letters, api_write (api_json reads what they are
 *             told); session, reply
 *   janitor   expiry, warnings
 *   control   for postseal(1) and postseal-webmail(8)
 *   store     records (LMDB); body has the files; vault the keys; quota what there is room for
 *   outbox    mail out, over restarts; tell writes it, submit gives it to Postfix; returned is
 *             a reply that came back
 *   grave     what is to be removed for good
 *   openpgp   gpg(1), for recipients who have a key; keydir finds keys by WKD
 *   work      threads for what must not hold the loop
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/notes.h"
#include "daemon/daemon.h"
#include "daemon/daemon_loop.h"
#include "io/net/listen.h"
#include "mailbox/home.h"
#include "mailbox/keydir.h"
#include "mailbox/openpgp.h"
#include "mailbox/outbox.h"
#include "mailbox/portal.h"
#include "mailbox/quota.h"
#include "mailbox/vault.h"

#define SOCKET_MODE 0660

struct daemon_state {
	struct home home;
	int intake_fd, portal_fd, control_fd;
	struct loop *loop;
	struct portal *portal;
};

static bool need(const char *value, const char *name)
{
	if (value[0] == '\0')
		log_error("%s is not set, and postseal-mailbox does not start without", name);
	return value[0] != '\0';
}

static bool has_sender(const struct settings *settings)
{
	const char *fault = note_from_fault(settings);

	if (fault != NULL)
		log_error("mailbox_from %s; write an address that is delivered here, such as "
			  "postmaster@example.com",
			  fault);
	if (settings->mailbox_bounce[0] == '\0')
		log_warning("mailbox_bounce is not set: nobody hears of a link mail that could not "
			    "be delivered");
	return fault == NULL;
}

static void name_site(struct home *home)
{
	const struct settings *settings = home->settings;
	const char *host = settings->mailbox_url + strlen("https://");
	size_t len = strcspn(host, ":");
	char domain[DOMAIN_SIZE];

	str_copy(home->host, sizeof(home->host), host);
	str_copy_n(domain, sizeof(domain), host, len);
	if (!str_copy(home->site, sizeof(home->site),
		      settings->mailbox_name[0] != '\0' ? settings->mailbox_name : domain))
		str_copy(home->site, sizeof(home->site), domain);
	str_copy(home->from, sizeof(home->from), settings->mailbox_from);
}

static bool open_keys(struct home *home)
{
	const struct settings *settings = home->settings;
	char error[SEAL_KEY_ERROR_SIZE];
	enum lookup found;

	if (!vault_open_server(&home->server, settings->mailbox_keys, error)) {
		log_error("%s", error);
		return false;
	}
	found = seal_key_read(&home->token, settings->mailbox_token_key, error);
	if (found == LOOKUP_ABSENT && seal_key_make(settings->mailbox_token_key, error))
		found = seal_key_read(&home->token, settings->mailbox_token_key, error);
	if (found != LOOKUP_FOUND)
		log_error("mailbox_token_key: %s", error);
	return found == LOOKUP_FOUND;
}

static int listen_at(const char *name, const char *text)
{
	char error[LISTEN_ERROR_SIZE] = "cannot be understood";
	struct endpoint endpoint;
	int fd = endpoint_parse(&endpoint, text) ? listen_open(&endpoint, SOCKET_MODE, error) : -1;

	if (fd < 0)
		log_error("%s=%s: %s", name, text, error);
	return fd;
}

static bool open_sockets(struct daemon_state *state)
{
	const struct settings *settings = state->home.settings;
	char control[ENDPOINT_PATH_SIZE + 16];

	state->intake_fd = listen_at("mailbox_intake", settings->mailbox_intake);
	state->portal_fd = listen_at("mailbox_listen", settings->mailbox_listen);
	state->control_fd = str_join(control, sizeof(control), "unix:", settings->mailbox_runtime,
				     "/" MAILBOX_SOCKET, NULL)
				    ? listen_at("mailbox_runtime", control)
				    : -1;
	if (!endpoint_parse(&state->home.submit, settings->mailbox_submit)) {
		log_error("mailbox_submit=%s cannot be understood", settings->mailbox_submit);
		return false;
	}
	return state->intake_fd >= 0 && state->portal_fd >= 0 && state->control_fd >= 0;
}

static void close_state(void *argument)
{
	struct daemon_state *state = argument;

	outbox_close(state->home.outbox);
	store_close(state->home.store);
	fresh_free(state->home.fresh);
	keydir_free(state->home.keydir);
	free(state);
}

static bool open_store(struct home *home)
{
	char error[STORE_ERROR_SIZE];

	home->store = store_open(home->settings->mailbox_store, error);
	if (home->store == NULL)
		log_error("%s", error);
	if (home->store == NULL)
		return false;
	openpgp_sweep(home);
	return quota_count(home);
}

static void *open_state(const struct settings *settings)
{
	struct daemon_state *state = mem_zero(1, sizeof(*state));
	const struct rlimit none = { 0, 0 };

	/* No core file may ever hold what is being sealed. */
	setrlimit(RLIMIT_CORE, &none);
	daemon_raise_descriptors();
	state->home.settings = settings;
	state->home.started = clock_wall();
	if (need(settings->mailbox_url, "mailbox_url") &&
	    need(settings->mailbox_domain, "mailbox_domain") && has_sender(settings)) {
		name_site(&state->home);
		state->home.fresh = fresh_new();
		state->home.keydir = keydir_new();
		if (open_keys(&state->home) && open_store(&state->home) && open_sockets(state) &&
		    (state->home.outbox = outbox_open(&state->home)) != NULL)
			return state;
	}
	close_state(state);
	return NULL;
}

/* In the loop's thread. Others may be in the middle of something, with the settings before. */
static void reload(void *argument, const struct settings *settings)
{
	struct daemon_state *state = argument;

	atomic_store(&state->home.settings, settings);
	portal_take_settings(state->portal);
}

static void on_stop(void *context)
{
	loop_stop(((struct daemon_state *)context)->loop);
}

static int serve(void *argument)
{
	struct daemon_state *state = argument;
	struct daemon_loop *watch;
	struct intake *intake;
	struct janitor *janitor;
	struct control *control;

	state->loop = loop_new();
	state->portal = portal_new(&state->home, state->loop, state->portal_fd);
	if (state->portal == NULL) {
		loop_free(state->loop);
		return EXIT_FAILURE;
	}
	watch = daemon_loop_watch(state->loop, on_stop, state);
	outbox_start(state->home.outbox);
	intake = intake_start(&state->home, state->intake_fd);
	janitor = janitor_start(&state->home);
	control = control_start(&state->home, state->control_fd);
	loop_run(state->loop);
	control_stop(control);
	intake_stop(intake);
	janitor_stop(janitor);
	portal_free(state->portal);
	outbox_stop(state->home.outbox);
	daemon_loop_free(watch);
	loop_free(state->loop);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct daemon daemon = {
		.name = "postseal-mailbox",
		.summary = "Keep sealed mail, and serve the temporary mailbox.",
		.metrics = METRICS_MAILBOX,
		.open = open_state,
		.serve = serve,
		.reload = reload,
		.close = close_state,
	};

	return daemon_main(&daemon, argc, argv);
}
