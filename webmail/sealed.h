/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sealed - a user's sealed mails, which postseal-mailbox(8) keeps: their state, the PINs that
 * were not used yet, and what a sender may do about them. Asked at its control socket, as
 * each of the addresses that the user writes from, and as no other.
 */
#ifndef POSTSEAL_WEBMAIL_SEALED_H
#define POSTSEAL_WEBMAIL_SEALED_H

#include "core/settings/settings.h"
#include "core/webmail/webmail_request.h"
#include "io/http/http.h"
#include "io/link/link.h"
#include "webmail/aliases.h"

struct sealed;

/* `aliases` outlives it; it outlives the questions of `link`. */
struct sealed *sealed_new(const struct settings *settings, struct aliases *aliases,
			  struct mailbox_link *link);
void sealed_reload(struct sealed *sealed, const struct settings *settings);
void sealed_free(struct sealed *sealed);

/* SEALED, UNLOCK, RESEND, REVOKE. Answered later. */
void sealed_answer(struct sealed *sealed, const char *user, const struct webmail_request *call,
		   struct http_request *request);

#endif
