/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prober_client - asking the prober over its local socket (core/protocol/prober_words.h),
 * for programs that may wait. Event loops have prober_link.h.
 */
#ifndef POSTSEAL_IO_PROBER_CLIENT_H
#define POSTSEAL_IO_PROBER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/protocol/prober_words.h"

struct prober_client; /* opaque; one connection */

#define PROBER_CLIENT_ERROR_SIZE 512

/* NULL, and in `error` what happened, where, and what to do, when it cannot be reached. */
struct prober_client *prober_client_open(const char *runtime_dir, int64_t deadline,
					 char error[PROBER_CLIENT_ERROR_SIZE]);
bool prober_client_ask(struct prober_client *client, enum prober_word word, const char *key,
		       int64_t deadline, char error[PROBER_CLIENT_ERROR_SIZE]);
/*
 * The next thing the prober says. FOUND: in *message. ABSENT: nothing until
 * `deadline` (clock_mono_ms). ERROR: the connection is lost, and `error` set.
 */
enum lookup prober_client_hear(struct prober_client *client, int64_t deadline,
			       struct prober_message *message,
			       char error[PROBER_CLIENT_ERROR_SIZE]);
void prober_client_close(struct prober_client *client); /* NULL is allowed */

/*
 * Tell the prober of a refusal, over a connection of its own, and wait for nothing.
 * False, and errno, when the prober does not take it at once: then it is lost.
 */
bool prober_client_report(const char *runtime_dir, const struct refusal *refusal);

#endif
