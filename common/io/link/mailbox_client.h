/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox_client - asks postseal-mailbox at its control socket (postseal-mailbox(8),
 * "Control socket"). For programs that may wait.
 */
#ifndef POSTSEAL_IO_MAILBOX_CLIENT_H
#define POSTSEAL_IO_MAILBOX_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/names/endpoint.h"
#include "core/settings/settings.h"

#define MAILBOX_CLIENT_ERROR_SIZE 256

struct mailbox_question {
	const char *act; /* "list", "show", ... */
	/* Addresses; NULL: left out. */
	const char *mailbox, *sender;
	const char *key; /* an OpenPGP key, armored */
	const char *as;  /* whoever is asked for; he sees and does what is his alone */
};

/*
 * One question. True: *answer is its line of JSON, without the newline, whatever it
 * says. False: there was none, and `error` says why.
 */
bool mailbox_client_ask(const struct settings *settings, const struct mailbox_question *question,
			int64_t deadline, struct buf *answer,
			char error[MAILBOX_CLIENT_ERROR_SIZE]);

/* For mailbox_link, which asks the same from an event loop: where, what, and how to say why not. */
#define MAILBOX_ANSWER_MAX ((size_t)16 << 20)
void mailbox_client_endpoint(struct endpoint *endpoint, const struct settings *settings);
void mailbox_client_line(struct buf *line, const struct mailbox_question *question);
void mailbox_client_failed(char error[MAILBOX_CLIENT_ERROR_SIZE], const struct endpoint *endpoint,
			   int why);

#endif
