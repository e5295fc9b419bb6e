/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer - what each call of postseal-webmail(8) answers, to a client that is allowed, about a
 * user who is known. Every answer is JSON; one with another status than 200 is {"error": word,
 * "text": sentence}.
 */
#ifndef POSTSEAL_WEBMAIL_ANSWER_H
#define POSTSEAL_WEBMAIL_ANSWER_H

#include "base/buf.h"
#include "core/settings/settings.h"
#include "core/webmail/webmail_request.h"
#include "io/http/http.h"

struct webmail_answerer;

struct webmail_answerer *answerer_new(const struct settings *settings, struct loop *loop);
void answerer_reload(struct webmail_answerer *answerer, const struct settings *settings);
/* Before the server of HTTP, whose requests may still wait for an answer. */
void answerer_free(struct webmail_answerer *answerer);

/* Answers `request`, whose call and user these are, at once or later. */
void answer(struct webmail_answerer *answerer, const char *user, const struct webmail_request *call,
	    struct http_request *request);

/* Both end the request. Nothing of what was asked is repeated in an error. */
void answer_json(struct http_request *request, struct buf *body); /* 200; empties the body */
void answer_error(struct http_request *request, int status, const char *word, const char *sentence);

#endif
