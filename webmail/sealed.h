/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sealed - a user's sealed mails, which postseal-mailbox(8) keeps: their state, the PINs that
 * were not used yet, and what a sender may do about them.
 */
#ifndef POSTSEAL_WEBMAIL_SEALED_H
#define POSTSEAL_WEBMAIL_SEALED_H

#include "core/settings/settings.h"
#include "core/webmail/webmail_request.h"
#include "io/http/http.h"

struct sealed;

struct sealed *sealed_new(const struct settings *settings);
void sealed_reload(struct sealed *sealed, const struct settings *settings);
void sealed_free(struct sealed *sealed);

/* SEALED, UNLOCK, RESEND, REVOKE. */
void sealed_answer(struct sealed *sealed, const char *user, const struct webmail_request *call,
		   struct http_request *request);

#endif
