/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply - a decision in the words of socketmap_table(5) and of
 * smtp_tls_policy_maps (postconf(5)).
 *
 * Postfix defers mail (4.7.5) on any attribute it does not know, and `match=`
 * is illegal below level `verify` or when empty, so every attribute here is one
 * that the named Postfix version reads.
 */
#ifndef POSTSEAL_CORE_REPLY_H
#define POSTSEAL_CORE_REPLY_H

#include "base/buf.h"
#include "core/decide.h"

/* Appends "OK encrypt", "NOTFOUND ", "TEMP reason" and so on; no framing. */
void reply_policy(struct buf *out, const struct decision *decision, const struct facts *facts,
		  bool tlsrpt);
void reply_not_found(struct buf *out);
void reply_temporary(struct buf *out, const char *reason);
void reply_permanent(struct buf *out, const char *reason);
void reply_ok(struct buf *out, const char *value);

#endif
