/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * askers - the clients of the local socket (core/protocol/prober_words.h), and notes of who
 * asked for what.
 *
 * An ask is on two lists: that of its asker, and that of the task it waits for. When either
 * goes, the ask leaves both. A malformed line ends the connection. So does a client that does
 * not read its answers.
 */
#ifndef POSTSEAL_PROBER_ASKERS_H
#define POSTSEAL_PROBER_ASKERS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "core/protocol/prober_words.h"
#include "io/net/loop.h"

#define ASKERS_MAX 256

struct askers;
struct asker;
struct ask;

LIST_HEAD(ask_list, ask);

/* `message` is WANT, PROBE or REFUSED. */
typedef void askers_fn(void *context, struct asker *asker, const struct prober_message *message);

/* `fd` listens, and is closed by askers_free. */
struct askers *askers_new(struct loop *loop, int fd, askers_fn *fn, void *context);
void askers_free(struct askers *askers);

void asker_tell(struct asker *asker, enum prober_word word, const char *key);

/* Note that `asker` is to be told what becomes of `asks`; once is enough. */
void asks_add(struct ask_list *asks, struct asker *asker);
void asks_tell(const struct ask_list *asks, enum prober_word word, const char *key);
void asks_drop(struct ask_list *asks);

#endif
