/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/http/http.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/http/bounds.h"

/* How often it is looked who lasts for too long; far below the bounds themselves. */
#define LOOK_MS 1000

struct http_connection {
	struct bounds_place place;
	struct http_server *server;
	struct bufferevent *bev;
	struct evhttp_connection *inner; /* NULL: evhttp has not made it yet */
	struct http_request *request;    /* NULL: none is to be answered */
	TAILQ_ENTRY(http_connection) next;
};
TAILQ_HEAD(http_connections, http_connection);

struct http_server {
	struct evhttp *evhttp;
	struct evconnlistener *listener;
	struct event *settle;
	struct loop_timer *look;
	bool looks, full;
	struct bounds bounds;
	struct http_connections fresh;
	struct http_meter meter;
	bool told[HTTP_REFUSALS];
	http_fn *fn;
	void *context;
};

struct http_request {
	struct evhttp_request *inner; /* NULL: the client has gone, and the request with it */
	struct http_connection *connection;
	bool head, safe;
};

static const struct {
	enum evhttp_cmd_type theirs;
	enum http_method ours;
} methods[] = {
	{ EVHTTP_REQ_GET, HTTP_GET },       { EVHTTP_REQ_HEAD, HTTP_HEAD },
	{ EVHTTP_REQ_POST, HTTP_POST },     { EVHTTP_REQ_PUT, HTTP_PUT },
	{ EVHTTP_REQ_DELETE, HTTP_DELETE },
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

static struct http_connection *connection_of(struct bounds_place *place)
{
	return (struct http_connection *)((char *)place - offsetof(struct http_connection, place));
}

static void show(const struct http_server *server)
{
	metrics_set(server->meter.connections, server->bounds.places);
	metrics_set(server->meter.held, server->bounds.held);
}

/* Counted each time; told once until it is better again. */
static void refuse(struct http_server *server, enum http_refusal why)
{
	metrics_count((enum metric_cell)(server->meter.refused + (unsigned)why));
	if (server->told[why])
		return;
	server->told[why] = true;
	if (why == HTTP_NO_PLACE)
		log_warning(
			"http: %zu clients are connected, which is the most: others are refused, "
			"or take the place of a slow one",
			server->bounds.places_max);
	else if (why == HTTP_NO_ROOM)
		log_warning("http: all room for large requests and answers is taken (%zu bytes): "
			    "others are refused, or a slow one is ended",
			    server->bounds.room_max);
}

static void forget_refusals(struct http_server *server)
{
	const struct bounds *bounds = &server->bounds;

	if (bounds->places <= bounds->places_max / 2)
		server->told[HTTP_NO_PLACE] = false;
	if (bounds->room <= bounds->room_max / 2)
		server->told[HTTP_NO_ROOM] = false;
}

/* After room was given back. */
static void admit(struct http_server *server)
{
	struct bounds_place *place;

	while ((place = bounds_admit(&server->bounds, clock_mono_ms())) != NULL)
		bufferevent_enable(connection_of(place)->bev, EV_READ);
	forget_refusals(server);
	show(server);
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;
	struct http_server *server = connection->server;

	(void)buffer;
	if (info->n_added > 0 &&
	    !bounds_read(&server->bounds, &connection->place, info->n_added, clock_mono_ms()))
		bufferevent_disable(connection->bev, EV_READ);
	show(server);
}

static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;
	struct http_server *server = connection->server;

	if (info->n_deleted == 0 || evbuffer_get_length(buffer) > 0 ||
	    connection->place.state != BOUNDS_ANSWERING)
		return; /* "100 Continue" is no answer; after what evhttp refuses by itself, it closes */
	bounds_done(&server->bounds, &connection->place,
		    evbuffer_get_length(bufferevent_get_input(connection->bev)), clock_mono_ms());
	admit(server);
}

/*
 * evhttp tells of the end of each connection before it frees anything of it. It frees a request
 * that waits for its answer, too.
 */
static void on_end(struct evhttp_connection *inner, void *arg)
{
	struct http_connection *connection = arg;
	struct http_server *server = connection->server;
	struct http_request *request = connection->request;

	(void)inner;
	if (request != NULL) {
		request->inner = NULL;
		request->connection = NULL;
	}
	evbuffer_remove_cb(bufferevent_get_input(connection->bev), on_input, connection);
	evbuffer_remove_cb(bufferevent_get_output(connection->bev), on_output, connection);
	bounds_leave(&server->bounds, &connection->place);
	free(connection);
	admit(server);
}

