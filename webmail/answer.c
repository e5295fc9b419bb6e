/* SPDX-License-Identifier: BSD-2-Clause */
#include "webmail/webmail.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/json/webmail_json.h"

struct webmail_answerer {
	struct socketmap_link *map;
	struct mailbox_link *mailbox;
	struct recipients *recipients;
	struct aliases *aliases;
	struct sealed *sealed;
};

struct webmail_answerer *answerer_new(const struct settings *settings, struct loop *loop)
{
	struct webmail_answerer *answerer = mem_zero(1, sizeof(*answerer));

	answerer->map = socketmap_link_new(loop);
	answerer->mailbox = mailbox_link_new(loop);
	answerer->aliases = aliases_new(settings);
	answerer->sealed = sealed_new(settings, answerer->aliases, answerer->mailbox);
	answerer->recipients = recipients_new(settings, answerer->map, answerer->mailbox);
	return answerer;
}

void answerer_reload(struct webmail_answerer *answerer, const struct settings *settings)
{
	recipients_reload(answerer->recipients, settings);
	aliases_reload(answerer->aliases, settings);
	sealed_reload(answerer->sealed, settings);
}

void answerer_free(struct webmail_answerer *answerer)
{
	/* First: who waits for them is told, and belongs to those below. Who waited for the map may
	 * still ask postseal-mailbox. */
	socketmap_link_free(answerer->map);
	mailbox_link_free(answerer->mailbox);
	recipients_free(answerer->recipients);
	sealed_free(answerer->sealed);
	aliases_free(answerer->aliases);
	free(answerer);
}

static void send_json(struct http_request *request, int status, struct buf *body)
{
	http_reply_header(request, "Cache-Control", "no-store");
	http_reply_header(request, "X-Content-Type-Options", "nosniff");
	http_reply_given(request, status, "application/json", body->data, body->len);
	*body = (struct buf){ 0 };
}

void answer_json(struct http_request *request, struct buf *body)
{
	send_json(request, 200, body);
}

void answer_error(struct http_request *request, int status, const char *word, const char *sentence)
{
	struct buf body = { 0 };

	webmail_json_error(&body, word, sentence);
	send_json(request, status, &body);
}

void answer(struct webmail_answerer *answerer, const char *user, const struct webmail_request *call,
	    struct http_request *request)
{
	switch (call->call) {
	case WEBMAIL_RECIPIENTS:
		recipients_answer(answerer->recipients, call, request);
		return;
	case WEBMAIL_ALIASES:
		aliases_answer_list(answerer->aliases, user, request);
		return;
	case WEBMAIL_ALIAS:
		aliases_answer_change(answerer->aliases, user, call->address[0], request);
		return;
	case WEBMAIL_SEALED:
	case WEBMAIL_UNLOCK:
	case WEBMAIL_RESEND:
	case WEBMAIL_REVOKE:
		sealed_answer(answerer->sealed, user, call, request);
		return;
	case WEBMAIL_CALLS:
		break;
	}
	answer_error(request, 404, "no-such-call", "there is no such call");
}
