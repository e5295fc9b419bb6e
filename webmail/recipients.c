/* SPDX-License-Identifier: BSD-2-Clause */
#include "webmail/recipients.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/policy/request.h"
#include "io/json/webmail_json.h"
#include "io/link/link.h"
#include "webmail/answer.h"

/*
 * The socketmap server answers this map at once, a hundred questions in some
 * milliseconds. Should it hang, nobody here waits longer than this for it, and for a
 * while nobody asks it at all. A server that is down costs no such time.
 */
#define PATIENCE_MS 1500
#define SULK_MS 5000

struct recipients {
	const struct settings *settings;
	struct mailbox_link *link;
	struct socketmap_client *client; /* for one request; NULL: none now */
	int64_t not_before;              /* clock_mono_ms(): do not ask earlier */
};

struct recipients *recipients_new(const struct settings *settings, struct mailbox_link *link)
{
	struct recipients *recipients = mem_zero(1, sizeof(*recipients));

	recipients->settings = settings;
	recipients->link = link;
	return recipients;
}

void recipients_reload(struct recipients *recipients, const struct settings *settings)
{
	recipients->settings = settings;
}

void recipients_free(struct recipients *recipients)
{
	socketmap_client_close(recipients->client);
	free(recipients);
}

static void give_up(struct recipients *recipients, int64_t deadline, const char *error)
{
	int64_t now = clock_mono_ms();

	log_error("%s", error);
	socketmap_client_close(recipients->client);
	recipients->client = NULL;
	/* For the rest of this request, or for longer. */
	recipients->not_before = now < deadline ? deadline : now + SULK_MS;
}

static bool ask(struct recipients *recipients, const char *address, int64_t deadline,
		struct buf *reply)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];

	if (clock_mono_ms() < recipients->not_before)
		return false;
	if (recipients->client == NULL)
		recipients->client = socketmap_client_open(recipients->settings, deadline, error);
	if (recipients->client != NULL &&
	    socketmap_client_ask(recipients->client, map_name(MAP_STATUS), address, deadline, reply,
				 error))
		return true;
	give_up(recipients, deadline, error);
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

static void read_status(struct recipients *recipients, const char *address, int64_t deadline,
			struct part *part)
{
	struct buf reply = { 0 };
	bool answered = ask(recipients, address, deadline, &reply);
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

static void ask_how_sealed(struct recipients *recipients, const struct webmail_request *call,
			   int64_t deadline, struct inquiry *inquiry)
{
	struct mailbox_question question = { .act = "seal" };

	for (size_t i = 0; i < inquiry->count; i++) {
		if (!inquiry->parts[i].known)
			continue;
		question.mailbox = call->address[i];
		inquiry->awaited++;
		mailbox_link_ask(recipients->link, recipients->settings, &question, deadline,
				 on_seal, &inquiry->parts[i]);
	}
}

void recipients_answer(struct recipients *recipients, const struct webmail_request *call,
		       struct http_request *request)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	struct inquiry *inquiry =
		mem_zero(1, sizeof(*inquiry) + call->count * sizeof(inquiry->parts[0]));

	inquiry->request = request;
	inquiry->count = call->count;
	for (size_t i = 0; i < call->count; i++) {
		inquiry->parts[i].inquiry = inquiry;
		read_status(recipients, call->address[i], deadline, &inquiry->parts[i]);
	}
	/* Postfix has many clients; an idle one of ours must not take a place of theirs. */
	socketmap_client_close(recipients->client);
	recipients->client = NULL;
	if (recipients->not_before == deadline)
		recipients->not_before = 0;
	if (recipients->settings->mailbox_domain[0] != '\0')
		ask_how_sealed(recipients, call, deadline, inquiry);
	if (inquiry->awaited == 0)
		finish(inquiry);
}
