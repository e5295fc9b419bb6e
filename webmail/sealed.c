/* SPDX-License-Identifier: BSD-2-Clause */
#include "webmail/sealed.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/json/webmail_json.h"
#include "io/link/mailbox_client.h"
#include "webmail/answer.h"

/* All other users wait meanwhile. */
#define PATIENCE_MS 2000
#define SENDERS_MAX 20

struct sealed {
	const struct settings *settings;
	struct aliases *aliases;
};

struct sealed *sealed_new(const struct settings *settings, struct aliases *aliases)
{
	struct sealed *sealed = mem_zero(1, sizeof(*sealed));

	sealed->settings = settings;
	sealed->aliases = aliases;
	return sealed;
}

void sealed_reload(struct sealed *sealed, const struct settings *settings)
{
	sealed->settings = settings;
}

void sealed_free(struct sealed *sealed)
{
	free(sealed);
}

static bool ask(const struct sealed *sealed, const char *act, const char *mailbox, const char *as,
		int64_t deadline, struct buf *answer)
{
	const struct mailbox_question question = { .act = act, .mailbox = mailbox, .as = as };
	char error[MAILBOX_CLIENT_ERROR_SIZE];

	if (mailbox_client_ask(sealed->settings, &question, deadline, answer, error))
		return true;
	log_error("act=%s %s", act, error);
	return false;
}

/* What this sender has sealed for the recipient, appended; false: nothing. */
static bool append_letters(const struct sealed *sealed, const char *sender, const char *recipient,
			   int64_t deadline, struct buf *out)
{
	struct buf show = { 0 }, pin = { 0 };
	bool good = ask(sealed, "show", recipient, sender, deadline, &show);
	bool pinned = good && ask(sealed, "pin", recipient, sender, deadline, &pin);

	good = good &&
	       webmail_json_sealed(out, sender, buf_cstr(&show), pinned ? buf_cstr(&pin) : NULL);
	buf_free(&show);
	buf_free(&pin);
	return good;
}

static void answer_letters(const struct sealed *sealed, char senders[][ALIAS_ADDRESS_SIZE],
			   size_t count, const char *recipient, struct http_request *request)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	struct buf out = { 0 }, one = { 0 };
	bool first = true;

	buf_append_str(&out, "{\"sealed\":[");
	for (size_t i = 0; i < count; i++) {
		if (append_letters(sealed, senders[i], recipient, deadline, &one)) {
			buf_append_str(&out, first ? "" : ",");
			buf_append(&out, one.data, one.len);
			first = false;
		}
		one.len = 0;
	}
	buf_append_str(&out, "]}");
	buf_free(&one);
	answer_json(request, &out);
}

static void answer_act(const struct sealed *sealed, char senders[][ALIAS_ADDRESS_SIZE],
		       size_t count, const struct webmail_request *call,
		       struct http_request *request)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	char word[WEBMAIL_JSON_WORD_SIZE] = "gone", text[WEBMAIL_JSON_ERROR_SIZE] = "";
	struct buf answer = { 0 };
	bool done = false;

	/* The mail is of one of his addresses; for the others it is "gone". */
	for (size_t i = 0; i < count && !done && strcmp(word, "gone") == 0; i++) {
		answer.len = 0;
		ask(sealed, webmail_call_name(call->call), call->address[0], senders[i], deadline,
		    &answer);
		done = webmail_json_done(buf_cstr(&answer), word, text);
	}
	answer.len = 0;
	if (done) {
		buf_append_str(&answer, "{\"done\":true}");
		answer_json(request, &answer);
		return;
	}
	buf_free(&answer);
	answer_error(request,
		     strcmp(word, "gone") == 0      ? 404
		     : strcmp(word, "not-now") == 0 ? 503
						    : 409,
		     word, text);
}

void sealed_answer(struct sealed *sealed, const char *user, const struct webmail_request *call,
		   struct http_request *request)
{
	char senders[SENDERS_MAX][ALIAS_ADDRESS_SIZE];
	size_t count;

	if (sealed->settings->mailbox_domain[0] == '\0') {
		answer_error(request, 503, "not-set-up",
			     "sealed mail is not set up on this server");
		return;
	}
	count = aliases_senders(sealed->aliases, user, senders, SENDERS_MAX);
	if (count == 0)
		answer_error(request, 503, "not-now", "the ledger cannot be read just now");
	else if (call->call == WEBMAIL_SEALED)
		answer_letters(sealed, senders, count, call->address[0], request);
	else
		answer_act(sealed, senders, count, call, request);
}

void sealed_complete(struct sealed *sealed, const char *recipient, int64_t deadline,
		     struct buf *status)
{
	const struct mailbox_question question = { .act = "seal", .mailbox = recipient };
	char error[MAILBOX_CLIENT_ERROR_SIZE];
	struct buf answer = { 0 };

	if (sealed->settings->mailbox_domain[0] != '\0' && clock_mono_ms() < deadline &&
	    status->len > 0 && status->data[status->len - 1] == '}' &&
	    mailbox_client_ask(sealed->settings, &question, deadline, &answer, error)) {
		status->len--;
		webmail_json_seal_of(status, buf_cstr(&answer));
	}
	buf_free(&answer);
}
