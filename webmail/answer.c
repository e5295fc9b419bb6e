/* SPDX-License-Identifier: BSD-2-Clause */
#include "webmail/webmail.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/policy/request.h"
#include "io/json/webmail_json.h"
#include "io/link/link.h"

/*
 * The socketmap server answers map `status` at once, a hundred questions in some
 * milliseconds. Should it hang, nobody here waits longer than this for it, and for a
 * while nobody asks it at all. A server that is down costs no such time.
 */
#define PATIENCE_MS 1500
#define SULK_MS 5000

struct webmail_answerer {
	const struct settings *settings;
	struct mailbox_link *link;
	struct aliases *aliases;
	struct sealed *sealed;
	struct socketmap_client *client; /* for one request; NULL: none now */
	int64_t not_before;              /* clock_mono_ms(): do not ask earlier */
};

struct webmail_answerer *answerer_new(const struct settings *settings, struct loop *loop)
{
	struct webmail_answerer *answerer = mem_zero(1, sizeof(*answerer));

	answerer->settings = settings;
	answerer->link = mailbox_link_new(loop);
	answerer->aliases = aliases_new(settings);
	answerer->sealed = sealed_new(settings, answerer->aliases, answerer->link);
	return answerer;
}

void answerer_reload(struct webmail_answerer *answerer, const struct settings *settings)
{
	answerer->settings = settings;
	aliases_reload(answerer->aliases, settings);
	sealed_reload(answerer->sealed, settings);
}

void answerer_free(struct webmail_answerer *answerer)
{
	/* First: those who wait for it are told, and belong to those below. */
	mailbox_link_free(answerer->link);
	sealed_free(answerer->sealed);
	aliases_free(answerer->aliases);
	free(answerer);
}

static void send_json(struct http_request *request, int status, struct buf *body)
{
	http_reply_header(request, "Cache-Control", "no-store");
	http_reply_header(request, "X-Content-Type-Options", "nosniff");
	http_reply(request, status, "application/json", buf_cstr(body), body->len);
	buf_free(body);
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

/*
 * How mail to each of these addresses travels: what map `status` of postseal-socketmap says, word
 * for word, so that a symbol and what Postfix is told cannot disagree. The prober looks at new
 * domains meanwhile. Where mail is sealed, postseal-mailbox says how a sealed mail would go.
 */

static void give_up(struct webmail_answerer *answerer, int64_t deadline, const char *error)
{
	int64_t now = clock_mono_ms();

	log_error("%s", error);
	socketmap_client_close(answerer->client);
	answerer->client = NULL;
	/* For the rest of this request, or for longer. */
	answerer->not_before = now < deadline ? deadline : now + SULK_MS;
}

static bool ask(struct webmail_answerer *answerer, const char *address, int64_t deadline,
		struct buf *reply)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];

	if (clock_mono_ms() < answerer->not_before)
		return false;
	if (answerer->client == NULL)
		answerer->client = socketmap_client_open(answerer->settings, deadline, error);
	if (answerer->client != NULL && socketmap_client_ask(answerer->client, map_name(MAP_STATUS),
							     address, deadline, reply, error))
		return true;
	give_up(answerer, deadline, error);
	return false;
}

/* One request: what is said of each recipient, an object of JSON. */
struct inquiry {
	struct http_request *request;
	size_t count, awaited; /* answers of postseal-mailbox that are still to come */
	struct part {
		struct inquiry *inquiry;
		struct buf json;
		bool known; /* it has a status */
	} parts[];
};

static void read_status(struct webmail_answerer *answerer, const char *address, int64_t deadline,
			struct part *part)
{
	struct buf reply = { 0 };
	bool answered = ask(answerer, address, deadline, &reply);
	const char *text = buf_cstr(&reply);

	part->known = answered && strncmp(text, "OK {", 4) == 0 && reply.data[reply.len - 1] == '}';
	if (part->known)
		buf_append_str(&part->json, text + 3);
	else if (answered && strncmp(text, "NOTFOUND ", 9) == 0)
		webmail_json_no_status(&part->json, address, "no-such-address",
				       "no mail can be sent to this address");
	else
		webmail_json_no_status(&part->json, address, "not-now",
				       answered ? "postseal does not know just now"
						: "postseal cannot be asked just now");
	buf_free(&reply);
}

/* Once nothing more is to come. */
static void finish(struct inquiry *inquiry)
{
	struct buf out = { 0 };

	buf_append_str(&out, "{\"recipients\":[");
	for (size_t i = 0; i < inquiry->count; i++) {
		if (i > 0)
			buf_append_str(&out, ",");
		buf_append(&out, inquiry->parts[i].json.data, inquiry->parts[i].json.len);
		buf_free(&inquiry->parts[i].json);
	}
	buf_append_str(&out, "]}");
	answer_json(inquiry->request, &out);
	free(inquiry);
}

/* The symbol can do without it: where there is no answer, nothing is said of sealing. */
static void on_seal(void *context, const char *answer, const char *error)
{
	struct part *part = context;

	(void)error;
	if (answer != NULL) {
		part->json.len--; /* the "}" */
		webmail_json_seal_of(&part->json, answer);
	}
	if (--part->inquiry->awaited == 0)
		finish(part->inquiry);
}

static void ask_how_sealed(struct webmail_answerer *answerer, const struct webmail_request *call,
			   int64_t deadline, struct inquiry *inquiry)
{
	struct mailbox_question question = { .act = "seal" };

	for (size_t i = 0; i < inquiry->count; i++) {
		if (!inquiry->parts[i].known)
			continue;
		question.mailbox = call->address[i];
		inquiry->awaited++;
		mailbox_link_ask(answerer->link, answerer->settings, &question, deadline, on_seal,
				 &inquiry->parts[i]);
	}
}

static void answer_recipients(struct webmail_answerer *answerer, const struct webmail_request *call,
			      struct http_request *request)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	struct inquiry *inquiry =
		mem_zero(1, sizeof(*inquiry) + call->count * sizeof(inquiry->parts[0]));

	inquiry->request = request;
	inquiry->count = call->count;
	for (size_t i = 0; i < call->count; i++) {
		inquiry->parts[i].inquiry = inquiry;
		read_status(answerer, call->address[i], deadline, &inquiry->parts[i]);
	}
	/* Postfix has many clients; an idle one of ours must not take a place of theirs. */
	socketmap_client_close(answerer->client);
	answerer->client = NULL;
	if (answerer->not_before == deadline)
		answerer->not_before = 0;
	if (answerer->settings->mailbox_domain[0] != '\0')
		ask_how_sealed(answerer, call, deadline, inquiry);
	if (inquiry->awaited == 0)
		finish(inquiry);
}

void answer(struct webmail_answerer *answerer, const char *user, const struct webmail_request *call,
	    struct http_request *request)
{
	switch (call->call) {
	case WEBMAIL_RECIPIENTS:
		answer_recipients(answerer, call, request);
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