static void end(struct http_connection *connection, enum http_refusal why)
{
	refuse(connection->server, why);
	evhttp_connection_free(connection->inner);
}

/* evhttp asks for what is to carry a connection, and only then makes one of it. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct http_server *server = arg;
	struct http_connection *connection = mem_zero(1, sizeof(*connection));

	connection->server = server;
	connection->bev = bufferevent_socket_new(base, -1, 0);
	if (connection->bev == NULL ||
	    evbuffer_add_cb(bufferevent_get_input(connection->bev), on_input, connection) == NULL ||
	    evbuffer_add_cb(bufferevent_get_output(connection->bev), on_output, connection) == NULL)
		log_fatal("http: there is no memory for a connection");
	bounds_enter(&server->bounds, &connection->place, clock_mono_ms());
	TAILQ_INSERT_TAIL(&server->fresh, connection, next);
	/* Whoever is too many is dealt with before the next one is accepted. */
	if (bounds_crowded(&server->bounds)) {
		evconnlistener_disable(server->listener);
		server->full = true;
	}
	event_active(server->settle, EV_TIMEOUT, 0);
	if (!server->looks)
		loop_timer_arm(server->look, LOOK_MS);
	server->looks = true;
	return connection->bev;
}

/* One is too many: the newest, unless one has kept us waiting for long. */
static void thin_out(struct http_connection *newest)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"
				   "Content-Length: 0\r\nConnection: close\r\n\r\n";
	struct bounds_place *slowest = bounds_slowest(&newest->server->bounds, clock_mono_ms());

	if (slowest != NULL) {
		end(connection_of(slowest), HTTP_NO_PLACE);
		return;
	}
	/* Nobody waits until it can be sent. */
	send(bufferevent_getfd(newest->bev), full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	end(newest, HTTP_NO_PLACE);
}

/* Runs after the new connections were made, and before anything can happen on them. */
static void settle(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	struct http_connection *connection;

	(void)fd;
	(void)what;
	while ((connection = TAILQ_FIRST(&server->fresh)) != NULL) {
		void *inner;

		TAILQ_REMOVE(&server->fresh, connection, next);
		bufferevent_getcb(connection->bev, NULL, NULL, NULL, &inner);
		connection->inner = inner;
		evhttp_connection_set_closecb(connection->inner, on_end, connection);
		if (TAILQ_EMPTY(&server->fresh) && bounds_crowded(&server->bounds))
			thin_out(connection);
	}
	if (server->full)
		evconnlistener_enable(server->listener);
	server->full = false;
	show(server);
}

static void look(void *context)
{
	struct http_server *server = context;
	int64_t now = clock_mono_ms();
	struct bounds_place *place;

	while ((place = bounds_late(&server->bounds, now)) != NULL)
		end(connection_of(place), HTTP_NO_TIME);
	while (!TAILQ_EMPTY(&server->bounds.waiting) &&
	       (place = bounds_holder(&server->bounds, now)) != NULL)
		end(connection_of(place), HTTP_NO_ROOM);
	server->looks = server->bounds.places > 0;
	if (server->looks)
		loop_timer_arm(server->look, LOOK_MS);
}

/* RFC 9112 section 6.3. libevent 2.1.12, as it was released, lets all of these through. */
static bool end_is_ambiguous(struct evhttp_request *inner)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(inner);
	const struct evkeyval *header;
	size_t lengths = 0, encodings = 0;
	bool chunked = false;

	TAILQ_FOREACH(header, headers, next)
	{
		if (strcasecmp(header->key, "Content-Length") == 0)
			lengths++;
		if (strcasecmp(header->key, "Transfer-Encoding") != 0)
			continue;
		encodings++;
		chunked = strcasecmp(header->value, "chunked") == 0;
	}
	return lengths + encodings > 1 || (encodings == 1 && !chunked) ||
	       (lengths + encodings > 0 && evhttp_request_get_command(inner) == EVHTTP_REQ_HEAD);
}

