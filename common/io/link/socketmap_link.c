/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/policy/request.h"
#include "core/protocol/netstring.h"
#include "io/net/dialogue.h"

/* It answers from memory, in no time. More than one, so that a long list holds up nobody. */
#define OPEN_AT_ONCE 8
#define ERROR_SIZE 256

struct socketmap_link {
	struct dialogues *dialogues;
};

/* A list of keys: their requests, framed, of which one at a time is out. */
struct list {
	struct buf requests;
	socketmap_link_reply_fn *reply;
	socketmap_link_over_fn *over;
	void *context;
};

struct socketmap_link *socketmap_link_new(struct loop *loop)
{
	struct socketmap_link *link = mem_zero(1, sizeof(*link));

	link->dialogues = dialogues_new(loop, OPEN_AT_ONCE);
	return link;
}

/* The next request, which is ours and therefore whole; false: that was the last. */
static bool say_next(struct list *list, struct buf *out)
{
	struct netstring request;

	if (netstring_decode(&request, list->requests.data, list->requests.len, SIZE_MAX) !=
	    NETSTRING_WHOLE)
		return false;
	buf_append(out, list->requests.data, request.consumed);
	buf_consume(&list->requests, request.consumed);
	return true;
}

/* One whole netstring, and nothing after it: only one request is out. */
static enum dialogue_sense on_hear(void *context, struct buf *in, struct buf *out)
{
	struct list *list = context;
	struct netstring reply;

	switch (netstring_decode(&reply, in->data, in->len, REPLY_MAX)) {
	case NETSTRING_PARTIAL:
		return DIALOGUE_GOES_ON;
	case NETSTRING_MALFORMED:
		return DIALOGUE_IS_WRONG;
	case NETSTRING_WHOLE:
		break;
	}
	if (reply.consumed != in->len)
		return DIALOGUE_IS_WRONG;
	list->reply(list->context, reply.payload, reply.len);
	in->len = 0;
	return say_next(list, out) ? DIALOGUE_GOES_ON : DIALOGUE_IS_OVER;
}

static void on_over(void *context, int why)
{
	struct list *list = context;
	char error[ERROR_SIZE];

	snprintf(error, sizeof(error),
		 "postseal-socketmap does not answer: %s; is it running? (systemctl status "
		 "postseal-socketmap)",
		 strerror(why));
	list->over(list->context, why == 0 ? NULL : error, why == ETIMEDOUT);
	buf_free(&list->requests);
	free(list);
}

void socketmap_link_ask(struct socketmap_link *link, const struct settings *settings,
			const char *map, const char *const keys[], size_t count, int64_t deadline,
			socketmap_link_reply_fn *reply, socketmap_link_over_fn *over, void *context)
{
	static const struct dialogue_ears ears = { on_hear, on_over };
	const struct string_list *listen = &settings->socketmap_listen;
	struct endpoint *endpoints = mem_zero(listen->count + 1, sizeof(*endpoints));
	struct list *list = mem_zero(1, sizeof(*list));
	struct buf payload = { 0 }, first = { 0 };
	size_t known = 0;

	*list = (struct list){ .reply = reply, .over = over, .context = context };
	for (size_t i = 0; i < count; i++) {
		payload.len = 0;
		buf_printf(&payload, "%s %s", map, keys[i]);
		netstring_append(&list->requests, payload.data, payload.len);
	}
	for (size_t i = 0; i < listen->count; i++)
		if (endpoint_parse(&endpoints[known], listen->items[i]))
			known++;
	say_next(list, &first);
	dialogue_begin(link->dialogues, endpoints, known, &first, deadline, &ears, list);
	buf_free(&payload);
	free(endpoints);
}

void socketmap_link_free(struct socketmap_link *link)
{
	if (link == NULL)
		return;
	dialogues_free(link->dialogues);
	free(link);
}
