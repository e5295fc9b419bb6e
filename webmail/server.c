/* SPDX-License-Identifier: BSD-2-Clause */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/webmail/webmail_quota.h"
#include "daemon/daemon.h"
#include "daemon/daemon_loop.h"
#include "io/http/http.h"
#include "io/local/metrics_file.h"
#include "io/net/listen.h"
#include "io/net/loop.h"
#include "webmail/webmail.h"

#define BODY_MAX 65536
/* A webmail asks and reads at once; a silent client costs a descriptor. */
#define SILENCE_S 10
/* Strangers are worth a line in the log, not a flood. */
#define STRANGER_LINE_MS 60000

struct webmail_server {
	const struct settings *settings;
	struct endpoint endpoint;
	int fd;
	size_t client_count;
	uid_t *clients;
	int64_t next_line; /* when the next stranger may be logged */
	/* From here on: while it runs. */
	struct loop *loop;
	struct webmail_quota *quota;
	struct webmail_answerer *answerer;
};

/* False, and logged, if a name is not a user; then the clients stay as they were. */
static bool know_clients(struct webmail_server *server, const struct settings *settings)
{
	const struct string_list *names = &settings->webmail_clients;
	uid_t *clients = names->count > 0 ? mem_zero(names->count, sizeof(uid_t)) : NULL;

	for (size_t i = 0; i < names->count; i++) {
		const struct passwd *entry = getpwnam(names->items[i]);

		if (entry == NULL) {
			log_error("webmail_clients=%s is not a user of this machine",
				  names->items[i]);
			free(clients);
			return false;
		}
		clients[i] = entry->pw_uid;
	}
	if (names->count == 0)
		log_warning("webmail_clients is empty, so nobody is answered");
	free(server->clients);
	server->clients = clients;
	server->client_count = names->count;
	return true;
}

/*
 * Strangers cannot even connect, so that they cannot take all places; where the file system
 * cannot say so, they are refused when they ask.
 */
static void let_clients_in(const struct webmail_server *server)
{
	const char *path = server->endpoint.path;

	if (listen_allow(path, server->clients, server->client_count))
		return;
	log_info("webmail_listen=%s has no access list: %s; anybody may connect, and is refused",
		 path, strerror(errno));
	if (chmod(path, 0666) != 0)
		log_error("webmail_listen=%s: %s", path, strerror(errno));
}

static bool open_listener(struct webmail_server *server)
{
	const char *where = server->settings->webmail_listen;
	char error[LISTEN_ERROR_SIZE];

	if (!endpoint_parse(&server->endpoint, where) || !server->endpoint.is_unix) {
		log_error("webmail_listen=%s has to be unix:/PATH: only there the kernel says who "
			  "asks",
			  where);
		return false;
	}
	server->fd = listen_open(&server->endpoint, 0600, error);
	if (server->fd < 0) {
		log_error("webmail_listen=%s", error);
		return false;
	}
	let_clients_in(server);
	return true;
}

void *server_open(const struct settings *settings)
{
	struct webmail_server *server = mem_zero(1, sizeof(*server));

	server->settings = settings;
	server->fd = -1;
	daemon_raise_descriptors();
	if (know_clients(server, settings) && open_listener(server))
		return server;
	server_close(server);
	return NULL;
}

void server_close(void *state)
{
	struct webmail_server *server = state;

	free(server->clients);
	free(server);
}

static bool is_client(struct webmail_server *server, const struct http_request *request)
{
	uid_t uid;
	int64_t now = clock_mono_ms();

	if (!http_request_peer(request, &uid))
		return false;
	for (size_t i = 0; i < server->client_count; i++)
		if (server->clients[i] == uid)
			return true;
	metrics_count(M_WEBMAIL_STRANGERS);
	if (now >= server->next_line) {
		log_warning("uid=%lu is not one of webmail_clients: refused", (unsigned long)uid);
		server->next_line = now + STRANGER_LINE_MS;
	}
	return false;
}

static size_t cost(const struct webmail_request *request)
{
	return request->call == WEBMAIL_RECIPIENTS ? 1 + request->count : 1;
}

static const char *const method_names[] = { [HTTP_GET] = "GET",
					    [HTTP_HEAD] = "HEAD",
					    [HTTP_POST] = "POST",
					    [HTTP_PUT] = "PUT",
					    [HTTP_DELETE] = "DELETE" };

