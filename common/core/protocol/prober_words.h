/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prober_words - what is said on the prober's local socket
 * (RUNTIME/prober.sock, a Unix stream), one line a message:
 *
 *   asker:   want KEY     see that the ledger knows KEY; fresh facts are good enough
 *            probe KEY    look again, whatever is known
 *   prober:  news KEY     some facts about KEY are now in the ledger, more to come
 *            done KEY     all that could be found out about KEY is in the ledger
 *            busy KEY     too much to do; not taken, ask again later
 *            lost KEY     looked at, but not all of it could be written to the ledger, or
 *                         read there; the prober's log says why, and to ask again at
 *                         once would only do the same work in vain
 *
 *   milter:  refused ALIAS CAUSE CLIENT <SENDER>
 *                        mail to a secure alias was refused (refusals.h); no answer
 *
 * KEY is a next hop's canonical spelling (nexthop.h). The facts themselves
 * never travel here: they are read from the ledger. A line ends with "\n" and
 * is at most PROBER_LINE_MAX bytes; a malformed one closes the connection.
 */
#ifndef POSTSEAL_CORE_PROBER_WORDS_H
#define POSTSEAL_CORE_PROBER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/names/nexthop.h"
#include "core/secure/refusals.h"

#define PROBER_LINE_MAX (REFUSAL_TEXT_SIZE + 8)
_Static_assert(NEXTHOP_SIZE <= REFUSAL_TEXT_SIZE, "next hops must fit in a line");

enum prober_word {
	PROBER_WANT,
	PROBER_PROBE,
	PROBER_NEWS,
	PROBER_DONE,
	PROBER_BUSY,
	PROBER_LOST,
	PROBER_REFUSED
};

struct prober_message {
	enum prober_word word;
	struct nexthop nexthop; /* but not of REFUSED, */
	struct refusal refusal; /* which alone has this */
};

/* line[0..len) without its newline. */
bool prober_message_parse(struct prober_message *message, const char *line, size_t len);
/* `key`: the next hop, or the refusal as refusal_format writes it. */
void prober_message_append(struct buf *out, enum prober_word word, const char *key);

#endif
