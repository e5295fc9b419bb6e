/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recipients - how mail to each of these addresses travels: what map `status` of
 * postseal-socketmap says, word for word, so that a symbol and what Postfix is told
 * cannot disagree. Who is new is looked at by the prober meanwhile.
 */
#ifndef POSTSEAL_WEBMAIL_RECIPIENTS_H
#define POSTSEAL_WEBMAIL_RECIPIENTS_H

#include "core/settings/settings.h"
#include "core/webmail/webmail_request.h"
#include "io/http/http.h"
#include "webmail/sealed.h"

struct recipients;

/* `sealed` outlives it. */
struct recipients *recipients_new(const struct settings *settings, struct sealed *sealed);
void recipients_reload(struct recipients *recipients, const struct settings *settings);
void recipients_free(struct recipients *recipients);

void recipients_answer(struct recipients *recipients, const struct webmail_request *call,
		       struct http_request *request);

#endif
