/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prober_note - telling the prober something over its local socket
 * (core/protocol/prober_words.h) that asks for no answer, without ever waiting for it.
 */
#ifndef POSTSEAL_IO_PROBER_NOTE_H
#define POSTSEAL_IO_PROBER_NOTE_H

#include <stdbool.h>

#include "core/secure/refusals.h"

/* False, and errno, when the prober does not take it at once: then it is lost. */
bool prober_note_refusal(const char *runtime_dir, const struct refusal *refusal);

#endif