static void refuse_request(struct http_request *request, enum webmail_verdict verdict)
{
	switch (verdict) {
	case WEBMAIL_GOOD:
		break;
	case WEBMAIL_NO_CALL:
		answer_error(request, 404, "no-such-call", "there is no such call");
		return;
	case WEBMAIL_OTHER_METHOD:
		answer_error(request, 405, "method", "this call needs another method");
		return;
	case WEBMAIL_BAD_QUERY:
		answer_error(request, 400, "query", "the parameters do not fit this call");
		return;
	case WEBMAIL_BAD_ADDRESS:
		answer_error(request, 400, "address", "this is not a single mail address");
		return;
	case WEBMAIL_TOO_MANY:
		answer_error(request, 400, "too-many", "at most 100 addresses are allowed");
		return;
	}
}

/* Whose request this is; false: it has been answered. */
static bool read_user(const struct webmail_server *server, struct http_request *request,
		      char user[ALIAS_ADDRESS_SIZE])
{
	const char *value;

	if (http_request_header(request, "X-Postseal-User", &value) == LOOKUP_FOUND &&
	    webmail_user_read(user, value, server->settings->recipient_delimiter))
		return true;
	answer_error(request, 400, "user",
		     "X-Postseal-User has to be there once, with a mail address");
	return false;
}

static bool may_ask(struct webmail_server *server, struct http_request *request, const char *user,
		    size_t units)
{
	char seconds[STR_DECIMAL_SIZE];
	int64_t wait = webmail_quota_take(server->quota, user, units, clock_mono_ms());

	if (wait == 0)
		return true;
	metrics_count(M_WEBMAIL_LIMITED);
	http_reply_header(request, "Retry-After", str_decimal(seconds, (uint64_t)wait));
	answer_error(request, 429, "too-often", "this user asks too often; wait a moment");
	return false;
}

static void on_request(void *context, struct http_request *request)
{
	/* Static because of its size; there is one request at a time. */
	static struct webmail_request call;
	struct webmail_server *server = context;
	char user[ALIAS_ADDRESS_SIZE];
	enum webmail_verdict verdict;

	if (!is_client(server, request)) {
		http_reply_header(request, "Connection", "close");
		answer_error(request, 403, "not-a-client",
			     "this local user is not one of webmail_clients");
		return;
	}
	verdict = webmail_request_read(&call, method_names[http_request_method(request)],
				       http_request_target(request));
	if (verdict != WEBMAIL_GOOD) {
		refuse_request(request, verdict);
		return;
	}
	if (!read_user(server, request, user) || !may_ask(server, request, user, cost(&call)))
		return;
	metrics_count(METRIC1(WEBMAIL_REQUESTS, call.call));
	answer(server->answerer, user, &call, request);
}

static void on_stop(void *context)
{
	struct webmail_server *server = context;

	loop_stop(server->loop);
}

void server_reload(void *state, const struct settings *settings)
{
	struct webmail_server *server = state;

	if (know_clients(server, settings))
		let_clients_in(server);
	server->settings = settings;
	webmail_quota_free(server->quota);
	server->quota = webmail_quota_new(settings->webmail_rate);
	answerer_reload(server->answerer, settings);
}

int server_serve(void *state)
{
	struct webmail_server *server = state;
	const struct http_limits limits = {
		.headers_max = WEBMAIL_TARGET_MAX + 8192,
		.body_max = BODY_MAX,
		.silence = SILENCE_S,
		.methods = 1u << HTTP_GET | 1u << HTTP_POST | 1u << HTTP_PUT,
		.connections = HTTP_CONNECTIONS,
		.held = HTTP_HELD,
		.whole = HTTP_WHOLE,
		.patience = HTTP_PATIENCE,
		.meter = { M_WEBMAIL_TURNED_AWAY, M_WEBMAIL_CLIENTS, M_WEBMAIL_HELD },
	};
	struct daemon_loop *watch;
	struct http_server *http;

	server->loop = loop_new();
	server->quota = webmail_quota_new(server->settings->webmail_rate);
	server->answerer = answerer_new(server->settings, server->loop);
	watch = daemon_loop_watch(server->loop, on_stop, server);
	http = http_server_new(server->loop, &limits, on_request, server);
	http_server_listen(http, server->fd);
	loop_run(server->loop);
	answerer_free(server->answerer);
	http_server_free(http);
	daemon_loop_free(watch);
	webmail_quota_free(server->quota);
	loop_free(server->loop);
	return EXIT_SUCCESS;
}
