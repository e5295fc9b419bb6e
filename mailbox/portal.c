/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/portal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/local/metrics_file.h"
#include "mailbox/api.h"
#include "mailbox/work.h"

#define API "/api/v1/"
#define HEADERS_MAX 16384
#define BODY_MAX 1048576
#define SILENCE 60
#define WORKERS 4
#define WORK_MAX 64

enum need { JSON_BODY, OCTETS_BODY, NO_BODY };

/* "*" stands for a handle or a number. */
static const struct route {
	enum http_method method;
	const char *path;
	enum need need;
	api_fn *fn;
	bool always; /* also for networks that have to wait: it is what says so */
} routes[] = {
	{ HTTP_GET, "site", NO_BODY, api_site, true },
	{ HTTP_POST, "link", JSON_BODY, api_link, false },
	{ HTTP_POST, "ticket", JSON_BODY, api_ticket, false },
	{ HTTP_POST, "open", JSON_BODY, api_open, false },
	{ HTTP_POST, "salt", JSON_BODY, api_salt, false },
	{ HTTP_POST, "session", JSON_BODY, api_login, false },
	{ HTTP_GET, "session", NO_BODY, api_session, false },
	{ HTTP_DELETE, "session", NO_BODY, api_logout, false },
	{ HTTP_POST, "session/keep", JSON_BODY, api_keep, false },
	{ HTTP_GET, "letters", NO_BODY, api_letters, false },
	{ HTTP_GET, "letters/*", NO_BODY, api_letter, false },
	{ HTTP_DELETE, "letters/*", NO_BODY, api_delete_letter, false },
	{ HTTP_GET, "letters/*/body", NO_BODY, api_body, false },
	{ HTTP_POST, "letters/*/read", JSON_BODY, api_read_mark, false },
	{ HTTP_POST, "release", JSON_BODY, api_release, false },
	{ HTTP_POST, "reseal", JSON_BODY, api_reseal, false },
	{ HTTP_POST, "confirm", JSON_BODY, api_confirm, false },
	{ HTTP_POST, "uploads", JSON_BODY, api_upload_new, false },
	{ HTTP_PUT, "uploads/*/*", OCTETS_BODY, api_upload_put, false },
	{ HTTP_GET, "uploads/*", NO_BODY, api_upload_get, false },
	{ HTTP_DELETE, "uploads/*", NO_BODY, api_upload_delete, false },
	{ HTTP_GET, "drafts", NO_BODY, api_drafts, false },
	{ HTTP_PUT, "drafts/*", JSON_BODY, api_draft_put, false },
	{ HTTP_DELETE, "drafts/*", NO_BODY, api_draft_delete, false },
	{ HTTP_POST, "replies", JSON_BODY, api_reply, false },
};

/* FOUND; ABSENT where `value` is NULL; a header that stands twice is as one that is wrong. */
static enum lookup header(struct http_request *request, const char *name, const char **value)
{
	enum lookup found = http_request_header(request, name, value);

	if (found != LOOKUP_FOUND)
		*value = "";
	return found;
}

static void safe_headers(struct http_request *request)
{
	http_reply_header(request, "X-Content-Type-Options", "nosniff");
	http_reply_header(request, "Referrer-Policy", "no-referrer");
	http_reply_header(request, "Cross-Origin-Opener-Policy", "same-origin");
	http_reply_header(request, "Cross-Origin-Resource-Policy", "same-origin");
	http_reply_header(request, "Strict-Transport-Security", "max-age=31536000");
	/* Links of a letter must not be looked up before they are clicked. */
	http_reply_header(request, "X-DNS-Prefetch-Control", "off");
}

void api_answer(struct api_call *call, int status, json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	safe_headers(call->request);
	http_reply_header(call->request, "Cache-Control", "no-store");
	http_reply_header(call->request, "Content-Security-Policy",
			  "default-src 'none'; frame-ancestors 'none'");
	http_reply_given(call->request, status, text != NULL ? "application/json" : NULL, text,
			 text != NULL ? strlen(text) : 0);
	json_decref(json);
}

void api_set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		log_fatal("api: cannot write %s", name);
}

