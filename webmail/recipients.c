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
#include "io/link/socketmap_client.h"
#include "webmail/answer.h"

/*
 * The socketmap server answers this map at once, a hundred questions in some
 * milliseconds. Should it hang, nobody here waits longer than this for it, and for a
 * while nobody asks it at all. One that is down is no such loss of time.
 */
#define PATIENCE_MS 1500
#define SULK_MS 5000

struct recipients {
	const struct settings *settings;
	struct sealed *sealed;
	struct socketmap_client *client; /* for one request; NULL: none now */
	int64_t not_before;              /* clock_mono_ms(): do not ask earlier */
};

struct recipients *recipients_new(const struct settings *settings, struct sealed *sealed)
{
	struct recipients *recipients = mem_zero(1, sizeof(*recipients));

	recipients->settings = settings;
	recipients->sealed = sealed;
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

static void append_status(struct recipients *recipients, const char *address, int64_t deadline,
			  struct buf *out)
{
	struct buf reply = { 0 };
	bool answered = ask(recipients, address, deadline, &reply);
	const char *text = buf_cstr(&reply);

	if (answered && strncmp(text, "OK ", 3) == 0) {
		buf_append_str(out, text + 3);
		sealed_complete(recipients->sealed, address, deadline, out);
	} else if (answered && strncmp(text, "NOTFOUND ", 9) == 0)
		webmail_json_no_status(out, address, "no-such-address",
				       "no mail can go to such an address");
	else
		webmail_json_no_status(out, address, "not-now",
				       answered ? "postseal cannot tell just now"
						: "postseal cannot be asked just now");
	buf_free(&reply);
}

void recipients_answer(struct recipients *recipients, const struct webmail_request *call,
		       struct http_request *request)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	struct buf out = { 0 };

	buf_append_str(&out, "{\"recipients\":[");
	for (size_t i = 0; i < call->count; i++) {
		if (i > 0)
			buf_append_str(&out, ",");
		append_status(recipients, call->address[i], deadline, &out);
	}
	buf_append_str(&out, "]}");
	/* Postfix's clients are many; an idle one of ours is not to take a place of theirs. */
	socketmap_client_close(recipients->client);
	recipients->client = NULL;
	if (recipients->not_before == deadline)
		recipients->not_before = 0;
	answer_json(request, &out);
}
