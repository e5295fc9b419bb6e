/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aliases - what is on file of a secure alias, by asking the socketmap server
 * as Postfix does: map `transport` for whether it is switched on, `alias` for
 * its mailbox.
 */
#ifndef POSTSEAL_MILTER_ALIASES_H
#define POSTSEAL_MILTER_ALIASES_H

#include "core/secure.h"

/* Blocks, for a few seconds at most; what cannot be had is LOOKUP_ERROR, and logged. */
void aliases_look_up(struct secure_record *record, const struct settings *settings,
		     const struct mailaddr *alias);

#endif