static void on_request(struct evhttp_request *inner, void *arg)
{
	struct http_server *server = arg;
	struct http_request *request = mem_zero(1, sizeof(*request));
	enum evhttp_cmd_type command = evhttp_request_get_command(inner);
	struct evhttp_connection *connection = evhttp_request_get_connection(inner);
	struct bounds_place *place;

	/* Its request has begun a moment ago, so it stands near the end. */
	TAILQ_FOREACH_REVERSE(place, &server->bounds.all, bounds_places, next)
	{
		if (connection_of(place)->inner == connection)
			break;
	}
	if (place == NULL)
		log_fatal("http: a request came by no connection");
	bounds_handle(&server->bounds, place);
	request->inner = inner;
	request->connection = connection_of(place);
	request->connection->request = request;
	request->head = command == EVHTTP_REQ_HEAD;
	request->safe = request->head || command == EVHTTP_REQ_GET;
	if (!end_is_ambiguous(inner)) {
		server->fn(server->context, request);
		return;
	}
	http_reply_header(request, "Connection", "close");
	http_reply(request, 400, NULL, "", 0);
}

struct http_server *http_server_new(struct loop *loop, const struct http_limits *limits,
				    http_fn *fn, void *context)
{
	struct http_server *server = mem_zero(1, sizeof(*server));
	ev_uint16_t allowed = 0;

	server->evhttp = evhttp_new(loop_base(loop));
	if (server->evhttp == NULL)
		log_fatal("http: no server can be made");
	if (!bounds_init(&server->bounds, limits->connections, limits->held, limits->headers_max,
			 limits->body_max))
		log_fatal("http: %zu bytes are too few for %zu connections", limits->held,
			  limits->connections);
	server->bounds.whole = limits->whole * INT64_C(1000);
	server->bounds.patience = limits->patience * INT64_C(1000);
	server->meter = limits->meter;
	TAILQ_INIT(&server->fresh);
	server->settle = event_new(loop_base(loop), -1, 0, settle, server);
	if (server->settle == NULL)
		log_fatal("http: no event can be made");
	server->look = loop_timer_new(loop, look, server);
	server->fn = fn;
	server->context = context;
	for (size_t i = 0; i < METHODS; i++)
		if (limits->methods & (1u << methods[i].ours))
			allowed |= (ev_uint16_t)methods[i].theirs;
	evhttp_set_allowed_methods(server->evhttp, allowed);
	evhttp_set_max_headers_size(server->evhttp, (ev_ssize_t)limits->headers_max);
	evhttp_set_max_body_size(server->evhttp, (ev_ssize_t)limits->body_max);
	evhttp_set_timeout(server->evhttp, limits->silence);
	evhttp_set_default_content_type(server->evhttp, NULL);
	evhttp_set_gencb(server->evhttp, on_request, server);
	evhttp_set_bevcb(server->evhttp, on_connection, server);
	return server;
}

static void accept_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(arg);
}

/*
 * Without descriptors the next client still waits, and the loop would do nothing but fail to
 * accept it, with a line in the log each time.
 */
static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { .tv_sec = 1 };

	(void)arg;
	log_warning("http: no client can be accepted for a second: %s", strerror(errno));
	evconnlistener_disable(listener);
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again,
			    listener, &pause) != 0)
		log_fatal("http: no timer can be made");
}

void http_server_listen(struct http_server *server, int fd)
{
	struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(server->evhttp, fd);

	if (bound == NULL)
		log_fatal("http: cannot accept clients");
	server->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(server->listener, on_accept_failed);
}

void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	settle(-1, 0, server);
	evhttp_free(server->evhttp);
	event_free(server->settle);
	loop_timer_free(server->look);
	free(server);
}

enum http_method http_request_method(const struct http_request *request)
{
	enum evhttp_cmd_type command = evhttp_request_get_command(request->inner);

	for (size_t i = 0; i < METHODS; i++)
		if (methods[i].theirs == command)
			return methods[i].ours;
	log_fatal("http: a method came that is not allowed");
}

const char *http_request_target(const struct http_request *request)
{
	return evhttp_request_get_uri(request->inner);
}

enum lookup http_request_header(const struct http_request *request, const char *name,
				const char **value)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request->inner);
	const struct evkeyval *header;
	enum lookup found = LOOKUP_ABSENT;

	TAILQ_FOREACH(header, headers, next)
	{
		if (strcasecmp(header->key, name) != 0)
			continue;
		if (found == LOOKUP_FOUND)
			return LOOKUP_ERROR;
		*value = header->value;
		found = LOOKUP_FOUND;
	}
	return found;
}

const char *http_request_body(const struct http_request *request, size_t *len)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request->inner);

	*len = evbuffer_get_length(body);
	return *len > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
}