void api_error_with(struct api_call *call, int status, const char *error, const char *text,
		    const char *name, int64_t value)
{
	json_t *json = json_object();

	api_set(json, "error", json_string(error));
	api_set(json, "text", json_string(text));
	if (name != NULL)
		api_set(json, name, json_integer(value));
	api_answer(call, status, json);
}

void api_error(struct api_call *call, int status, const char *error, const char *text)
{
	api_error_with(call, status, error, text, NULL, 0);
}

void api_error_wait(struct api_call *call, const char *error, const char *text, int64_t seconds)
{
	char number[STR_DECIMAL_SIZE];

	http_reply_header(call->request, "Retry-After",
			  str_decimal(number, (uint64_t)(seconds > 0 ? seconds : 1)));
	metrics_count(M_SLOWED);
	api_error(call, 429, error, text);
}

void api_error_later(struct api_call *call)
{
	metrics_count(M_FAILED);
	http_reply_header(call->request, "Retry-After", "30");
	api_error(call, 503, "later", "It cannot be done now; nothing was changed.");
}

json_t *api_b64(const void *octets, size_t len)
{
	struct buf text = { 0 };
	json_t *json;

	b64_put(&text, octets, len);
	json = json_stringn(buf_cstr(&text), text.len);
	buf_free(&text);
	return json;
}

bool api_handle(struct span text, struct handle *handle)
{
	return b64_take(handle->bytes, sizeof(handle->bytes), text.at, text.len);
}

static bool matches(const char *path, struct span target)
{
	while (*path != '\0' && target.len > 0) {
		if (*path == '*') {
			size_t len = 0;

			while (len < target.len && target.at[len] != '/')
				len++;
			if (len == 0)
				return false;
			path++;
			target.at += len;
			target.len -= len;
		} else if (*path == *target.at) {
			path++;
			target.at++;
			target.len--;
		} else {
			return false;
		}
	}
	return *path == '\0' && target.len == 0;
}

static void split(struct api_call *call, struct span path)
{
	bool more = true;

	while (more && call->segments < API_SEGMENTS_MAX)
		call->segment[call->segments++] = span_cut(&path, "/", &more);
}

static bool has_type(struct api_call *call, enum need need)
{
	const char *type;
	size_t len;

	call->body.at = http_request_body(call->request, &len);
	call->body.len = len;
	if (need == NO_BODY)
		return len == 0;
	if (header(call->request, "Content-Type", &type) != LOOKUP_FOUND)
		return false;
	if (need == OCTETS_BODY)
		return str_equal_nocase(type, "application/octet-stream");
	return str_equal_nocase(type, "application/json") ||
	       str_equal_nocase(type, "application/json; charset=utf-8") ||
	       str_equal_nocase(type, "application/json;charset=utf-8");
}

/* The last address of X-Forwarded-For is what our own proxy saw. */
static const char *client_of(struct http_request *request)
{
	const char *list, *comma;

	if (header(request, "X-Forwarded-For", &list) != LOOKUP_FOUND)
		return "";
	comma = strrchr(list, ',');
	list = comma != NULL ? comma + 1 : list;
	return list + strspn(list, " ");
}

static const char *bearer_of(struct http_request *request)
{
	const char *value;

	if (header(request, "Authorization", &value) == LOOKUP_FOUND &&
	    str_starts_nocase(value, "Bearer "))
		return value + strlen("Bearer ");
	return "";
}

static bool is_from_here(struct portal *portal, struct http_request *request)
{
	const char *origin;
	enum lookup found = header(request, "Origin", &origin);

	return found == LOOKUP_ABSENT ||
	       (found == LOOKUP_FOUND &&
		str_equal_nocase(origin, portal->home->settings->mailbox_url));
}

static void serve_api(struct portal *portal, struct http_request *request, struct span path)
{
	struct api_call call = { .portal = portal,
				 .request = request,
				 .method = http_request_method(request) };
	bool has_query, known = false;
	int64_t wait;

	call.query = path;
	path = span_cut(&call.query, "?", &has_query);
	call.client = client_of(request);
	call.token = bearer_of(request);
	if (call.method == HTTP_HEAD)
		call.method = HTTP_GET;
	if (!is_from_here(portal, request)) {
		api_error(&call, 403, "origin", "Another site asks.");
		return;
	}
	split(&call, path);
	wait = network_wait(portal->sessions, call.client);
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(routes[i].path, path))
			continue;
		known = true;
		if (routes[i].method != call.method)
			continue;
		if (wait > 0 && !routes[i].always)
			api_error_wait(&call, "slow", "Too many tries; wait a little.", wait);
		else if (!has_type(&call, routes[i].need))
			api_error(&call, 415, "type", "The content type is not as it has to be.");
		else
			routes[i].fn(&call);
		return;
	}
	if (known) {
		http_reply_header(request, "Allow", "GET, HEAD, POST, PUT, DELETE");
		api_error(&call, 405, "method", "There is no such method for this path.");
	} else {
		api_error(&call, 404, "gone", "There is nothing here.");
	}
}

