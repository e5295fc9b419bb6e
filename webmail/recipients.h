/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recipients - how mail to each of these addresses travels: what map `status` of
 * postseal-socketmap says, word for word, so that a symbol and what Postfix is told
 * cannot disagree. The prober looks at new domains meanwhile. Where mail is sealed,
 * postseal-mailbox says how a sealed mail would go to each.
 */
#ifndef POSTSEAL_WEBMAIL_RECIPIENTS_H
#define POSTSEAL_WEBMAIL_RECIPIENTS_H

#include "core/settings/settings.h"
#include "core/webmail/webmail_request.h"
#include "io/http/http.h"
#include "io/link/mailbox_link.h"
#include "io/link/socketmap_link.h"

struct recipients;

/* It outlives the questions of both links; the first ends before the second. */
struct recipients *recipients_new(const struct settings *settings, struct socketmap_link *map,
				  struct mailbox_link *mailbox);
void recipients_reload(struct recipients *recipients, const struct settings *settings);
void recipients_free(struct recipients *recipients);

/* Answered later, or at once; nobody else waits meanwhile. */
void recipients_answer(struct recipients *recipients, const struct webmail_request *call,
		       struct http_request *request);

#endif
