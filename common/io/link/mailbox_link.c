/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/net/dialogue.h"

/*
 * The daemon serves one question at a time. Some more are open, to keep it busy; its backlog is
 * far longer.
 */
#define OPEN_AT_ONCE 4

struct mailbox_link {
	struct dialogues *dialogues;
};

struct inquiry {
	struct endpoint endpoint;
	struct buf answer; /* a line, without the newline, once it is there */
	mailbox_link_fn *heard;
	void *context;
};

struct mailbox_link *mailbox_link_new(struct loop *loop)
{
	struct mailbox_link *link = mem_zero(1, sizeof(*link));

	link->dialogues = dialogues_new(loop, OPEN_AT_ONCE);
	return link;
}

static enum dialogue_sense hear(void *context, struct buf *in, struct buf *out)
{
	struct inquiry *inquiry = context;

	(void)out;
	if (in->data[in->len - 1] == '\n') {
		in->len--;
		inquiry->answer = *in;
		*in = (struct buf){ 0 };
		return DIALOGUE_IS_OVER;
	}
	return in->len < MAILBOX_ANSWER_MAX ? DIALOGUE_GOES_ON : DIALOGUE_IS_WRONG;
}

static void over(void *context, int why)
{
	struct inquiry *inquiry = context;
	char error[MAILBOX_CLIENT_ERROR_SIZE] = "";

	if (why != 0)
		mailbox_client_failed(error, &inquiry->endpoint, why);
	inquiry->heard(inquiry->context, why == 0 ? buf_cstr(&inquiry->answer) : NULL, error);
	buf_free(&inquiry->answer);
	free(inquiry);
}

void mailbox_link_ask(struct mailbox_link *link, const struct settings *settings,
		      const struct mailbox_question *question, int64_t deadline,
		      mailbox_link_fn *heard, void *context)
{
	static const struct dialogue_ears ears = { hear, over };
	struct inquiry *inquiry = mem_zero(1, sizeof(*inquiry));
	struct buf line = { 0 };

	inquiry->heard = heard;
	inquiry->context = context;
	mailbox_client_endpoint(&inquiry->endpoint, settings);
	mailbox_client_line(&line, question);
	dialogue_begin(link->dialogues, &inquiry->endpoint, 1, &line, deadline, &ears, inquiry);
}

void mailbox_link_free(struct mailbox_link *link)
{
	if (link == NULL)
		return;
	dialogues_free(link->dialogues);
	free(link);
}
