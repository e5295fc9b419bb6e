/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secure_mention - is a secure domain written in what nobody could make sense of?
 *
 * Wider than any parser: at any place, in any case, with blanks, quotes, backslashes
 * and comments between its letters (RFC 5322 3.2.2), after "@" also as a U-label.
 * Somebody will read it so. Other domains are found as well that begin with one
 * (secure.example.community); what is no address has no claim to be taken for a
 * harmless one.
 */
#ifndef POSTSEAL_CORE_SECURE_MENTION_H
#define POSTSEAL_CORE_SECURE_MENTION_H

#include <stdbool.h>

#include "core/settings/settings.h"
#include "base/span.h"

bool secure_mention(const struct settings *settings, struct span in);

#endif
