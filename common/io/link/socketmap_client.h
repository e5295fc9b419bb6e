/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socketmap_client - asking the socketmap server as Postfix asks it, for
 * programs that may wait.
 */
#ifndef POSTSEAL_IO_SOCKETMAP_CLIENT_H
#define POSTSEAL_IO_SOCKETMAP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/settings/settings.h"

struct socketmap_client; /* opaque; one connection */

#define SOCKETMAP_CLIENT_ERROR_SIZE 512

/*
 * Connects to the first of socketmap_listen that answers. NULL, and in `error`
 * what happened and what to do, if none does. `deadline`: clock_mono_ms().
 */
struct socketmap_client *socketmap_client_open(const struct settings *settings, int64_t deadline,
					       char error[SOCKETMAP_CLIENT_ERROR_SIZE]);
/*
 * The reply, as it came ("OK value", "NOTFOUND ", ...), appended to *reply.
 * False and `error` as above; the connection is then of no more use.
 */
bool socketmap_client_ask(struct socketmap_client *client, const char *map, const char *key,
			  int64_t deadline, struct buf *reply,
			  char error[SOCKETMAP_CLIENT_ERROR_SIZE]);
void socketmap_client_close(struct socketmap_client *client); /* NULL is allowed */

#endif