static void serve_page(struct portal *portal, struct http_request *request, const char *target)
{
	char path[512];
	size_t len = strcspn(target, "?");
	const struct page *page = NULL;
	const char *known;
	bool get = http_request_method(request) == HTTP_GET ||
		   http_request_method(request) == HTTP_HEAD;

	/* What a mail filter makes of "#": the page reads the code from the path. */
	if (str_starts_nocase(target, "/%23") || str_starts_nocase(target, "/%2523"))
		page = pages_find(portal->pages, "/");
	else if (str_copy_n(path, sizeof(path), target, len))
		page = pages_find(portal->pages, path);
	safe_headers(request);
	if (page == NULL || !get) {
		static const char text[] = "Not found\n";

		http_reply_header(request, "Cache-Control", "no-store");
		http_reply(request, page == NULL ? 404 : 405, "text/plain; charset=utf-8", text,
			   sizeof(text) - 1);
		return;
	}
	http_reply_header(request, "Cache-Control", "no-cache");
	http_reply_header(request, "ETag", page->etag);
	http_reply_header(request, "Content-Security-Policy", page->csp);
	if (header(request, "If-None-Match", &known) == LOOKUP_FOUND &&
	    strcmp(known, page->etag) == 0)
		http_reply(request, 304, NULL, "", 0);
	else
		http_reply_kept(request, 200, page->type, page->body.data, page->body.len);
}

static void on_request(void *context, struct http_request *request)
{
	struct portal *portal = context;
	const char *target = http_request_target(request), *host;
	struct span path = span_of(target);

	if (header(request, "Host", &host) != LOOKUP_FOUND ||
	    !str_equal_nocase(host, portal->home->host)) {
		http_reply_header(request, "Cache-Control", "no-store");
		http_reply(request, 421, "application/json",
			   "{\"error\":\"host\",\"text\":\"Wrong Host.\"}",
			   strlen("{\"error\":\"host\",\"text\":\"Wrong Host.\"}"));
		return;
	}
	if (span_skip(&path, API))
		serve_api(portal, request, path);
	else
		serve_page(portal, request, target);
}

struct portal *portal_new(struct home *home, struct loop *loop, int fd)
{
	const struct http_limits limits = {
		.headers_max = HEADERS_MAX,
		.body_max = BODY_MAX,
		.silence = SILENCE,
		.methods = 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST | 1u << HTTP_PUT |
			   1u << HTTP_DELETE,
		.connections = HTTP_CONNECTIONS,
		.held = HTTP_HELD,
		.whole = HTTP_WHOLE,
		.patience = HTTP_PATIENCE,
		.meter = { M_MAILBOX_TURNED_AWAY, M_MAILBOX_CLIENTS, M_MAILBOX_HELD },
	};
	struct portal *portal = mem_zero(1, sizeof(*portal));

	portal->home = home;
	portal->pages = pages_read(home->settings->mailbox_pages, home->settings->mailbox_logo);
	if (portal->pages == NULL) {
		free(portal);
		return NULL;
	}
	portal->sessions = sessions_new(home->settings->mailbox_session_idle);
	portal->work = work_new(loop, WORKERS, WORK_MAX);
	portal->server = http_server_new(loop, &limits, on_request, portal);
	http_server_listen(portal->server, fd);
	return portal;
}

void portal_take_settings(struct portal *portal)
{
	sessions_set_idle(portal->sessions, portal->home->settings->mailbox_session_idle);
}

void portal_free(struct portal *portal)
{
	if (portal == NULL)
		return;
	work_free(portal->work);
	http_server_free(portal->server);
	sessions_free(portal->sessions);
	pages_free(portal->pages);
	free(portal);
}
