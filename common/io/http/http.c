/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/http/http.h"

#include <errno.h>
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

#include "base/log.h"
#include "base/mem.h"

struct http_server {
	struct evhttp *evhttp;
	http_fn *fn;
	void *context;
};

struct http_request {
	struct evhttp_request *inner; /* NULL: the client has gone, and the request with it */
	bool head;
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

/* evhttp frees a request that still waits for its answer when its client hangs up. */
static void on_gone(struct evhttp_connection *connection, void *arg)
{
	struct http_request *request = arg;

	(void)connection;
	request->inner = NULL;
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
	struct http_request *request;

	if (end_is_ambiguous(inner)) {
		evhttp_send_error(inner, HTTP_BADREQUEST, NULL); /* and it hangs up */
		return;
	}
	request = mem_zero(1, sizeof(*request));
	request->inner = inner;
	request->head = evhttp_request_get_command(inner) == EVHTTP_REQ_HEAD;
	evhttp_connection_set_closecb(evhttp_request_get_connection(inner), on_gone, request);
	server->fn(server->context, request);
}

struct http_server *http_server_new(struct loop *loop, const struct http_limits *limits,
				    http_fn *fn, void *context)
{
	struct http_server *server = mem_zero(1, sizeof(*server));
	ev_uint16_t allowed = 0;

	server->evhttp = evhttp_new(loop_base(loop));
	if (server->evhttp == NULL)
		log_fatal("http: no server can be made");
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
	evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(bound), on_accept_failed);
}

void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	evhttp_free(server->evhttp);
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

static void send_reply(struct http_request *request, int status, const char *body, size_t len)
{
	struct evbuffer *out = evbuffer_new();
	char length[24];

	/* evhttp itself would send the body of an answer to HEAD, too. */
	snprintf(length, sizeof(length), "%zu", len);
	http_reply_header(request, "Content-Length", length);
	if (out == NULL || (!request->head && evbuffer_add(out, body, len) != 0))
		log_fatal("http: there is no memory for an answer");
	evhttp_connection_set_closecb(evhttp_request_get_connection(request->inner), NULL, NULL);
	evhttp_send_reply(request->inner, status, NULL, out);
	evbuffer_free(out);
}

void http_reply(struct http_request *request, int status, const char *type, const char *body,
		size_t len)
{
	if (type != NULL)
		http_reply_header(request, "Content-Type", type);
	if (request->inner != NULL)
		send_reply(request, status, body, len);
	free(request);
}
