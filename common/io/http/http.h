/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http - a small HTTP/1.1 server inside the event loop (libevent's evhttp, hidden): always
 * on a Unix socket or on loopback, never facing the Internet by itself.
 *
 * Strict before convenient: evhttp refuses a NUL in the request line. A header that stands
 * twice is an error here, since two readers could take different ones (RFC 9112 section 11).
 * Where two could disagree on where a request ends, it is refused with 400 and nothing more
 * is read from that client: both Content-Length and Transfer-Encoding, one of them twice,
 * another encoding than chunked, a body of HEAD. Of a header evhttp shows nothing after a NUL.
 *
 * A request is answered exactly once, at once or later; it is gone afterwards. What it
 * holds may be looked at only until the handler returns. A client that has hung up before
 * the answer is no error.
 *
 * What clients may take is bounded for all of them together (bounds.h): connections, bytes, and the time
 * of a request from its first byte to the last one of its answer. Beyond that a new connection
 * gets 503 and ends, a body waits to be read, and a GET whose answer finds no room gets 503, with
 * Retry-After.
 */
#ifndef POSTSEAL_IO_HTTP_H
#define POSTSEAL_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/lookup.h"
#include "io/local/metrics_file.h"
#include "io/net/loop.h"

struct http_server;
struct http_request;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE };

enum http_refusal { HTTP_NO_PLACE, HTTP_NO_ROOM, HTTP_NO_TIME, HTTP_REFUSALS };

/* Where it is counted: what was refused or ended, by enum http_refusal; gauges of what is. */
struct http_meter {
	enum metric_cell refused, connections, held;
};

/* What is beyond these ends in 400, 413 or 405 without asking anybody. */
struct http_limits {
	size_t headers_max; /* bytes of request line and headers */
	size_t body_max;    /* bytes */
	int silence;        /* seconds that a client may say nothing, or read nothing */
	unsigned methods;   /* a set: 1u << HTTP_GET, ... */
	/* Of all clients together: */
	size_t connections;
	size_t held;  /* bytes of requests and answers */
	int whole;    /* seconds for one request, to the end of its answer */
	int patience; /* seconds after which a slow one gives way to others */
	struct http_meter meter;
};

/*
 * What suits a daemon behind one proxy, or with the webmail of one machine. They are no settings: more
 * would help nobody but who keeps connections open.
 *
 * 512: a proxy has one connection for each request under way, and most take milliseconds.
 * 64 MiB: 38 of the largest bodies at once, which is a second of a fast line, beside small ones.
 * 300 s: 1 MiB at 3.5 kB/s; slower is no line on which somebody reads letters.
 * 10 s: 1 MiB at 100 kB/s, where others wait for the same.
 */
#define HTTP_CONNECTIONS 512
#define HTTP_HELD ((size_t)64 << 20)
#define HTTP_WHOLE 300
#define HTTP_PATIENCE 10

typedef void http_fn(void *context, struct http_request *request);

struct http_server *http_server_new(struct loop *loop, const struct http_limits *limits,
				    http_fn *fn, void *context);
/* Accept clients on a listening, non-blocking socket, which is ours from then on. Once. */
void http_server_listen(struct http_server *server, int fd);
/* Ends all connections, also those that wait for an answer. The loop must not run again after
 * this. NULL is allowed. */
void http_server_free(struct http_server *server);

enum http_method http_request_method(const struct http_request *request);
/* As the client wrote it: path and query, still percent-encoded. */
const char *http_request_target(const struct http_request *request);
/* FOUND: its value. ABSENT: there is none. ERROR: it stands more than once. */
enum lookup http_request_header(const struct http_request *request, const char *name,
				const char **value);
/* The body, whole. Empty is "". */
const char *http_request_body(const struct http_request *request, size_t *len);
/* Who is at the other end of a Unix socket (SO_PEERCRED, as of connect(2)). */
bool http_request_peer(const struct http_request *request, uid_t *uid);

/* A header of the answer. A value with a line break ends the program: it is ours to know. */
void http_reply_header(struct http_request *request, const char *name, const char *value);
/* The answer, with all of its body; of HEAD the body is left out. `request` is gone then. */
void http_reply(struct http_request *request, int status, const char *type, const char *body,
		size_t len);
/* The same without a copy: `body` is freed when it has been sent, or at once. */
void http_reply_given(struct http_request *request, int status, const char *type, char *body,
		      size_t len);
/* The same: `body` stays as it is for as long as the loop. */
void http_reply_kept(struct http_request *request, int status, const char *type, const char *body,
		     size_t len);

#endif
