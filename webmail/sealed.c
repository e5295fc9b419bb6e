/* SPDX-License-Identifier: BSD-2-Clause */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/json/webmail_json.h"
#include "webmail/webmail.h"

/* For one request; other users do not wait meanwhile. */
#define PATIENCE_MS 2000
#define SENDERS_MAX 20

struct sealed {
	const struct settings *settings;
	struct aliases *aliases;
	struct mailbox_link *link;
};

/* One request, which goes through the addresses that its user writes from. */
struct errand {
	const struct sealed *sealed;
	struct http_request *request;
	enum webmail_call call;
	char recipient[WEBMAIL_ADDRESS_SIZE];
	char senders[SENDERS_MAX][ALIAS_ADDRESS_SIZE];
	size_t count, at;
	int64_t deadline;
	struct buf show; /* of the sender that is looked at */
	struct buf out;  /* what was found */
	bool done;       /* for one of them, at least */
};

static void look_at_sender(struct errand *errand);

struct sealed *sealed_new(const struct settings *settings, struct aliases *aliases,
			  struct mailbox_link *link)
{
	struct sealed *sealed = mem_zero(1, sizeof(*sealed));

	sealed->settings = settings;
	sealed->aliases = aliases;
	sealed->link = link;
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

/* As this sender, and as no other. */
static void ask(struct errand *errand, const char *act, mailbox_link_fn *heard)
{
	const struct mailbox_question question = { .act = act,
						   .mailbox = errand->recipient,
						   .as = errand->senders[errand->at] };

	mailbox_link_ask(errand->sealed->link, errand->sealed->settings, &question,
			 errand->deadline, heard, errand);
}

static void end(struct errand *errand)
{
	buf_free(&errand->show);
	buf_free(&errand->out);
	free(errand);
}

/* By what postseal-mailbox said, or by us; "later" is its word for what we call "not-now". */
static void end_with(struct errand *errand, const char *word, const char *sentence)
{
	if (strcmp(word, "later") == 0 || strcmp(word, "not-now") == 0)
		answer_error(errand->request, 503, "not-now",
			     "postseal-mailbox cannot do this just now");
	else
		answer_error(errand->request, strcmp(word, "gone") == 0 ? 404 : 409, word,
			     sentence);
	end(errand);
}

/*
 * True: it is done. Else what was said instead; of no answer, that there is none now, and
 * the log knows why.
 */
static bool is_done(const char *act, const char *answer, const char *error,
		    char word[WEBMAIL_JSON_WORD_SIZE], char text[WEBMAIL_JSON_ERROR_SIZE])
{
	if (answer == NULL)
		log_error("act=%s %s", act, error);
	return webmail_json_done(answer != NULL ? answer : "", word, text);
}

/*
 * SEALED: what each of the user's addresses has sealed for the recipient.
 */

static void next_sender(struct errand *errand)
{
	errand->at++;
	look_at_sender(errand);
}

static void append_letters(struct errand *errand, const char *pin)
{
	size_t before = errand->out.len;

	if (before > 0)
		buf_append_str(&errand->out, ",");
	if (!webmail_json_sealed(&errand->out, errand->senders[errand->at], buf_cstr(&errand->show),
				 pin))
		errand->out.len = before;
	errand->show.len = 0;
	next_sender(errand);
}

static void on_pin(void *context, const char *answer, const char *error)
{
	struct errand *errand = context;
	char word[WEBMAIL_JSON_WORD_SIZE], text[WEBMAIL_JSON_ERROR_SIZE];

	/* "none": the recipient needs no PIN, or none any more. */
	if (is_done("pin", answer, error, word, text))
		append_letters(errand, answer);
	else if (strcmp(word, "none") == 0 || strcmp(word, "gone") == 0)
		append_letters(errand, NULL);
	else
		end_with(errand, word, text);
}

static void on_show(void *context, const char *answer, const char *error)
{
	struct errand *errand = context;
	char word[WEBMAIL_JSON_WORD_SIZE], text[WEBMAIL_JSON_ERROR_SIZE];

	if (is_done("show", answer, error, word, text)) {
		buf_append_str(&errand->show, answer);
		ask(errand, "pin", on_pin);
	} else if (strcmp(word, "gone") == 0) {
		next_sender(errand);
	} else {
		end_with(errand, word, text);
	}
}

static void look_at_sender(struct errand *errand)
{
	struct buf body = { 0 };

	if (errand->at < errand->count) {
		ask(errand, "show", on_show);
		return;
	}
	buf_append_str(&body, "{\"sealed\":[");
	buf_append(&body, errand->out.data, errand->out.len);
	buf_append_str(&body, "]}");
	answer_json(errand->request, &body);
	end(errand);
}

/*
 * UNLOCK, RESEND, REVOKE: the mail is from one of the user's addresses; for the others it is "gone".
 * Several may have written to this recipient: all of them unlock and take back, while one link
 * mail is enough.
 */

static void on_act(void *context, const char *answer, const char *error)
{
	struct errand *errand = context;
	const char *act = webmail_call_name(errand->call);
	char word[WEBMAIL_JSON_WORD_SIZE], text[WEBMAIL_JSON_ERROR_SIZE];
	bool done = is_done(act, answer, error, word, text);
	bool more = errand->at + 1 < errand->count && !(done && errand->call == WEBMAIL_RESEND);

	errand->done |= done;
	if ((!done && strcmp(word, "gone") != 0) || (!more && !errand->done)) {
		end_with(errand, word, text);
	} else if (more) {
		errand->at++;
		ask(errand, act, on_act);
	} else {
		buf_append_str(&errand->out, "{\"done\":true}");
		answer_json(errand->request, &errand->out);
		end(errand);
	}
}

void sealed_answer(struct sealed *sealed, const char *user, const struct webmail_request *call,
		   struct http_request *request)
{
	struct errand *errand;

	if (sealed->settings->mailbox_domain[0] == '\0') {
		answer_error(request, 503, "not-set-up",
			     "sealed mail is not set up on this server");
		return;
	}
	errand = mem_zero(1, sizeof(*errand));
	errand->sealed = sealed;
	errand->request = request;
	errand->call = call->call;
	errand->deadline = clock_mono_ms() + PATIENCE_MS;
	memcpy(errand->recipient, call->address[0], sizeof(errand->recipient));
	errand->count = aliases_senders(sealed->aliases, user, errand->senders, SENDERS_MAX);
	if (errand->count == 0) {
		answer_error(request, 503, "not-now", "the ledger cannot be read just now");
		end(errand);
	} else if (errand->call == WEBMAIL_SEALED) {
		look_at_sender(errand);
	} else {
		ask(errand, webmail_call_name(errand->call), on_act);
	}
}
