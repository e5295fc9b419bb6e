/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digest - the mail that tells the owner of secure aliases whose mail was refused
 * there (RFC 5322): It is 7-bit plain text, in lines that any MTA takes. Words of strangers in it
 * are printable, cut, and never on a line that could be a command.
 */
#ifndef POSTSEAL_CORE_DIGEST_H
#define POSTSEAL_CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/secure/alias.h"
#include "core/secure/refusals.h"

struct digest_part {
	char alias[ALIAS_ADDRESS_SIZE];
	struct refusals refusals;
};

/* An address as it stands in headers and as an argument of sendmail(1), quoted where need be. */
#define DIGEST_ADDRESS_SIZE (2 * ALIAS_ADDRESS_SIZE)
bool digest_address(char dst[DIGEST_ADDRESS_SIZE], const char *mailbox);

/*
 * Appends the mail to `mailbox`, header and body, lines ended by "\n". False, and
 * nothing appended, when the mailbox is no address that mail can be sent to.
 */
bool digest_append(struct buf *out, const char *mailbox, const struct digest_part *parts,
		   size_t count, int64_t now);

#endif