bool http_request_peer(const struct http_request *request, uid_t *uid)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request->inner);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct ucred peer;
	socklen_t len = sizeof(peer);

	/* A socket that is none of AF_UNIX has a peer without a name: pid 0, uid -1. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof(peer) ||
	    peer.pid == 0 || peer.uid == (uid_t)-1)
		return false;
	*uid = peer.uid;
	return true;
}

void http_reply_header(struct http_request *request, const char *name, const char *value)
{
	if (request->inner != NULL &&
	    evhttp_add_header(evhttp_request_get_output_headers(request->inner), name, value) != 0)
		log_fatal("http: header=%s has a value that is none", name);
}

static void free_body(const void *data, size_t len, void *body)
{
	(void)data;
	(void)len;
	free(body);
}

/* No room for it. Nothing was changed, so it can be asked for again. */
static void send_later(struct http_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request->inner);

	evhttp_clear_headers(headers);
	if (evhttp_add_header(headers, "Cache-Control", "no-store") != 0 ||
	    evhttp_add_header(headers, "Retry-After", "10") != 0 ||
	    evhttp_add_header(headers, "Content-Length", "0") != 0)
		log_fatal("http: there is no memory for an answer");
	bounds_answer(&request->connection->server->bounds, &request->connection->place, 0, true,
		      clock_mono_ms());
	evhttp_send_reply(request->inner, 503, NULL, NULL);
}

/* True: there is, maybe since somebody was ended who had it for too long. */
static bool has_room(struct http_request *request, size_t bytes)
{
	struct http_server *server = request->connection->server;
	struct bounds_place *holder;
	int64_t now = clock_mono_ms();

	while (!bounds_answer(&server->bounds, &request->connection->place, bytes, !request->safe,
			      now)) {
		holder = bounds_holder(&server->bounds, now);
		if (holder == NULL) {
			refuse(server, HTTP_NO_ROOM);
			return false;
		}
		end(connection_of(holder), HTTP_NO_ROOM);
	}
	return true;
}

/* `out` is what is to be sent; `held` of it is memory of this answer alone. */
static void send_reply(struct http_request *request, int status, struct evbuffer *out, size_t held)
{
	request->connection->request = NULL;
	if (has_room(request, held))
		evhttp_send_reply(request->inner, status, NULL, out);
	else
		send_later(request);
	show(request->connection->server);
}

enum body { BODY_COPIED, BODY_GIVEN, BODY_KEPT };

/* evhttp itself would send the body of an answer to HEAD, too. */
static bool has_body(const struct http_request *request, size_t len)
{
	return request->inner != NULL && !request->head && len > 0;
}

static struct evbuffer *new_output(void)
{
	struct evbuffer *out = evbuffer_new();

	if (out == NULL)
		log_fatal("http: there is no memory for an answer");
	return out;
}

/* `held` bytes of `out` are memory of this answer alone. */
static void reply(struct http_request *request, int status, const char *type, struct evbuffer *out,
		  size_t len, size_t held)
{
	char length[24];

	snprintf(length, sizeof(length), "%zu", len);
	http_reply_header(request, "Content-Length", length);
	if (type != NULL)
		http_reply_header(request, "Content-Type", type);
	if (request->inner != NULL)
		send_reply(request, status, out, held);
	evbuffer_free(out);
	free(request);
}

void http_reply(struct http_request *request, int status, const char *type, const char *body,
		size_t len)
{
	struct evbuffer *out = new_output();
	size_t sent = has_body(request, len) ? len : 0;

	if (evbuffer_add(out, body, sent) != 0)
		log_fatal("http: there is no memory for an answer");
	reply(request, status, type, out, len, sent);
}

void http_reply_given(struct http_request *request, int status, const char *type, char *body,
		      size_t len)
{
	struct evbuffer *out = new_output();
	size_t sent = has_body(request, len) ? len : 0;

	if (sent == 0)
		free(body);
	else if (evbuffer_add_reference(out, body, sent, free_body, body) != 0)
		log_fatal("http: there is no memory for an answer");
	reply(request, status, type, out, len, sent);
}

void http_reply_kept(struct http_request *request, int status, const char *type, const char *body,
		     size_t len)
{
	struct evbuffer *out = new_output();

	if (has_body(request, len) && evbuffer_add_reference(out, body, len, NULL, NULL) != 0)
		log_fatal("http: there is no memory for an answer");
	reply(request, status, type, out, len, 0);
}
