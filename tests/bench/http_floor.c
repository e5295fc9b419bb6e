/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_floor - libevent's HTTP server, that answers the same to everybody: what the portal of
 * postseal-mailbox is measured beside.
 *
 *   http_floor PORT
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

static void answer(struct evhttp_request *request, void *context)
{
	struct evbuffer *body = evbuffer_new();

	(void)context;
	evbuffer_add_printf(body, "{\"name\":\"%0300d\"}", 0);
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "application/json");
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = base != NULL ? evhttp_new(base) : NULL;

	if (argc != 2 || http == NULL ||
	    evhttp_bind_socket(http, "127.0.0.1", (unsigned short)atoi(argv[1])) != 0)
		return EXIT_FAILURE;
	evhttp_set_gencb(http, answer, NULL);
	return event_base_dispatch(base) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
