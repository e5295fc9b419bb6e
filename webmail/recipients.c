/* SPDX-License-Identifier: BSD-2-Clause */
#include "webmail/webmail.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/policy/request.h"
#include "io/json/status_json.h"
#include "io/json/webmail_json.h"

/*
 * The socketmap server answers this map at once, a hundred questions in some
 * milliseconds. Should it hang, a request waits no longer than this for it, and for a
 * while nobody asks it at all. A server that is down costs no such time.
 */
#define PATIENCE_MS 1500
#define SULK_MS 5000

struct recipients {
	const struct settings *settings;
	struct socketmap_link *map;
	struct mailbox_link *mailbox;
	int64_t not_before; /* clock_mono_ms(): do not ask the socketmap server earlier */
};

/* One request: what is said of each recipient, an object of JSON. */
struct inquiry {
	struct recipients *recipients;
	struct http_request *request;
	int64_t deadline;
	size_t count, heard; /* recipients whose status came, or will not come */
	size_t awaited;      /* answers of postseal-mailbox that are still to come */
	struct part {
		struct inquiry *inquiry;
		char *address;
		struct buf json;
		bool known; /* it has a status */
	} parts[];
};

struct recipients *recipients_new(const struct settings *settings, struct socketmap_link *map,
				  struct mailbox_link *mailbox)
{
	struct recipients *recipients = mem_zero(1, sizeof(*recipients));

	recipients->settings = settings;
	recipients->map = map;
	recipients->mailbox = mailbox;
	return recipients;
}

void recipients_reload(struct recipients *recipients, const struct settings *settings)
{
	recipients->settings = settings;
}

void recipients_free(struct recipients *recipients)
{
	free(recipients);
}

/* Once nothing more is to come. */
static void finish(struct inquiry *inquiry)
{
	struct buf out = { 0 };

	buf_append_str(&out, "{\"recipients\":[");
	for (size_t i = 0; i < inquiry->count; i++) {
		struct part *part = &inquiry->parts[i];

		if (i > 0)
			buf_append_str(&out, ",");
		buf_append(&out, part->json.data, part->json.len);
		buf_free(&part->json);
		free(part->address);
	}
	buf_append_str(&out, "]}");
	answer_json(inquiry->request, &out);
	free(inquiry);
}

/* The symbol can do without it: where there is no answer, it cannot be told. */
static void on_seal(void *context, const char *answer, const char *error)
{
	struct part *part = context;

	(void)error;
	status_json_put_seal(&part->json, answer != NULL ? status_json_seal(answer) : NULL);
	if (--part->inquiry->awaited == 0)
		finish(part->inquiry);
}

static void ask_how_sealed(struct inquiry *inquiry)
{
	struct recipients *recipients = inquiry->recipients;
	struct mailbox_question question = { .act = "seal" };

	for (size_t i = 0; i < inquiry->count; i++) {
		struct part *part = &inquiry->parts[i];

		if (!part->known)
			continue;
		if (recipients->settings->mailbox_domain[0] == '\0') {
			status_json_put_seal(&part->json, "off");
			continue;
		}
		question.mailbox = part->address;
		inquiry->awaited++;
		mailbox_link_ask(recipients->mailbox, recipients->settings, &question,
				 inquiry->deadline, on_seal, part);
	}
	if (inquiry->awaited == 0)
		finish(inquiry);
}

/* `reply` NULL: there is none. */
static void hear_status(struct inquiry *inquiry, const char *reply, size_t len)
{
	struct part *part = &inquiry->parts[inquiry->heard++];

	part->known =
		reply != NULL && len > 4 && memcmp(reply, "OK {", 4) == 0 && reply[len - 1] == '}';
	if (part->known)
		buf_append(&part->json, reply + 3, len - 3);
	else if (reply != NULL && len >= 9 && memcmp(reply, "NOTFOUND ", 9) == 0)
		webmail_json_no_status(&part->json, part->address, "no-such-address",
				       "no mail can be sent to this address");
	else
		webmail_json_no_status(&part->json, part->address, "not-now",
				       reply != NULL ? "postseal does not know just now"
						     : "postseal cannot be asked just now");
}

static void on_status(void *context, const char *reply, size_t len)
{
	hear_status(context, reply, len);
}

static void on_statuses(void *context, const char *error, bool late)
{
	struct inquiry *inquiry = context;

	if (error != NULL)
		log_error("%s", error);
	if (late)
		inquiry->recipients->not_before = clock_mono_ms() + SULK_MS;
	while (inquiry->heard < inquiry->count)
		hear_status(inquiry, NULL, 0);
	ask_how_sealed(inquiry);
}

void recipients_answer(struct recipients *recipients, const struct webmail_request *call,
		       struct http_request *request)
{
	int64_t now = clock_mono_ms();
	const char *keys[WEBMAIL_ADDRESSES_MAX];
	struct inquiry *inquiry =
		mem_zero(1, sizeof(*inquiry) + call->count * sizeof(inquiry->parts[0]));

	inquiry->recipients = recipients;
	inquiry->request = request;
	inquiry->deadline = now + PATIENCE_MS;
	inquiry->count = call->count;
	for (size_t i = 0; i < call->count; i++) {
		keys[i] = call->address[i];
		inquiry->parts[i].inquiry = inquiry;
		inquiry->parts[i].address = mem_strdup(call->address[i]);
	}
	if (now < recipients->not_before) {
		while (inquiry->heard < inquiry->count)
			hear_status(inquiry, NULL, 0);
		finish(inquiry);
		return;
	}
	socketmap_link_ask(recipients->map, recipients->settings, map_name(MAP_STATUS), keys,
			   call->count, inquiry->deadline, on_status, on_statuses, inquiry);
}
