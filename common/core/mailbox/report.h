/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report - what does a mail say that comes back to the sender of the envelope? Not each is a
 * bounce: "still trying" (RFC 3464 2.3.3, "delayed") and read receipts (RFC 8098) come there, and
 * people on holiday have answers sent there (RFC 3834 4).
 */
#ifndef POSTSEAL_CORE_MAILBOX_REPORT_H
#define POSTSEAL_CORE_MAILBOX_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/*
 * Does it say that mail to `recipient` was not delivered, and will not be? `null_sender`: its own
 * envelope names no sender, as that of each bounce (RFC 5321 4.5.5). A bounce that is in nobody's
 * format counts, unless the recipient is its author.
 */
bool report_is_failure(struct span message, bool null_sender, const char *recipient);

/*
 * The Message-ID of the mail that is returned in `message`, if it is `size` octets in hexadecimal
 * and "@", `domain`: they become *id. The first such line counts.
 */
bool report_returned_id(struct span message, const char *domain, void *id, size_t size);

#endif
