/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_json - a line of `postqueue -j` (postqueue(1), "JSON OBJECT FORMAT"): one mail of
 * Postfix's queue. Addresses and reasons in it are strangers'.
 */
#ifndef POSTSEAL_IO_QUEUE_JSON_H
#define POSTSEAL_IO_QUEUE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/log/waiting.h"

/* Longer than a mail of some thousand recipients has. */
#define QUEUE_JSON_LINE_MAX (8u << 20)

/*
 * `mail` is the caller's number for it. Calls visit for each recipient; what it is shown
 * lives until it returns. Members that are not known are passed over, as the manual asks.
 * False, and nobody was visited, where it is no such object: too long, a member of another
 * type or twice, a NUL, no arrival time, an address of more than 1,000 bytes.
 */
bool queue_json_read(const char *line, size_t len, uint64_t mail,
		     void (*visit)(void *context, const struct waiting_recipient *recipient),
		     void *context);

#endif
