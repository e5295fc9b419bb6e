/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_history - a history in the bytes of a record (record.h). Its gist is
 * what `decide` goes by, and stands in the record's; its moments, which are most
 * of it, stand in the rest. For record.c only.
 *
 * Moments are written as how much later each is than the one before it. The days
 * with TLS are mostly the days of the handshakes kept, and then not written at
 * all; so it is with the names of ciphers that are in common use.
 */
#ifndef POSTSEAL_CORE_RECORD_HISTORY_H
#define POSTSEAL_CORE_RECORD_HISTORY_H

#include "base/buf.h"
#include "core/facts/facts.h"
#include "core/record/wire.h"

/* Times, and how many moments there are. */
void history_put_gist(struct buf *out, const struct history *history);
void history_get_gist(struct wire *r, struct history *history);
/* To be read after the gist. */
void history_put_rest(struct buf *out, const struct history *history);
void history_get_rest(struct wire *r, struct history *history);

void history_put_cipher(struct buf *out, const char *cipher);
void history_get_cipher(struct wire *r, char dst[CIPHER_SIZE]);

#endif
